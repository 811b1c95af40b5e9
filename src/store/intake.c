/* Makes a message's decisions durable: ticket, message, outbox, incident and events in one transaction. */
#include <string.h>

#include <unistd.h>

#include "config/limits.h"
#include "store/addresses.h"
#include "store/assign.h"
#include "store/flood.h"
#include "store/incidents.h"
#include "store/limits.h"
#include "store/promises.h"
#include "store/raw.h"
#include "store/staff.h"
#include "store/states.h"

#define KEY_LENGTH 32 /* of the 64 hex digits: 128 bits tell messages apart, and the index stays small */

/* What the transaction needs besides the intake itself. */
typedef struct {
  Store *store;
  Intake *intake;
  gint64 raw; /* the row of the octets, 0: not written yet */
  gint64 row; /* that of the decision under way, which may keep others */
  gint64 message; /* the row of its message */
  char *file;
  char *references;
} IntakeJob;

/* "#0" in the answer stands for the number that the new ticket gets. */
static void
number_reply (Decision *decision)
{
  char *mark = strstr (decision->reply, "#0");
  if (mark == NULL)
    return;
  char *numbered = g_strdup_printf ("%.*s#%" G_GINT64_FORMAT "%s", (int) (mark - decision->reply), decision->reply,
                                    decision->ticket, mark + 2);
  g_free (decision->reply);
  decision->reply = numbered;
}

/* TRUE when DECISION's key is there already: it then becomes the first one's duplicate. */
static gboolean
find_first (Database *database, Decision *decision, gboolean *seen, GError **error)
{
  g_autofree char *key = g_strndup (decision->key, KEY_LENGTH);
  g_autoptr (Query) query = database_query (database, error, "SELECT ticket, reply FROM seen WHERE key = ?", "s", key);
  int row = query != NULL ? query_next (database, query, error) : -1;
  *seen = row > 0;
  if (row > 0)
    {
      decision->kind = INTAKE_DUPLICATE;
      decision->ticket = query_number (query, 0);
      g_free (decision->reply);
      decision->reply = query_text (query, 1);
    }
  return row >= 0;
}

static gboolean
remember (Database *database, const Decision *decision, gint64 now, GError **error)
{
  g_autofree char *key = g_strndup (decision->key, KEY_LENGTH);
  return database_run (database, error, "INSERT INTO seen (key, ticket, reply, at) VALUES (?, ?, ?, ?)", "s0si", key,
                       decision->ticket, decision->reply, now);
}

static gboolean
write_octets (Database *database, IntakeJob *job, const RawMessage *raw, const char *file, GError **error)
{
  const char *memory = file == NULL ? raw_message_memory (raw) : NULL;
  gsize length = memory != NULL ? (gsize) raw_message_length (raw) : 0;
  if (!database_run (database, error, "INSERT INTO raw (size, data, file) VALUES (?, ?, ?)", "ibs", raw_message_length (raw),
                     memory, length, file))
    return FALSE;
  job->row = sqlite3_last_insert_rowid (database->handle);
  return TRUE;
}

static gboolean
write_raw (Database *database, IntakeJob *job, const Decision *decision, GError **error)
{
  if (decision->kept != NULL)
    return write_octets (database, job, decision->kept, decision->kept_file, error);
  job->row = job->raw;
  if (job->raw == 0 && !write_octets (database, job, job->intake->raw, job->file, error))
    return FALSE;
  job->raw = job->row;
  return TRUE;
}

