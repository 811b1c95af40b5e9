/* What must still go out: claiming rows and recording what became of them. */
#include <string.h>

#include "config/limits.h"
#include "store/addresses.h"
#include "store/incidents.h"
#include "store/outbox.h"
#include "store/pages.h"
#include "store/promises.h"

OutboxRow *
outbox_read_row (Query *query)
{
  OutboxRow *row = g_new0 (OutboxRow, 1);
  *row = (OutboxRow){
    .id = query_number (query, 0),
    .ticket = query_number (query, 1),
    .incident = query_number (query, 2),
    .message = query_number (query, 3),
    .kind = query_text (query, 4),
    .channel = query_text (query, 5),
    .recipient = query_text (query, 6),
    .template = query_text (query, 7),
    .languages = query_text (query, 8),
    .reason = query_text (query, 9),
    .message_id = query_text (query, 10),
    .state = query_text (query, 11),
    .attempts = (int) query_number (query, 12),
    .created_at = query_number (query, 13),
    .due_at = query_number (query, 14),
    .sent_at = query_number (query, 15),
    .last_error = query_text (query, 16),
    .held = query_number (query, 17) != 0,
    .provider_id = query_text (query, 18),
    .fate = query_text (query, 19),
  };
  return row;
}

GPtrArray *
outbox_read_rows (Database *database, Query *query, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
  int more = -1;
  while (query != NULL && (more = query_next (database, query, error)) > 0)
    g_ptr_array_add (rows, outbox_read_row (query));
  return more == 0 ? g_steal_pointer (&rows) : NULL;
}

char *
store_message_id (const Outgoing *outgoing, gint64 ticket)
{
  const char *id = outgoing->message_id, *dot = strchr (id, '.');
  if (outgoing->kind == OUTGOING_NOTIFICATION || dot == NULL)
    return g_strdup (id);
  return g_strdup_printf ("%.*s.%" G_GINT64_FORMAT "%s", (int) (dot - id), id, ticket, dot);
}

static gboolean
add_held_event (Database *database, const Outgoing *page, gint64 ticket, gint64 now, GError **error)
{
  g_autofree char *detail =
    g_strdup_printf ("the page to %s by %s waits for others of the same minutes: one went out just before", page->recipient, page->channel);
  return ticket == 0 || store_add_event (database, ticket, now, "held", "frontdesk", detail, error);
}

/* What could not be sent before the next page of its incident to the same agent by the same channel is not needed beside it: a
 * gateway that was down for long would get a page for each step that was taken meanwhile. */
static gboolean
drop_earlier (Database *database, const Outgoing *page, gint64 incident, GError **error)
{
  return incident == 0 ||
         database_run (database, error,
                       "UPDATE outbox SET state = 'dropped', last_error = coalesce(last_error || '; ', '') || 'a later page has taken its "
                       "place' WHERE incident = ? AND kind = 'page' AND state = 'due' AND recipient = ? AND channel = ? AND template IN "
                       "('page', 'page-reminder')",
                       "iss", incident, page->recipient, page->channel);
}

gboolean
store_add_outgoing (Database *database, const Outgoing *outgoing, gint64 ticket, gint64 incident, gint64 message, gint64 now,
                    GError **error)
{
  g_autofree char *message_id = store_message_id (outgoing, ticket);
  gint64 due_at = outgoing->due_at != 0 ? outgoing->due_at : now;
  gboolean held = FALSE;
  if (outgoing->kind == OUTGOING_PAGE && (!drop_earlier (database, outgoing, incident, error) ||
                                          !page_plan (database, outgoing, now, &due_at, &held, error) ||
                                          (held && !add_held_event (database, outgoing, ticket, now, error))))
    return FALSE;
  database->made_due |= outgoing->kind == OUTGOING_PAGE ? STORE_DUE_PAGE : STORE_DUE_LETTER;
  return database_run (database, error,
                       "INSERT INTO outbox (ticket, incident, message, kind, channel, recipient, template, languages, reason, "
                       "message_id, state, created_at, due_at, held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'due', ?, ?, ?)",
                       "000sssssssiii", ticket, incident, outgoing->of_message ? message : 0, outgoing_kind_to_string (outgoing->kind), outgoing->channel,
                       outgoing->recipient, outgoing->template, outgoing->languages, outgoing->reason,
                       message_id, now, due_at, (gint64) held);
}

