/* The last good copy of an on-call calendar: when it is kept, when it counts, and what a renewed configuration is made of. */
#include "config/calendar_copy.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "config/config.h"

#define PEOPLE \
  "database = \"desk.db\"\n" \
  "agent \"alice\" { mail = \"alice@desk.example\" }\n" \
  "agent \"bob\" { mail = \"bob@desk.example\" }\n"
#define FILE_SCHEDULE PEOPLE "schedule \"s\" { calendar = \"noc.ics\" }\n"
#define URL_SCHEDULE PEOPLE "schedule \"s\" { calendar = \"https://x.example/secret/noc.ics\" }\n"
#define CALENDAR(agent) \
  "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:" agent "\r\nDTSTART:20261123T080000Z\r\nDTEND:20261124T080000Z\r\n" \
  "END:VEVENT\r\nEND:VCALENDAR\r\n"

typedef struct {
  char *folder;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->folder = g_dir_make_tmp ("frontdesk-copy-XXXXXX", NULL);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *entry = g_build_filename (path, name, NULL);
      remove_all (entry);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void) data;
  remove_all (fixture->folder);
  g_free (fixture->folder);
}

static void
put (const Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static Config *
load (const Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "frontdesk.conf", NULL);
  put (fixture, "frontdesk.conf", text);
  Config *config = config_load (path, &error);
  g_assert_no_error (error);
  return config;
}

static const Schedule *
schedule_of (const Config *config)
{
  return config_find_schedule (config, "s");
}

/* Who has the only shift of CONFIG's schedule, or "nobody". */
static const char *
agent_of (const Config *config)
{
  const GArray *shifts = schedule_of (config)->shifts;
  g_assert_cmpuint (shifts->len, <=, 1);
  return shifts->len == 1 ? g_array_index (shifts, Shift, 0).agent->name : "nobody";
}

static void
assert_remark (const Config *config, const char *says)
{
  g_autofree char *all = g_strjoinv ("\n", config->remarks);
  if (strstr (all, says) == NULL)
    g_error ("\"%s\" is missing in:\n%s", says, all);
}

static void
keep (const Config *config, const char *text)
{
  g_autoptr (GError) error = NULL;
  config_keep_calendar (config, schedule_of (config), "it", text, &error);
  g_assert_no_error (error);
}

/* A file that makes no sense, or is gone, gives way to the copy of what it was. */
static void
test_file (Fixture *fixture, gconstpointer data)
{
  (void) data;
  put (fixture, "noc.ics", CALENDAR ("alice"));
  g_autoptr (Config) first = load (fixture, FILE_SCHEDULE);
  g_assert_false (g_file_test (schedule_of (first)->copy, G_FILE_TEST_EXISTS)); /* reading keeps none */
  g_assert_true (config_keep_calendar_file (first, schedule_of (first), NULL));
  g_assert_cmpuint (g_strv_length (first->remarks), ==, 0);
  put (fixture, "noc.ics", "BEGIN:VCALENDAR\r\nwhat\r\nEND:VCALENDAR\r\n");
  g_assert_false (config_keep_calendar_file (first, schedule_of (first), NULL));
  g_autoptr (Config) broken = load (fixture, FILE_SCHEDULE);
  g_assert_cmpstr (agent_of (broken), ==, "alice");
  assert_remark (broken, "frontdesk.conf:4: the calendar of schedule \"s\" is not taken, and the last good copy, of ");
  assert_remark (broken, "/noc.ics:2: this is no line of an iCalendar file");
  g_autofree char *path = g_build_filename (fixture->folder, "noc.ics", NULL);
  g_unlink (path);
  g_autoptr (Config) gone = load (fixture, FILE_SCHEDULE);
  g_assert_cmpstr (agent_of (gone), ==, "alice");
  assert_remark (gone, "No such file");
  put (fixture, "noc.ics", CALENDAR ("bob"));
  g_autoptr (Config) mended = load (fixture, FILE_SCHEDULE);
  g_assert_cmpstr (agent_of (mended), ==, "bob"); /* though the copy has alice yet */
}

/* Half of a file is none, wherever it is cut. */
static void
test_half (Fixture *fixture, gconstpointer data)
{
  (void) data;
  static const char whole[] = CALENDAR ("bob");
  put (fixture, "noc.ics", CALENDAR ("alice"));
  g_autoptr (Config) config = load (fixture, FILE_SCHEDULE);
  keep (config, CALENDAR ("alice"));
  for (gsize length = 0; length < strlen (whole) - strlen ("\r\n"); length++)
    {
      g_autofree char *half = g_strndup (whole, length);
      g_autoptr (GError) error = NULL;
      if (config_keep_calendar (config, schedule_of (config), "it", half, &error))
        g_error ("%zu octets were taken", length);
      g_assert_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE);
    }
  g_autofree char *kept = NULL;
  g_assert_true (g_file_get_contents (schedule_of (config)->copy, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, CALENDAR ("alice"));
}

