#include "store/reactions.h"

#include "store/incidents.h"
#include "store/promises.h"

void
reaction_clear (Reaction *reaction)
{
  g_clear_pointer (&reaction->outgoing, g_ptr_array_unref);
  g_clear_pointer (&reaction->incident, incident_free);
  g_free (reaction->event);
  g_free (reaction->detail);
}

static gboolean
send_all (Database *database, gint64 ticket, gint64 incident, const Reaction *reaction, gint64 now, GError **error)
{
  if (reaction->incident != NULL &&
      (incident = incident_start (database, reaction->incident, ticket, NULL, now, error)) == 0)
    return FALSE;
  for (guint i = 0; i < reaction->outgoing->len; i++)
    {
      const Outgoing *outgoing = g_ptr_array_index (reaction->outgoing, i);
      if (!store_add_outgoing (database, outgoing, ticket, outgoing->kind == OUTGOING_PAGE ? incident : 0, 0, now, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
reaction_carry_out (Store *store, Database *database, gint64 ticket, gint64 incident, const Reaction *reaction, gint64 now,
                    GError **error)
{
  const Change change = { .kind = CHANGE_TERMS, .at = now };
  if (reaction->event != NULL &&
      !store_add_event (database, ticket, now, reaction->event, "frontdesk", reaction->detail, error))
    return FALSE;
  if (reaction->team != NULL &&
      !database_run (database, error, "UPDATE ticket SET team = ?, assignee = NULL, escalated = 1 WHERE number = ?", "si",
                     reaction->team, ticket))
    return FALSE;
  if (reaction->priority != 0 && (!database_run (database, error, "UPDATE ticket SET priority = ? WHERE number = ?", "ii",
                                                 (gint64) reaction->priority, ticket) ||
                                  !promises_apply (store, database, ticket, &change, error)))
    return FALSE;
  return send_all (database, ticket, incident, reaction, now, error);
}
