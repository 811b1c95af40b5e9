/* The audit: whether what is on disk goes on by itself, as it should. */
#include "store/private.h"

#define LATE (60 * G_USEC_PER_SEC) /* what is due for longer is overdue */

/* Puts the sentence that SQL gives for a row, if there is one, into *FINDING. FALSE with *ERROR. */
static gboolean
look (Database *database, const char *sql, gint64 at, char **finding, GError **error)
{
  g_autoptr (Query) query = *finding == NULL ? database_query (database, error, sql, "i", at) : NULL;
  if (*finding != NULL)
    return TRUE;
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row > 0)
    *finding = query_text (query, 0);
  return row >= 0;
}

gboolean
store_audit (Store *store, gint64 now, char **finding, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  Database *database = loan.database;
  return database != NULL &&
         look (database,
               "SELECT 'incident ' || id || ' of ticket #' || ticket || ' has no next step' FROM incident WHERE state = 'triggered' AND "
               "next_at IS NULL AND started_at <= ? LIMIT 1",
               now, finding, error) &&
         look (database,
               "SELECT 'the next step of incident ' || id || ' of ticket #' || ticket || ' is overdue' FROM incident WHERE next_at IS "
               "NOT NULL AND next_at < ? ORDER BY next_at LIMIT 1",
               now - LATE, finding, error) &&
         look (database,
               "SELECT 'a page to ' || recipient || ' for ticket #' || ticket || ' is overdue' FROM outbox WHERE state = 'due' AND (kind = "
               "'page') = 1 AND due_at < ? ORDER BY due_at LIMIT 1",
               now - LATE, finding, error) &&
         look (database,
               "SELECT 'the last page, to ' || recipient || ' by ' || channel || ', has not got out' || coalesce(': ' || last_error, '') "
               "FROM (SELECT * FROM outbox WHERE incident = (SELECT max(incident) FROM outbox WHERE incident IS NOT NULL) ORDER BY id "
               "DESC LIMIT 1) WHERE state IN ('due', 'sending', 'failed') AND created_at < ?1 AND (last_error IS NOT NULL OR due_at < ?1)",
               now - LATE, finding, error);
}
