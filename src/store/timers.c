/* Timers: what happens to a ticket by itself. */
#include "store/private.h"

#define BATCH 500

typedef struct {
  gint64 now;
} TimerJob;

static gboolean
close_tickets (Database *database, gpointer data, GError **error)
{
  const TimerJob *job = data;
  return database_run (database, error,
                       "INSERT INTO event (ticket, at, kind, actor, detail) SELECT ticket, ?1, 'closed', 'frontdesk', "
                       "'close-after has passed' FROM timer WHERE due_at <= ?1 AND kind = 'close' ORDER BY due_at LIMIT ?2",
                       "ii", job->now, (gint64) BATCH) &&
         database_run (database, error,
                       "UPDATE ticket SET state = 'closed' WHERE state = 'resolved' AND number IN (SELECT ticket FROM timer "
                       "WHERE due_at <= ?1 AND kind = 'close' ORDER BY due_at LIMIT ?2)",
                       "ii", job->now, (gint64) BATCH) &&
         database_run (database, error,
                       "DELETE FROM timer WHERE id IN (SELECT id FROM timer WHERE due_at <= ?1 AND kind = 'close' "
                       "ORDER BY due_at LIMIT ?2)",
                       "ii", job->now, (gint64) BATCH);
}

static gboolean
find_next (Store *store, gint64 *next_due, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return FALSE;
  *next_due = database_number (loan.database, G_MAXINT64, &failure, "SELECT due_at FROM timer ORDER BY due_at LIMIT 1", "");
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
store_run_timers (Store *store, gint64 now, gint64 *next_due, GError **error)
{
  TimerJob job = { now };
  if (!find_next (store, next_due, error))
    return FALSE;
  while (*next_due <= now)
    if (!store_write (store, close_tickets, &job, error) || !find_next (store, next_due, error))
      return FALSE;
  return TRUE;
}
