/* What doctor says of those who are to be called: a line for each thing that is to be mended. */
#include "commands/doctor.h"

#include <sys/stat.h>

#include "config/zone.h"
#include "desk/lookahead.h"

void
doctor_check_oncall (Report *list, const Config *config, const GPtrArray *overrides, gint64 now)
{
  const Roster roster = { .config = config, .overrides = overrides };
  g_autoptr (GPtrArray) findings = lookahead_find (&roster, now);
  for (guint i = 0; i < findings->len; i++)
    report (list, "oncall", "warn", ((const Finding *) g_ptr_array_index (findings, i))->text);
  if (findings->len == 0)
    report (list, "oncall", "ok",
            config->escalations->len > 0 ? "somebody is reached at any time of the next 30 days" : "no escalations");
}

static void
check_copy (Report *list, const Schedule *schedule, gint64 now)
{
  enum { PATIENCE = 3 }; /* intervals */
  struct stat status;
  gboolean there = stat (schedule->copy, &status) == 0;
  gint64 age = there ? now / G_USEC_PER_SEC - status.st_mtime : 0;
  gboolean old = age > PATIENCE * schedule->interval;
  g_autofree char *span = span_to_string ((Span){ SPAN_BUSINESS, MAX (age, 0) / 60 * 60 });
  g_autofree char *text =
      !there ? g_strdup_printf ("the calendar of schedule \"%s\" has not been fetched from %s yet: see that frontdeskd runs, "
                                "and what its log says",
                                schedule->name, schedule->origin)
             : g_strdup_printf ("the calendar of schedule \"%s\" was last fetched from %s %s ago%s", schedule->name,
                                schedule->origin, age < 60 ? "less than 1m" : span,
                                old ? ": see that frontdeskd runs, and what its log says; the copy counts meanwhile" : "");
  report (list, "calendar", there && !old ? "ok" : "warn", text);
}

void
doctor_check_calendars (Report *list, const Config *config, gint64 now)
{
  for (guint i = 0; i < config->schedules->len; i++)
    {
      const Schedule *schedule = g_ptr_array_index (config->schedules, i);
      if (schedule->fetched)
        check_copy (list, schedule, now);
    }
}

/* ---- tests ---- */

/* The channels by which some step pages AGENT. (element-type Channel) */
static GPtrArray *
find_channels (const Roster *roster, const Agent *agent, gint64 now)
{
  GPtrArray *channels = g_ptr_array_new ();
  for (guint i = 0; i < roster->config->escalations->len; i++)
    {
      const Escalation *escalation = g_ptr_array_index (roster->config->escalations, i);
      for (guint j = 0; j < escalation->steps->len; j++)
        {
          const Step *step = g_ptr_array_index (escalation->steps, j);
          g_autoptr (GHashTable) reached = lookahead_find_reached (roster, step, now);
          for (guint k = 0; g_hash_table_contains (reached, agent) && k < step->by->len; k++)
            if (!g_ptr_array_find (channels, g_ptr_array_index (step->by, k), NULL))
              g_ptr_array_add (channels, g_ptr_array_index (step->by, k));
        }
    }
  return channels;
}

/* Whether AGENT has been reached by CHANNEL lately. Adds the channel's name to NEVER or OLD when not. */
static gboolean
check_test (Store *store, const Agent *agent, const Channel *channel, gint64 now, GString *never, GString *old, GError **error)
{
  enum { DAYS = 90 };
  g_autoptr (GError) failure = NULL;
  gint64 at = store_find_test (store, agent->name, channel->name, &failure);
  GString *list = at == 0 ? never : at < now - DAYS * ZONE_DAY ? old : NULL;
  if (failure == NULL && list != NULL)
    g_string_append_printf (list, "%s\"%s\"", list->len > 0 ? ", " : "", channel->name);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
check_agent (Report *list, Store *store, const Roster *roster, const Agent *agent, gint64 now, GError **error)
{
  g_autoptr (GPtrArray) channels = find_channels (roster, agent, now);
  g_autoptr (GString) never = g_string_new (NULL);
  g_autoptr (GString) old = g_string_new (NULL);
  for (guint i = 0; i < channels->len; i++)
    if (!check_test (store, agent, g_ptr_array_index (channels, i), now, never, old, error))
      return FALSE;
  g_autofree char *text = g_strdup_printf ("agent \"%s\" has %s%s%s%s%s: frontdesk page test %s", agent->name,
                                           never->len > 0 ? "never been reached in a test by " : "", never->str,
                                           never->len > 0 && old->len > 0 ? ", and " : "",
                                           old->len > 0 ? "not been for 90 days by " : "", old->str, agent->name);
  if (never->len > 0 || old->len > 0)
    report (list, "tests", "warn", text);
  return TRUE;
}

void
doctor_check_tests (Report *list, const Config *config, Store *store, const GPtrArray *overrides, gint64 now)
{
  g_autoptr (GError) error = NULL;
  const Roster roster = { .config = config, .overrides = overrides };
  size_t before = json_array_size (list->checks);
  for (guint i = 0; i < config->agents->len; i++)
    if (!check_agent (list, store, &roster, g_ptr_array_index (config->agents, i), now, &error))
      {
        report (list, "tests", "fail", error->message);
        return;
      }
  if (json_array_size (list->checks) == before)
    report (list, "tests", "ok", config->escalations->len > 0 ? "each agent was reached by each channel in the last 90 days" : "no escalations");
}
