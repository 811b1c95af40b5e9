#include "store/pages.h"

#include "store/outbox.h"

#define AGAIN_AFTER G_USEC_PER_SEC * 60 /* what failed at the gateway is tried again */

/* ---- holding back ---- */

typedef struct {
  gint64 from; /* 0: none yet */
  gboolean held;
} Window;

static gboolean
read_window (Database *database, const Outgoing *page, Window *window, GError **error)
{
  g_autoptr (Query) query = database_query (database, error, "SELECT window_from, held FROM pager WHERE agent = ? AND channel = ?",
                                            "ss", page->recipient, page->channel);
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row > 0)
    *window = (Window){ .from = query_number (query, 0), .held = query_number (query, 1) != 0 };
  return row >= 0;
}

/* Pages that were held went out at the window's end, and that begins the next one. */
gboolean
page_plan (Database *database, const Outgoing *page, gint64 now, gint64 *due_at, gboolean *held, GError **error)
{
  Window window = { 0 };
  *due_at = now;
  *held = FALSE;
  if (page->window == 0)
    return TRUE;
  if (!read_window (database, page, &window, error))
    return FALSE;
  if (window.held && now >= window.from + page->window)
    window = (Window){ .from = window.from + page->window };
  *held = window.from != 0 && now >= window.from && now < window.from + page->window;
  if (*held)
    *due_at = window.from + page->window;
  return database_run (database, error, "INSERT OR REPLACE INTO pager (agent, channel, window_from, held) VALUES (?, ?, ?, ?)", "ssii",
                       page->recipient, page->channel, *held ? window.from : now, (gint64) *held);
}

/* Those that it took along before, and need no page any more, stay behind. */
gboolean
pages_release (Database *database, gint64 incident, gint64 now, GError **error)
{
  return database_run (database, error,
                       "UPDATE pager SET held = 0 WHERE held AND EXISTS (SELECT 1 FROM outbox WHERE incident = ?1 AND state = 'due' AND "
                       "held AND due_at > ?2 AND recipient = pager.agent AND channel = pager.channel) AND NOT EXISTS (SELECT 1 FROM outbox "
                       "WHERE state = 'due' AND kind = 'page' AND held AND recipient = pager.agent AND channel = pager.channel AND incident "
                       "IS NOT ?1)",
                       "ii", incident, now);
}

gboolean
page_take_along (Database *database, const OutboxRow *row, gint64 now, GError **error)
{
  return !row->held ||
         (database_run (database, error, "UPDATE outbox SET leader = NULL WHERE leader = ?", "i", row->id) &&
          database_run (database, error,
                        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, leader = ?1 WHERE state = 'due' AND kind = "
                        "'page' AND held AND due_at <= ?2 AND recipient = ?3 AND channel = ?4 AND template = ?5 AND id <> ?1",
                        "iisss", row->id, now, row->recipient, row->channel, row->template));
}

/* ---- finding ---- */

GPtrArray *
pages_list_sent (Database *database, gint64 incident, GError **error)
{
  g_autoptr (Query) query = database_query (
    database, error, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE incident = ? AND state = 'sent' ORDER BY id", "i", incident);
  return outbox_read_rows (database, query, error);
}

static OutboxRow *
find_page (Database *database, gint64 page, GError **error)
{
  g_autoptr (Query) query =
    database_query (database, error, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = ? AND kind = 'page'", "i", page);
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row > 0)
    return outbox_read_row (query);
  if (row == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "there is no page %" G_GINT64_FORMAT, page);
  return NULL;
}

OutboxRow *
store_find_page (Store *store, gint64 page, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL ? find_page (loan.database, page, error) : NULL;
}

OutboxRow *
store_find_last_page (Store *store, const char *agent, gint64 since, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query = database_query (
    loan.database, error,
    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE kind = 'page' AND template IN ('page', 'page-reminder') AND recipient = ? AND "
    "sent_at >= ? AND leader IS NULL ORDER BY sent_at DESC, id DESC LIMIT 1",
    "si", agent, since);
  return query != NULL && query_next (loan.database, query, error) > 0 ? outbox_read_row (query) : NULL;
}

GPtrArray *
store_list_page_rows (Store *store, gint64 page, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query = database_query (
    loan.database, error,
    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = ?1 UNION SELECT " OUTBOX_COLUMNS " FROM outbox WHERE leader = ?1 "
    "ORDER BY ticket, id",
    "i", page);
  return outbox_read_rows (loan.database, query, error);
}

GPtrArray *
store_list_pages_out (Store *store, gint64 since, GError **error)
{
  enum { MOST = 100 };
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query = database_query (
    loan.database, error,
    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE provider_id IS NOT NULL AND fate IS NULL AND sent_at >= ? AND leader IS NULL ORDER BY "
    "sent_at LIMIT ?",
    "ii", since, (gint64) MOST);
  return outbox_read_rows (loan.database, query, error);
}

/* ---- what the gateway tells ---- */

typedef struct {
  const char *channel, *provider_id, *detail;
  gint64 sequence, now;
  PageFate fate;
} Report;

/* Several when others were joined to the page. (element-type OutboxRow) */
static GPtrArray *
find_reported (Database *database, const Report *report, GError **error)
{
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE provider_id = ? AND channel = ? AND coalesce(fate_sequence, -1) < ?", "ssi",
    report->provider_id, report->channel, report->sequence);
  return outbox_read_rows (database, query, error);
}

