/* Who is on call: another program's published hand-overs, calendars, overrides, and what must hold of every schedule. */
#include "desk/lookahead.h"

#include <glib/gstdio.h>
#include <string.h>

#include "config/zone.h"

static char *folder;

static char *
write_file (const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

#define PEOPLE \
  "agent \"alice\" { name = \"Alice Nguyen\" mail = \"alice@desk.example\" }\n" \
  "agent \"bob\" { name = \"Bob Singh\" mail = \"bob@desk.example\" }\n" \
  "agent \"carol\" { name = \"Carol Ågren\" mail = \"carol@desk.example\" }\n"

static Config *
load_schedule (const char *zone, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup_printf (PEOPLE "schedule \"s\" { timezone = \"%s\" %s }\n", zone, body);
  g_autofree char *path = write_file ("frontdesk.conf", text);
  Config *config = config_load (path, &error);
  g_assert_no_error (error);
  return config;
}

static const Schedule *
schedule_of (const Config *config)
{
  return config_find_schedule (config, "s");
}

static gint64
read_instant (const char *text, GTimeZone *zone)
{
  g_autofree char *full = strlen (text) == strlen ("2026-11-23T08:00") ? g_strconcat (text, ":00", NULL) : g_strdup (text);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (full, zone);
  if (time == NULL)
    g_error ("\"%s\" is no time", text);
  return g_date_time_to_unix (time) * G_USEC_PER_SEC;
}

static char *
write_instant (gint64 at)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  return g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
}

/* ---- the table of hand-overs ---- */

enum { ID, KIND, ZONE, TYPE, LENGTH, START, WALK_FROM, WALK_TO, EXPECTED, COLUMNS };

static Config *
load_rotation (char **column)
{
  static const char *const types[][2] = { { "hourly", "h" }, { "daily", "d" }, { "weekly", "w" }, { "monthly", "mo" } };
  const char *unit = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i][0], column[TYPE]))
      unit = types[i][1];
  g_assert_nonnull (unit);
  g_autofree char *body = g_strdup_printf ("rotation { agents = {\"alice\", \"bob\"} every = \"%s%s\" start = \"%s\" }", column[LENGTH], unit,
                                           column[START]);
  return load_schedule (column[ZONE], body);
}

/* Every beginning and end of the shifts of the span. */
static char *
walk (const Config *config, gint64 from, gint64 to)
{
  const Roster roster = { .config = config };
  g_autoptr (GArray) duties = schedule_list (&roster, schedule_of (config), (Interval){ from, to + 1 });
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < duties->len; i++)
    {
      const Duty *duty = &g_array_index (duties, Duty, i);
      g_autofree char *begin = write_instant (duty->time.from), *end = write_instant (duty->time.to);
      g_string_append_printf (text, i == 0 ? "%s %s" : "%.0s %s", begin, end);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
check_row (char **column)
{
  g_autoptr (Config) config = load_rotation (column);
  GTimeZone *zone = schedule_of (config)->zone;
  gint64 from = read_instant (column[WALK_FROM], zone);
  g_autofree char *got = NULL;
  if (g_str_equal (column[KIND], "shift_end"))
    got = write_instant (schedule_next_change (&(Roster){ .config = config }, schedule_of (config), from));
  else
    got = walk (config, from, read_instant (column[WALK_TO], zone));
  if (!g_str_equal (got, column[EXPECTED]))
    g_error ("%s: wanted %s, got %s", column[ID], column[EXPECTED], got);
}

static void
test_vectors (void)
{
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  g_autofree char *path = g_build_filename (source != NULL ? source : ".", "tests", "data", "vectors", "rotation_vectors.tsv", NULL);
  g_autofree char *text = NULL;
  guint rows = 0;
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) column = g_strsplit (lines[i], "\t", -1);
      if (lines[i][0] != 'R' || g_strv_length (column) < COLUMNS)
        continue;
      check_row (column);
      rows++;
    }
  g_assert_cmpuint (rows, ==, 17);
}

/* ---- rotations ---- */

