/* Business time: the published results of other programs, and what must hold of every calendar. */
#include "desk/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/hours.h"
#include "config/zone.h"

#define SECONDS(n) ((gint64) (n) * G_USEC_PER_SEC)

/* ---- calendars as the tables write them ---- */

static void
free_calendar (Calendar *calendar)
{
  g_clear_pointer (&calendar->zone, g_time_zone_unref);
  g_array_unref (calendar->dates);
  for (guint i = 0; i < 7; i++)
    g_array_unref (calendar->week[i]);
  g_free (calendar);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Calendar, free_calendar)

static Calendar *
new_calendar (const char *zone)
{
  Calendar *calendar = g_new0 (Calendar, 1);
  calendar->zone = g_time_zone_new_identifier (zone);
  g_assert_nonnull (calendar->zone);
  calendar->dates = g_array_new (FALSE, FALSE, sizeof (CalendarDate));
  for (guint i = 0; i < 7; i++)
    calendar->week[i] = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  return calendar;
}

/* "HH:MM-HH:MM", the end with "+1" when it is on the next day. */
static DaySpan
read_span (const char *text)
{
  int from_hour, from_minute, to_hour, to_minute;
  g_assert_cmpint (sscanf (text, "%d:%d-%d:%d", &from_hour, &from_minute, &to_hour, &to_minute), ==, 4);
  int next = strstr (text, "+1") != NULL ? 24 : 0;
  return (DaySpan){ (from_hour * 60 + from_minute) * 60, ((to_hour + next) * 60 + to_minute) * 60 };
}

static void
read_week (Calendar *calendar, const char *text)
{
  g_auto (GStrv) days = g_strsplit (text, ";", -1);
  for (guint i = 0; days[i] != NULL; i++)
    {
      guint mask;
      DaySpan span;
      g_autofree char *day = g_strndup (days[i], 3);
      g_autofree char *hours = g_strconcat (day, " 00:00-24:00", NULL);
      g_assert_true (hours_parse (hours, &mask, &span));
      g_auto (GStrv) spans = g_strsplit (days[i] + 4, ",", -1);
      for (guint j = 0; spans[j] != NULL; j++)
        {
          span = read_span (spans[j]);
          g_array_append_val (calendar->week[g_bit_nth_lsf (mask, -1)], span);
        }
    }
}

static void
add_date (Calendar *calendar, const char *date, DateKind kind, DaySpan span)
{
  CalendarDate entry = { .kind = kind, .span = span, .name = "" };
  DaySpan whole;
  if (hours_parse_date (date, &entry.day, &whole))
    g_array_append_val (calendar->dates, entry);
}

static void
read_holidays (Calendar *calendar, const char *text)
{
  g_auto (GStrv) dates = g_strsplit (text, ",", -1);
  for (guint i = 0; dates[i] != NULL; i++)
    for (int year = 2000; *dates[i] == '*' && year < 2035; year++)
      {
        g_autofree char *date = g_strdup_printf ("%d%s", year, dates[i] + 1);
        add_date (calendar, date, DATE_HOLIDAY, (DaySpan){ 0 });
      }
  for (guint i = 0; dates[i] != NULL; i++)
    add_date (calendar, dates[i], DATE_HOLIDAY, (DaySpan){ 0 });
}

static void
read_overrides (Calendar *calendar, const char *text)
{
  g_auto (GStrv) dates = g_strsplit (text, ";", -1);
  for (guint i = 0; dates[i] != NULL; i++)
    {
      g_autofree char *date = g_strndup (dates[i], strlen ("YYYY-MM-DD"));
      gboolean closed = dates[i][strlen (date)] == '-';
      g_auto (GStrv) spans = g_strsplit (strchr (dates[i], '=') + 1, ",", -1);
      for (guint j = 0; spans[j] != NULL; j++)
        add_date (calendar, date, closed ? DATE_CLOSED : DATE_SPECIAL, read_span (spans[j]));
    }
}

static int
compare_dates (gconstpointer one, gconstpointer other)
{
  return ((const CalendarDate *) one)->day - ((const CalendarDate *) other)->day;
}

/* ---- the tables ---- */

enum { ID, OP, ZONE, START, START_UTC, WEEK, HOLIDAYS, OVERRIDES, PAUSES, ARGUMENT, EXPECTED, COLUMNS };

static gint64
read_instant (const char *text)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, NULL);
  if (time == NULL)
    g_error ("\"%s\" is no time", text);
  return SECONDS (g_date_time_to_unix (time));
}

static char *
write_instant (gint64 at)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  return g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
}

