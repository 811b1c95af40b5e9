/* Timers: what happens to a ticket by itself. Closing and resuming have rows of their own; a promise is its own timer. */
#include "store/incidents.h"
#include "store/overrides.h"
#include "store/promises.h"
#include "store/reactions.h"
#include "store/states.h"

#define CLOSINGS 500 /* in one transaction */
#define PROMISES 50  /* in one transaction: mail that comes meanwhile waits for no more than these */

typedef struct {
  Store *store;
  gint64 now;
} TimerJob;

static gboolean
close_tickets (Database *database, gpointer data, GError **error)
{
  const TimerJob *job = data;
  return database_run (
           database, error,
           "INSERT INTO event (ticket, at, kind, actor, detail) SELECT ticket, ?1, 'closed', 'frontdesk', "
           "'close-after has passed' FROM timer WHERE due_at <= ?1 AND kind = 'close' ORDER BY due_at LIMIT ?2",
           "ii", job->now, (gint64) CLOSINGS) &&
         database_run (
           database, error,
           "UPDATE ticket SET state = 'closed' WHERE state = 'resolved' AND number IN (SELECT ticket FROM timer "
           "WHERE due_at <= ?1 AND kind = 'close' ORDER BY due_at LIMIT ?2)",
           "ii", job->now, (gint64) CLOSINGS) &&
         database_run (database, error,
                       "DELETE FROM timer WHERE id IN (SELECT id FROM timer WHERE due_at <= ?1 AND kind = 'close' "
                       "ORDER BY due_at LIMIT ?2)",
                       "ii", job->now, (gint64) CLOSINGS);
}

static gboolean
resume_ticket (Database *database, gpointer data, GError **error)
{
  const TimerJob *job = data;
  gint64 ticket = database_number (
    database, 0, NULL, "SELECT ticket FROM timer WHERE due_at <= ? AND kind = 'resume' LIMIT 1", "i", job->now);
  return ticket == 0 ||
         state_resume (job->store, database, ticket, "frontdesk", "the time to wait is over", job->now, error);
}

/* ---- promises ---- */

static Promise *
find_promise (GArray *promises, TargetKind target, int cycle)
{
  for (guint i = 0; i < promises->len; i++)
    {
      Promise *promise = &g_array_index (promises, Promise, i);
      if (promise->target == target && promise->cycle == cycle)
        return promise;
    }
  return NULL;
}

/* Without rules a promise that is due waits: nobody could say what follows. */
static gboolean
react (const TimerJob *job, Database *database, const Ticket *ticket, TargetKind target, int cycle, GError **error)
{
  g_auto (PromiseTerms) terms = { 0 };
  g_auto (Reaction) reaction = REACTION_INIT;
  g_autoptr (GPtrArray) overrides = overrides_read (database, job->now, error);
  g_autoptr (GArray) promises = overrides != NULL ? promises_read (database, ticket->number, error) : NULL;
  Promise *promise = promises != NULL ? find_promise (promises, target, cycle) : NULL;
  if (promise == NULL || !promises_read_terms (database, ticket->number, &terms, error))
    return FALSE;
  g_mutex_lock (&job->store->rules_lock);
  if (job->store->rules != NULL)
    job->store->rules->react (job->store->rules_data, ticket, &terms, promises, promise, overrides, job->now,
                              &reaction);
  g_mutex_unlock (&job->store->rules_lock);
  return promises_write (database, ticket->number, promises, terms.version, error) &&
         reaction_carry_out (job->store, database, ticket->number, 0, &reaction, job->now, error);
}

typedef struct {
  gint64 ticket, target, cycle;
} DuePromise;

static GArray *
find_due (Database *database, gint64 now, GError **error)
{
  g_autoptr (GArray) due = g_array_new (FALSE, FALSE, sizeof (DuePromise));
  g_autoptr (Query) query = database_query (
    database, error, "SELECT ticket, target, cycle FROM promise WHERE next_at <= ? ORDER BY next_at LIMIT ?", "ii", now,
    (gint64) PROMISES);
  int row = -1;
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    {
      const DuePromise found = { query_number (query, 0), query_number (query, 1), query_number (query, 2) };
      g_array_append_val (due, found);
    }
  return row == 0 ? g_steal_pointer (&due) : NULL;
}

static gboolean
run_promises (Database *database, gpointer data, GError **error)
{
  const TimerJob *job = data;
  g_autoptr (GArray) due = find_due (database, job->now, error);
  for (guint i = 0; due != NULL && i < due->len; i++)
    {
      const DuePromise *found = &g_array_index (due, DuePromise, i);
      g_autoptr (Ticket) ticket = ticket_read (database, found->ticket, error);
      if (ticket == NULL || !react (job, database, ticket, (TargetKind) found->target, (int) found->cycle, error))
        return FALSE;
    }
  return due != NULL;
}

