#include "store/incidents.h"

#include "store/overrides.h"
#include "store/pages.h"
#include "store/reactions.h"

#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
#define MOST_LISTED 1000

#define INCIDENT_COLUMNS \
  "id, ticket, state, escalation, plan, step, round, again, started_at, next_at, acknowledged_by, acknowledged_at, reminded_at, " \
  "resolved_at"

static IncidentState
read_state (const char *text)
{
  IncidentState state = INCIDENT_TRIGGERED;
  while (state < INCIDENT_RESOLVED && g_strcmp0 (text, incident_state_to_string (state)) != 0)
    state++;
  return state;
}

static Incident *
read_incident (Query *query)
{
  Incident *incident = g_new0 (Incident, 1);
  *incident = (Incident){ .id = query_number (query, 0),
                          .ticket = query_number (query, 1),
                          .state = read_state ((const char *) sqlite3_column_text (query, 2)),
                          .escalation = query_text (query, 3),
                          .plan = query_text (query, 4),
                          .step = (int) query_number (query, 5),
                          .round = (int) query_number (query, 6),
                          .again = query_number (query, 7) != 0,
                          .started_at = query_number (query, 8),
                          .next_at = query_number (query, 9),
                          .acknowledged_by = query_text (query, 10),
                          .acknowledged_at = query_number (query, 11),
                          .reminded_at = query_number (query, 12),
                          .resolved_at = query_number (query, 13) };
  return incident;
}

static GPtrArray *
read_incidents (Database *database, Query *query, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) incident_free);
  int row = -1;
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    g_ptr_array_add (list, read_incident (query));
  return row == 0 ? g_steal_pointer (&list) : NULL;
}

static Incident *
find_incident (Database *database, gint64 id, GError **error)
{
  g_autoptr (Query) query =
    database_query (database, error, "SELECT " INCIDENT_COLUMNS " FROM incident WHERE id = ?", "i", id);
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row > 0)
    return read_incident (query);
  if (row == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "there is no incident %" G_GINT64_FORMAT, id);
  return NULL;
}

static gboolean
save (Database *database, const Incident *incident, GError **error)
{
  return database_run (database, error,
                       "UPDATE incident SET state = ?, step = ?, round = ?, again = ?, next_at = ?, acknowledged_by = ?, "
                       "acknowledged_at = ?, reminded_at = ?, resolved_at = ? WHERE id = ?",
                       "siii0s000i", incident_state_to_string (incident->state), (gint64) incident->step,
                       (gint64) incident->round, (gint64) incident->again, incident->next_at, incident->acknowledged_by,
                       incident->acknowledged_at, incident->reminded_at, incident->resolved_at, incident->id);
}

gint64
incident_start (Database *database, const Incident *incident, gint64 ticket, const char *sender, gint64 now, GError **error)
{
  g_autofree char *normal = sender != NULL ? address_normalise (sender) : NULL;
  if (!database_run (database, error,
                     "INSERT INTO incident (ticket, state, escalation, plan, sender, step, round, started_at, next_at) VALUES "
                     "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "issssiiii", ticket, incident_state_to_string (incident->state), incident->escalation, incident->plan,
                     normal != NULL ? normal : sender, (gint64) incident->step, (gint64) incident->round, now,
                     incident->next_at))
    return 0;
  return sqlite3_last_insert_rowid (database->handle);
}

int
incidents_count (Database *database, const char *sender, gint64 now, int limit, GError **error)
{
  g_autofree char *normal = sender != NULL ? address_normalise (sender) : NULL;
  if (sender == NULL)
    return (int) database_number (database, -1, error,
                                  "SELECT count(*) FROM (SELECT 1 FROM incident WHERE started_at >= ? AND sender IS NOT NULL "
                                  "LIMIT ?)",
                                  "ii", now - HOUR, (gint64) limit);
  return (int) database_number (database, -1, error,
                                "SELECT count(*) FROM (SELECT 1 FROM incident WHERE started_at >= ? AND sender = ? LIMIT ?)",
                                "isi", now - HOUR, normal != NULL ? normal : sender, (gint64) limit);
}

static gboolean
page_again (Store *store, Database *database, const Incident *incident, gint64 now, GError **error)
{
  g_mutex_lock (&store->rules_lock);
  gboolean again = store->rules != NULL && store->rules->pages_again (store->rules_data, incident);
  g_mutex_unlock (&store->rules_lock);
  return !again || database_run (database, error, "UPDATE incident SET again = 1, next_at = min(next_at, ?) WHERE id = ?", "ii", now,
                                 incident->id);
}

