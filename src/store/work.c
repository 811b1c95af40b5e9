/* What people change on a ticket. Each change and its event are one transaction. */
#include "store/work.h"

#include <string.h>

#include "store/incidents.h"
#include "store/promises.h"
#include "store/states.h"

static gboolean
apply (Database *database, const Work *work, ChangeKind kind, GError **error)
{
  const Change change = { .kind = kind, .at = work->now, .target = work->target, .due = work->at };
  return promises_apply (work->store, database, work->ticket, &change, error);
}

static gboolean
send_letter (Database *database, const Work *work, GError **error)
{
  return work->letter == NULL || store_add_outgoing (database, work->letter, work->ticket, 0, 0, work->now, error);
}

/* The state of a ticket that can be worked on; NULL with STORE_ERROR_NOT_FOUND or, as nobody looks at a ticket that is part of
 * another, STORE_ERROR_STATE. The caller's. */
static char *
find_state (Database *database, gint64 ticket, GError **error)
{
  g_autoptr (Query) query = database_query (database, error, "SELECT state, merged FROM ticket WHERE number = ?", "i", ticket);
  int row = query != NULL ? query_next (database, query, error) : -1;
  gint64 merged = row > 0 ? query_number (query, 1) : 0;
  if (row > 0 && merged == 0)
    return query_text (query, 0);
  if (row > 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "ticket #%" G_GINT64_FORMAT " is part of #%" G_GINT64_FORMAT " now", ticket, merged);
  else if (row == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "there is no ticket #%" G_GINT64_FORMAT, ticket);
  return NULL;
}

