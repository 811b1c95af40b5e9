/* /oncall.ics?agent=NAME&key=KEY: an agent's duties as a calendar (RFC 5545) to subscribe to. */
#include <libical/ical.h>
#include <string.h>

#include "config/limits.h"
#include "config/zone.h"
#include "desk/schedule.h"
#include "mail/hash.h"
#include "web/form.h"
#include "web/request.h"

#define DAYS_BACK 30
#define DAYS_AHEAD 90
#define UID_LENGTH 32

/* "20261123T160000Z". Not by libical's time_t. */
static icaltimetype
to_ical (gint64 at)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  icaltimetype time = { .zone = icaltimezone_get_utc_timezone () };
  g_date_time_get_ymd (utc, &time.year, &time.month, &time.day);
  time.hour = g_date_time_get_hour (utc);
  time.minute = g_date_time_get_minute (utc);
  time.second = g_date_time_get_second (utc);
  return time;
}

/* Stays the same for as long as the duty begins when it does, so that programs know it again. */
static char *
make_uid (const Config *config, const Schedule *schedule, const Duty *duty)
{
  g_autoptr (Hash) hash = hash_new ();
  g_autofree char *from = g_strdup_printf ("%" G_GINT64_FORMAT, duty->time.from);
  const char *parts[] = { schedule->name, duty->agent->name, from };
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    hash_add (hash, parts[i], strlen (parts[i]) + 1);
  g_autofree char *hex = hash_to_hex (hash);
  return g_strdup_printf ("%.*s@%s", UID_LENGTH, hex, config->hostname);
}

/* DTSTAMP is the duty's own beginning, so that the same duties are the same octets, and the ETag tells of a change. */
static void
add_duty (icalcomponent *calendar, const Config *config, const Schedule *schedule, const Duty *duty, Interval span)
{
  icaltimetype from = to_ical (MAX (duty->time.from, span.from)), to = to_ical (MIN (duty->time.to, span.to));
  g_autofree char *uid = make_uid (config, schedule, duty);
  g_autofree char *because = schedule_describe (schedule, duty);
  g_autofree char *summary = g_strdup_printf ("%s: %s", schedule->name, duty->agent->full_name);
  icalcomponent_add_component (
    calendar, icalcomponent_vanew (ICAL_VEVENT_COMPONENT, icalproperty_new_uid (uid), icalproperty_new_dtstamp (from),
                                   icalproperty_new_dtstart (from), icalproperty_new_dtend (to),
                                   icalproperty_new_summary (summary), icalproperty_new_description (because),
                                   icalproperty_new_transp (ICAL_TRANSP_TRANSPARENT), NULL));
}

static icalcomponent *
new_calendar (const Config *config, const Agent *agent)
{
  icalcomponent *calendar = icalcomponent_vanew (
    ICAL_VCALENDAR_COMPONENT, icalproperty_new_version ("2.0"), icalproperty_new_prodid ("-//Frontdesk//On call//EN"),
    icalproperty_new_method (ICAL_METHOD_PUBLISH), NULL);
  g_autofree char *name = g_strdup_printf ("%s: %s", config->company, agent->full_name);
  icalproperty *title = icalproperty_new_x (name), *pause = icalproperty_new_x ("PT1H");
  icalproperty_set_x_name (title, "X-WR-CALNAME");
  icalproperty_set_x_name (pause, "X-PUBLISHED-TTL");
  icalcomponent_add_property (calendar, title);
  icalcomponent_add_property (calendar, pause);
  return calendar;
}

/* The part of each day that is over would move all that began before it: the span begins and ends with a day of UTC. */
static Interval
find_span (gint64 now)
{
  gint64 today = now - now % ZONE_DAY;
  return (Interval){ .from = today - DAYS_BACK * ZONE_DAY, .to = today + (DAYS_AHEAD + 1) * ZONE_DAY };
}

static void
write_duties (const Request *request, const Agent *agent, const GPtrArray *overrides, GString *text)
{
  const Config *config = request->config;
  const Roster roster = { .config = config, .overrides = overrides };
  Interval span = find_span (request->now);
  icalcomponent *calendar = new_calendar (config, agent);
  guint count = 0;
  for (guint i = 0; i < config->schedules->len; i++)
    {
      const Schedule *schedule = g_ptr_array_index (config->schedules, i);
      g_autoptr (GArray) duties = schedule_list (&roster, schedule, span);
      for (guint j = 0; j < duties->len && count < LIMIT_WEB_DUTIES; j++)
        {
          const Duty *duty = &g_array_index (duties, Duty, j);
          if (duty->agent != agent)
            continue;
          add_duty (calendar, config, schedule, duty, span);
          count++;
        }
    }
  char *octets = icalcomponent_as_ical_string_r (calendar);
  g_string_assign (text, octets);
  icalmemory_free_buffer (octets);
  icalcomponent_free (calendar);
}

/* The agent whose key the request has. */
static const Agent *
find_agent (const Request *request)
{
  const char *name = form_find (request->query, "agent"), *key = form_find (request->query, "key");
  if (name == NULL || key == NULL)
    return NULL;
  g_autofree char *value = seal_open_token (request->rooms->seal, "oncall", key);
  return g_strcmp0 (value, name) == 0 ? config_find_agent (request->config, name) : NULL;
}

void
feed_answer (const Request *request, Answer *answer)
{
  const Agent *agent = find_agent (request);
  if (agent == NULL)
    {
      answer_line (answer, 404, "There is no such calendar.");
      return;
    }
  g_autoptr (GPtrArray) overrides = store_list_overrides (request->rooms->store, find_span (request->now).from, NULL);
  if (overrides == NULL)
    {
      answer_line (answer, 503, "The calendar cannot be read now.");
      answer->retry_after = 60;
      return;
    }
  write_duties (request, agent, overrides, answer->body);
  answer->status = 200;
  answer->type = "text/calendar; charset=utf-8; method=PUBLISH";
  answer->cache = "private, max-age=900";
  answer_tag (answer, request);
}