static gboolean
write_ticket (Database *database, const IntakeJob *job, Decision *decision, const char *state, GError **error)
{
  const Intake *intake = job->intake;
  const MessageFacts *facts = intake->facts;
  const Contact *contact = intake->contact;
  gboolean open = g_str_equal (state, "open");
  const Agent *assignee = NULL;
  if (open && !assign_choose (database, decision, &assignee, error))
    return FALSE;
  if (!database_run (database, error,
                     "INSERT INTO ticket (role, state, priority, subject, requester, requester_name, customer, standing, "
                     "team, language, related, message_id, refs, opened_at, assignee, kind, after, root_cause, escalated) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "ssisssssss0ssiss0ii", decision->role->name, state, (gint64) decision->priority, facts->subject,
                     intake_requester (intake), facts->from_name, contact != NULL ? contact->customer : NULL,
                     decision->standing_reason, decision->team->name,
                     contact != NULL && contact->language != NULL ? contact->language : facts->language, decision->related,
                     facts->message_id, job->references, intake->now, assignee != NULL ? assignee->name : NULL,
                     decision->ticket_kind != NULL ? decision->ticket_kind->name : NULL, decision->after,
                     (gint64) decision->root_cause, (gint64) decision->escalated))
    return FALSE;
  decision->ticket = sqlite3_last_insert_rowid (database->handle);
  number_reply (decision);
  if (assignee != NULL)
    assign_tell (decision, assignee);
  return !open || decision->promises->len == 0 || promises_write (database, decision->ticket, decision->promises, decision->version, error);
}

static gboolean
write_message (Database *database, IntakeJob *job, const Decision *decision, const char *kind, GError **error)
{
  const Intake *intake = job->intake;
  if (!database_run (database, error,
                     "INSERT INTO message (ticket, kind, direction, message_id, sender, subject, queue_id, raw, unread, at) "
                     "VALUES (?, ?, 'in', ?, ?, ?, ?, ?, ?, ?)",
                     "0sssssisi", decision->ticket, kind, intake->facts->message_id, intake_requester (intake),
                     intake->facts->subject, intake->envelope->queue_id, job->row, intake->facts->unread, intake->now))
    return FALSE;
  job->message = sqlite3_last_insert_rowid (database->handle);
  return staff_add_participants (database, decision->ticket, decision->joining, FALSE, error);
}