static GArray *
read_pauses (const char *text)
{
  GArray *pauses = g_array_new (FALSE, FALSE, sizeof (Interval));
  g_auto (GStrv) list = g_strsplit (text, " ", -1);
  for (guint i = 0; list[i] != NULL && *list[i] != '\0'; i++)
    {
      g_auto (GStrv) ends = g_strsplit (list[i], "/", 2);
      Interval pause = { read_instant (ends[0]), read_instant (ends[1]) };
      g_array_append_val (pauses, pause);
    }
  return pauses;
}

/* The last instant from which AMOUNT of open time is left until AT; the end of the open time before AT for none. */
static gint64
subtract (const Calendar *calendar, gint64 at, gint64 amount, const GArray *pauses)
{
  gint64 low = at - 40 * ZONE_DAY, high = at;
  while (high - low > 1)
    {
      gint64 middle = low + (high - low) / 2;
      gint64 left = calendar_elapsed (calendar, middle, at, pauses);
      if (amount > 0 ? left >= amount : left > 0)
        low = middle;
      else
        high = middle;
    }
  return amount > 0 ? low : high;
}

/* The COUNTth date behind that of AT that has open time, at the same wall clock, and from there the next open instant. */
static gint64
add_days (const Calendar *calendar, gint64 at, int count)
{
  gint64 day = zone_local_day (calendar->zone, at), clock = at - zone_instant (calendar->zone, day, 0, ZONE_FIRST);
  gint64 closing;
  Interval open;
  g_assert_true (calendar_closing (calendar, at, count, &closing));
  day = zone_local_day (calendar->zone, closing - 1);
  g_assert_true (calendar_next_open (calendar, zone_instant (calendar->zone, day, clock, ZONE_SHIFT), NULL, &open));
  return open.from;
}

static char *
write_windows (const Calendar *calendar, gint64 at, const char *expected)
{
  GString *text = g_string_new (NULL);
  g_auto (GStrv) wanted = g_strsplit (expected, " ", -1);
  for (guint i = 0; i < g_strv_length (wanted); i++)
    {
      Interval open;
      g_assert_true (calendar_next_open (calendar, at, NULL, &open));
      g_autofree char *from = write_instant (open.from), *to = write_instant (open.to);
      g_string_append_printf (text, "%s%s/%s", i > 0 ? " " : "", from, to);
      at = open.to;
    }
  return g_string_free (text, FALSE);
}

/* The wall clock "YYYY-MM-DDTHH:MM[:SS]". */
static gint64
local_instant (GTimeZone *zone, const char *text, ZoneRule rule)
{
  g_autofree char *utc = g_strconcat (text, strlen (text) == strlen ("YYYY-MM-DDTHH:MM") ? ":00Z" : "Z", NULL);
  gint64 local = read_instant (utc);
  return zone_instant (zone, local / ZONE_DAY, local % ZONE_DAY, rule);
}

static char *
evaluate (const Calendar *calendar, char **row, const GArray *pauses)
{
  const char *op = row[OP], *argument = row[ARGUMENT];
  gint64 start = read_instant (row[START_UTC]), result;
  if (g_str_equal (op, "add"))
    {
      g_assert_true (calendar_add (calendar, start, SECONDS (g_ascii_strtoll (argument, NULL, 10)), pauses, &result));
      return write_instant (result);
    }
  if (g_str_equal (op, "diff"))
    return g_strdup_printf ("%" G_GINT64_FORMAT,
                            calendar_elapsed (calendar, start, read_instant (argument), pauses) / G_USEC_PER_SEC);
  if (g_str_equal (op, "open"))
    return g_strdup (calendar_is_open (calendar, start, pauses) ? "1" : "0");
  if (g_str_equal (op, "sub"))
    return write_instant (subtract (calendar, start, SECONDS (g_ascii_strtoll (argument, NULL, 10)), pauses));
  if (g_str_equal (op, "add_days"))
    return write_instant (add_days (calendar, start, atoi (argument)));
  if (g_str_equal (op, "windows"))
    return write_windows (calendar, start, row[EXPECTED]);
  return NULL;
}

static char *
evaluate_local (GTimeZone *zone, char **row)
{
  ZoneRule rule = g_str_equal (row[OP], "local_first")  ? ZONE_FIRST
                  : g_str_equal (row[OP], "local_last") ? ZONE_LAST
                                                        : ZONE_SHIFT;
  return write_instant (local_instant (zone, row[START], rule));
}

/* V098 has a window's edge in a gap: biz moves the edge, we go by the wall clock, so what is left of it is open. */
static const char *
wanted (char **row)
{
  return g_str_equal (row[ID], "V098") ? "2006-04-02T10:00:00Z/2006-04-02T10:15:00Z" : row[EXPECTED];
}

