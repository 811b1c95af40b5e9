#include "config/holidays.h"

#include "config/hours.h"
#include "config/ics.h"
#include "config/limits.h"

typedef struct {
  const char *path;
  GArray *dates;
  GStringChunk *names;
  GError **error;
} Reading;

static gboolean
fail (const Reading *reading, guint line, const char *text)
{
  return ics_fail (reading->path, line, text, reading->error);
}

static gint32
day_of (struct icaltimetype time)
{
  GDate date;
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) time.day, (GDateMonth) time.month, (GDateYear) time.year);
  return hours_day (&date);
}

static gboolean
is_date (struct icaltimetype time)
{
  return !icaltime_is_null_time (time) && time.is_date && time.year > 0 &&
         g_date_valid_dmy ((GDateDay) time.day, (GDateMonth) time.month, (GDateYear) time.year);
}

/* Whether the event says that it does not take place on START. */
static gboolean
is_excepted (icalcomponent *event, struct icaltimetype start)
{
  for (icalproperty *property = icalcomponent_get_first_property (event, ICAL_EXDATE_PROPERTY); property != NULL;
       property = icalcomponent_get_next_property (event, ICAL_EXDATE_PROPERTY))
    if (icaltime_compare_date_only (icalproperty_get_exdate (property), start) == 0)
      return TRUE;
  return FALSE;
}

/* Adds DAYS days from START on. FALSE when there are too many. */
static gboolean
add_days (const Reading *reading, icalcomponent *event, struct icaltimetype start, int days)
{
  if (is_excepted (event, start))
    return TRUE;
  g_autofree char *summary = ics_read_summary (event);
  const char *name = g_string_chunk_insert_const (reading->names, summary);
  for (int i = 0; i < days; i++)
    {
      CalendarDate date = { .day = day_of (start) + i, .kind = DATE_HOLIDAY, .name = name };
      if (reading->dates->len >= LIMIT_HOLIDAYS)
        return FALSE;
      g_array_append_val (reading->dates, date);
    }
  return TRUE;
}

static gboolean
add_recurring (const Reading *reading, icalcomponent *event, icalproperty *rule, struct icaltimetype start, int days)
{
  icalrecur_iterator *iterator = icalrecur_iterator_new (icalproperty_get_rrule (rule), start);
  gboolean room = iterator != NULL;
  while (room)
    {
      struct icaltimetype next = icalrecur_iterator_next (iterator);
      if (icaltime_is_null_time (next) || next.year > LIMIT_HOLIDAY_YEAR)
        break;
      room = add_days (reading, event, next, days);
    }
  if (iterator != NULL)
    icalrecur_iterator_free (iterator);
  return room;
}

/* How many days the event lasts: DTEND is the day after the last one. */
static int
count_days (icalcomponent *event, struct icaltimetype start)
{
  struct icaltimetype end = icalcomponent_get_dtend (event);
  return is_date (end) ? day_of (end) - day_of (start) : 1;
}

static gboolean
add_event (const Reading *reading, icalcomponent *event, guint line)
{
  struct icaltimetype start = icalcomponent_get_dtstart (event);
  if (icalcomponent_count_errors (event) > 0)
    return fail (reading, line, "the event that begins here has a value that is not iCalendar (RFC 5545)");
  if (icalcomponent_get_status (event) == ICAL_STATUS_CANCELLED)
    return TRUE;
  if (!is_date (start))
    return fail (reading, line, "a holiday is a whole day: DTSTART;VALUE=DATE:YYYYMMDD");
  int days = count_days (event, start);
  if (days < 1 || days > LIMIT_HOLIDAY_DAYS)
    return fail (reading, line, "the event that begins here ends before it begins, or lasts too long");
  icalproperty *rule = icalcomponent_get_first_property (event, ICAL_RRULE_PROPERTY);
  gboolean added = rule != NULL ? add_recurring (reading, event, rule, start, days) : add_days (reading, event, start, days);
  g_autoptr (GPtrArray) more = ics_find (event, ICAL_RDATE_PROPERTY);
  for (guint i = 0; added && i < more->len; i++)
    {
      struct icaltimetype time = icalproperty_get_rdate (g_ptr_array_index (more, i)).time;
      added = !is_date (time) || add_days (reading, event, time, days);
    }
  return added || fail (reading, line, "there are too many holidays, or the rule of this event makes no sense");
}

gboolean
holidays_read (const char *path, GArray *dates, GStringChunk *names, GError **error)
{
  const Reading reading = { .path = path, .dates = dates, .names = names, .error = error };
  g_autofree char *text = ics_load (path, LIMIT_HOLIDAY_FILE, error);
  g_autoptr (GArray) parts = text != NULL ? ics_parse (path, text, error) : NULL;
  for (guint i = 0; parts != NULL && i < parts->len; i++)
    {
      const IcsPart *part = &g_array_index (parts, IcsPart, i);
      if (icalcomponent_isa (part->component) == ICAL_VEVENT_COMPONENT &&
          !add_event (&reading, part->component, part->line))
        return FALSE;
    }
  return parts != NULL;
}
