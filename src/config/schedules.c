/* Who is on call when: schedules, by a rotation or by a calendar. */
#include <string.h>

#include "config/build.h"
#include "config/calendar_copy.h"
#include "config/rotation.h"
#include "config/shifts.h"

static void
build_source (Build *build, cfg_t *section, Schedule *schedule)
{
  schedule->calendar = build_some_text (build, section, "calendar");
  schedule->interval = build_seconds (section, "calendar-interval");
  schedule->password_file = build_some_text (build, section, "calendar-password-file");
  schedule->ca_file = build_some_text (build, section, "ca-file");
  if (schedule->calendar == NULL)
    return;
  g_autofree char *copy = calendar_copy_path (build->config->database, schedule->calendar);
  g_autofree char *origin = calendar_copy_origin (schedule->calendar);
  schedule->copy = g_string_chunk_insert (build->strings, copy);
  schedule->origin = g_string_chunk_insert (build->strings, origin);
  schedule->fetched = strstr (schedule->calendar, "://") != NULL;
}

static gboolean
build_schedule (Build *build, cfg_t *section)
{
  Schedule *schedule = NEW (build, Schedule);
  schedule->name = g_string_chunk_insert (build->strings, cfg_title (section));
  schedule->timezone = build_text (build, section, "timezone");
  schedule->zone = g_time_zone_new_identifier (schedule->timezone);
  build_source (build, section, schedule);
  schedule->shifts = g_array_new (FALSE, FALSE, sizeof (Shift));
  g_ptr_array_add (build->config->schedules, schedule);
  if (schedule->calendar == NULL || cfg_getsec (section, "rotation")->comment == NULL)
    return TRUE;
  options_set_error (build->error, section, "calendar", "there is a rotation, too; keep one of them");
  return FALSE;
}

gboolean
build_schedules (Build *build)
{
  return build_each (build, "schedule", build_schedule);
}

static gboolean
add_rotation (Build *build, cfg_t *section, Schedule *schedule)
{
  Rotation *rotation = NEW (build, Rotation);
  rotation_parse_every (cfg_getstr (section, "every"), &rotation->unit, &rotation->length);
  rotation_parse_start (cfg_getstr (section, "start"), &rotation->day, &rotation->clock);
  rotation->agents = build_resolve_list (build, section, "agents", build->config->agents);
  schedule->rotation = rotation;
  if (rotation->agents != NULL && rotation->agents->len == 0)
    options_set_error (build->error, section, NULL, "name those who take turns: agents = {\"...\"}");
  return rotation->agents != NULL && rotation->agents->len > 0;
}

static void
add_remark (Build *build, cfg_t *section, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *remark = g_strdup_printf ("%s: %s", cfg_getopt (section, "calendar")->comment, text);
  g_strv_builder_add (build->remarks, remark);
}

/* Of a calendar that is elsewhere there is the copy that the daemon has fetched. */
static gboolean
add_fetched (Build *build, cfg_t *section, Schedule *schedule)
{
  g_autoptr (GError) failure = NULL;
  if (shifts_read (build, schedule, schedule->copy, &failure))
    return TRUE;
  gboolean missing = !g_file_test (schedule->copy, G_FILE_TEST_EXISTS);
  add_remark (build, section, "nobody is on call by schedule \"%s\" until frontdeskd has fetched its calendar from %s%s%s",
              schedule->name, schedule->origin, missing ? "" : ": ", missing ? "" : failure->message);
  return TRUE;
}

/* Where the file is not there, or makes no sense, its last good copy counts. Nothing is to stop for a calendar that is not
 * there, but it is said wherever the configuration is checked. */
static gboolean
add_calendar (Build *build, cfg_t *section, Schedule *schedule)
{
  g_autoptr (GError) failure = NULL;
  if (shifts_read (build, schedule, schedule->calendar, &failure))
    return TRUE;
  if (shifts_read (build, schedule, schedule->copy, NULL))
    {
      g_autofree char *time = calendar_copy_time (schedule->copy);
      add_remark (build, section, "the calendar of schedule \"%s\" is not taken, and the last good copy, of %s, counts: %s",
                  schedule->name, time, failure->message);
      return TRUE;
    }
  if (g_error_matches (failure, CONFIG_ERROR, CONFIG_ERROR_READ))
    {
      add_remark (build, section, "nobody is on call by schedule \"%s\", as its calendar is not known: %s", schedule->name,
                  failure->message);
      return TRUE;
    }
  g_propagate_prefixed_error (build->error, g_steal_pointer (&failure),
                              "calendar of schedule \"%s\": ", schedule->name);
  return FALSE;
}

static gboolean
fill_schedule (Build *build, cfg_t *section)
{
  Schedule *schedule = config_find_named (build->config->schedules, cfg_title (section));
  cfg_t *rotation = cfg_getsec (section, "rotation");
  if (rotation->comment != NULL)
    return add_rotation (build, rotation, schedule);
  return schedule->calendar == NULL || (schedule->fetched ? add_fetched : add_calendar) (build, section, schedule);
}

gboolean
build_shifts (Build *build)
{
  return build_each (build, "schedule", fill_schedule);
}
