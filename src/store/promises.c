#include "store/promises.h"

GArray *
promises_read (Database *database, gint64 ticket, GError **error)
{
  g_autoptr (GArray) promises = g_array_new (FALSE, FALSE, sizeof (Promise));
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT target, cycle, since, warn_at, extend_at, due_at, waited, moved, met_at, dropped_at, warned_at, "
    "extended_at, breached_at, took FROM promise WHERE ticket = ? ORDER BY target, cycle",
    "i", ticket);
  int row = -1;
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    {
      const Promise promise = { .target = (TargetKind) query_number (query, 0),
                                .cycle = (int) query_number (query, 1),
                                .since = query_number (query, 2),
                                .warn_at = query_number (query, 3),
                                .extend_at = query_number (query, 4),
                                .due_at = query_number (query, 5),
                                .waited = query_number (query, 6) != 0,
                                .moved = query_number (query, 7) != 0,
                                .met_at = query_number (query, 8),
                                .dropped_at = query_number (query, 9),
                                .warned_at = query_number (query, 10),
                                .extended_at = query_number (query, 11),
                                .breached_at = query_number (query, 12),
                                .took = query_number (query, 13) };
      g_array_append_val (promises, promise);
    }
  return row == 0 ? g_steal_pointer (&promises) : NULL;
}

static gboolean
write_one (Database *database, gint64 ticket, const Promise *promise, GError **error)
{
  return database_run (
    database, error,
    "INSERT OR REPLACE INTO promise (ticket, target, cycle, since, warn_at, extend_at, due_at, waited, moved, "
    "met_at, dropped_at, warned_at, extended_at, breached_at, took, next_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "iii0000ii0000000", ticket, (gint64) promise->target, (gint64) promise->cycle, promise->since, promise->warn_at,
    promise->extend_at, promise->due_at, (gint64) promise->waited, (gint64) promise->moved, promise->met_at,
    promise->dropped_at, promise->warned_at, promise->extended_at, promise->breached_at, promise->took,
    promise_next (promise));
}

gboolean
promises_write (Database *database, gint64 ticket, const GArray *promises, gint64 version, GError **error)
{
  gint64 urgent = 0;
  for (guint i = 0; i < promises->len; i++)
    {
      const Promise *promise = &g_array_index (promises, Promise, i);
      if (!write_one (database, ticket, promise, error))
        return FALSE;
      if (promise_is_open (promise) && promise->due_at != 0 && (urgent == 0 || promise->due_at < urgent))
        urgent = promise->due_at;
    }
  return database_run (database, error, "UPDATE ticket SET urgent_at = ?, version = ? WHERE number = ?", "00i", urgent, version,
                       ticket);
}

static GArray *
read_pauses (Database *database, gint64 ticket, GError **error)
{
  g_autoptr (GArray) pauses = g_array_new (FALSE, FALSE, sizeof (Interval));
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT from_at, coalesce(to_at, 9223372036854775807) FROM pause WHERE ticket = ? ORDER BY from_at", "i", ticket);
  int row = -1;
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    {
      const Interval pause = { query_number (query, 0), query_number (query, 1) };
      g_array_append_val (pauses, pause);
    }
  return row == 0 ? g_steal_pointer (&pauses) : NULL;
}

gboolean
promises_read_terms (Database *database, gint64 ticket, PromiseTerms *terms, GError **error)
{
  GArray *pauses = read_pauses (database, ticket, error);
  if (pauses == NULL)
    return FALSE;
  terms->pauses = pauses;
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT role, kind, priority, opened_at, state = 'pending', coalesce(version, 0), (SELECT kind FROM message WHERE "
    "ticket = number ORDER BY id LIMIT 1) = 'automatic' FROM ticket WHERE number = ?",
    "i", ticket);
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "there is no ticket #%" G_GINT64_FORMAT, ticket);
  if (row <= 0)
    return FALSE;
  terms->role = query_text (query, 0);
  terms->kind = query_text (query, 1);
  terms->priority = (int) query_number (query, 2);
  terms->opened_at = query_number (query, 3);
  terms->pending = query_number (query, 4) != 0;
  terms->version = query_number (query, 5);
  terms->by_machine = query_number (query, 6) != 0;
  return TRUE;
}

void
promises_clear_terms (PromiseTerms *terms)
{
  g_free ((char *) terms->role);
  g_free ((char *) terms->kind);
  if (terms->pauses != NULL)
    g_array_unref ((GArray *) terms->pauses);
}

gboolean
promises_apply (Store *store, Database *database, gint64 ticket, const Change *change, GError **error)
{
  g_auto (PromiseTerms) terms = { 0 };
  if (!promises_read_terms (database, ticket, &terms, error))
    return FALSE;
  g_autoptr (GArray) promises = promises_read (database, ticket, error);
  if (promises == NULL)
    return FALSE;
  g_mutex_lock (&store->rules_lock);
  gint64 version = 0;
  if (store->rules != NULL)
    {
      store->rules->change (store->rules_data, &terms, promises, change);
      version = store->rules->version (store->rules_data, terms.role);
    }
  g_mutex_unlock (&store->rules_lock);
  return promises_write (database, ticket, promises, version, error);
}

gboolean
promises_pause (Database *database, gint64 ticket, gint64 now, GError **error)
{
  return database_run (
    database, error,
    "INSERT INTO pause (ticket, from_at) SELECT ?1, ?2 WHERE NOT EXISTS "
    "(SELECT 1 FROM pause WHERE ticket = ?1 AND to_at IS NULL) ON CONFLICT DO UPDATE SET to_at = NULL",
    "ii", ticket, now);
}

gboolean
promises_resume (Database *database, gint64 ticket, gint64 now, GError **error)
{
  return database_run (database, error, "UPDATE pause SET to_at = ? WHERE ticket = ? AND to_at IS NULL", "ii", now,
                       ticket);
}

gboolean
store_list_promises (Store *store, gint64 ticket, GArray **promises, GArray **pauses, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return FALSE;
  g_autoptr (GArray) found = promises_read (loan.database, ticket, error);
  *pauses = found != NULL ? read_pauses (loan.database, ticket, error) : NULL;
  if (*pauses != NULL)
    *promises = g_steal_pointer (&found);
  return *pauses != NULL;
}

void
store_set_rules (Store *store, const StoreRules *rules, gpointer data, GDestroyNotify free_data)
{
  g_mutex_lock (&store->rules_lock);
  gpointer old = store->rules_data;
  GDestroyNotify free_old = store->free_rules_data;
  store->rules = rules;
  store->rules_data = data;
  store->free_rules_data = free_data;
  g_mutex_unlock (&store->rules_lock);
  if (free_old != NULL)
    free_old (old);
}
