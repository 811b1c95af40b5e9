#include "store/report.h"

#include "store/private.h"

typedef struct {
  const ReportFuncs *funcs;
  gpointer data;
  gint64 first, last; /* numbers */
} Reading;

static const char *
text_of (Query *query, int column)
{
  const char *text = (const char *) sqlite3_column_text (query, column);
  return text != NULL ? text : "";
}

static gboolean
read_tickets (Database *database, const ReportSpan *span, Reading *reading, GError **error)
{
  int row = -1;
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT number, role, team, state, priority, opened_at, reopened, escalated, answers FROM ticket WHERE number BETWEEN ? "
    "AND ? AND opened_at >= ? AND opened_at < ? AND state <> 'refused' ORDER BY number",
    "iiii", span->first, span->last, span->since, span->until);
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    {
      const ReportTicket ticket = { .number = query_number (query, 0),
                                    .role = text_of (query, 1),
                                    .team = text_of (query, 2),
                                    .state = text_of (query, 3),
                                    .priority = (int) query_number (query, 4),
                                    .opened_at = query_number (query, 5),
                                    .reopened = query_number (query, 6) != 0,
                                    .escalated = query_number (query, 7) != 0,
                                    .answers = (int) query_number (query, 8) };
      if (reading->first == 0)
        reading->first = ticket.number;
      reading->last = ticket.number;
      reading->funcs->ticket (reading->data, &ticket);
    }
  return row == 0;
}

/* In C, as SQL takes longer over a million tickets. */
static PromiseOutcome
find_outcome (gint64 due_at, gint64 met_at, gint64 dropped_at, gint64 breached_at)
{
  if (breached_at != 0 || (met_at != 0 && due_at != 0 && met_at > due_at))
    return OUTCOME_MISSED;
  if (met_at != 0)
    return OUTCOME_KEPT;
  return dropped_at != 0 ? OUTCOME_DROPPED : OUTCOME_OPEN;
}

static gboolean
read_promises (Database *database, const Reading *reading, GError **error)
{
  int row = -1;
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT ticket, target, due_at, met_at, dropped_at, breached_at, took FROM promise WHERE ticket BETWEEN ? AND ?",
    "ii", reading->first, reading->last);
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    {
      gint64 met_at = query_number (query, 3);
      const ReportPromise promise = { .ticket = query_number (query, 0),
                                      .target = (TargetKind) query_number (query, 1),
                                      .outcome = find_outcome (query_number (query, 2), met_at, query_number (query, 4),
                                                               query_number (query, 5)),
                                      .took = met_at != 0 ? query_number (query, 6) : -1 };
      reading->funcs->promise (reading->data, &promise);
    }
  return row == 0;
}

gboolean
store_report (Store *store, const ReportSpan *span, const ReportFuncs *funcs, gpointer data, GError **error)
{
  Reading reading = { .funcs = funcs, .data = data };
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL && read_tickets (loan.database, span, &reading, error) &&
         read_promises (loan.database, &reading, error);
}
