/* Who is on call when: schedules, by a rotation or by a calendar. */
#include "config/build.h"
#include "config/rotation.h"
#include "config/shifts.h"

static gboolean
build_schedule (Build *build, cfg_t *section)
{
  Schedule *schedule = NEW (build, Schedule);
  schedule->name = g_string_chunk_insert (build->strings, cfg_title (section));
  schedule->timezone = build_text (build, section, "timezone");
  schedule->zone = g_time_zone_new_identifier (schedule->timezone);
  schedule->calendar = build_some_text (build, section, "calendar");
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

/* Nothing is to stop for a calendar that is not there, but it is said wherever the configuration is checked. */
static gboolean
add_calendar (Build *build, cfg_t *section, Schedule *schedule)
{
  g_autoptr (GError) failure = NULL;
  if (shifts_read (build, schedule, &failure))
    return TRUE;
  if (g_error_matches (failure, CONFIG_ERROR, CONFIG_ERROR_READ))
    {
      g_autofree char *remark =
          g_strdup_printf ("%s: nobody is on call by schedule \"%s\", as its calendar is not known: %s",
                           cfg_getopt (section, "calendar")->comment, schedule->name, failure->message);
      g_strv_builder_add (build->remarks, remark);
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
  return schedule->calendar == NULL || add_calendar (build, section, schedule);
}

gboolean
build_shifts (Build *build)
{
  return build_each (build, "schedule", fill_schedule);
}
