/* When promises count: calendars, with their holidays. */
#include "config/build.h"
#include "config/holidays.h"
#include "config/hours.h"
#include "config/limits.h"

static Calendar *
new_calendar (Build *build, const char *name, const char *timezone)
{
  Calendar *calendar = NEW (build, Calendar);
  calendar->name = g_string_chunk_insert (build->strings, name);
  calendar->timezone = g_string_chunk_insert (build->strings, timezone);
  calendar->zone = g_time_zone_new_identifier (timezone);
  calendar->dates = g_array_new (FALSE, FALSE, sizeof (CalendarDate));
  for (guint i = 0; i < G_N_ELEMENTS (calendar->week); i++)
    calendar->week[i] = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  g_ptr_array_add (build->config->calendars, calendar);
  return calendar;
}

static void
add_weekly (Calendar *calendar, guint days, DaySpan span)
{
  for (guint i = 0; i < G_N_ELEMENTS (calendar->week); i++)
    if (days & 1u << i)
      g_array_append_val (calendar->week[i], span);
}

static void
add_always (Build *build)
{
  Calendar *always = new_calendar (build, "always", "UTC");
  always->hours = build_keep (build, g_new0 (char *, 1));
  add_weekly (always, 0x7f, (DaySpan){ 0, 86400 });
}

static void
add_dates (Calendar *calendar, cfg_t *section, const char *option, DateKind kind)
{
  for (unsigned int i = 0; i < cfg_size (section, option); i++)
    {
      CalendarDate date = { .kind = kind };
      if (hours_parse_date (cfg_getnstr (section, option, i), &date.day, &date.span))
        g_array_append_val (calendar->dates, date);
    }
}

/* Whether open-holidays names the holiday DATE, by its name or its date. */
static gboolean
is_worked (cfg_t *section, const CalendarDate *date)
{
  for (unsigned int i = 0; i < cfg_size (section, "open-holidays"); i++)
    {
      const char *text = cfg_getnstr (section, "open-holidays", i);
      gint32 day;
      DaySpan whole;
      if (hours_parse_date (text, &day, &whole) ? day == date->day : g_ascii_strcasecmp (text, date->name) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Mail is not to stop for a file of holidays that is not there, but it is said wherever the configuration is checked. */
static gboolean
read_holidays (Build *build, cfg_t *section, const char *path, GArray *holidays)
{
  g_autoptr (GError) failure = NULL;
  if (holidays_read (path, holidays, build->strings, &failure))
    return TRUE;
  if (g_error_matches (failure, CONFIG_ERROR, CONFIG_ERROR_READ))
    {
      g_autofree char *remark = g_strdup_printf ("%s: holidays of calendar \"%s\" are not known: %s",
                                                 cfg_getopt (section, "holidays")->comment, cfg_title (section), failure->message);
      g_strv_builder_add (build->remarks, remark);
      return TRUE;
    }
  g_propagate_prefixed_error (build->error, g_steal_pointer (&failure), "holidays of calendar \"%s\": ", cfg_title (section));
  return FALSE;
}

static gboolean
add_holidays (Build *build, Calendar *calendar, cfg_t *section)
{
  g_autoptr (GArray) holidays = g_array_new (FALSE, FALSE, sizeof (CalendarDate));
  for (unsigned int i = 0; i < cfg_size (section, "holidays"); i++)
    {
      const char *path = g_string_chunk_insert_const (build->strings, cfg_getnstr (section, "holidays", i));
      g_ptr_array_add (build->config->holiday_files, (gpointer) path);
      if (!read_holidays (build, section, path, holidays))
        return FALSE;
    }
  for (guint i = 0; i < holidays->len; i++)
    if (!is_worked (section, &g_array_index (holidays, CalendarDate, i)))
      g_array_append_val (calendar->dates, g_array_index (holidays, CalendarDate, i));
  return TRUE;
}

static int
compare_dates (gconstpointer one, gconstpointer other)
{
  gint32 a = ((const CalendarDate *) one)->day, b = ((const CalendarDate *) other)->day;
  return a < b ? -1 : a > b;
}

static gboolean
has_open_time (const Calendar *calendar)
{
  for (guint i = 0; i < G_N_ELEMENTS (calendar->week); i++)
    if (calendar->week[i]->len > 0)
      return TRUE;
  for (guint i = 0; i < calendar->dates->len; i++)
    {
      DateKind kind = g_array_index (calendar->dates, CalendarDate, i).kind;
      if (kind == DATE_EXTRA || kind == DATE_SPECIAL)
        return TRUE;
    }
  return FALSE;
}

static gboolean
build_calendar (Build *build, cfg_t *section)
{
  if (g_str_equal (cfg_title (section), "always"))
    {
      options_set_error (build->error, section, NULL, "this calendar is built in; choose another name");
      return FALSE;
    }
  Calendar *calendar = new_calendar (build, cfg_title (section), cfg_getstr (section, "timezone"));
  calendar->hours = build_list (build, section, "hours");
  for (guint i = 0; calendar->hours[i] != NULL; i++)
    {
      guint days;
      DaySpan span;
      if (hours_parse (calendar->hours[i], &days, &span))
        add_weekly (calendar, days, span);
    }
  add_dates (calendar, section, "extra", DATE_EXTRA);
  add_dates (calendar, section, "special", DATE_SPECIAL);
  add_dates (calendar, section, "closed", DATE_CLOSED);
  if (!add_holidays (build, calendar, section))
    return FALSE;
  g_array_sort (calendar->dates, compare_dates);
  if (has_open_time (calendar))
    return TRUE;
  options_set_error (build->error, section, NULL, "it is never open: give it hours = {\"mon-fri 08:00-17:00\"}");
  return FALSE;
}

gboolean
build_calendars (Build *build)
{
  add_always (build);
  return build_each (build, "calendar", build_calendar);
}