gboolean
work_check (Database *database, gint64 ticket, GError **error)
{
  g_autofree char *state = find_state (database, ticket, error);
  return state != NULL;
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

gboolean
work_write_note (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autofree char *state = find_state (database, work->ticket, error);
  return state != NULL &&
         database_run (
           database, error,
           "INSERT INTO message (ticket, kind, direction, sender, text, at) VALUES (?, ?, 'internal', ?, ?, ?)",
           "isssi", work->ticket, work->root_cause ? "root-cause" : "note", work->actor, work->text, work->now) &&
         store_add_event (database, work->ticket, work->now, work->root_cause ? "root cause" : "noted", work->actor,
                          work->text, error);
}

gboolean
store_add_root_cause (Store *store, gint64 ticket, const char *actor, const char *text, gint64 now, GError **error)
{
  Work work = { .ticket = ticket, .root_cause = TRUE, .actor = actor, .text = text, .now = now };
  return store_write (store, work_write_note, &work, error);
}

gboolean
store_add_note (Store *store, gint64 ticket, const char *actor, const char *text, gint64 now, GError **error)
{
  Work work = { .store = store, .ticket = ticket, .actor = actor, .text = text, .now = now };
  return store_write (store, work_write_note, &work, error);
}

gboolean
work_write_assignment (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autofree char *state = find_state (database, work->ticket, error);
  g_autofree char *detail = g_strdup_printf (
    "%s%s%s%s", work->team != NULL ? "team " : "", work->team != NULL ? work->team : "",
    work->team != NULL && work->assignee != NULL ? ", " : "", work->assignee != NULL ? work->assignee : "");
  return state != NULL &&
         database_run (database, error,
                       "UPDATE ticket SET team = coalesce(?1, team), assignee = CASE WHEN ?2 IS NOT NULL THEN ?2 WHEN "
                       "coalesce(?1, team) = team THEN assignee END WHERE number = ?3",
                       "ssi", work->team, work->assignee, work->ticket) &&
         store_add_event (database, work->ticket, work->now, "assigned", work->actor, detail, error);
}

gboolean
store_assign (Store *store, gint64 ticket, const char *team, const char *assignee, const char *actor, gint64 now,
              GError **error)
{
  Work work = { .store = store, .ticket = ticket, .team = team, .assignee = assignee, .actor = actor, .now = now };
  return store_write (store, work_write_assignment, &work, error);
}

static gboolean
write_language (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  return database_run (database, error, "UPDATE ticket SET language = coalesce(language, ?) WHERE number = ?", "si", work->text,
                       work->ticket);
}

gboolean
store_set_language (Store *store, gint64 ticket, const char *language, GError **error)
{
  Work work = { .ticket = ticket, .text = language };
  return store_write (store, write_language, &work, error);
}

gboolean
work_write_priority (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autofree char *state = find_state (database, work->ticket, error);
  if (state == NULL)
    return FALSE;
  gint64 old = database_number (database, 0, NULL, "SELECT priority FROM ticket WHERE number = ?", "i", work->ticket);
  g_autofree char *detail = g_strdup_printf ("from p%d to p%d", (int) old, work->priority);
  return database_run (database, error, "UPDATE ticket SET priority = ? WHERE number = ?", "ii",
                       (gint64) work->priority, work->ticket) &&
         apply (database, work, CHANGE_TERMS, error) &&
         store_add_event (database, work->ticket, work->now, "priority", work->actor, detail, error);
}

gboolean
store_set_priority (Store *store, gint64 ticket, int priority, const char *actor, gint64 now, GError **error)
{
  Work work = { .store = store, .ticket = ticket, .priority = priority, .actor = actor, .now = now };
  return store_write (store, work_write_priority, &work, error);
}

/* A note on the root cause was demanded, by the policy or by a rule when the ticket came, and none is there. */
static gboolean
check_root_cause (Database *database, const Work *work, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gint64 missing =
    database_number (database, 0, &failure,
                     "SELECT (root_cause OR ?1) AND NOT EXISTS (SELECT 1 FROM message WHERE ticket = ?2 AND kind = "
                     "'root-cause') FROM ticket WHERE number = ?2",
                     "ii", (gint64) work->root_cause, work->ticket);
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (missing != 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_STATE,
                 "ticket #%" G_GINT64_FORMAT " needs a note on its root cause first: frontdesk note %" G_GINT64_FORMAT
                 " --root-cause TEXT, or #root-cause TEXT in a mail",
                 work->ticket, work->ticket);
  else
    return TRUE;
  return FALSE;
}

gboolean
work_begin_next (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autoptr (GArray) waiting = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT number FROM ticket WHERE after = ?",
    "i", work->ticket);
  int row = -1;
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    {
      gint64 number = query_number (query, 0);
      g_array_append_val (waiting, number);
    }
  for (guint i = 0; row == 0 && i < waiting->len; i++)
    {
      const Change change = { .kind = CHANGE_BEGAN, .at = work->now };
      if (!promises_apply (work->store, database, g_array_index (waiting, gint64, i), &change, error))
        row = -1;
    }
  return row == 0;
}

gboolean
work_write_close (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  return require_state (database, work->ticket, FALSE, error) && check_root_cause (database, work, error) &&
         database_run (database, error, "UPDATE ticket SET state = 'resolved', resolved_at = ? WHERE number = ?", "ii",
                       work->now, work->ticket) &&
         incidents_resolve (work->store, database, work->ticket, work->actor, work->now, error) &&
         database_run (database, error, "DELETE FROM timer WHERE ticket = ?", "i", work->ticket) &&
         database_run (database, error, "INSERT INTO timer (ticket, kind, due_at) VALUES (?, 'close', ?)", "ii",
                       work->ticket, work->at) &&
         apply (database, work, CHANGE_RESOLVED, error) && promises_pause (database, work->ticket, work->now, error) &&
         work_begin_next (database, data, error) && send_letter (database, work, error) &&
         store_add_event (database, work->ticket, work->now, "resolved", work->actor, NULL, error);
}

gboolean
store_close_ticket (Store *store, gint64 ticket, gboolean root_cause, const Outgoing *letter, const char *actor,
                    gint64 close_at, gint64 now, GError **error)
{
  Work work = { .store = store,
                .ticket = ticket,
                .root_cause = root_cause,
                .letter = letter,
                .actor = actor,
                .at = close_at,
                .now = now };
  return store_write (store, work_write_close, &work, error);
}

