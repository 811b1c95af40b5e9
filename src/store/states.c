#include "store/states.h"

#include "store/promises.h"

/* Has TICKET's clocks go on after what the last statement changed; when that was nothing, nothing is done. */
static gboolean
go_on (Store *store, Database *database, gint64 ticket, ChangeKind kind, gint64 now, gboolean *changed, GError **error)
{
  const Change change = { .kind = kind, .at = now };
  *changed = sqlite3_changes (database->handle) > 0;
  return !*changed ||
         (promises_resume (database, ticket, now, error) && promises_apply (store, database, ticket, &change, error));
}

gboolean
state_resume (Store *store, Database *database, gint64 ticket, const char *actor, const char *detail, gint64 now,
              GError **error)
{
  gboolean changed;
  return database_run (database, error, "DELETE FROM timer WHERE ticket = ? AND kind = 'resume'", "i", ticket) &&
         database_run (database, error, "UPDATE ticket SET state = 'open' WHERE number = ? AND state = 'pending'", "i",
                       ticket) &&
         go_on (store, database, ticket, CHANGE_TERMS, now, &changed, error) &&
         (!changed || store_add_event (database, ticket, now, "resumed", actor, detail, error));
}

gboolean
state_reopen (Store *store, Database *database, gint64 ticket, const char *actor, const char *detail, gint64 now,
              GError **error)
{
  gboolean changed;
  return database_run (database, error, "DELETE FROM timer WHERE ticket = ? AND kind = 'close'", "i", ticket) &&
         database_run (
           database, error,
           "UPDATE ticket SET state = 'open', resolved_at = NULL, reopened = reopened + 1 WHERE number = ? AND state IN "
           "('resolved', 'closed')",
           "i", ticket) &&
         go_on (store, database, ticket, CHANGE_REOPENED, now, &changed, error) &&
         (!changed || store_add_event (database, ticket, now, "reopened", actor, detail, error));
}
