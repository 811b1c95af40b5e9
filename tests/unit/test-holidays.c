/* Holidays from iCalendar files: which dates they close, and what is said of a file that is wrong. */
#include "desk/calendar.h"

#include <string.h>

#include <glib/gstdio.h>

static char *folder;

static char *
write_file (const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

/* A calendar of all days with the events BODY as holidays, and further settings MORE. */
static Config *
load (const char *body, const char *more, GError **error)
{
  g_autofree char *ics = g_strconcat ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n", body, "END:VCALENDAR\r\n", NULL);
  g_autofree char *holidays = write_file ("h.ics", ics);
  g_autofree char *text = g_strconcat (
    "calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-sun 09:00-17:00\"} holidays = {\"h.ics\"} ", more, " }\n", NULL);
  g_autofree char *path = write_file ("frontdesk.conf", text);
  return config_load (path, error);
}

static gboolean
is_open_at_noon (const Config *config, const char *date)
{
  g_autofree char *text = g_strconcat (date, "T12:00:00+01:00", NULL);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, NULL);
  const Calendar *calendar = g_ptr_array_index (config->calendars, 1);
  return calendar_is_open (calendar, g_date_time_to_unix (time) * G_USEC_PER_SEC, NULL);
}

#define EVENT(start, rest) "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Long\r\n  name\r\nDTSTART;VALUE=DATE:" start "\r\n" rest "END:VEVENT\r\n"

static const struct {
  const char *name, *body, *more, *closed, *open; /* dates with blanks between */
} rows[] = {
  { "a day", EVENT ("20260501", ""), "", "2026-05-01", "2026-04-30 2026-05-02 2027-05-01" },
  { "three days", EVENT ("20260501", "DTEND;VALUE=DATE:20260504\r\n"), "", "2026-05-01 2026-05-03", "2026-05-04" },
  { "yearly", EVENT ("20240501", "RRULE:FREQ=YEARLY\r\n"), "", "2024-05-01 2026-05-01 2099-05-01", "2023-05-01 2026-05-02" },
  { "a Monday of a month", EVENT ("20260504", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO\r\n"), "", "2026-05-04 2027-05-03",
    "2027-05-04" },
  { "the leap day", EVENT ("20240229", "RRULE:FREQ=YEARLY\r\n"), "", "2024-02-29 2028-02-29", "2026-02-28 2026-03-01" },
  { "an exception", EVENT ("20240501", "RRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20260501\r\n"), "", "2025-05-01 2027-05-01",
    "2026-05-01" },
  { "further dates", EVENT ("20260501", "RDATE;VALUE=DATE:20260601,20260701\r\nRDATE;VALUE=DATE:20260803\r\n"), "",
    "2026-05-01 2026-06-01 2026-07-01 2026-08-03", "2026-06-02" },
  { "cancelled", EVENT ("20260501", "STATUS:CANCELLED\r\n"), "", "", "2026-05-01" },
  { "worked by name", EVENT ("20260501", ""), "open-holidays = {\"long NAME\"}", "", "2026-05-01" },
  { "worked by date", EVENT ("20240501", "RRULE:FREQ=YEARLY\r\n"), "open-holidays = {\"2026-05-01\"}", "2027-05-01", "2026-05-01" },
  { "not by another name", EVENT ("20260501", ""), "open-holidays = {\"Long\"}", "2026-05-01", "" },
  { "none", "", "", "", "2026-05-01" },
  { "a holiday beats extra hours", EVENT ("20260501", ""), "extra = {\"2026-05-01 09:00-17:00\"}", "2026-05-01", "" },
};

static void
check_dates (const Config *config, const char *name, const char *dates, gboolean open)
{
  g_auto (GStrv) list = g_strsplit (dates, " ", -1);
  for (guint i = 0; list[i] != NULL; i++)
    if (*list[i] != '\0' && is_open_at_noon (config, list[i]) != open)
      g_error ("%s: %s is %s", name, list[i], open ? "closed" : "open");
}

static void
test_dates (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Config) config = load (rows[i].body, rows[i].more, &error);
      g_assert_no_error (error);
      check_dates (config, rows[i].name, rows[i].closed, FALSE);
      check_dates (config, rows[i].name, rows[i].open, TRUE);
    }
}

/* The body begins on line 4. */
static const struct {
  const char *body, *place, *says;
} mistakes[] = {
  { EVENT ("20261301", ""), "h.ics:4: ", "whole day" },
  { "X-ROOM:1\r\n" EVENT ("20260501T090000", ""), "h.ics:5: ", "DTSTART" },
  { "BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n", "h.ics:4: ", "DTSTART" },
  { EVENT ("20260501", "DTEND;VALUE=DATE:20260430\r\n"), "h.ics:4: ", "ends before" },
  { EVENT ("20260501", "RRULE:FREQ=SOMETIMES\r\n"), "h.ics:4: ", "RFC 5545" },
  { "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260501\r\n", "h.ics:4: ", "does not end" },
  { EVENT ("20260501", "") "what is this\r\n", "h.ics:10: ", "no line" },
};

static void
test_mistakes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Config) config = load (mistakes[i].body, "", &error);
      g_assert_null (config);
      g_assert_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE);
      if (strstr (error->message, mistakes[i].place) == NULL || strstr (error->message, mistakes[i].says) == NULL)
        g_error ("mistake %u: %s", i, error->message);
    }
}

static void
test_no_calendar (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *holidays = write_file ("h.ics", "<html>moved</html>\n");
  g_autofree char *path =
    write_file ("frontdesk.conf", "calendar \"c\" { hours = {\"mon 09:00-17:00\"} holidays = {\"h.ics\"} }\n");
  g_assert_null (config_load (path, &error));
  g_assert_nonnull (strstr (error->message, "h.ics:1: "));
}

/* What is shipped loads, and closes what it should. */
static void
test_shipped (void)
{
  static const struct { const char *file, *closed, *open; } shipped[] = {
    { "ca-bc.ics", "2026-02-16 2026-05-18 2026-12-25 2027-09-06", "2026-04-06 2026-12-26 2027-12-27" },
    { "vn.ics", "2026-02-16 2026-02-20 2026-04-27 2026-09-01 2027-02-09 2027-09-03", "2026-02-13 2026-09-03" },
  };
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  for (guint i = 0; i < G_N_ELEMENTS (shipped); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *file = g_build_filename (source != NULL ? source : ".", "conf", "holidays", shipped[i].file, NULL);
      g_autofree char *full = g_canonicalize_filename (file, NULL);
      g_autofree char *text = g_strdup_printf ("calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-sun 09:00-17:00\"} "
                                               "holidays = {\"%s\"} }\n", full);
      g_autofree char *path = write_file ("frontdesk.conf", text);
      g_autoptr (Config) config = config_load (path, &error);
      g_assert_no_error (error);
      g_assert_null (config->remarks[0]);
      check_dates (config, shipped[i].file, shipped[i].closed, FALSE);
      check_dates (config, shipped[i].file, shipped[i].open, TRUE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("frontdesk-holidays-XXXXXX", NULL);
  g_test_add_func ("/holidays/dates", test_dates);
  g_test_add_func ("/holidays/mistakes", test_mistakes);
  g_test_add_func ("/holidays/no-calendar", test_no_calendar);
  g_test_add_func ("/holidays/shipped", test_shipped);
  int status = g_test_run ();
  static const char *const files[] = { "h.ics", "frontdesk.conf" };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (folder, files[i], NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
  return status;
}
