#include "config/calendar_copy.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "config/ics.h"
#include "config/limits.h"
#include "config/shifts.h"

char *
calendar_copy_path (const char *database, const char *calendar)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, calendar, -1);
  return g_strdup_printf ("%s.d/calendars/%s.ics", database, digest);
}

char *
calendar_copy_origin (const char *calendar)
{
  if (strstr (calendar, "://") == NULL)
    return g_strdup (calendar);
  g_autoptr (GUri) uri = g_uri_parse (calendar, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL)
    return g_strdup ("its server");
  return g_uri_join (G_URI_FLAGS_NONE, g_uri_get_scheme (uri), NULL, g_uri_get_host (uri), g_uri_get_port (uri), "", NULL,
                     NULL);
}

char *
calendar_copy_time (const char *copy)
{
  struct stat status;
  if (stat (copy, &status) != 0)
    return g_strdup ("an unknown time");
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (status.st_mtime);
  return g_date_time_format (time, "%Y-%m-%d %H:%M");
}

/* Reads TEXT as SCHEDULE's calendar, and lets the shifts go. */
static gboolean
check (const Config *config, const Schedule *schedule, const char *name, const char *text, GError **error)
{
  g_autoptr (GStringChunk) strings = g_string_chunk_new (4096);
  g_autoptr (GStrvBuilder) remarks = g_strv_builder_new ();
  g_autoptr (GArray) shifts = g_array_new (FALSE, FALSE, sizeof (Shift));
  Schedule trial = { .name = schedule->name, .zone = schedule->zone, .shifts = shifts };
  Build build = { .config = (Config *) config, .strings = strings, .remarks = remarks, .error = error };
  return shifts_parse (&build, &trial, name, text, error);
}

static gboolean
is_kept (const char *copy, const char *text)
{
  g_autofree char *kept = NULL;
  return g_file_get_contents (copy, &kept, NULL, NULL) && g_str_equal (kept, text);
}

static gboolean
write_copy (const char *copy, const char *text, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *folder = g_path_get_dirname (copy);
  if (g_mkdir_with_parents (folder, 0700) == 0 &&
      g_file_set_contents_full (copy, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &failure))
    return TRUE;
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_KEEP, "no copy of it can be kept in %s: %s", folder,
               failure != NULL ? failure->message : g_strerror (errno));
  return FALSE;
}

gboolean
config_keep_calendar (const Config *config, const Schedule *schedule, const char *name, const char *text, GError **error)
{
  if (!check (config, schedule, name, text, error))
    return FALSE;
  return (is_kept (schedule->copy, text) && utime (schedule->copy, NULL) == 0) || write_copy (schedule->copy, text, error);
}

gboolean
config_keep_calendar_file (const Config *config, const Schedule *schedule, GError **error)
{
  g_autofree char *text = ics_load (schedule->calendar, LIMIT_SHIFT_FILE, error);
  if (text == NULL)
    return FALSE;
  return is_kept (schedule->copy, text) || config_keep_calendar (config, schedule, schedule->calendar, text, error);
}