static void
test_url (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (Config) first = load (fixture, URL_SCHEDULE);
  const Schedule *schedule = schedule_of (first);
  g_assert_true (schedule->fetched);
  g_assert_cmpint (schedule->interval, ==, 15 * 60);
  g_assert_cmpstr (agent_of (first), ==, "nobody");
  assert_remark (first, "nobody is on call by schedule \"s\" until frontdeskd has fetched its calendar from https://x.example");
  keep (first, CALENDAR ("alice"));
  g_autoptr (Config) fetched = load (fixture, URL_SCHEDULE);
  g_assert_cmpstr (agent_of (fetched), ==, "alice");
  g_assert_cmpuint (g_strv_length (fetched->remarks), ==, 0);
}

/* The copy is the owner's alone, and as of the time when it was last found right. */
static void
test_age (Fixture *fixture, gconstpointer data)
{
  (void) data;
  struct stat status;
  g_autoptr (Config) config = load (fixture, URL_SCHEDULE);
  const char *copy = schedule_of (config)->copy;
  keep (config, CALENDAR ("alice"));
  g_assert_cmpint (utime (copy, &(struct utimbuf){ 1000, 1000 }), ==, 0);
  keep (config, CALENDAR ("alice"));
  g_assert_cmpint (stat (copy, &status), ==, 0);
  g_assert_cmpint (status.st_mtime, >, 1000);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  g_autofree char *folder = g_path_get_dirname (copy);
  g_assert_cmpint (stat (folder, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);
}

static void
test_no_room (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load (fixture, URL_SCHEDULE);
  put (fixture, "desk.db.d", "no folder\n");
  g_assert_false (config_keep_calendar (config, schedule_of (config), "it", CALENDAR ("alice"), &error));
  g_assert_error (error, CONFIG_ERROR, CONFIG_ERROR_KEEP);
}

/* By the text of the configuration as it was, with the calendars that are there now. */
static void
test_renew (Fixture *fixture, gconstpointer data)
{
  (void) data;
  static const char *const untimely[] = { "colour = \"red\"\n", PEOPLE, FILE_SCHEDULE "company = \"Other\"\n" };
  g_autoptr (GError) error = NULL;
  put (fixture, "people.conf", FILE_SCHEDULE "calendar \"c\" { hours = {\"mon 08:00-09:00\"} holidays = {\"h.ics\"} }\n");
  put (fixture, "noc.ics", CALENDAR ("alice"));
  g_autoptr (Config) first = load (fixture, "include(\"people.conf\")\ncompany = \"Desk\"\n");
  for (guint i = 0; i < G_N_ELEMENTS (untimely); i++)
    {
      put (fixture, "frontdesk.conf", untimely[i]);
      put (fixture, "people.conf", untimely[i]);
      g_autoptr (Config) renewed = config_renew (first, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (renewed->company, ==, "Desk");
      g_assert_true (config_same_times (first, renewed));
    }
  put (fixture, "noc.ics", CALENDAR ("bob"));
  g_autoptr (Config) bob = config_renew (first, &error);
  g_assert_cmpstr (agent_of (bob), ==, "bob");
  g_assert_false (config_same_times (first, bob));
  put (fixture, "h.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
  g_autoptr (Config) holiday = config_renew (bob, &error); /* of one that was renewed */
  g_assert_no_error (error);
  g_assert_false (config_same_times (bob, holiday));
  g_autoptr (GPtrArray) files = config_list_calendars (holiday);
  g_assert_cmpuint (files->len, ==, 2);
  g_assert_true (g_str_has_suffix (g_ptr_array_index (files, 0), "/h.ics"));
  g_assert_true (g_str_has_suffix (g_ptr_array_index (files, 1), "/noc.ics"));
}

static void
test_origin (void)
{
  static const char *const rows[][2] = {
    { "/etc/frontdesk/noc.ics", "/etc/frontdesk/noc.ics" },
    { "https://calendar.example/private-1234/basic.ics?key=5678#x", "https://calendar.example" },
    { "https://user:password@calendar.example:8443/noc.ics", "https://calendar.example:8443" },
    { "http://[::1]:8080/noc.ics", "http://[::1]:8080" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *origin = calendar_copy_origin (rows[i][0]);
      g_assert_cmpstr (origin, ==, rows[i][1]);
    }
}

#define ADD(name, test) g_test_add ("/calendar-copy/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("file", test_file);
  ADD ("half", test_half);
  ADD ("url", test_url);
  ADD ("age", test_age);
  ADD ("no-room", test_no_room);
  ADD ("renew", test_renew);
  g_test_add_func ("/calendar-copy/origin", test_origin);
  return g_test_run ();
}
