#include "web/view.h"

#include "mail/dates.h"

const char *
view_language (const View *view)
{
  return view->agent != NULL ? view->agent->language : view->request->config->language;
}

static const Schedule *
find_schedule (const Escalation *escalation)
{
  for (guint i = 0; i < escalation->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (escalation->steps, i);
      if (step->schedule != NULL)
        return step->schedule;
    }
  return NULL;
}

/* That of the schedule by which INCIDENT pages, else of the calendar that its role works by. */
static const char *
find_zone (const Config *config, const Incident *incident, const Ticket *ticket)
{
  const Schedule *schedule = NULL;
  for (guint i = 0; i < config->escalations->len && schedule == NULL; i++)
    {
      const Escalation *escalation = g_ptr_array_index (config->escalations, i);
      if (g_strcmp0 (escalation->name, incident->escalation) == 0)
        schedule = find_schedule (escalation);
    }
  if (schedule != NULL)
    return schedule->timezone;
  const Role *role = config_find_role_by_name (config, ticket->role);
  return role != NULL && role->policy != NULL ? role->policy->calendar->timezone : "UTC";
}

/* NULL when that has not been. */
static char *
write_time (const View *view, const char *zone, gint64 at)
{
  return at != 0 ? dates_moment (view_language (view), zone, at, view->request->now) : NULL;
}

/* Who is not in the configuration any more goes by the name that is kept. */
static const char *
find_holder (const Config *config, const Incident *incident)
{
  const char *name = incident->acknowledged_by;
  const Agent *agent = name != NULL ? config_find_agent (config, name) : NULL;
  return agent != NULL ? agent->full_name : name;
}

gboolean
view_add_incident (const View *view, const char *name, const Incident *incident, const char *done, GString *text,
                   GError **error)
{
  const Request *request = view->request;
  g_autoptr (Ticket) ticket = store_find_ticket (request->rooms->store, incident->ticket, error);
  if (ticket == NULL)
    return FALSE;
  const char *zone = find_zone (request->config, incident, ticket);
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, ticket->number);
  g_autofree char *started = write_time (view, zone, incident->started_at);
  g_autofree char *since = write_time (view, zone, incident->acknowledged_at);
  g_autofree char *resolved = write_time (view, zone, incident->resolved_at);
  g_autofree char *html = NULL;
  const WebData data = { .company = request->config->company,
                         .number = number,
                         .subject = ticket->subject,
                         .requester = ticket->requester,
                         .name = ticket->requester_name,
                         .customer = ticket->customer,
                         .started = started,
                         .holder = find_holder (request->config, incident),
                         .since = since,
                         .mine = g_strcmp0 (incident->acknowledged_by, view->agent->name) == 0 ? "yes" : NULL,
                         .resolved = resolved,
                         .done = done };
  if (!templates_fill_web (request->templates, name, view_language (view), &data, &html, error))
    return FALSE;
  g_string_append (text, html);
  return TRUE;
}

char *
view_write_problem (const View *view, const char *name, const char *problem)
{
  g_autoptr (GError) error = NULL;
  char *html = NULL;
  const WebData data = { .company = view->request->config->company, .problem = problem };
  if (!templates_fill_web (view->request->templates, name, view_language (view), &data, &html, &error))
    g_warning ("web: %s", error->message);
  return html;
}
