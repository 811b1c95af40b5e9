/* What people change on a ticket. Each change and its event are one transaction. */
#include "store/private.h"

typedef struct {
  gint64 ticket, now, close_at;
  const char *actor, *text, *team, *assignee;
  int priority;
} Work;

/* The ticket's state; NULL with STORE_ERROR_NOT_FOUND. The caller's. */
static char *
find_state (Database *database, gint64 ticket, GError **error)
{
  g_autoptr (Query) query = database_query (database, error, "SELECT state FROM ticket WHERE number = ?", "i", ticket);
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row > 0)
    return query_text (query, 0);
  if (row == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "there is no ticket #%" G_GINT64_FORMAT, ticket);
  return NULL;
}

static gboolean
require_state (Database *database, gint64 ticket, gboolean ended, GError **error)
{
  g_autofree char *state = find_state (database, ticket, error);
  if (state == NULL)
    return FALSE;
  gboolean is_ended = g_str_equal (state, "resolved") || g_str_equal (state, "closed");
  if (is_ended == ended && !g_str_equal (state, "refused"))
    return TRUE;
  g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "ticket #%" G_GINT64_FORMAT " is %s", ticket, state);
  return FALSE;
}

static gboolean
write_note (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autofree char *state = find_state (database, work->ticket, error);
  return state != NULL &&
         database_run (database, error,
                       "INSERT INTO message (ticket, kind, direction, sender, text, at) VALUES (?, 'note', 'internal', ?, ?, ?)",
                       "issi", work->ticket, work->actor, work->text, work->now) &&
         store_add_event (database, work->ticket, work->now, "noted", work->actor, work->text, error);
}

gboolean
store_add_note (Store *store, gint64 ticket, const char *actor, const char *text, gint64 now, GError **error)
{
  Work work = { .ticket = ticket, .actor = actor, .text = text, .now = now };
  return store_write (store, write_note, &work, error);
}

static gboolean
write_assignment (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autofree char *state = find_state (database, work->ticket, error);
  g_autofree char *detail =
    g_strdup_printf ("%s%s%s%s", work->team != NULL ? "team " : "", work->team != NULL ? work->team : "",
                     work->team != NULL && work->assignee != NULL ? ", " : "", work->assignee != NULL ? work->assignee : "");
  return state != NULL &&
         database_run (database, error,
                       "UPDATE ticket SET team = coalesce(?, team), assignee = coalesce(?, assignee) WHERE number = ?", "ssi",
                       work->team, work->assignee, work->ticket) &&
         store_add_event (database, work->ticket, work->now, "assigned", work->actor, detail, error);
}

gboolean
store_assign (Store *store, gint64 ticket, const char *team, const char *assignee, const char *actor, gint64 now,
              GError **error)
{
  Work work = { .ticket = ticket, .team = team, .assignee = assignee, .actor = actor, .now = now };
  return store_write (store, write_assignment, &work, error);
}

static gboolean
write_priority (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autofree char *state = find_state (database, work->ticket, error);
  if (state == NULL)
    return FALSE;
  gint64 old = database_number (database, 0, NULL, "SELECT priority FROM ticket WHERE number = ?", "i", work->ticket);
  g_autofree char *detail = g_strdup_printf ("from p%d to p%d", (int) old, work->priority);
  return database_run (database, error, "UPDATE ticket SET priority = ? WHERE number = ?", "ii", (gint64) work->priority,
                       work->ticket) &&
         store_add_event (database, work->ticket, work->now, "priority", work->actor, detail, error);
}

gboolean
store_set_priority (Store *store, gint64 ticket, int priority, const char *actor, gint64 now, GError **error)
{
  Work work = { .ticket = ticket, .priority = priority, .actor = actor, .now = now };
  return store_write (store, write_priority, &work, error);
}

/* The emergency is over with its ticket: pages that still wait are dropped. */
static gboolean
resolve_incidents (Database *database, const Work *work, GError **error)
{
  return database_run (database, error,
                       "UPDATE outbox SET state = 'dropped', last_error = 'the ticket was resolved' "
                       "WHERE ticket = ? AND kind = 'page' AND state IN ('due', 'sending')",
                       "i", work->ticket) &&
         database_run (database, error,
                       "UPDATE incident SET state = 'resolved', resolved_at = ? WHERE ticket = ? AND state <> 'resolved'", "ii",
                       work->now, work->ticket);
}

static gboolean
write_close (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  return require_state (database, work->ticket, FALSE, error) &&
         database_run (database, error, "UPDATE ticket SET state = 'resolved', resolved_at = ? WHERE number = ?", "ii",
                       work->now, work->ticket) &&
         resolve_incidents (database, work, error) &&
         database_run (database, error, "INSERT INTO timer (ticket, kind, due_at) VALUES (?, 'close', ?)", "ii", work->ticket,
                       work->close_at) &&
         store_add_event (database, work->ticket, work->now, "resolved", work->actor, NULL, error);
}

gboolean
store_close_ticket (Store *store, gint64 ticket, const char *actor, gint64 close_at, gint64 now, GError **error)
{
  Work work = { .ticket = ticket, .actor = actor, .close_at = close_at, .now = now };
  return store_write (store, write_close, &work, error);
}

static gboolean
write_reopen (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  return require_state (database, work->ticket, TRUE, error) &&
         database_run (database, error, "UPDATE ticket SET state = 'open', resolved_at = NULL WHERE number = ?", "i",
                       work->ticket) &&
         database_run (database, error, "DELETE FROM timer WHERE ticket = ? AND kind = 'close'", "i", work->ticket) &&
         store_add_event (database, work->ticket, work->now, "reopened", work->actor, NULL, error);
}

gboolean
store_reopen_ticket (Store *store, gint64 ticket, const char *actor, gint64 now, GError **error)
{
  Work work = { .ticket = ticket, .actor = actor, .now = now };
  return store_write (store, write_reopen, &work, error);
}