GPtrArray *
store_list_outbox (Store *store, gint64 ticket, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query =
    ticket != 0 ? database_query (loan.database, error, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE ticket = ? ORDER BY id", "i", ticket)
                : database_query (loan.database, error,
                                  "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = 'due' UNION ALL SELECT " OUTBOX_COLUMNS
                                  " FROM outbox WHERE state = 'sending' ORDER BY due_at LIMIT 10000",
                                  "");
  return outbox_read_rows (loan.database, query, error);
}

typedef struct {
  gboolean pages;
  gint64 now;
  guint limit;
  GPtrArray *rows;
} Claim;

static void
keep_few_of_each_channel (GPtrArray *rows)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < rows->len;)
    {
      char *channel = ((OutboxRow *) g_ptr_array_index (rows, i))->channel;
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, channel));
      if (count >= LIMIT_PAGES_OF_CHANNEL)
        {
          g_ptr_array_remove_index (rows, i);
          continue;
        }
      g_hash_table_insert (counts, channel, GUINT_TO_POINTER (count + 1));
      i++;
    }
}

/* What is due. Of pages by one channel only so many at once: a gateway that hangs must not hold up those by the others. */
static GPtrArray *
list_due (Database *database, const Claim *claim, GError **error)
{
  g_autoptr (Query) query =
    claim->pages
      ? database_query (database, error,
                        "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = 'due' AND (kind = 'page') = 1 AND due_at <= ? AND "
                        "channel NOT IN (SELECT channel FROM outbox WHERE state = 'sending' AND kind = 'page' AND leader IS NULL "
                        "GROUP BY channel HAVING count(*) >= ?) ORDER BY due_at LIMIT ?",
                        "iii", claim->now, (gint64) LIMIT_PAGES_OF_CHANNEL, (gint64) claim->limit)
      : database_query (database, error,
                        "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE state = 'due' AND (kind = 'page') = 0 AND due_at <= ? "
                        "ORDER BY due_at LIMIT ?",
                        "ii", claim->now, (gint64) claim->limit);
  GPtrArray *rows = outbox_read_rows (database, query, error);
  if (claim->pages && rows != NULL)
    keep_few_of_each_channel (rows);
  return rows;
}

static gboolean
write_claim (Database *database, gpointer data, GError **error)
{
  Claim *claim = data;
  claim->rows = list_due (database, claim, error);
  for (guint i = 0; claim->rows != NULL && i < claim->rows->len;)
    {
      OutboxRow *row = g_ptr_array_index (claim->rows, i);
      row->attempts++;
      if (!database_run (database, error,
                         "UPDATE outbox SET state = 'sending', attempts = attempts + 1, leader = NULL WHERE id = ? AND state = 'due'",
                         "i", row->id))
        return FALSE;
      if (sqlite3_changes (database->handle) == 0) /* an earlier one has taken it along */
        g_ptr_array_remove_index (claim->rows, i);
      else if (!page_take_along (database, row, claim->now, error))
        return FALSE;
      else
        i++;
    }
  return claim->rows != NULL;
}

