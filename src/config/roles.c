/* The roles, and the index of their addresses. */
#include "config/build.h"

static gboolean
build_role (Build *build, cfg_t *section)
{
  Role *role = NEW (build, Role);
  Config *config = build->config;
  role->name = g_string_chunk_insert (build->strings, cfg_title (section));
  role->address = build_list (build, section, "address");
  role->priority = cfg_getstr (section, "priority")[1] - '0';
  role->accept = build_standing (section, "accept");
  role->deliver = g_str_equal (cfg_getstr (section, "deliver"), "take") ? DELIVER_TAKE : DELIVER_PASS;
  role->refuse = build_text (build, section, "refuse");
  role->acknowledge = build_standing (section, "acknowledge");
  role->never_acknowledge = g_str_equal (cfg_getstr (section, "acknowledge"), "never");
  role->page_if = build_standing (section, "page-if");
  role->page_automatic = build_list (build, section, "page-automatic");
  role->language = build_some_text (build, section, "language");
  if (role->language == NULL)
    role->language = config->language;
  role->max_size = cfg_getint (section, "max-size") > 0 ? cfg_getint (section, "max-size") : config->max_size;
  role->forbid = build_list (build, section, "forbid");
  g_ptr_array_add (config->roles, role);
  if (!build_resolve (build, section, "policy", config->policies, &role->policy) ||
      !build_resolve (build, section, "team", config->teams, &role->team) ||
      !build_resolve (build, section, "page", config->escalations, &role->page))
    return FALSE;
  if (role->team == NULL)
    options_set_error (build->error, section, NULL, "name the team that the role's tickets belong to: team = \"...\"");
  else if (role->address[0] == NULL)
    options_set_error (build->error, section, NULL, "name at least one address: address = {\"...\"}");
  else
    return TRUE;
  return FALSE;
}

static gboolean
index_role (Build *build, const Role *role, cfg_t *section)
{
  GHashTable *index = build->config->role_by_address;
  for (guint i = 0; role->address[i] != NULL; i++)
    {
      g_autofree char *normal = address_normalise (role->address[i]);
      const Role *other = g_hash_table_lookup (index, normal);
      if (other != NULL)
        {
          options_set_error (build->error, section, "address", "%s belongs to role \"%s\" already", role->address[i],
                             other->name);
          return FALSE;
        }
      g_hash_table_insert (index, g_steal_pointer (&normal), (gpointer) role);
    }
  return TRUE;
}

/* What we send to ourselves would open tickets, whose notifications would open tickets. */
static gboolean
check_staff (Build *build, cfg_t *section, const char *option)
{
  for (unsigned int i = 0; i < cfg_size (section, option); i++)
    {
      const char *address = cfg_getnstr (section, option, i);
      const Role *role = config_find_role (build->config, address, NULL);
      if (role == NULL)
        continue;
      options_set_error (build->error, section, option,
                         "%s belongs to role \"%s\", so what is sent there would open tickets; name a mailbox of staff",
                         address, role->name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_team (Build *build, cfg_t *section)
{
  return check_staff (build, section, "notify");
}

static gboolean
check_agent (Build *build, cfg_t *section)
{
  return check_staff (build, section, "mail");
}

gboolean
build_roles (Build *build)
{
  if (!build_each (build, "role", build_role))
    return FALSE;
  for (guint i = 0; i < build->config->roles->len; i++)
    if (!index_role (build, g_ptr_array_index (build->config->roles, i), cfg_getnsec (build->root, "role", i)))
      return FALSE;
  return check_staff (build, build->root, "postmaster") && build_each (build, "team", check_team) && build_each (build, "agent", check_agent);
}