/* ---- incidents ---- */

static gboolean
run_incident (Database *database, gpointer data, GError **error)
{
  const TimerJob *job = data;
  gint64 incident = database_number (database, 0, NULL, "SELECT id FROM incident WHERE next_at <= ? ORDER BY next_at LIMIT 1", "i",
                                     job->now);
  return incident == 0 || incident_go_on (job->store, database, incident, job->now, error);
}

/* ---- the whole ---- */

static gboolean
find_next (Store *store, const char *sql, gint64 *next_due, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return FALSE;
  *next_due = database_number (loan.database, G_MAXINT64, &failure, sql, "");
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Runs JOB as long as the earliest time by SQL has come; *NEXT_DUE is that time then. */
static gboolean
work_off (Store *store, const char *sql, WriterJob run, TimerJob *job, gint64 *next_due, GError **error)
{
  if (!find_next (store, sql, next_due, error))
    return FALSE;
  while (*next_due <= job->now)
    if (!store_write (store, run, job, error) || !find_next (store, sql, next_due, error))
      return FALSE;
  return TRUE;
}

gboolean
store_run_timers (Store *store, gint64 now, gint64 *next_due, GError **error)
{
  /* The most urgent first. What the rules decide waits until there are some. */
  static const struct {
    const char *sql;
    WriterJob run;
    gboolean by_rules;
  } kinds[] = {
    { "SELECT next_at FROM incident WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1", run_incident, TRUE },
    { "SELECT due_at FROM timer WHERE kind = 'close' ORDER BY due_at LIMIT 1", close_tickets, FALSE },
    { "SELECT due_at FROM timer WHERE kind = 'resume' ORDER BY due_at LIMIT 1", resume_ticket, FALSE },
    { "SELECT next_at FROM promise WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1", run_promises, TRUE },
  };
  TimerJob job = { .store = store, .now = now };
  g_mutex_lock (&store->rules_lock);
  gboolean ruled = store->rules != NULL;
  g_mutex_unlock (&store->rules_lock);
  *next_due = G_MAXINT64;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      gint64 next;
      if (kinds[i].by_rules && !ruled)
        continue;
      if (!work_off (store, kinds[i].sql, kinds[i].run, &job, &next, error))
        return FALSE;
      *next_due = MIN (*next_due, next);
    }
  return TRUE;
}

/* ---- refreshing ---- */

typedef struct {
  Store *store;
  gint64 now;
  GArray *stale; /* (element-type gint64) ticket numbers */
  guint done;    /* of those */
} Refreshing;

static gboolean
is_stale (Store *store, const char *role, gint64 version)
{
  g_mutex_lock (&store->rules_lock);
  gboolean stale = store->rules != NULL && store->rules->version (store->rules_data, role) != version;
  g_mutex_unlock (&store->rules_lock);
  return stale;
}

/* The tickets at work whose promises were computed from something else than now counts. Read, so that nobody who writes has
 * to wait. */
static gboolean
find_stale (Refreshing *refreshing, GError **error)
{
  g_auto (Loan) loan = loan_take (refreshing->store, error);
  if (loan.database == NULL)
    return FALSE;
  g_autoptr (Query) query =
    database_query (loan.database, error,
                    "SELECT number, role, coalesce(version, 0) FROM ticket WHERE state IN ('open', 'pending')", "");
  int row = -1;
  while (query != NULL && (row = query_next (loan.database, query, error)) > 0)
    {
      gint64 number = query_number (query, 0);
      g_autofree char *role = query_text (query, 1);
      if (is_stale (refreshing->store, role, query_number (query, 2)))
        g_array_append_val (refreshing->stale, number);
    }
  return row == 0;
}

static gboolean
refresh_some (Database *database, gpointer data, GError **error)
{
  const Refreshing *refreshing = data;
  const Change change = { .kind = CHANGE_TERMS, .at = refreshing->now };
  for (guint i = refreshing->done; i < MIN (refreshing->done + PROMISES, refreshing->stale->len); i++)
    if (!promises_apply (refreshing->store, database, g_array_index (refreshing->stale, gint64, i), &change, error))
      return FALSE;
  return TRUE;
}

gboolean
store_refresh_promises (Store *store, gint64 now, GError **error)
{
  g_autoptr (GArray) stale = g_array_new (FALSE, FALSE, sizeof (gint64));
  Refreshing refreshing = { .store = store, .now = now, .stale = stale };
  if (!find_stale (&refreshing, error))
    return FALSE;
  for (; refreshing.done < stale->len; refreshing.done += PROMISES)
    if (!store_write (store, refresh_some, &refreshing, error))
      return FALSE;
  return TRUE;
}