/* Who is on call at AT: "alice until 2026-...: why", a line each. */
static char *
ask (const Config *config, const GPtrArray *overrides, const char *at)
{
  const Roster roster = { .config = config, .overrides = overrides };
  const Schedule *schedule = schedule_of (config);
  g_autoptr (GArray) duties = schedule_find (&roster, schedule, read_instant (at, schedule->zone));
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < duties->len; i++)
    {
      const Duty *duty = &g_array_index (duties, Duty, i);
      g_autofree char *end = write_instant (duty->time.to), *why = schedule_describe (schedule, duty);
      g_string_append_printf (text, "%s%s until %s: %s", i > 0 ? "\n" : "", duty->agent->name, end, why);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_turns (void)
{
  static const struct { const char *every, *at, *want; } rows[] = {
    { "1w", "2026-11-23T08:00", "alice until 2026-11-30T07:00:00Z: rotation, turn 1 of 3" },
    { "1w", "2026-11-23T07:59", "carol until 2026-11-23T07:00:00Z: rotation, turn 3 of 3" },
    { "1w", "2026-12-14T08:00", "alice until 2026-12-21T07:00:00Z: rotation, turn 1 of 3" },
    { "1w", "2027-03-28T12:00", "carol until 2027-03-29T06:00:00Z: rotation, turn 3 of 3" },
    { "2d", "2026-11-25T08:00", "bob until 2026-11-27T07:00:00Z: rotation, turn 2 of 3" },
    { "12h", "2026-11-23T20:00", "bob until 2026-11-24T07:00:00Z: rotation, turn 2 of 3" },
    { "1mo", "2027-02-28T09:00", "alice until 2027-03-23T07:00:00Z: rotation, turn 1 of 3" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *body = g_strdup_printf ("rotation { agents = {\"alice\", \"bob\", \"carol\"} every = \"%s\" start = \"2026-11-23T08:00\" }",
                                               rows[i].every);
      g_autoptr (Config) config = load_schedule ("Europe/Berlin", body);
      g_autofree char *got = ask (config, NULL, rows[i].at);
      g_assert_cmpstr (got, ==, rows[i].want);
    }
}

/* A month without the day of the start begins on its last. */
static void
test_month_ends (void)
{
  g_autoptr (Config) config = load_schedule ("UTC", "rotation { agents = {\"alice\", \"bob\"} every = \"1mo\" start = \"2026-12-31T08:00\" }");
  g_autofree char *got = walk (config, read_instant ("2027-01-01T00:00:00Z", NULL), read_instant ("2027-04-15T00:00:00Z", NULL));
  g_assert_cmpstr (got, ==, "2026-12-31T08:00:00Z 2027-01-31T08:00:00Z 2027-02-28T08:00:00Z 2027-03-31T08:00:00Z 2027-04-30T08:00:00Z");
}

static Config *
random_rotation (void)
{
  static const char *const zones[] = { "Europe/Berlin", "America/Vancouver", "Australia/Lord_Howe", "Pacific/Apia", "UTC", "Africa/Casablanca" };
  static const char *const every[] = { "1h", "5h", "12h", "24h", "1d", "3d", "1w", "2w", "1mo" };
  g_autofree char *body = g_strdup_printf (
    "rotation { agents = {\"alice\", \"bob\", \"carol\"} every = \"%s\" start = \"20%02d-%02d-%02dT%02d:%02d\" }",
    every[g_test_rand_int_range (0, G_N_ELEMENTS (every))], g_test_rand_int_range (0, 30), g_test_rand_int_range (1, 13),
    g_test_rand_int_range (1, 29), g_test_rand_int_range (0, 24), g_test_rand_int_range (0, 60));
  return load_schedule (zones[g_test_rand_int_range (0, G_N_ELEMENTS (zones))], body);
}

/* Each shift begins where the one before ends, somebody is on call at any moment, and the list and the moment agree. */
static void
check_seamless (const Config *config, gint64 from)
{
  const Roster roster = { .config = config };
  const Schedule *schedule = schedule_of (config);
  Interval span = { from, from + 40 * ZONE_DAY };
  g_autoptr (GArray) list = schedule_list (&roster, schedule, span);
  g_autoptr (GArray) gaps = schedule_find_gaps (&roster, schedule, span);
  g_assert_cmpuint (gaps->len, ==, 0);
  g_assert_cmpuint (list->len, >, 0);
  g_assert_cmpint (g_array_index (list, Duty, 0).time.from, <=, span.from);
  g_assert_cmpint (g_array_index (list, Duty, list->len - 1).time.to, >=, span.to);
  for (guint i = 0; i < list->len; i++)
    {
      const Duty *duty = &g_array_index (list, Duty, i);
      g_assert_cmpint (duty->time.from, <, duty->time.to);
      if (i > 0)
        g_assert_cmpint (duty->time.from, ==, g_array_index (list, Duty, i - 1).time.to);
      const gint64 moments[] = { duty->time.from, duty->time.from + (duty->time.to - duty->time.from) / 2, duty->time.to - 1 };
      for (guint j = 0; j < G_N_ELEMENTS (moments); j++)
        {
          g_autoptr (GArray) now = schedule_find (&roster, schedule, moments[j]);
          g_assert_cmpuint (now->len, ==, 1);
          g_assert_true (g_array_index (now, Duty, 0).agent == duty->agent);
          g_assert_cmpint (schedule_next_change (&roster, schedule, moments[j]), ==, duty->time.to);
        }
    }
}

static void
test_seamless (void)
{
  for (int i = 0; i < 60; i++)
    {
      g_autoptr (Config) config = random_rotation ();
      check_seamless (config, 12000 * ZONE_DAY + (gint64) g_test_rand_int_range (0, 9000 * 86400) * G_USEC_PER_SEC);
    }
}

/* ---- calendars ---- */

#define EVENT(rest) "BEGIN:VEVENT\r\nUID:1\r\n" rest "END:VEVENT\r\n"
#define WINDOWS \
  "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\n" \
  "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n" \
  "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n" \
  "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n" \
  "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

static Config *
load_calendar (const char *body, GError **error)
{
  g_autofree char *ics = g_strconcat ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n", body, "END:VCALENDAR\r\n", NULL);
  g_autofree char *calendar = write_file ("noc.ics", ics);
  g_autofree char *path =
    write_file ("frontdesk.conf", PEOPLE "schedule \"s\" { timezone = \"America/Vancouver\" calendar = \"noc.ics\" }\n");
  return config_load (path, error);
}

/* The shifts of November 2026 and more, "alice FROM TO" in UTC, without the year where it is 2026. */
static const struct {
  const char *name, *body, *from, *to, *want;
} calendars[] = {
  { "one shift, floating", EVENT ("SUMMARY:alice\r\nDTSTART:20261123T080000\r\nDTEND:20261124T080000\r\n"), "2026-11-01", "2026-12-01",
    "alice 2026-11-23T16:00:00Z 2026-11-24T16:00:00Z" },
  { "in UTC", EVENT ("SUMMARY:ALICE\r\nDTSTART:20261123T080000Z\r\nDURATION:PT12H\r\n"), "2026-11-01", "2026-12-01",
    "alice 2026-11-23T08:00:00Z 2026-11-23T20:00:00Z" },
  { "by full name, a zone of the system", EVENT ("SUMMARY:carol ågren\r\nDTSTART;TZID=Europe/Berlin:20261123T080000\r\nDTEND;TZID=Europe/Berlin:20261123T180000\r\n"),
    "2026-11-01", "2026-12-01", "carol 2026-11-23T07:00:00Z 2026-11-23T17:00:00Z" },
  { "by address, a zone of the file further down",
    EVENT ("SUMMARY:bob@desk.example\r\nDTSTART;TZID=\"W. Europe Standard Time\":20260702T080000\r\nDTEND;TZID=W. Europe Standard Time:20260702T180000\r\n") WINDOWS,
    "2026-07-01", "2026-08-01", "bob 2026-07-02T06:00:00Z 2026-07-02T16:00:00Z" },
  { "by attendees, but for who declined",
    EVENT ("SUMMARY:On call\r\nATTENDEE;CN=A:mailto:Alice@desk.example\r\nATTENDEE;PARTSTAT=DECLINED:mailto:bob@desk.example\r\n"
           "ATTENDEE:MAILTO:carol@desk.example\r\nDTSTART:20261123T080000Z\r\nDTEND:20261123T090000Z\r\n"),
    "2026-11-01", "2026-12-01", "alice 2026-11-23T08:00:00Z 2026-11-23T09:00:00Z\ncarol 2026-11-23T08:00:00Z 2026-11-23T09:00:00Z" },
  { "the summary goes before attendees", EVENT ("SUMMARY:bob\r\nATTENDEE:mailto:alice@desk.example\r\nDTSTART:20261123T080000Z\r\nDTEND:20261123T090000Z\r\n"),
    "2026-11-01", "2026-12-01", "bob 2026-11-23T08:00:00Z 2026-11-23T09:00:00Z" },
  { "whole days", EVENT ("SUMMARY:alice\r\nDTSTART;VALUE=DATE:20260307\r\nDTEND;VALUE=DATE:20260309\r\n"), "2026-03-01", "2026-04-01",
    "alice 2026-03-07T08:00:00Z 2026-03-09T07:00:00Z" },
  { "one whole day", EVENT ("SUMMARY:alice\r\nDTSTART;VALUE=DATE:20260107\r\n"), "2026-01-01", "2026-02-01",
    "alice 2026-01-07T08:00:00Z 2026-01-08T08:00:00Z" },
  { "over the end of summer time, to the same hour", EVENT ("SUMMARY:alice\r\nDTSTART;TZID=Europe/Berlin:20261024T080000\r\nDTEND;TZID=Europe/Berlin:20261025T080000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"),
    "2026-10-20", "2026-11-01",
    "alice 2026-10-24T06:00:00Z 2026-10-25T07:00:00Z\nalice 2026-10-25T07:00:00Z 2026-10-26T07:00:00Z\nalice 2026-10-26T07:00:00Z 2026-10-27T07:00:00Z" },
  { "an end in another zone", EVENT ("SUMMARY:alice\r\nDTSTART;TZID=Europe/Berlin:20261024T080000\r\nDTEND;TZID=America/New_York:20261025T030000\r\n")
    EVENT ("SUMMARY:bob\r\nDTSTART;TZID=W. Europe Standard Time:20261024T080000\r\nDTEND:20261025T070000Z\r\n") WINDOWS, "2026-10-20", "2026-11-01",
    "alice 2026-10-24T06:00:00Z 2026-10-25T07:00:00Z\nbob 2026-10-24T06:00:00Z 2026-10-25T07:00:00Z" },
  { "a hand-over in the hour that is skipped", EVENT ("SUMMARY:alice\r\nDTSTART;TZID=Europe/Berlin:20260329T000000\r\nDTEND;TZID=Europe/Berlin:20260329T023000\r\n")
    EVENT ("SUMMARY:bob\r\nDTSTART;TZID=Europe/Berlin:20260329T023000\r\nDTEND;TZID=Europe/Berlin:20260329T031500\r\n"), "2026-03-28", "2026-03-30",
    "alice 2026-03-28T23:00:00Z 2026-03-29T01:00:00Z\nbob 2026-03-29T01:00:00Z 2026-03-29T01:15:00Z" },
  { "until a time of UTC", EVENT ("SUMMARY:alice\r\nDTSTART;TZID=Europe/Berlin:20261102T080000\r\nDTEND;TZID=Europe/Berlin:20261102T090000\r\n"
                                  "RRULE:FREQ=WEEKLY;UNTIL=20261109T070000Z\r\n"),
    "2026-11-01", "2026-12-01", "alice 2026-11-02T07:00:00Z 2026-11-02T08:00:00Z\nalice 2026-11-09T07:00:00Z 2026-11-09T08:00:00Z" },
  { "exceptions and further dates",
    EVENT ("SUMMARY:alice\r\nDTSTART;TZID=Europe/Berlin:20261102T080000\r\nDTEND;TZID=Europe/Berlin:20261102T090000\r\n"
           "RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE;TZID=Europe/Berlin:20261109T080000\r\nEXDATE;VALUE=DATE:20261116\r\n"
           "RDATE;TZID=Europe/Berlin:20261110T080000,20261111T080000\r\nRDATE;VALUE=PERIOD:20261112T070000Z/PT2H\r\n"),
    "2026-11-01", "2026-12-01",
    "alice 2026-11-02T07:00:00Z 2026-11-02T08:00:00Z\nalice 2026-11-10T07:00:00Z 2026-11-10T08:00:00Z\nalice 2026-11-11T07:00:00Z 2026-11-11T08:00:00Z\n"
    "alice 2026-11-12T07:00:00Z 2026-11-12T09:00:00Z\nalice 2026-11-23T07:00:00Z 2026-11-23T08:00:00Z" },
  { "one of a series is somebody else's, another one is cancelled",
    EVENT ("SUMMARY:alice\r\nDTSTART:20261102T080000Z\r\nDTEND:20261102T090000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n")
    EVENT ("SUMMARY:bob\r\nRECURRENCE-ID:20261109T080000Z\r\nDTSTART:20261109T100000Z\r\nDTEND:20261109T120000Z\r\n")
    EVENT ("SUMMARY:alice\r\nRECURRENCE-ID:20261116T080000Z\r\nSTATUS:CANCELLED\r\nDTSTART:20261116T080000Z\r\nDTEND:20261116T090000Z\r\n"),
    "2026-11-01", "2026-12-01", "alice 2026-11-02T08:00:00Z 2026-11-02T09:00:00Z\nbob 2026-11-09T10:00:00Z 2026-11-09T12:00:00Z" },
  { "cancelled", EVENT ("SUMMARY:alice\r\nSTATUS:CANCELLED\r\nDTSTART:20261102T080000Z\r\nDTEND:20261102T090000Z\r\n"), "2026-11-01", "2026-12-01", "" },
  { "two at once", EVENT ("SUMMARY:alice\r\nDTSTART:20261102T080000Z\r\nDTEND:20261102T120000Z\r\n")
    "BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:bob\r\nDTSTART:20261102T100000Z\r\nDTEND:20261102T140000Z\r\nEND:VEVENT\r\n",
    "2026-11-01", "2026-12-01", "alice 2026-11-02T08:00:00Z 2026-11-02T12:00:00Z\nbob 2026-11-02T10:00:00Z 2026-11-02T14:00:00Z" },
  { "the same shift twice", EVENT ("SUMMARY:alice\r\nDTSTART:20261102T080000Z\r\nDTEND:20261102T120000Z\r\n")
    EVENT ("SUMMARY:alice\r\nDTSTART:20261102T080000Z\r\nDTEND:20261102T120000Z\r\n"),
    "2026-11-01", "2026-12-01", "alice 2026-11-02T08:00:00Z 2026-11-02T12:00:00Z" },
};

static char *
list_shifts (const Config *config, const GPtrArray *overrides, const char *from, const char *to)
{
  const Roster roster = { .config = config, .overrides = overrides };
  g_autofree char *first = g_strconcat (from, "T00:00:00Z", NULL), *last = g_strconcat (to, "T00:00:00Z", NULL);
  g_autoptr (GArray) duties =
    schedule_list (&roster, schedule_of (config), (Interval){ read_instant (first, NULL), read_instant (last, NULL) });
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < duties->len; i++)
    {
      const Duty *duty = &g_array_index (duties, Duty, i);
      g_autofree char *begin = write_instant (duty->time.from), *end = write_instant (duty->time.to);
      g_string_append_printf (text, "%s%s %s %s", i > 0 ? "\n" : "", duty->agent->name, begin, end);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_calendars (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (calendars); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Config) config = load_calendar (calendars[i].body, &error);
      g_assert_no_error (error);
      g_autofree char *got = list_shifts (config, NULL, calendars[i].from, calendars[i].to);
      if (!g_str_equal (got, calendars[i].want))
        g_error ("%s: wanted\n%s\ngot\n%s", calendars[i].name, calendars[i].want, got);
      g_assert_null (config->remarks[0]);
    }
}

/* Shifts that meet on the wall clock meet on every night, by the system's rules and by the file's. */
static void
test_calendar_seamless (void)
{
  static const char *const zones[] = { "Europe/Berlin", "W. Europe Standard Time" };
  static const char *const meets[] = { "020000", "023000", "030000" };
  for (guint i = 0; i < G_N_ELEMENTS (zones); i++)
    for (guint j = 0; j < G_N_ELEMENTS (meets); j++)
      {
        g_autoptr (GError) error = NULL;
        g_autofree char *body = g_strdup_printf (
          WINDOWS "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:alice\r\nDTSTART;TZID=%s:20260301T%s\r\nDTEND;TZID=%s:20260301T140000\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n"
          "BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:bob\r\nDTSTART;TZID=%s:20260301T140000\r\nDTEND;TZID=%s:20260302T%s\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n",
          zones[i], meets[j], zones[i], zones[i], zones[i], meets[j]);
        g_autoptr (Config) config = load_calendar (body, &error);
        g_assert_no_error (error);
        check_seamless (config, read_instant ("2026-03-10T12:00:00Z", NULL));
        check_seamless (config, read_instant ("2026-10-10T12:00:00Z", NULL));
      }
}

static void
test_unknown_names (void)
{
  static const char body[] =
    EVENT ("SUMMARY:dave\r\nDTSTART:20261102T080000Z\r\nDTEND:20261102T090000Z\r\nRRULE:FREQ=DAILY\r\n")
    EVENT ("SUMMARY:dave\r\nDTSTART:20261103T100000Z\r\nDTEND:20261103T110000Z\r\nRRULE:FREQ=DAILY\r\n")
    EVENT ("SUMMARY:erin\r\nDTSTART:20151103T100000Z\r\nDTEND:20151103T110000Z\r\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load_calendar (body, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (config->remarks), ==, 1); /* once, and not who has left long ago */
  g_assert_nonnull (strstr (config->remarks[0], "noc.ics:4: nobody is on call by \"dave\""));
}

/* What a stranger writes into a calendar neither fills the log nor garbles it. */
static void
test_odd_names (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) body = g_string_new (EVENT ("SUMMARY:\x1b[31m\\nd\xe9j\xe0 vu\r\nDTSTART;VALUE=DATE:20990101\r\n"));
  g_autofree char *endless = g_strnfill (10000, 'x');
  g_string_append_printf (body, EVENT ("SUMMARY:%s\r\nDTSTART;VALUE=DATE:20990101\r\n"), endless);
  for (int i = 0; i < 100; i++)
    g_string_append_printf (body, EVENT ("SUMMARY:lunch %d\r\nDTSTART;VALUE=DATE:20990101\r\n"), i);
  g_autoptr (Config) config = load_calendar (body->str, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (config->remarks), ==, 21);
  g_assert_nonnull (strstr (config->remarks[0], "nobody is on call by \"[31m d\xef\xbf\xbdj\xef\xbf\xbd vu\","));
  g_assert_cmpuint (strlen (config->remarks[1]), <, 300);
  g_assert_true (g_str_has_suffix (config->remarks[20], "noc.ics: nobody is on call by 82 more names of events"));
}

/* The body begins on line 4. */
static const struct {
  const char *body, *says;
} mistakes[] = {
  { EVENT ("SUMMARY:alice\r\nDTEND:20261102T090000Z\r\n"), "noc.ics:4: the shift that begins here has no DTSTART" },
  { EVENT ("SUMMARY:alice\r\nDTSTART:20261102T090000Z\r\n"), "noc.ics:4: the shift that begins here has no end" },
  { EVENT ("SUMMARY:alice\r\nDTSTART:20261102T090000Z\r\nDTEND:20261102T080000Z\r\n"), "noc.ics:4: the shift that begins here has no end, ends before" },
  { EVENT ("SUMMARY:alice\r\nDTSTART:20261102T090000Z\r\nDTEND:20281102T080000Z\r\n"), "lasts too long" },
  { "X-A:1\r\n" EVENT ("SUMMARY:alice\r\nDTSTART;TZID=Mars/Base:20261102T090000\r\nDURATION:PT1H\r\n"), "noc.ics:5: the shift that begins here has no DTSTART, or its TZID" },
  { EVENT ("SUMMARY:alice\r\nDTSTART:20261102T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=SOMETIMES\r\n"), "noc.ics:4: the event that begins here has a value" },
  { EVENT ("SUMMARY:alice\r\nDTSTART:20261102T090000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n"), "noc.ics:4: this event makes too many shifts" },
  { EVENT ("SUMMARY:bob\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261109T080000Z\r\nDTSTART:20261109T100000Z\r\nDTEND:20261109T120000Z\r\n"), "RANGE is not understood" },
  { "BEGIN:VEVENT\r\nDTSTART:20260501T080000Z\r\n", "noc.ics:4: the event that begins here does not end" },
  { "BEGIN:VTIMEZONE\r\nTZID:x\r\n" EVENT (""), "noc.ics:4: the event that begins here does not end" },
  { "BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n", "noc.ics:4: the time zone that begins here has no TZID, or no rules" },
  { "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n", "noc.ics:4: the time zone that begins here has no TZID" },
  { "what is this\r\n", "noc.ics:4: this is no line" },
  { "END:VCALENDAR\r\n" EVENT ("SUMMARY:alice\r\nDTSTART:20261102T090000Z\r\nDURATION:PT1H\r\n") "X-A:", "noc.ics:12: the file breaks off here" },
};

static void
test_mistakes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Config) config = load_calendar (mistakes[i].body, &error);
      if (config != NULL)
        g_error ("mistake %u: loaded", i);
      g_assert_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE);
      if (!g_str_has_prefix (error->message, "calendar of schedule \"s\": ") || strstr (error->message, mistakes[i].says) == NULL)
        g_error ("mistake %u: %s", i, error->message);
    }
}

