#include "store/limits.h"

#include "store/incidents.h"

#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

const char *
intake_requester (const Intake *intake)
{
  return intake->facts->from != NULL ? intake->facts->from : intake->envelope->sender;
}

/* Acknowledgements for RECIPIENT (NULL: for anybody) in the hour before NOW. No more than LIMIT rows are looked at. */
static int
count_acknowledgements (Database *database, const char *recipient, gint64 now, int limit, GError **error)
{
  if (recipient == NULL)
    return (int) database_number (database, -1, error,
                                  "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE kind = 'acknowledgement' AND "
                                  "created_at >= ? LIMIT ?)",
                                  "ii", now - HOUR, (gint64) limit);
  return (int) database_number (database, -1, error,
                                "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE kind = 'acknowledgement' AND "
                                "recipient = ? COLLATE NOCASE AND created_at >= ? LIMIT ?)",
                                "sii", recipient, now - HOUR, (gint64) limit);
}

/* An answer can come before its cause is written down as sent. Those of the same message have the same time, and do not count. */
static int
acknowledged_lately (Database *database, const char *recipient, const char *subject, gint64 pause, gint64 now, GError **error)
{
  if (pause == 0)
    return 0;
  return (int) database_number (database, -1, error,
                                "SELECT count(*) FROM outbox o JOIN ticket t ON t.number = o.ticket WHERE o.kind = 'acknowledgement' AND "
                                "recipient = ? COLLATE NOCASE AND created_at >= ? AND created_at < ? AND o.state IN ('sending', 'sent') AND "
                                "(created_at >= ? OR t.subject = ? COLLATE NOCASE)",
                                "siiis", recipient, now - MAX (pause, 3 * HOUR), now, now - pause, subject);
}

/* The desk has counted too, but others may have committed since: inside the transaction the count is exact. */
gboolean
limits_keep_acknowledgements (Database *database, const Intake *intake, Decision *decision, GError **error)
{
  int one = intake->acknowledge_limit, all = intake->acknowledge_limit_total, count = 0;
  if (decision->acknowledge && decision_heeds_pause (decision) && (count = acknowledged_lately (database, decision->acknowledge_to, intake->facts->subject,
                                                             intake->acknowledge_pause, intake->now, error)) > 0)
    decision_withhold_acknowledgement (decision, REASON_ACKNOWLEDGE_PAUSE);
  if (count >= 0 && decision->acknowledge && one > 0 &&
      (count = count_acknowledgements (database, decision->acknowledge_to, intake->now, one, error)) >= one)
    decision_withhold_acknowledgement (decision, REASON_ACKNOWLEDGE_LIMIT);
  if (count >= 0 && decision->acknowledge && all > 0 &&
      (count = count_acknowledgements (database, NULL, intake->now, all, error)) >= all)
    decision_withhold_acknowledgement (decision, REASON_ACKNOWLEDGE_LIMIT_TOTAL);
  return count >= 0;
}

/* A mail loop, or somebody with one customer's address, must not ring all night: the last one within the limit says so. */
static gboolean
keep_page_limit (Database *database, const Intake *intake, Decision *decision, const char *sender, int limit, GError **error)
{
  if (decision->incident == NULL || limit == 0)
    return TRUE;
  int count = incidents_count (database, sender, intake->now, limit, error);
  const char *whose = sender != NULL ? "from this sender" : "in all";
  g_autofree char *reason = g_strdup_printf ("there have been %d emergencies %s within the hour", limit, whose);
  if (count >= limit)
    decision_withhold_page (decision, reason);
  else if (count == limit - 1)
    decision_note_limit (decision, sender != NULL);
  return count >= 0 && (count < limit || store_add_event (database, decision->ticket, intake->now, "not paged", "frontdesk", reason, error));
}

gboolean
limits_keep_pages (Database *database, const Intake *intake, Decision *decision, GError **error)
{
  return keep_page_limit (database, intake, decision, intake_requester (intake), intake->page_limit, error) &&
         keep_page_limit (database, intake, decision, NULL, intake->page_limit_total, error);
}

/* The desk has looked, too, but another mail on the same ticket may have begun one since. */
gboolean
limits_keep_one_incident (Database *database, Decision *decision, GError **error)
{
  if (decision->incident == NULL)
    return TRUE;
  gint64 running = database_number (database, -1, error,
                                    "SELECT count(*) FROM incident WHERE ticket = ? AND state <> 'resolved'", "i", decision->ticket);
  if (running > 0)
    decision_withhold_page (decision, "its incident is running");
  return running >= 0;
}

/* Nor must a loop of answers, where each pages anew. */
gboolean
limits_page_again (Store *store, Database *database, const Intake *intake, const Decision *decision, GError **error)
{
  int limit = intake->page_limit, count = 0;
  if (!decision->page_again)
    return TRUE;
  if (limit > 0)
    count = (int) database_number (database, -1, error,
                                   "SELECT count(*) FROM message WHERE ticket = ? AND direction = 'in' AND at >= ?", "ii",
                                   decision->ticket, intake->now - HOUR);
  if (count <= limit) /* this one is among them */
    return count >= 0 && incidents_page_again (store, database, decision->ticket, intake->now, error);
  g_autofree char *reason = g_strdup_printf ("%d messages have come on this ticket within the hour", limit);
  return store_add_event (database, decision->ticket, intake->now, "not paged", "frontdesk", reason, error);
}

gboolean
store_acknowledged_lately (Store *store, const char *recipient, const char *subject, gint64 pause, gint64 now, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL && acknowledged_lately (loan.database, recipient, subject, pause, now, error) > 0;
}

int
store_count_acknowledgements (Store *store, const char *recipient, gint64 now, int limit, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL ? count_acknowledgements (loan.database, recipient, now, limit, error) : -1;
}