/* When the next waiting row is due; G_MAXINT64 when none waits. */
static gboolean
find_next_due (Store *store, gboolean pages, gint64 *next_due, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return FALSE;
  *next_due = database_number (loan.database, G_MAXINT64, &failure,
                               "SELECT due_at FROM outbox WHERE state = 'due' AND (kind = 'page') = ? ORDER BY due_at LIMIT 1",
                               "i", (gint64) pages);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

GPtrArray *
store_claim_due (Store *store, gboolean pages, gint64 now, guint limit, gint64 *next_due, GError **error)
{
  Claim claim = { .pages = pages, .now = now, .limit = limit };
  if (!find_next_due (store, pages, next_due, error))
    return NULL;
  if (*next_due > now || limit == 0)
    return g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
  if (store_write (store, write_claim, &claim, error) && find_next_due (store, pages, next_due, error))
    return claim.rows;
  g_clear_pointer (&claim.rows, g_ptr_array_unref);
  return NULL;
}

typedef struct {
  Store *store;
  gint64 id, now, due_at;
  const char *text, *provider_id;
  const GPtrArray *addresses;
  GPtrArray *notices;
} Outcome;

/* The row as it is now, or NULL when it is gone. */
static OutboxRow *
find_row (Database *database, gint64 id, GError **error)
{
  g_autoptr (Query) query = database_query (database, error, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = ?", "i", id);
  return query != NULL && query_next (database, query, error) > 0 ? outbox_read_row (query) : NULL;
}

static gboolean
add_sent_event (Database *database, const OutboxRow *row, const Outcome *outcome, GError **error)
{
  if (row->ticket == 0 || g_str_equal (row->kind, "notification"))
    return TRUE;
  gboolean page = g_str_equal (row->kind, "page"), letter = g_str_equal (row->kind, "letter");
  gboolean end = g_str_equal (row->template, "page-acknowledged") || g_str_equal (row->template, "page-resolved");
  g_autofree char *detail = page     ? g_strdup_printf ("%s by %s: %s", row->recipient, row->channel, outcome->text)
                            : letter ? g_strdup_printf ("%s to %s: %s", row->template, row->recipient, outcome->text)
                                     : g_strdup_printf ("to %s: %s", row->recipient, outcome->text);
  return store_add_event (database, row->ticket, outcome->now, end ? "told" : page ? "paged" : letter ? "written" : "acknowledged", "frontdesk",
                          detail, error);
}

static gboolean
write_sent_row (Database *database, const OutboxRow *row, const Outcome *outcome, GError **error)
{
  const Change change = { .kind = CHANGE_ACKNOWLEDGED, .at = outcome->now };
  if (!database_run (database, error,
                     "UPDATE outbox SET state = 'sent', sent_at = ?, last_error = NULL, provider_id = ? WHERE id = ?", "isi",
                     outcome->now, outcome->provider_id, row->id))
    return FALSE;
  if (g_str_equal (row->kind, "acknowledgement") &&
      (!database_run (database, error, "UPDATE ticket SET acknowledged_at = coalesce(acknowledged_at, ?) WHERE number = ?", "ii",
                      outcome->now, row->ticket) ||
       !promises_apply (outcome->store, database, row->ticket, &change, error)))
    return FALSE;
  if (g_str_equal (row->state, "dropped") && row->incident != 0 &&
      !incident_follow (outcome->store, database, row, outcome->now, error))
    return FALSE;
  return add_sent_event (database, row, outcome, error);
}

/* The row, and those that it has taken along. */
static gboolean
write_sent (Database *database, gpointer data, GError **error)
{
  const Outcome *outcome = data;
  g_autoptr (Query) query = database_query (
    database, error, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = ?1 UNION ALL SELECT " OUTBOX_COLUMNS " FROM outbox WHERE leader = ?1",
    "i", outcome->id);
  g_autoptr (GPtrArray) rows = outbox_read_rows (database, query, error);
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    if (!write_sent_row (database, g_ptr_array_index (rows, i), outcome, error))
      return FALSE;
  return rows != NULL;
}

gboolean
store_outbox_sent (Store *store, gint64 id, const char *answer, const char *provider_id, gint64 now, GError **error)
{
  Outcome outcome = { .store = store, .id = id, .text = answer, .provider_id = provider_id, .now = now };
  return store_write (store, write_sent, &outcome, error);
}

static gboolean
write_retry (Database *database, gpointer data, GError **error)
{
  const Outcome *outcome = data;
  database->made_due |= STORE_DUE_LETTER | STORE_DUE_PAGE;
  return database_run (database, error,
                       "UPDATE outbox SET state = 'due', due_at = ?1, last_error = ?2, leader = NULL WHERE (id = ?3 OR leader = ?3) "
                       "AND state = 'sending'",
                       "isi", outcome->due_at, outcome->text, outcome->id);
}

gboolean
store_outbox_retry (Store *store, gint64 id, const char *reason, gint64 due_at, GError **error)
{
  Outcome outcome = { .store = store, .id = id, .text = reason, .due_at = due_at };
  return store_write (store, write_retry, &outcome, error);
}

static gboolean
write_failed (Database *database, gpointer data, GError **error)
{
  const Outcome *outcome = data;
  g_autoptr (OutboxRow) row = find_row (database, outcome->id, error);
  if (row == NULL)
    return FALSE;
  g_autofree char *detail = g_strdup_printf ("%s to %s: %s", row->kind, row->recipient, outcome->text);
  if (!database_run (database, error, "UPDATE outbox SET state = 'failed', last_error = ? WHERE id = ?", "si", outcome->text,
                     row->id) ||
      (row->ticket != 0 &&
       !store_add_event (database, row->ticket, outcome->now, "undelivered", "frontdesk", detail, error)))
    return FALSE;
  gboolean news;
  if (row->ticket != 0 && outcome->addresses != NULL &&
      !addresses_note (database, row->ticket, outcome->addresses, outcome->now, &news, error))
    return FALSE;
  for (guint i = 0; outcome->notices != NULL && i < outcome->notices->len; i++)
    if (!store_add_outgoing (database, g_ptr_array_index (outcome->notices, i), row->ticket, 0, 0, outcome->now, error))
      return FALSE;
  return TRUE;
}

gboolean
store_outbox_fail (Store *store, gint64 id, const char *reason, const GPtrArray *addresses, GPtrArray *notices, gint64 now,
                   GError **error)
{
  Outcome outcome = { .store = store, .id = id, .text = reason, .addresses = addresses, .notices = notices, .now = now };
  return store_write (store, write_failed, &outcome, error);
}