static gboolean
note_fate (Database *database, const OutboxRow *row, const Report *report, const char *fate, GError **error)
{
  g_autofree char *detail = g_strdup_printf ("page to %s by %s: %s", row->recipient, row->channel, report->detail);
  return database_run (database, error, "UPDATE outbox SET fate = ?, fate_sequence = ? WHERE id = ?", "sii", fate, report->sequence,
                       row->id) &&
         store_add_event (database, row->ticket, report->now, g_str_equal (fate, "failed") ? "undelivered" : "reached", "frontdesk",
                          detail, error);
}

/* Sent again while its incident waits for somebody. */
static gboolean
send_again (Database *database, const OutboxRow *row, const Report *report, GError **error)
{
  database->made_due |= STORE_DUE_PAGE;
  return database_run (database, error,
                       "UPDATE outbox SET state = 'due', due_at = ?, last_error = ?, provider_id = NULL, fate = NULL, fate_sequence = "
                       "NULL, leader = NULL WHERE id = ? AND state = 'sent' AND EXISTS (SELECT 1 FROM incident WHERE incident.id = outbox.incident AND incident.state = "
                       "'triggered')",
                       "isi", report->now + AGAIN_AFTER, report->detail, row->id);
}

/* When no page of the step that was taken last can have reached anybody, nobody need be waited for. */
static gboolean
hasten (Database *database, const OutboxRow *row, gint64 now, GError **error)
{
  return database_run (database, error,
                       "UPDATE incident SET next_at = min(next_at, ?1) WHERE id = ?2 AND state = 'triggered' AND NOT EXISTS (SELECT 1 "
                       "FROM outbox WHERE incident = ?2 AND template = 'page' AND coalesce(fate, '') <> 'failed' AND created_at = "
                       "(SELECT max(created_at) FROM outbox WHERE incident = ?2 AND template = 'page'))",
                       "ii", now, row->incident);
}

static gboolean
write_fate (Database *database, const OutboxRow *row, const Report *report, GError **error)
{
  switch (report->fate)
    {
    case PAGE_FATE_REACHED:
      return note_fate (database, row, report, "reached", error);
    case PAGE_FATE_FAILED:
      return note_fate (database, row, report, "failed", error) && hasten (database, row, report->now, error);
    case PAGE_FATE_FAILED_FOR_NOW:
      return note_fate (database, row, report, "failed", error) && send_again (database, row, report, error);
    default:
      return TRUE;
    }
}

static gboolean
write_report (Database *database, gpointer data, GError **error)
{
  const Report *report = data;
  g_autoptr (GPtrArray) rows = find_reported (database, report, error);
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    if (!write_fate (database, g_ptr_array_index (rows, i), report, error))
      return FALSE;
  return rows != NULL;
}

gboolean
store_report_page (Store *store, const char *channel, const char *provider_id, gint64 sequence, PageFate fate, const char *detail,
                   gint64 now, GError **error)
{
  Report report = {
    .channel = channel, .provider_id = provider_id, .detail = detail, .sequence = sequence, .now = now, .fate = fate
  };
  return store_write (store, write_report, &report, error);
}

/* ---- tests ---- */

static gboolean
write_test (Database *database, gpointer data, GError **error)
{
  const PageTest *test = data;
  return database_run (database, error, "INSERT INTO page_test (agent, channel, at, well, answer) VALUES (?, ?, ?, ?, ?)", "ssiis",
                       test->agent, test->channel, test->at, (gint64) test->well, test->answer);
}

gboolean
store_record_test (Store *store, const PageTest *test, GError **error)
{
  return store_write (store, write_test, (gpointer) test, error);
}

gint64
store_find_test (Store *store, const char *agent, const char *channel, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL
           ? database_number (loan.database, -1, error,
                              "SELECT coalesce(max(at), 0) FROM page_test WHERE agent = ? AND channel = ? AND well", "ss", agent, channel)
           : -1;
}