static gboolean
write_outgoing (Database *database, const IntakeJob *job, const Decision *decision, GError **error)
{
  gint64 incident = 0, now = job->intake->now;
  if (decision->incident != NULL &&
      (incident = incident_start (database, decision->incident, decision->ticket, intake_requester (job->intake), now, error)) == 0)
    return FALSE;
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      const Outgoing *outgoing = g_ptr_array_index (decision->outgoing, i);
      gint64 of_incident = outgoing->kind == OUTGOING_PAGE ? incident : 0;
      if (!store_add_outgoing (database, outgoing, decision->ticket, of_incident, job->message, now, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_rules (Database *database, const Decision *decision, gint64 now, GError **error)
{
  return decision->rules == NULL ||
         store_add_event (database, decision->ticket, now, decision->escalated ? "escalated" : "rule", "frontdesk", decision->rules,
                          error);
}

/* What is not in the ticket as its sender might think. What was not read is there all the same, so that a person can look. */
static gboolean
write_missing (Database *database, const IntakeJob *job, const Decision *decision, GError **error)
{
  const char *why = job->intake->facts->unread;
  gint64 ticket = decision->ticket, now = job->intake->now;
  for (guint i = 0; ticket != 0 && decision->removed != NULL && decision->removed[i] != NULL; i++)
    if (!store_add_event (database, ticket, now, "not kept", "frontdesk", decision->removed[i], error))
      return FALSE;
  return why == NULL || ticket == 0 ||
         store_add_event (database, ticket, now, "not fully read", "frontdesk", why, error);
}

static gboolean
write_open (Database *database, IntakeJob *job, Decision *decision, GError **error)
{
  const char *sender = intake_requester (job->intake);
  gint64 now = job->intake->now;
  g_auto (Flood) flood = { 0 };
  return flood_count (database, job->intake, decision, &flood, error) &&
         limits_keep_acknowledgements (database, job->intake, decision, error) &&
         write_ticket (database, job, decision, "open", error) &&
         write_message (database, job, decision, decision->automatic ? "automatic" : "message", error) &&
         store_add_event (database, decision->ticket, now, "opened", sender, decision->reason, error) &&
         write_missing (database, job, decision, error) &&
         write_rules (database, decision, now, error) && limits_keep_pages (database, job->intake, decision, error) &&
         flood_keep (database, job->intake, decision, &flood, error) && write_outgoing (database, job, decision, error);
}

/* What rules demand because of a further message: a ticket only ever becomes more urgent by it. */
static gboolean
follow_rules (Database *database, const IntakeJob *job, const Decision *decision, GError **error)
{
  const Change change = { .kind = CHANGE_TERMS, .at = job->intake->now };
  if (decision->rules == NULL)
    return TRUE;
  return database_run (database, error,
                       "UPDATE ticket SET priority = min(priority, ?), kind = coalesce(?, kind), team = coalesce(?, team), "
                       "assignee = CASE WHEN coalesce(?, team) = team THEN assignee END, escalated = max(escalated, ?), "
                       "root_cause = max(root_cause, ?) WHERE number = ?",
                       "isssiii", (gint64) (decision->priority != 0 ? decision->priority : 4),
                       decision->ticket_kind != NULL ? decision->ticket_kind->name : NULL,
                       decision->team != NULL ? decision->team->name : NULL,
                       decision->team != NULL ? decision->team->name : NULL, (gint64) decision->escalated,
                       (gint64) decision->root_cause, decision->ticket) &&
         write_rules (database, decision, job->intake->now, error) &&
         promises_apply (job->store, database, decision->ticket, &change, error);
}

/* Starts the clock of the next answer. */
static gboolean
await_answer (Database *database, const IntakeJob *job, const Decision *decision, GError **error)
{
  gint64 now = job->intake->now;
  const Change change = { .kind = CHANGE_WROTE, .at = now };
  return !decision->by_person || (state_resume (job->store, database, decision->ticket, intake_requester (job->intake), "the customer has written", now, error) &&
                                  promises_apply (job->store, database, decision->ticket, &change, error));
}

static gboolean
write_continue (Database *database, IntakeJob *job, Decision *decision, GError **error)
{
  const char *sender = intake_requester (job->intake);
  gint64 now = job->intake->now;
  char *participant[] = { (char *) sender, NULL };
  g_auto (Flood) flood = { 0 };
  if (!flood_count (database, job->intake, decision, &flood, error) ||
      !write_message (database, job, decision, decision->automatic ? "automatic" : "message", error) ||
      !store_add_event (database, decision->ticket, now, "continued", sender, decision->reason, error) ||
      !write_missing (database, job, decision, error))
    return FALSE;
  if (decision->participant && !staff_add_participants (database, decision->ticket, participant, TRUE, error))
    return FALSE;
  return (!decision->reopen || state_reopen (job->store, database, decision->ticket, sender, "by its requester's mail", now, error)) &&
         await_answer (database, job, decision, error) && follow_rules (database, job, decision, error) &&
         limits_page_again (job->store, database, job->intake, decision, error) && limits_keep_one_incident (database, decision, error) &&
         limits_keep_pages (database, job->intake, decision, error) && flood_keep (database, job->intake, decision, &flood, error) &&
         write_outgoing (database, job, decision, error);
}

static gboolean
write_staff (Database *database, IntakeJob *job, Decision *decision, GError **error)
{
  const Intake *intake = job->intake;
  const StaffEntry entry = { .work = decision->staff,
                             .outgoing = decision->outgoing,
                             .message_id = intake->facts->message_id,
                             .subject = intake->facts->subject,
                             .queue_id = intake->envelope->queue_id,
                             .raw = job->row };
  return staff_write (job->store, database, decision->ticket, &entry, intake->now, error);
}

static gboolean
write_refused (Database *database, IntakeJob *job, Decision *decision, GError **error)
{
  return write_ticket (database, job, decision, "refused", error) &&
         write_message (database, job, decision, "refused", error) &&
         store_add_event (database, decision->ticket, job->intake->now, "refused", intake_requester (job->intake), decision->reason,
                          error);
}

/* Staff are told of a dead address once, and not by every report. */
static gboolean
note_addresses (Database *database, Decision *decision, gint64 now, GError **error)
{
  gboolean news = TRUE;
  if (decision->addresses != NULL && !addresses_note (database, decision->ticket, decision->addresses, now, &news, error))
    return FALSE;
  if (!news)
    g_ptr_array_set_size (decision->outgoing, 0);
  return TRUE;
}

static gboolean
write_filed (Database *database, IntakeJob *job, Decision *decision, GError **error)
{
  if (!write_message (database, job, decision, decision->take ? "order" : "automatic", error))
    return FALSE;
  return decision->ticket == 0 ||
         (store_add_event (database, decision->ticket, job->intake->now, "filed", intake_requester (job->intake), decision->reason, error) &&
          write_missing (database, job, decision, error) && note_addresses (database, decision, job->intake->now, error) &&
          write_outgoing (database, job, decision, error) &&
          (decision->taker == NULL || incidents_obey (job->store, database, decision, job->intake->now, error)));
}

/* The ticket may have become part of another one since it was looked up. What an agent does is told to them instead. */
static gboolean
follow_merging (Database *database, Decision *decision, GError **error)
{
  g_autoptr (GError) failure = NULL;
  if (decision->ticket == 0 || decision->staff != NULL)
    return TRUE;
  decision->ticket = database_number (database, decision->ticket, &failure, "SELECT coalesce(merged, number) FROM ticket WHERE number = ?", "i",
                                      decision->ticket);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
write_decision (Database *database, IntakeJob *job, Decision *decision, GError **error)
{
  gboolean (*const write[]) (Database *, IntakeJob *, Decision *, GError **) = {
    [INTAKE_OPEN] = write_open,
    [INTAKE_CONTINUE] = decision->staff != NULL ? write_staff : write_continue,
    [INTAKE_REFUSE] = write_refused,
    [INTAKE_FILE] = write_filed,
  };
  gboolean seen;
  if (decision->kind == INTAKE_DUPLICATE || decision->kind == INTAKE_DEFER)
    return TRUE;
  if (!find_first (database, decision, &seen, error))
    return FALSE;
  if (!seen && decision->drop)
    return database_run (database, error, "INSERT INTO setting VALUES ('reports-dropped', 1) ON CONFLICT DO UPDATE SET value = value + 1", "");
  return seen || (write_raw (database, job, decision, error) && follow_merging (database, decision, error) &&
                  write[decision->kind](database, job, decision, error) &&
                  (decision->reachable == NULL ||
                   addresses_clear (database, decision->ticket, decision->reachable, job->intake->now, error)) &&
                  remember (database, decision, job->intake->now, error));
}

static gboolean
write_intake (Database *database, gpointer data, GError **error)
{
  IntakeJob *job = data;
  for (guint i = 0; i < job->intake->decisions->len; i++)
    if (!write_decision (database, job, g_ptr_array_index (job->intake->decisions, i), error))
      return FALSE;
  return TRUE;
}

/* The message's References, oldest first, as letters that answer it repeat them. */
static char *
join_references (const MessageFacts *facts)
{
  g_autoptr (GString) joined = g_string_new (NULL);
  for (guint i = 0; facts->references != NULL && facts->references[i] != NULL; i++)
    {
      g_autofree char *id = g_strconcat (facts->references[i], i > 0 ? " " : "", NULL);
      g_string_prepend (joined, id);
    }
  return joined->len > 0 ? g_strdup (joined->str) : NULL;
}

/* Nothing is left to write when every decision was made before. */
static gboolean
is_all_seen (const Intake *intake)
{
  for (guint i = 0; i < intake->decisions->len; i++)
    if (((const Decision *) g_ptr_array_index (intake->decisions, i))->kind != INTAKE_DUPLICATE)
      return FALSE;
  return TRUE;
}

static gboolean
is_large (const RawMessage *raw)
{
  return raw_message_memory (raw) == NULL || raw_message_length (raw) > LIMIT_STORED_INLINE;
}

static gboolean
write_kept_files (const Store *store, const Intake *intake, GError **error)
{
  for (guint i = 0; i < intake->decisions->len; i++)
    {
      Decision *decision = g_ptr_array_index (intake->decisions, i);
      g_clear_pointer (&decision->kept_file, g_free);
      if (decision->kept != NULL && decision->kind != INTAKE_DUPLICATE && is_large (decision->kept) &&
          (decision->kept_file = raw_write_file (decision->kept, store->raw_folder, error)) == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
remove_file (const Store *store, const char *file)
{
  g_autofree char *path = file != NULL ? g_build_filename (store->raw_folder, file, NULL) : NULL;
  if (path != NULL)
    unlink (path);
}

static gboolean
run_intake (Store *store, Intake *intake, gboolean (*run) (Writer *, WriterJob, gpointer, GError **), GError **error)
{
  if (is_all_seen (intake))
    return TRUE;
  IntakeJob job = { .store = store, .intake = intake, .references = join_references (intake->facts) };
  gboolean large = is_large (intake->raw);
  gboolean kept = write_kept_files (store, intake, error);
  if (large && kept)
    kept = (job.file = raw_write_file (intake->raw, store->raw_folder, error)) != NULL;
  gboolean stored = kept && run (store->writer, write_intake, &job, error);
  if (!stored || job.raw == 0)
    remove_file (store, job.file);
  for (guint i = 0; i < intake->decisions->len; i++)
    {
      const Decision *decision = g_ptr_array_index (intake->decisions, i);
      if (!stored || decision->kind == INTAKE_DUPLICATE)
        remove_file (store, decision->kept_file);
    }
  g_free (job.file);
  g_free (job.references);
  return stored;
}

gboolean
store_intake (Store *store, Intake *intake, GError **error)
{
  return run_intake (store, intake, writer_run, error);
}

gboolean
store_intake_shared (Store *store, Intake *intake, GError **error)
{
  return run_intake (store, intake, writer_run_shared, error);
}

static gboolean
write_index (Database *database, gpointer data, GError **error)
{
  (void) data;
  return database_execute (database,
                           "CREATE INDEX IF NOT EXISTS ticket_customer ON ticket (coalesce(customer, requester), number)", error);
}

gboolean
store_prepare_earlier (Store *store, GError **error)
{
  return store_write (store, write_index, NULL, error);
}

gboolean
store_find_earlier (Store *store, const char *key, const char *role, const char *subject, EarlierTickets *earlier,
                    GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return FALSE;
  earlier->unended = database_number (loan.database, 0, &failure,
                                      "SELECT number FROM ticket WHERE coalesce(customer, requester) = ? AND role = ? AND "
                                      "state IN ('open', 'pending') ORDER BY number DESC LIMIT 1",
                                      "ss", key, role);
  if (failure == NULL && *subject != '\0')
    earlier->again_at = database_number (loan.database, 0, &failure,
                                         "SELECT coalesce(max(opened_at), 0) FROM (SELECT * FROM ticket WHERE "
                                         "coalesce(customer, requester) = ? ORDER BY number DESC LIMIT ?) WHERE role = ? AND "
                                         "subject = ? COLLATE NOCASE AND state <> 'refused'",
                                         "siss", key, (gint64) LIMIT_EARLIER_TICKETS, role, subject);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gint64
store_count_dropped (Store *store, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL ? database_number (loan.database, 0, error, "SELECT value FROM setting WHERE name = 'reports-dropped'", "") : 0;
}

gboolean
store_find_seen (Store *store, const char *key, gint64 *ticket, char **reply, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return FALSE;
  g_autofree char *cut = g_strndup (key, KEY_LENGTH);
  g_autoptr (Query) query = database_query (loan.database, error, "SELECT ticket, reply FROM seen WHERE key = ?", "s", cut);
  if (query == NULL || query_next (loan.database, query, error) <= 0)
    return FALSE;
  *ticket = query_number (query, 0);
  *reply = query_text (query, 1);
  return TRUE;
}
