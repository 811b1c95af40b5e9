#include "store/staff.h"

#include "config/limits.h"
#include "store/merge.h"

gboolean
staff_add_participants (Database *database, gint64 ticket, char **addresses, gboolean blind, GError **error)
{
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      g_autofree char *address = address_normalise (addresses[i]);
      if (address != NULL &&
          !database_run (database, error,
                         "INSERT INTO participant (ticket, address, blind) SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM participant "
                         "WHERE ticket = ?1) < ?4 ON CONFLICT DO UPDATE SET blind = min(blind, excluded.blind)",
                         "isii", ticket, address, (gint64) blind, (gint64) LIMIT_PARTICIPANTS))
        return FALSE;
    }
  return TRUE;
}

/* One copy of the answer goes to each who reads it, and all copies have the same id. */
static const Outgoing *
find_answer (const GPtrArray *outgoing)
{
  for (guint i = 0; i < outgoing->len; i++)
    {
      const Outgoing *letter = g_ptr_array_index (outgoing, i);
      if (letter->of_message && letter->kind == OUTGOING_LETTER)
        return letter;
    }
  return NULL;
}

/* Writes the message that the work is, and gives its row in *MESSAGE. */
static gboolean
write_message (Database *database, gint64 ticket, const StaffEntry *entry, gint64 now, gint64 *message, GError **error)
{
  static const struct {
    const char *kind, *direction;
  } as[] = { { "order", "in" }, { "note", "internal" }, { "root-cause", "internal" }, { "message", "out" }, { "message", "out" } };
  const StaffWork *work = entry->work;
  const Outgoing *letter = find_answer (entry->outgoing);
  g_autofree char *own = letter != NULL ? store_message_id (letter, ticket) : NULL;
  g_autofree char *cc = work->cc != NULL ? g_strjoinv (" ", work->cc) : NULL;
  if (work->use == STAFF_TEXT_NONE && entry->raw == 0)
    return TRUE;
  if (!database_run (database, error,
                     "INSERT INTO message (ticket, kind, direction, message_id, sender, subject, text, queue_id, raw, cc, at) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "isssssss0si", ticket, as[work->use].kind, as[work->use].direction, own != NULL ? own : entry->message_id,
                     work->agent, entry->subject, work->text, entry->queue_id, entry->raw, cc, now))
    return FALSE;
  *message = sqlite3_last_insert_rowid (database->handle);
  return TRUE;
}

static gboolean
write_text (Database *database, Work *step, const StaffWork *work, GError **error)
{
  switch (work->use)
    {
    case STAFF_TEXT_NOTE:
    case STAFF_TEXT_ROOT_CAUSE:
      return store_add_event (database, step->ticket, step->now, work->use == STAFF_TEXT_NOTE ? "noted" : "root cause", work->agent,
                              work->text, error);
    case STAFF_TEXT_ANSWER:
    case STAFF_TEXT_SENT:
      return work_write_answered (database, step, error);
    default:
      return TRUE;
    }
}

static gboolean
write_root_cause (Database *database, Work *step, const StaffWork *work, GError **error)
{
  step->text = work->root_cause;
  step->root_cause = TRUE;
  return work->root_cause == NULL || work_write_note (database, step, error);
}

static gboolean
write_end (Database *database, Work *step, const StaffWork *work, GError **error)
{
  step->at = work->close_at;
  step->root_cause = work->root_cause_demanded;
  return !work->close || work_write_close (database, step, error);
}

static gboolean
write_waiting (Database *database, Work *step, const StaffWork *work, GError **error)
{
  step->at = work->pending_until;
  return !work->pending || work_write_pending (database, step, error);
}

static gboolean
write_merging (Store *store, Database *database, Work *step, const StaffWork *work, GError **error)
{
  return work->merge_into == 0 || merge_write (store, database, step->ticket, work->merge_into, work->agent, step->now, error);
}

static gboolean
write_letters (Database *database, gint64 ticket, const GPtrArray *outgoing, gint64 message, gint64 now, GError **error)
{
  for (guint i = 0; i < outgoing->len; i++)
    if (!store_add_outgoing (database, g_ptr_array_index (outgoing, i), ticket, 0, message, now, error))
      return FALSE;
  return TRUE;
}

gboolean
staff_write (Store *store, Database *database, gint64 ticket, const StaffEntry *entry, gint64 now, GError **error)
{
  const StaffWork *work = entry->work;
  gint64 message = 0;
  Work step = { .store = store,
                .ticket = ticket,
                .now = now,
                .actor = work->agent,
                .team = work->team,
                .assignee = work->assignee,
                .priority = work->priority };
  return work_check (database, ticket, error) && write_message (database, ticket, entry, now, &message, error) &&
         staff_add_participants (database, ticket, work->joining, FALSE, error) && write_text (database, &step, work, error) &&
         write_root_cause (database, &step, work, error) &&
         ((work->team == NULL && work->assignee == NULL) || work_write_assignment (database, &step, error)) &&
         (work->priority == 0 || work_write_priority (database, &step, error)) && write_waiting (database, &step, work, error) &&
         write_end (database, &step, work, error) &&
         write_letters (database, ticket, entry->outgoing, message, now, error) &&
         write_merging (store, database, &step, work, error);
}

typedef struct {
  Store *store;
  gint64 ticket, now;
  StaffEntry entry;
} StaffJob;

static gboolean
write_job (Database *database, gpointer data, GError **error)
{
  const StaffJob *job = data;
  return staff_write (job->store, database, job->ticket, &job->entry, job->now, error);
}

gboolean
store_do_staff_work (Store *store, gint64 ticket, const StaffWork *work, const GPtrArray *outgoing, gint64 now, GError **error)
{
  StaffJob job = { .store = store, .ticket = ticket, .now = now, .entry = { .work = work, .outgoing = outgoing } };
  return store_write (store, write_job, &job, error);
}
