/* Deadlines of a ticket opened then: hours on a calendar, clock time, business days; each priority its own. */
#include "desk/promises.h"

#include <glib/gstdio.h>

static const char conf[] =
  "calendar \"pacific\" { timezone = \"America/Vancouver\" hours = {\"mon-fri 06:00-18:00\"} closed = {\"2026-12-25\"} }\n"
  "policy \"p\" { calendar = \"pacific\" acknowledge = \"15m\" respond = \"10m\" resolve = \"24h elapsed\"\n"
  "  priority \"p1\" { calendar = \"always\" acknowledge = \"1m\" respond = \"15m\" update = \"30m\" }\n"
  "  priority \"p4\" { resolve = \"7bd\" } }\n";

/* TEXT on the wall clock of ZONE: what its offset is, is the zone's data's to say, and changes with it. */
static gint64
instant (const char *text, GTimeZone *zone)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, zone);
  g_assert_nonnull (time);
  return g_date_time_to_unix (time) * G_USEC_PER_SEC;
}

static const struct {
  int priority;
  const char *opened, *acknowledge, *respond, *update, *resolve; /* "" is not promised */
} rows[] = {
  /* within hours, five minutes before the weekend, on Sunday, at closing, on a closed day */
  { 3, "2026-11-25T10:00:00", "2026-11-25T10:15:00", "2026-11-25T10:10:00", "", "2026-11-26T10:00:00" },
  { 3, "2026-11-27T17:55:00", "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-11-28T17:55:00" },
  { 3, "2026-11-29T12:00:00", "2026-11-30T06:15:00", "2026-11-30T06:10:00", "", "2026-11-30T12:00:00" },
  { 3, "2026-11-27T17:50:00", "2026-11-30T06:05:00", "2026-11-27T18:00:00", "", "2026-11-28T17:50:00" },
  { 3, "2026-12-25T09:00:00", "2026-12-28T06:15:00", "2026-12-28T06:10:00", "", "2026-12-26T09:00:00" },
  /* around the clock */
  { 1, "2026-11-29T03:00:00", "2026-11-29T03:01:00", "2026-11-29T03:15:00", "2026-11-29T03:30:00",
    "2026-11-30T03:00:00" },
  /* the closing of the seventh business day after the day of arrival */
  { 4, "2026-11-27T17:55:00", "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-12-08T18:00:00" },
  { 4, "2026-12-21T09:00:00", "2026-12-21T09:15:00", "2026-12-21T09:10:00", "", "2026-12-31T18:00:00" },
};

static void
check (guint row, TargetKind target, const GArray *promises, const char *want, GTimeZone *zone)
{
  const Promise *promise = promises_find_open (promises, target);
  gint64 wanted = *want != '\0' ? instant (want, zone) : 0, got = promise != NULL ? promise->due_at : 0;
  if (got != wanted)
    g_error ("row %u: %s is off by %" G_GINT64_FORMAT " s", row, target_to_string (target), (got - wanted) / G_USEC_PER_SEC);
}

static void
test_deadlines (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("frontdesk-policy-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "frontdesk.conf", NULL);
  g_assert_true (g_file_set_contents (path, conf, -1, NULL));
  g_autoptr (Config) config = config_load (path, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Policy *policy = config_find_policy (config, "p");
      GTimeZone *zone = policy->calendar->zone;
      g_autoptr (GArray) promises = promises_open (policy, rows[i].priority, NULL, instant (rows[i].opened, zone), TRUE, FALSE);
      check (i, TARGET_ACKNOWLEDGE, promises, rows[i].acknowledge, zone);
      check (i, TARGET_RESPOND, promises, rows[i].respond, zone);
      check (i, TARGET_UPDATE, promises, rows[i].update, zone);
      check (i, TARGET_RESOLVE, promises, rows[i].resolve, zone);
    }
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/promises/deadlines", test_deadlines);
  return g_test_run ();
}