static void
check_row (char **row)
{
  g_autoptr (Calendar) calendar = new_calendar (row[ZONE]);
  g_autoptr (GArray) pauses = read_pauses (row[PAUSES]);
  if (*row[WEEK] != '\0')
    read_week (calendar, row[WEEK]);
  read_holidays (calendar, row[HOLIDAYS]);
  if (*row[OVERRIDES] != '\0')
    read_overrides (calendar, row[OVERRIDES]);
  g_array_sort (calendar->dates, compare_dates);
  g_autofree char *got =
    g_str_has_prefix (row[OP], "local") ? evaluate_local (calendar->zone, row) : evaluate (calendar, row, pauses);
  if (g_strcmp0 (got, wanted (row)) != 0)
    g_error ("%s: %s is %s, not %s", row[ID], row[OP], got, wanted (row));
}

static void
test_table (gconstpointer name)
{
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (source != NULL ? source : ".", "tests", "data", "vectors", name, NULL);
  g_autofree char *text = NULL;
  guint count = 0;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) row = g_strsplit (lines[i], "\t", -1);
      if (*lines[i] == '#' || g_strv_length (row) < COLUMNS || g_str_equal (row[ID], "id"))
        continue;
      check_row (row);
      count++;
    }
  g_test_message ("%u rows", count);
  g_assert_cmpuint (count, >, 10);
}

/* ---- properties ---- */

static gint64
random_time (gint64 from, gint64 length)
{
  return from + (gint64) (g_test_rand_double () * (double) length);
}

static Calendar *
random_calendar (void)
{
  static const char *const zones[] = { "UTC", "America/Vancouver", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Apia",
                                       "America/Sao_Paulo", "Asia/Ho_Chi_Minh" };
  Calendar *calendar = new_calendar (zones[g_test_rand_int_range (0, G_N_ELEMENTS (zones))]);
  for (guint i = 0; i < 7; i++)
    for (int j = g_test_rand_int_range (0, 3); j > 0; j--)
      {
        gint32 from = g_test_rand_int_range (0, 1440) * 60;
        DaySpan span = { from, from + g_test_rand_int_range (1, 1440) * 60 };
        g_array_append_val (calendar->week[i], span);
      }
  DaySpan noon = { 43200, 50400 };
  g_array_append_val (calendar->week[2], noon); /* never without any */
  for (int day = 15000; day < 15040; day += g_test_rand_int_range (1, 9))
    {
      CalendarDate date = { .day = day, .kind = (DateKind) g_test_rand_int_range (0, 4), .span = { 36000, 61200 } };
      g_array_append_val (calendar->dates, date);
    }
  return calendar;
}

static GArray *
random_pauses (gint64 from)
{
  GArray *pauses = g_array_new (FALSE, FALSE, sizeof (Interval));
  for (int i = g_test_rand_int_range (0, 5); i > 0; i--)
    {
      gint64 begin = random_time (from, 10 * ZONE_DAY);
      Interval pause = { begin, random_time (begin, 2 * ZONE_DAY) };
      g_array_append_val (pauses, pause);
    }
  return pauses;
}

static void
check_properties (const Calendar *calendar, const GArray *pauses, gint64 start)
{
  gint64 a = random_time (1, 2 * ZONE_DAY), b = random_time (1, 2 * ZONE_DAY), first, second, both, later;
  g_assert_true (calendar_add (calendar, start, a, pauses, &first));
  g_assert_true (calendar_add (calendar, first, b, pauses, &second));
  g_assert_true (calendar_add (calendar, start, a + b, pauses, &both));
  g_assert_true (calendar_add (calendar, random_time (start, ZONE_DAY), a, pauses, &later));
  g_assert_cmpint (second, ==, both);                                                     /* in two steps as in one */
  g_assert_cmpint (first, <=, both);                                                      /* more takes longer */
  g_assert_cmpint (first, <=, later);                                                     /* and so does a later start */
  g_assert_cmpint (calendar_elapsed (calendar, start, first, pauses), ==, a);             /* what was added has passed */
  g_assert_cmpint (calendar_elapsed (calendar, start, first - 1, pauses), ==, a - 1);     /* and not a moment earlier */
  gint64 middle = random_time (start, both - start);
  g_assert_cmpint (calendar_elapsed (calendar, start, middle, pauses) + calendar_elapsed (calendar, middle, both, pauses), ==,
                   a + b);                                                                /* wherever it is divided */
  g_assert_cmpint (calendar_elapsed (calendar, both, start, pauses), ==, 0);              /* time does not run back */
  g_assert_true (calendar_is_open (calendar, first - 1, pauses));                         /* the last moment counted */
}