gboolean
incidents_page_again (Store *store, Database *database, gint64 ticket, gint64 now, GError **error)
{
  g_autoptr (Query) query = database_query (
    database, error, "SELECT " INCIDENT_COLUMNS " FROM incident WHERE ticket = ? AND state = 'triggered'", "i", ticket);
  g_autoptr (GPtrArray) incidents = read_incidents (database, query, error);
  for (guint i = 0; incidents != NULL && i < incidents->len; i++)
    if (!page_again (store, database, g_ptr_array_index (incidents, i), now, error))
      return FALSE;
  return incidents != NULL;
}

/* ---- what the rules say ---- */

static gint64
last_update (Database *database, gint64 ticket, GError **error)
{
  return database_number (database, 0, error,
                          "SELECT coalesce(max(at), 0) FROM message WHERE ticket = ? AND direction = 'out'", "i", ticket);
}

gboolean
incident_go_on (Store *store, Database *database, gint64 id, gint64 now, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Reaction) reaction = REACTION_INIT;
  g_autoptr (Incident) incident = find_incident (database, id, error);
  g_autoptr (Ticket) ticket = incident != NULL ? ticket_read (database, incident->ticket, error) : NULL;
  g_autoptr (GPtrArray) overrides = ticket != NULL ? overrides_read (database, now, error) : NULL;
  gint64 updated_at = overrides != NULL ? last_update (database, incident->ticket, &failure) : 0;
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (overrides != NULL)
    {
      g_mutex_lock (&store->rules_lock);
      if (store->rules != NULL)
        store->rules->escalate (store->rules_data, ticket, incident, overrides, updated_at, now, &reaction);
      g_mutex_unlock (&store->rules_lock);
      return save (database, incident, error) &&
             reaction_carry_out (store, database, incident->ticket, incident->id, &reaction, now, error);
    }
  return FALSE;
}

/* Pages that wait, or are on their way and would be tried again, are not needed any more. */
static gboolean
drop_pages (Database *database, gint64 incident, const char *reason, gint64 now, GError **error)
{
  return pages_release (database, incident, now, error) &&
         database_run (database, error,
                       "UPDATE outbox SET state = 'dropped', last_error = ? WHERE incident = ? AND state IN ('due', 'sending') "
                       "AND template NOT IN ('page-acknowledged', 'page-resolved')",
                       "si", reason, incident);
}

static char *
explain_end (const Incident *incident, const char *actor)
{
  return incident->state == INCIDENT_RESOLVED ? g_strdup_printf ("the incident was resolved by %s", actor)
                                              : g_strdup_printf ("%s has acknowledged it", actor);
}

/* INCIDENT has just been acknowledged or resolved by ACTOR. */
static gboolean
settle (Store *store, Database *database, Incident *incident, const char *actor, gint64 now, GError **error)
{
  g_auto (Reaction) reaction = REACTION_INIT;
  g_autofree char *reason = explain_end (incident, actor);
  g_autoptr (Ticket) ticket = ticket_read (database, incident->ticket, error);
  g_autoptr (GPtrArray) pages = ticket != NULL ? pages_list_sent (database, incident->id, error) : NULL;
  if (pages == NULL)
    return FALSE;
  g_mutex_lock (&store->rules_lock);
  if (store->rules != NULL)
    store->rules->settle (store->rules_data, ticket, incident, pages, now, &reaction);
  g_mutex_unlock (&store->rules_lock);
  return drop_pages (database, incident->id, reason, now, error) && save (database, incident, error) &&
         reaction_carry_out (store, database, incident->ticket, incident->id, &reaction, now, error);
}

gboolean
incident_follow (Store *store, Database *database, const OutboxRow *page, gint64 now, GError **error)
{
  g_auto (Reaction) reaction = REACTION_INIT;
  g_autoptr (GPtrArray) pages = g_ptr_array_new ();
  g_autoptr (Incident) incident = find_incident (database, page->incident, error);
  if (incident == NULL)
    return FALSE;
  g_ptr_array_add (pages, (gpointer) page);
  g_mutex_lock (&store->rules_lock);
  if (store->rules != NULL && incident->state != INCIDENT_TRIGGERED)
    store->rules->follow (store->rules_data, incident, pages, now, &reaction);
  g_mutex_unlock (&store->rules_lock);
  return reaction_carry_out (store, database, incident->ticket, incident->id, &reaction, now, error);
}

