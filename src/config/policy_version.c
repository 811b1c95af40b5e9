/* The version of a policy: a digest of all that its deadlines are computed from. */
#include <string.h>

#include "config/build.h"

static void
add (GChecksum *sum, gconstpointer data, gsize length)
{
  g_checksum_update (sum, data, (gssize) length);
}

/* The rules of a zone as the system has them: new ones move deadlines that are still to come. */
static void
add_zone (GChecksum *sum, const char *name)
{
  const char *folder = g_getenv ("TZDIR");
  g_autofree char *path = g_build_filename (folder != NULL ? folder : "/usr/share/zoneinfo", name, NULL);
  g_autofree char *data = NULL;
  gsize length;
  add (sum, name, strlen (name) + 1);
  if (g_file_get_contents (path, &data, &length, NULL))
    add (sum, data, length);
}

static void
add_calendar (GChecksum *sum, const Calendar *calendar)
{
  add_zone (sum, calendar->timezone);
  for (guint i = 0; i < G_N_ELEMENTS (calendar->week); i++)
    {
      const GArray *day = calendar->week[i];
      add (sum, &day->len, sizeof day->len);
      add (sum, day->data, day->len * sizeof (DaySpan));
    }
  for (guint i = 0; i < calendar->dates->len; i++)
    {
      const CalendarDate *date = &g_array_index (calendar->dates, CalendarDate, i);
      const gint32 parts[] = { date->day, (gint32) date->kind, date->span.from, date->span.to };
      add (sum, parts, sizeof parts);
    }
}

static void
add_targets (GChecksum *sum, const Target *targets)
{
  for (guint i = 0; i < TARGETS; i++)
    {
      const gint64 parts[] = { (gint64) targets[i].span.kind, targets[i].span.amount };
      add (sum, parts, sizeof parts);
      add_calendar (sum, targets[i].calendar);
    }
}

gint64
policy_version (const Policy *policy)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  const gint64 parts[] = { policy->warn, policy->extend_at, (gint64) policy->next_within.kind, policy->next_within.amount };
  guint8 digest[32];
  gsize length = sizeof digest;
  gint64 version;
  add (sum, parts, sizeof parts);
  add_calendar (sum, policy->calendar);
  for (guint i = 0; i < G_N_ELEMENTS (policy->priority); i++)
    add_targets (sum, policy->priority[i]);
  for (guint i = 0; policy->kinds[i] != NULL; i++)
    {
      add (sum, policy->kinds[i]->name, strlen (policy->kinds[i]->name) + 1);
      add_targets (sum, policy->kinds[i]->target);
    }
  g_checksum_get_digest (sum, digest, &length);
  memcpy (&version, digest, sizeof version);
  return version;
}