/* ---- overrides ---- */

static void
add_override (GPtrArray *overrides, const char *agent, const char *instead, const char *from, const char *to)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier ("America/Vancouver");
  Override *override = g_new0 (Override, 1);
  *override = (Override){ .id = overrides->len + 1, .schedule = g_strdup ("s"), .agent = g_strdup (agent), .instead = g_strdup (instead),
                          .from = read_instant (from, zone), .to = read_instant (to, zone), .actor = g_strdup ("dora") };
  g_ptr_array_add (overrides, override);
}

/* Alice by day, bob by night from Monday on; nobody from Thursday, 08:00. */
static Config *
load_week (void)
{
  g_autoptr (GError) error = NULL;
  Config *config = load_calendar (EVENT ("SUMMARY:alice\r\nDTSTART:20261123T080000\r\nDTEND:20261123T200000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
                                  EVENT ("SUMMARY:bob\r\nDTSTART:20261123T200000\r\nDTEND:20261124T080000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"), &error);
  g_assert_no_error (error);
  return config;
}

static void
assert_on_call (const Config *config, const GPtrArray *overrides, const char *at, const char *want)
{
  g_autofree char *got = ask (config, overrides, at);
  if (!g_str_equal (got, want))
    g_error ("%s: wanted %s, got %s", at, want, got);
}

static void
test_overrides (void)
{
  g_autoptr (Config) config = load_week ();
  g_autoptr (GPtrArray) overrides = g_ptr_array_new_with_free_func ((GDestroyNotify) override_free);
  assert_on_call (config, overrides, "2026-11-23T10:00", "alice until 2026-11-24T04:00:00Z: shift 'alice', Mon 08:00 to Mon 20:00");
  assert_on_call (config, overrides, "2026-11-26T10:00", "");
  add_override (overrides, "carol", "alice", "2026-11-23T12:00", "2026-11-24T12:00");
  assert_on_call (config, overrides, "2026-11-23T10:00", "alice until 2026-11-23T20:00:00Z: shift 'alice', Mon 08:00 to Mon 20:00");
  assert_on_call (config, overrides, "2026-11-23T12:00", "carol until 2026-11-24T04:00:00Z: override 1 by dora, instead of alice");
  assert_on_call (config, overrides, "2026-11-23T23:00", "bob until 2026-11-24T16:00:00Z: shift 'bob', Mon 20:00 to Tue 08:00");
  assert_on_call (config, overrides, "2026-11-24T09:00", "carol until 2026-11-24T20:00:00Z: override 1 by dora, instead of alice");
  add_override (overrides, "alice", NULL, "2026-11-26T07:00", "2026-11-26T12:00"); /* over a shift and a gap */
  assert_on_call (config, overrides, "2026-11-26T10:00", "alice until 2026-11-26T20:00:00Z: override 2 by dora");
  assert_on_call (config, overrides, "2026-11-26T06:00", "bob until 2026-11-26T15:00:00Z: shift 'bob', Wed 20:00 to Thu 08:00");
  add_override (overrides, "bob", "carol", "2026-11-23T13:00", "2026-11-23T14:00"); /* the one made last counts */
  assert_on_call (config, overrides, "2026-11-23T13:30", "bob until 2026-11-23T22:00:00Z: override 3 by dora, instead of carol");
  add_override (overrides, "nobody", NULL, "2026-11-23T08:00", "2026-11-27T08:00"); /* who has left */
  assert_on_call (config, overrides, "2026-11-23T10:00", "alice until 2026-11-23T20:00:00Z: shift 'alice', Mon 08:00 to Mon 20:00");
}

static void
test_override_list (void)
{
  g_autoptr (Config) config = load_week ();
  g_autoptr (GPtrArray) overrides = g_ptr_array_new_with_free_func ((GDestroyNotify) override_free);
  add_override (overrides, "carol", "alice", "2026-11-23T12:00", "2026-11-23T14:00");
  g_autofree char *got = list_shifts (config, overrides, "2026-11-23", "2026-11-25");
  g_assert_cmpstr (got, ==,
                   "alice 2026-11-23T16:00:00Z 2026-11-23T20:00:00Z\ncarol 2026-11-23T20:00:00Z 2026-11-23T22:00:00Z\n"
                   "alice 2026-11-23T22:00:00Z 2026-11-24T04:00:00Z\nbob 2026-11-24T04:00:00Z 2026-11-24T16:00:00Z\n"
                   "alice 2026-11-24T16:00:00Z 2026-11-25T04:00:00Z");
}

/* Bob takes alice's place while both are on call: he is one person. */
static void
test_override_of_a_colleague (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load_calendar (EVENT ("SUMMARY:alice\r\nDTSTART:20261123T080000\r\nDTEND:20261123T200000\r\n")
                                             EVENT ("SUMMARY:bob\r\nDTSTART:20261123T080000\r\nDTEND:20261123T180000\r\n"), &error);
  g_autoptr (GPtrArray) overrides = g_ptr_array_new_with_free_func ((GDestroyNotify) override_free);
  g_assert_no_error (error);
  add_override (overrides, "bob", "alice", "2026-11-23T08:00", "2026-11-24T08:00");
  assert_on_call (config, overrides, "2026-11-23T10:00", "bob until 2026-11-24T04:00:00Z: override 1 by dora, instead of alice");
}

static void
test_gaps (void)
{
  g_autoptr (Config) config = load_week ();
  g_autoptr (GPtrArray) overrides = g_ptr_array_new_with_free_func ((GDestroyNotify) override_free);
  add_override (overrides, "carol", NULL, "2026-11-26T12:00", "2026-11-26T14:00");
  const Roster roster = { .config = config, .overrides = overrides };
  Interval span = { read_instant ("2026-11-20T00:00:00Z", NULL), read_instant ("2026-11-28T00:00:00Z", NULL) };
  g_autoptr (GArray) gaps = schedule_find_gaps (&roster, schedule_of (config), span);
  g_autoptr (GString) got = g_string_new (NULL);
  for (guint i = 0; i < gaps->len; i++)
    {
      const Interval *gap = &g_array_index (gaps, Interval, i);
      g_autofree char *from = write_instant (gap->from), *to = write_instant (gap->to);
      g_string_append_printf (got, "%s %s\n", from, to);
    }
  g_assert_cmpstr (got->str, ==,
                   "2026-11-20T00:00:00Z 2026-11-23T16:00:00Z\n2026-11-26T16:00:00Z 2026-11-26T20:00:00Z\n2026-11-26T22:00:00Z 2026-11-28T00:00:00Z\n");
}

/* ---- the days ahead ---- */

static GPtrArray *
look_ahead (const Config *config, const GPtrArray *overrides, const char *at)
{
  return lookahead_find (&(Roster){ .config = config, .overrides = overrides }, read_instant (at, NULL));
}

static void
assert_findings (const GPtrArray *findings, const char *const *wanted)
{
  g_assert_cmpuint (findings->len, ==, g_strv_length ((char **) wanted));
  for (guint i = 0; i < findings->len; i++)
    g_assert_cmpstr (((const Finding *) g_ptr_array_index (findings, i))->text, ==, wanted[i]);
}

/* As time goes on, a trouble is called otherwise, but is known by its key. */
static void
test_look_ahead (void)
{
  g_autoptr (Config) config = load_week ();
  g_autoptr (GPtrArray) before = look_ahead (config, NULL, "2026-11-22T08:00:00Z"),
                        later = look_ahead (config, NULL, "2026-11-22T09:00:00Z"),
                        during = look_ahead (config, NULL, "2026-11-24T08:00:00Z");
  assert_findings (before, (const char *const[]){
    "nobody is on call by schedule \"s\" from 2026-11-22 00:00 to 2026-11-23 08:00 (America/Vancouver)",
    "nobody is on call by schedule \"s\" from 2026-11-26 08:00 to 2026-12-22 00:00 (America/Vancouver)", NULL });
  assert_findings (later, (const char *const[]){
    "nobody is on call by schedule \"s\" from 2026-11-22 01:00 to 2026-11-23 08:00 (America/Vancouver)",
    "nobody is on call by schedule \"s\" from 2026-11-26 08:00 to 2026-12-22 01:00 (America/Vancouver)", NULL });
  const Finding *first = g_ptr_array_index (before, 0), *last = g_ptr_array_index (before, 1);
  g_assert_cmpstr (((const Finding *) g_ptr_array_index (later, 0))->key, ==, first->key);
  g_assert_cmpstr (((const Finding *) g_ptr_array_index (later, 1))->key, ==, last->key);
  g_assert_cmpuint (during->len, ==, 1);
  g_assert_cmpstr (((const Finding *) g_ptr_array_index (during, 0))->key, ==, last->key);
  g_assert_cmpstr (first->key, !=, last->key);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("frontdesk-schedule-XXXXXX", NULL);
  g_test_add_func ("/schedule/vectors", test_vectors);
  g_test_add_func ("/schedule/turns", test_turns);
  g_test_add_func ("/schedule/month-ends", test_month_ends);
  g_test_add_func ("/schedule/seamless", test_seamless);
  g_test_add_func ("/schedule/calendars", test_calendars);
  g_test_add_func ("/schedule/calendar-seamless", test_calendar_seamless);
  g_test_add_func ("/schedule/unknown-names", test_unknown_names);
  g_test_add_func ("/schedule/odd-names", test_odd_names);
  g_test_add_func ("/schedule/mistakes", test_mistakes);
  g_test_add_func ("/schedule/overrides", test_overrides);
  g_test_add_func ("/schedule/override-list", test_override_list);
  g_test_add_func ("/schedule/override-of-a-colleague", test_override_of_a_colleague);
  g_test_add_func ("/schedule/gaps", test_gaps);
  g_test_add_func ("/schedule/look-ahead", test_look_ahead);
  int status = g_test_run ();
  static const char *const files[] = { "noc.ics", "frontdesk.conf" };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
  return status;
}
