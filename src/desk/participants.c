#include "desk/participants.h"

#include <string.h>

#include "config/limits.h"

static gboolean
is_listed (char **list, const char *address)
{
  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    if (address_equal (list[i], address))
      return TRUE;
  return FALSE;
}

gboolean
participants_is_staff (const Config *config, const char *address)
{
  for (guint i = 0; i < config->teams->len; i++)
    if (is_listed (((const Team *) g_ptr_array_index (config->teams, i))->notify, address))
      return TRUE;
  return config_find_agent_by_mail (config, address) != NULL;
}

/* By the names that RFC 2142 and RFC 5230 4.6 give them: an answer to a list reaches people whom nobody has thought of. */
static gboolean
is_machine (const char *address)
{
  static const char *const names[] = { "mailer-daemon", "postmaster", "majordomo", "listserv", "noreply", "no-reply", "donotreply",
                                       "do-not-reply" };
  static const char *const endings[] = { "-request", "-list", "-bounces", "-owner", "-announce" };
  g_autofree char *local = g_ascii_strdown (address, (gssize) strcspn (address, "@+"));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (local, names[i]))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (local, endings[i]))
      return TRUE;
  return g_str_has_prefix (local, "owner-") || g_str_has_prefix (address, "lists@");
}

static gboolean
may_take_part (const Config *config, const char *address)
{
  g_autofree char *normal = address_normalise (address);
  return normal != NULL && config_find_role (config, normal, NULL) == NULL && !participants_is_staff (config, normal) &&
         !is_listed (config->own_address, normal) && !is_machine (normal);
}

char **
participants_choose (const Config *config, char **addresses, const char *except)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) chosen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; addresses != NULL && addresses[i] != NULL && g_hash_table_size (chosen) < LIMIT_PARTICIPANTS; i++)
    {
      g_autofree char *normal = address_normalise (addresses[i]);
      if (may_take_part (config, addresses[i]) && !address_equal (normal, except) &&
          g_hash_table_add (chosen, g_strdup (normal)))
        g_strv_builder_add (builder, normal);
    }
  return g_hash_table_size (chosen) > 0 ? g_strv_builder_end (builder) : NULL;
}

gboolean
participants_has (const Ticket *ticket, const char *address)
{
  return address_equal (ticket->requester, address) || is_listed (ticket->participants, address);
}