/* ---- taking and ending ---- */

/* An incident only ever goes on: who comes late changes nothing. */
static gboolean
go_forward (Incident *incident, PageAction action, const char *agent, gint64 now)
{
  if (incident->state == INCIDENT_RESOLVED || (action == PAGE_ACKNOWLEDGE && incident->state == INCIDENT_ACKNOWLEDGED))
    return FALSE;
  incident->next_at = 0;
  incident->again = FALSE;
  if (action == PAGE_RESOLVE)
    {
      incident->state = INCIDENT_RESOLVED;
      incident->resolved_at = now;
      return TRUE;
    }
  incident->state = INCIDENT_ACKNOWLEDGED;
  incident->acknowledged_at = now;
  g_free (incident->acknowledged_by);
  incident->acknowledged_by = g_strdup (agent);
  return TRUE;
}

static gboolean
note_taking (Database *database, const Incident *incident, PageAction action, gboolean done, const char *agent, const char *via,
             gint64 now, GError **error)
{
  const char *kind = !done ? "late" : action == PAGE_RESOLVE ? "incident resolved" : "taken";
  g_autofree char *detail =
    done ? g_strdup_printf ("by %s", via)
         : g_strdup_printf ("would %s by %s; %s%s", page_action_to_string (action), via,
                            incident->state == INCIDENT_RESOLVED ? "the incident is resolved" : incident->acknowledged_by,
                            incident->state == INCIDENT_RESOLVED ? "" : " has it");
  return store_add_event (database, incident->ticket, now, kind, agent, detail, error);
}

/* Who acknowledges an emergency has its ticket, unless somebody has it already. */
static gboolean
give_ticket (Database *database, const Incident *incident, const char *agent, GError **error)
{
  return incident->state != INCIDENT_ACKNOWLEDGED ||
         database_run (database, error, "UPDATE ticket SET assignee = coalesce(assignee, ?) WHERE number = ?", "si", agent,
                       incident->ticket);
}

gboolean
incident_take (Store *store, Database *database, gint64 id, PageAction action, const char *agent, const char *via, gint64 now,
               GPtrArray *takings, GError **error)
{
  Incident *incident = find_incident (database, id, error);
  if (incident == NULL)
    return FALSE;
  Taking *taking = g_new0 (Taking, 1);
  taking->incident = incident;
  taking->done = go_forward (incident, action, agent, now);
  g_ptr_array_add (takings, taking);
  return note_taking (database, incident, action, taking->done, agent, via, now, error) &&
         (!taking->done || (give_ticket (database, incident, agent, error) && settle (store, database, incident, agent, now, error)));
}

static GPtrArray *
list_page_incidents (Database *database, gint64 page, GError **error)
{
  g_autoptr (Query) query = database_query (
    database, error,
    "SELECT " INCIDENT_COLUMNS " FROM incident WHERE id IN (SELECT incident FROM outbox WHERE id = ?1 UNION SELECT incident FROM "
    "outbox WHERE leader = ?1) ORDER BY id",
    "i", page);
  return read_incidents (database, query, error);
}

gboolean
incidents_take_page (Store *store, Database *database, gint64 page, PageAction action, const char *agent, const char *via,
                     gint64 now, GPtrArray *takings, GError **error)
{
  g_autoptr (GPtrArray) incidents = list_page_incidents (database, page, error);
  for (guint i = 0; incidents != NULL && i < incidents->len; i++)
    {
      const Incident *incident = g_ptr_array_index (incidents, i);
      if (!incident_take (store, database, incident->id, action, agent, via, now, takings, error))
        return FALSE;
    }
  return incidents != NULL;
}

/* As incident_take() for all of TICKET that are not over. */
static gboolean
take_ticket (Store *store, Database *database, const Decision *decision, gint64 now, GPtrArray *takings, GError **error)
{
  g_autoptr (Query) query = database_query (
    database, error, "SELECT " INCIDENT_COLUMNS " FROM incident WHERE ticket = ? AND state <> 'resolved'", "i", decision->ticket);
  g_autoptr (GPtrArray) incidents = read_incidents (database, query, error);
  for (guint i = 0; incidents != NULL && i < incidents->len; i++)
    if (!incident_take (store, database, ((const Incident *) g_ptr_array_index (incidents, i))->id, decision->action, decision->taker,
                        "mail", now, takings, error))
      return FALSE;
  return incidents != NULL;
}

