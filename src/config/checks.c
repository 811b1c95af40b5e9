#include "config/checks.h"

static gboolean
index_role (Config *config, const Role *role, cfg_t *section, GError **error)
{
  for (guint i = 0; role->address[i] != NULL; i++)
    {
      char *normal = address_normalise (role->address[i]);
      if (normal == NULL)
        {
          options_set_error (error, section, "\"%s\" is no address", role->address[i]);
          return FALSE;
        }
      const Role *other = g_hash_table_lookup (config->role_by_address, normal);
      if (other != NULL)
        {
          options_set_error (error, section, "%s belongs to role \"%s\" already", normal, other->name);
          g_free (normal);
          return FALSE;
        }
      g_hash_table_insert (config->role_by_address, normal, (gpointer) role);
    }
  return TRUE;
}

static gboolean
check_staff_address (const Config *config, const char *address, cfg_t *section, GError **error)
{
  g_autofree char *normal = address_normalise (address);
  const Role *role = config_find_role (config, address, NULL);
  if (normal == NULL)
    options_set_error (error, section, "\"%s\" is no address", address);
  else if (role != NULL)
    options_set_error (error, section, "%s belongs to role \"%s\": what we send there would open tickets", address,
                       role->name);
  else
    return TRUE;
  return FALSE;
}

gboolean
checks_index_addresses (Config *config, cfg_t *root, GError **error)
{
  for (guint i = 0; i < config->roles->len; i++)
    if (!index_role (config, g_ptr_array_index (config->roles, i), cfg_getnsec (root, "role", i), error))
      return FALSE;
  for (guint i = 0; i < config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (config->agents, i);
      if (!check_staff_address (config, agent->mail, cfg_getnsec (root, "agent", i), error))
        return FALSE;
    }
  for (guint i = 0; i < config->teams->len; i++)
    {
      const Team *team = g_ptr_array_index (config->teams, i);
      for (guint j = 0; team->notify[j] != NULL; j++)
        if (!check_staff_address (config, team->notify[j], cfg_getnsec (root, "team", i), error))
          return FALSE;
    }
  return TRUE;
}
