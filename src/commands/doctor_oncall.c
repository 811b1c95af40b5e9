/* What doctor says of those who are to be called: a line for each thing that is to be mended. */
#include "commands/doctor.h"

#include <sys/stat.h>

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