/* A pause in closed time changes nothing. */
static void
check_pause_outside (const Calendar *calendar, const GArray *pauses, gint64 start)
{
  Interval open;
  g_assert_true (calendar_next_open (calendar, start, pauses, &open));
  g_autoptr (GArray) more = g_array_copy ((GArray *) pauses);
  Interval outside = { start, open.from };
  g_array_append_val (more, outside);
  gint64 without, with;
  g_assert_true (calendar_add (calendar, start, ZONE_DAY / 3, pauses, &without));
  g_assert_true (calendar_add (calendar, start, ZONE_DAY / 3, more, &with));
  g_assert_cmpint (with, ==, without);
}

static void
test_properties (void)
{
  for (int i = 0; i < 300; i++)
    {
      g_autoptr (Calendar) calendar = random_calendar ();
      gint64 start = random_time (15000 * ZONE_DAY, 300 * ZONE_DAY);
      g_autoptr (GArray) pauses = random_pauses (start);
      check_properties (calendar, pauses, start);
      check_pause_outside (calendar, pauses, start);
    }
}

/* ---- what the tables leave out ---- */

static void
test_never_open (void)
{
  g_autoptr (Calendar) calendar = new_calendar ("Europe/Berlin");
  Interval open;
  gint64 at;
  g_assert_false (calendar_next_open (calendar, 0, NULL, &open));
  g_assert_false (calendar_add (calendar, 0, 1, NULL, &at));
  g_assert_false (calendar_closing (calendar, 0, 1, &at));
  g_assert_cmpint (calendar_elapsed (calendar, 0, ZONE_DAY, NULL), ==, 0);
}

/* The closing of the Nth business day: not the day of arrival, whatever its hour; over weekends, holidays and closures. */
static void
test_closing (void)
{
  static const struct { const char *from; int count; const char *want; } rows[] = {
    { "2026-11-20T17:55:00-05:00", 1, "2026-11-23T22:00:00Z" }, { "2026-11-20T08:00:00-05:00", 7, "2026-12-01T22:00:00Z" },
    { "2026-11-21T12:00:00-05:00", 1, "2026-11-23T22:00:00Z" }, { "2026-12-23T12:00:00-05:00", 1, "2026-12-24T17:00:00Z" },
    { "2026-12-24T12:00:00-05:00", 1, "2026-12-28T22:00:00Z" }, { "2026-10-30T12:00:00-04:00", 1, "2026-11-02T22:00:00Z" },
  };
  g_autoptr (Calendar) calendar = new_calendar ("America/Toronto");
  read_week (calendar, "mon=09:00-17:00;tue=09:00-17:00;wed=09:00-17:00;thu=09:00-17:00;fri=09:00-17:00");
  add_date (calendar, "2026-12-24", DATE_CLOSED, (DaySpan){ 12 * 3600, 24 * 3600 });
  add_date (calendar, "2026-12-25", DATE_HOLIDAY, (DaySpan){ 0 });
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 closing;
      g_assert_true (calendar_closing (calendar, read_instant (rows[i].from), rows[i].count, &closing));
      g_autofree char *got = write_instant (closing);
      g_assert_cmpstr (got, ==, rows[i].want);
    }
}

/* A pause that is not over ends at G_MAXINT64: nothing counts behind its beginning. */
static void
test_open_pause (void)
{
  g_autoptr (Calendar) calendar = new_calendar ("America/Toronto");
  read_week (calendar, "mon=09:00-17:00");
  gint64 opening = read_instant ("2026-11-23T09:00:00-05:00"), hour = ZONE_DAY / 24, at;
  const Interval pause = { opening + hour, G_MAXINT64 };
  g_autoptr (GArray) pauses = g_array_new (FALSE, FALSE, sizeof (Interval));
  g_array_append_val (pauses, pause);
  g_assert_true (calendar_add (calendar, opening, hour, pauses, &at));
  g_assert_cmpint (at, ==, opening + hour);
  g_assert_false (calendar_add (calendar, opening, hour + 1, pauses, &at));
  g_assert_cmpint (calendar_elapsed (calendar, opening, opening + 9 * ZONE_DAY, pauses), ==, hour);
  g_autoptr (GArray) shares = calendar_shares (calendar, opening, opening + 9 * ZONE_DAY, pauses);
  g_assert_cmpuint (shares->len, ==, 1);
  g_assert_cmpint (g_array_index (shares, DayShare, 0).time, ==, hour);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/calendar/vectors", "vectors.tsv", test_table);
  g_test_add_data_func ("/calendar/derived-vectors", "derived_vectors.tsv", test_table);
  g_test_add_func ("/calendar/properties", test_properties);
  g_test_add_func ("/calendar/never-open", test_never_open);
  g_test_add_func ("/calendar/closing", test_closing);
  g_test_add_func ("/calendar/open-pause", test_open_pause);
  return g_test_run ();
}