gboolean
incidents_obey (Store *store, Database *database, const Decision *decision, gint64 now, GError **error)
{
  g_autoptr (GPtrArray) takings = g_ptr_array_new_with_free_func ((GDestroyNotify) taking_free);
  g_auto (Reaction) reaction = REACTION_INIT;
  gboolean taken = decision->page_taken != 0
                     ? incidents_take_page (store, database, decision->page_taken, decision->action, decision->taker, "mail", now, takings, error)
                     : take_ticket (store, database, decision, now, takings, error);
  g_autoptr (Ticket) ticket = taken ? ticket_read (database, decision->ticket, error) : NULL;
  if (ticket == NULL)
    return FALSE;
  g_mutex_lock (&store->rules_lock);
  if (store->rules != NULL)
    store->rules->answer (store->rules_data, ticket, takings, decision->taker, now, &reaction);
  g_mutex_unlock (&store->rules_lock);
  return reaction_carry_out (store, database, decision->ticket, 0, &reaction, now, error);
}

gboolean
incidents_resolve (Store *store, Database *database, gint64 ticket, const char *actor, gint64 now, GError **error)
{
  g_autoptr (Query) query = database_query (
    database, error, "SELECT " INCIDENT_COLUMNS " FROM incident WHERE ticket = ? AND state <> 'resolved'", "i", ticket);
  g_autoptr (GPtrArray) incidents = read_incidents (database, query, error);
  for (guint i = 0; incidents != NULL && i < incidents->len; i++)
    {
      Incident *incident = g_ptr_array_index (incidents, i);
      go_forward (incident, PAGE_RESOLVE, actor, now);
      if (!settle (store, database, incident, actor, now, error))
        return FALSE;
    }
  return incidents != NULL;
}

/* ---- from outside ---- */

typedef struct {
  Store *store;
  gint64 page, incident, now;
  PageAction action;
  const char *agent, *via;
  GPtrArray *takings;
} TakeJob;

/* A job may run again when those that it was committed with failed. */
static gboolean
write_taking (Database *database, gpointer data, GError **error)
{
  TakeJob *job = data;
  g_ptr_array_set_size (job->takings, 0);
  return job->page != 0 ? incidents_take_page (job->store, database, job->page, job->action, job->agent, job->via, job->now,
                                               job->takings, error)
                        : incident_take (job->store, database, job->incident, job->action, job->agent, job->via, job->now,
                                         job->takings, error);
}

static gboolean
take (TakeJob *job, GPtrArray **takings, GError **error)
{
  job->takings = g_ptr_array_new_with_free_func ((GDestroyNotify) taking_free);
  gboolean done = store_write (job->store, write_taking, job, error);
  if (done && takings != NULL)
    *takings = g_steal_pointer (&job->takings);
  g_clear_pointer (&job->takings, g_ptr_array_unref);
  return done;
}

gboolean
store_take_page (Store *store, gint64 page, PageAction action, const char *agent, const char *via, gint64 now,
                 GPtrArray **takings, GError **error)
{
  TakeJob job = { .store = store, .page = page, .action = action, .agent = agent, .via = via, .now = now };
  return take (&job, takings, error);
}

gboolean
store_take_incident (Store *store, gint64 incident, PageAction action, const char *agent, const char *via, gint64 now,
                     GPtrArray **takings, GError **error)
{
  TakeJob job = { .store = store, .incident = incident, .action = action, .agent = agent, .via = via, .now = now };
  return take (&job, takings, error);
}

GPtrArray *
store_list_page_incidents (Store *store, gint64 page, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL ? list_page_incidents (loan.database, page, error) : NULL;
}

GPtrArray *
store_list_incidents (Store *store, gboolean all, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query =
    all ? database_query (loan.database, error, "SELECT " INCIDENT_COLUMNS " FROM incident ORDER BY id DESC LIMIT ?", "i",
                          (gint64) MOST_LISTED)
        : database_query (loan.database, error,
                          "SELECT " INCIDENT_COLUMNS " FROM incident WHERE state <> 'resolved' ORDER BY id DESC LIMIT ?", "i",
                          (gint64) MOST_LISTED);
  return read_incidents (loan.database, query, error);
}

GPtrArray *
store_list_ticket_incidents (Store *store, gint64 ticket, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query = database_query (loan.database, error,
                                            "SELECT " INCIDENT_COLUMNS " FROM incident WHERE ticket = ? ORDER BY id", "i", ticket);
  return read_incidents (loan.database, query, error);
}