/* Out of pending, or back from its end. */
static gboolean
write_reopen (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  g_autofree char *state = find_state (database, work->ticket, error);
  if (state == NULL)
    return FALSE;
  if (g_str_equal (state, "pending"))
    return state_resume (work->store, database, work->ticket, work->actor, NULL, work->now, error);
  return require_state (database, work->ticket, TRUE, error) &&
         state_reopen (work->store, database, work->ticket, work->actor, NULL, work->now, error);
}

gboolean
store_reopen_ticket (Store *store, gint64 ticket, const char *actor, gint64 now, GError **error)
{
  Work work = { .store = store, .ticket = ticket, .actor = actor, .now = now };
  return store_write (store, write_reopen, &work, error);
}

gboolean
work_write_pending (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  return require_state (database, work->ticket, FALSE, error) &&
         database_run (database, error, "UPDATE ticket SET state = 'pending' WHERE number = ?", "i", work->ticket) &&
         promises_pause (database, work->ticket, work->now, error) &&
         database_run (database, error, "DELETE FROM timer WHERE ticket = ?", "i", work->ticket) &&
         (work->at == 0 ||
          database_run (database, error, "INSERT INTO timer (ticket, kind, due_at) VALUES (?, 'resume', ?)", "ii",
                        work->ticket, work->at)) &&
         apply (database, work, CHANGE_TERMS, error) &&
         store_add_event (database, work->ticket, work->now, "pending", work->actor, "waits for the customer", error);
}

gboolean
store_set_pending (Store *store, gint64 ticket, gint64 until, const char *actor, gint64 now, GError **error)
{
  Work work = { .store = store, .ticket = ticket, .at = until, .actor = actor, .now = now };
  return store_write (store, work_write_pending, &work, error);
}

static gboolean
write_kind (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  return require_state (database, work->ticket, FALSE, error) &&
         database_run (database, error, "UPDATE ticket SET kind = ? WHERE number = ?", "si", work->kind,
                       work->ticket) &&
         apply (database, work, CHANGE_TERMS, error) &&
         store_add_event (database, work->ticket, work->now, "kind", work->actor,
                          work->kind != NULL ? work->kind : "standard", error);
}

gboolean
store_set_kind (Store *store, gint64 ticket, const char *kind, const char *actor, gint64 now, GError **error)
{
  Work work = { .store = store, .ticket = ticket, .kind = kind, .actor = actor, .now = now };
  return store_write (store, write_kind, &work, error);
}

static gboolean
write_moved (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  gint64 open = database_number (
    database, 0, NULL,
    "SELECT count(*) FROM promise WHERE ticket = ? AND target = ? AND met_at IS NULL AND dropped_at IS NULL", "ii",
    work->ticket, (gint64) work->target);
  if (!require_state (database, work->ticket, FALSE, error))
    return FALSE;
  if (open == 0)
    {
      g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "ticket #%" G_GINT64_FORMAT " has no open target \"%s\"",
                   work->ticket, target_to_string (work->target));
      return FALSE;
    }
  return apply (database, work, CHANGE_MOVED, error) && send_letter (database, work, error) &&
         store_add_event (database, work->ticket, work->now, "extended", work->actor, target_to_string (work->target),
                          error);
}

gboolean
store_move_promise (Store *store, gint64 ticket, TargetKind target, gint64 due, const Outgoing *letter,
                    const char *actor, gint64 now, GError **error)
{
  Work work = {
    .store = store, .ticket = ticket, .target = target, .at = due, .letter = letter, .actor = actor, .now = now
  };
  return store_write (store, write_moved, &work, error);
}

gboolean
work_write_answered (Database *database, gpointer data, GError **error)
{
  const Work *work = data;
  return database_run (
           database, error,
           "UPDATE outbox SET state = 'dropped', last_error = 'an answer went out first' WHERE ticket = ? AND kind = "
           "'acknowledgement' AND state = 'due' AND attempts = 0",
           "i", work->ticket) &&
         database_run (
           database, error,
           "UPDATE ticket SET answers = answers + 1, responded_at = coalesce(responded_at, ?) WHERE number = ?", "ii",
           work->now, work->ticket) &&
         apply (database, work, CHANGE_ANSWERED, error) &&
         store_add_event (database, work->ticket, work->now, "answered", work->actor, NULL, error);
}
