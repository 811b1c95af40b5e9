#include "config/shifts.h"

#include <string.h>

#include "config/hours.h"
#include "config/ics.h"
#include "config/limits.h"
#include "config/zone.h"

/* One instance of a recurring event that has an event of its own in its place, or is cancelled. */
typedef struct {
  const char *uid;
  gint64 at;
} Moved;

typedef struct {
  Build *build;
  Schedule *schedule;
  const char *name; /* of the text, for messages */
  GArray *parts;
  GHashTable *zones;   /* (element-type utf8 icaltimezone) of the file, by TZID */
  GArray *moved;       /* (element-type Moved) */
  GHashTable *unknown; /* (element-type utf8) names told of already */
  GHashTable *known;   /* (element-type utf8) "FROM TO AGENT" of each shift */
  GPtrArray *remarks;  /* (element-type utf8) */
  gint64 now;
  GError **error;
} Reading;

static gboolean
fail (const Reading *reading, guint line, const char *text)
{
  return ics_fail (reading->name, line, text, reading->error);
}

/* ---- times ---- */

/* A date and time as it is written, with the zone that it is written in. */
typedef struct {
  gint64 local;             /* microseconds since 1970 on the wall clock */
  gboolean date;            /* a whole day */
  gboolean utc;
  const char *name;         /* of the zone, where the file says one; nullable */
  GTimeZone *zone;          /* of the system or the schedule; NULL: the file's */
  icaltimezone *file_zone;
} Moment;

static void
moment_clear (Moment *moment)
{
  g_clear_pointer (&moment->zone, g_time_zone_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Moment, moment_clear)

static gint64
local_of (struct icaltimetype time)
{
  GDate date;
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) time.day, (GDateMonth) time.month, (GDateYear) time.year);
  gint64 seconds = time.is_date ? 0 : (gint64) time.hour * 3600 + time.minute * 60 + time.second;
  return hours_day (&date) * ZONE_DAY + seconds * G_USEC_PER_SEC;
}

static gboolean
is_valid (struct icaltimetype time)
{
  return !icaltime_is_null_time (time) && time.year > 0 && time.year <= 9999 &&
         g_date_valid_dmy ((GDateDay) time.day, (GDateMonth) time.month, (GDateYear) time.year);
}

/* By the system's rules where it knows the zone: those in the file are as old as the file. */
static GTimeZone *
find_system_zone (const char *name)
{
  return *name != '/' && strstr (name, "..") == NULL ? g_time_zone_new_identifier (name) : NULL;
}

/* TIME, the value of PROPERTY. FALSE when it is none, or its zone is not known. */
static gboolean
read_moment (const Reading *reading, icalproperty *property, struct icaltimetype time, Moment *moment)
{
  icalparameter *parameter = icalproperty_get_first_parameter (property, ICAL_TZID_PARAMETER);
  const char *name = parameter != NULL ? icalparameter_get_tzid (parameter) : NULL;
  if (!is_valid (time))
    return FALSE;
  *moment = (Moment){ .local = local_of (time), .date = time.is_date, .utc = icaltime_is_utc (time) };
  if (moment->utc || moment->date || name == NULL)
    {
      moment->zone = moment->utc ? g_time_zone_new_utc () : g_time_zone_ref (reading->schedule->zone);
      return TRUE;
    }
  moment->name = name;
  moment->zone = find_system_zone (name);
  moment->file_zone = moment->zone == NULL ? g_hash_table_lookup (reading->zones, name) : NULL;
  return moment->zone != NULL || moment->file_zone != NULL;
}

/* LOCAL as an instant, in MOMENT's zone. A skipped time is the instant of the change and one that comes twice the
 * first, so that shifts that meet on the wall clock meet on every day. */
static gint64
instant_at (const Moment *moment, gint64 local)
{
  gint64 day = local / ZONE_DAY - (local % ZONE_DAY < 0), clock = local - day * ZONE_DAY;
  if (moment->zone != NULL)
    return zone_instant (moment->zone, day, clock, ZONE_FIRST);
  GDate date = hours_date ((gint32) day);
  struct icaltimetype time = icaltime_null_time ();
  time.year = g_date_get_year (&date);
  time.month = g_date_get_month (&date);
  time.day = g_date_get_day (&date);
  time.hour = (int) (clock / G_USEC_PER_SEC / 3600);
  time.minute = (int) (clock / G_USEC_PER_SEC / 60 % 60);
  time.second = (int) (clock / G_USEC_PER_SEC % 60);
  return (gint64) icaltime_as_timet_with_zone (time, moment->file_zone) * G_USEC_PER_SEC;
}

static gint64
instant_of (const Moment *moment)
{
  return instant_at (moment, moment->local);
}

/* The wall clock of MOMENT's zone at AT. */
static gint64
local_at (const Moment *moment, gint64 at)
{
  if (moment->zone != NULL)
    return at + zone_piece (moment->zone, at).offset;
  struct icaltimetype utc = icaltime_from_timet_with_zone (at / G_USEC_PER_SEC, 0, icaltimezone_get_utc_timezone ());
  return at + (gint64) icaltimezone_get_utc_offset_of_utc_time (moment->file_zone, &utc, NULL) * G_USEC_PER_SEC;
}

/* ---- one event ---- */

typedef struct {
  const Reading *reading;
  icalcomponent *component;
  guint line;
  const char *uid;    /* nullable */
  gboolean instance;  /* it stands for one of a recurring event */
  Moment start;
  gint64 length;      /* on the wall clock */
  GPtrArray *excepted; /* (element-type icalproperty) EXDATE */
  GArray *times;      /* (element-type Interval) */
} Event;

static void
event_clear (Event *event)
{
  moment_clear (&event->start);
  g_clear_pointer (&event->excepted, g_ptr_array_unref);
  g_clear_pointer (&event->times, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Event, event_clear)

static gboolean
is_excepted (const Event *event, gint64 local, gint64 at)
{
  const Reading *reading = event->reading;
  for (guint i = 0; i < event->excepted->len; i++)
    {
      icalproperty *property = g_ptr_array_index (event->excepted, i);
      g_auto (Moment) except = { 0 };
      if (!read_moment (reading, property, icalproperty_get_exdate (property), &except))
        continue;
      if (except.date ? except.local / ZONE_DAY == local / ZONE_DAY : instant_of (&except) == at)
        return TRUE;
    }
  for (guint i = 0; !event->instance && event->uid != NULL && i < reading->moved->len; i++)
    {
      const Moved *moved = &g_array_index (reading->moved, Moved, i);
      if (moved->at == at && g_str_equal (moved->uid, event->uid))
        return TRUE;
    }
  return FALSE;
}

/* Adds the instance that begins at LOCAL. FALSE when there are too many. */
static gboolean
add_instance (const Event *event, gint64 local, gint64 length)
{
  Interval time = { instant_at (&event->start, local), instant_at (&event->start, local + length) };
  if (!is_excepted (event, local, time.from) && time.from < time.to)
    g_array_append_val (event->times, time);
  return event->times->len <= LIMIT_SHIFTS;
}

/* Whether LOCAL lies behind UNTIL, which may be a date, in UTC or on the event's own clock. */
static gboolean
is_behind (const Event *event, struct icaltimetype until, gint64 local)
{
  if (icaltime_is_null_time (until) || !is_valid (until))
    return FALSE;
  gint64 end = local_of (until);
  if (until.is_date)
    return local / ZONE_DAY > end / ZONE_DAY;
  return icaltime_is_utc (until) ? instant_at (&event->start, local) > end : local > end;
}

static gboolean
add_recurring (const Event *event, struct icalrecurrencetype rule, struct icaltimetype start)
{
  struct icaltimetype until = rule.until;
  rule.until = icaltime_null_time ();
  start.zone = NULL;
  icalrecur_iterator *iterator = icalrecur_iterator_new (rule, start);
  gint64 horizon = event->reading->now + LIMIT_SHIFT_AHEAD * ZONE_DAY;
  gboolean room = iterator != NULL;
  while (room)
    {
      struct icaltimetype next = icalrecur_iterator_next (iterator);
      if (!is_valid (next) || local_of (next) > horizon || is_behind (event, until, local_of (next)))
        break;
      room = add_instance (event, local_of (next), event->length);
    }
  if (iterator != NULL)
    icalrecur_iterator_free (iterator);
  return room;
}

static gboolean
add_rule_instances (const Event *event, struct icaltimetype start)
{
  g_autoptr (GPtrArray) rules = ics_find (event->component, ICAL_RRULE_PROPERTY);
  if (rules->len == 0)
    return add_instance (event, event->start.local, event->length);
  for (guint i = 0; i < rules->len; i++)
    if (!add_recurring (event, icalproperty_get_rrule (g_ptr_array_index (rules, i)), start))
      return FALSE;
  return TRUE;
}

/* RDATE: a time, or a period with a length of its own. */
static gboolean
add_extra_instances (const Event *event)
{
  g_autoptr (GPtrArray) dates = ics_find (event->component, ICAL_RDATE_PROPERTY);
  for (guint i = 0; i < dates->len; i++)
    {
      icalproperty *property = g_ptr_array_index (dates, i);
      struct icaldatetimeperiodtype value = icalproperty_get_rdate (property);
      gboolean period = icaltime_is_null_time (value.time);
      Event extra = *event;
      g_auto (Moment) start = { 0 };
      if (!read_moment (event->reading, property, period ? value.period.start : value.time, &start))
        return FALSE;
      extra.start = start;
      gint64 length = event->length;
      if (period && !icaltime_is_null_time (value.period.end) && is_valid (value.period.end))
        length = local_of (value.period.end) - start.local;
      else if (period)
        length = (gint64) icaldurationtype_as_int (value.period.duration) * G_USEC_PER_SEC;
      if (length <= 0 || length > LIMIT_SHIFT_DAYS * ZONE_DAY || !add_instance (&extra, start.local, length))
        return FALSE;
    }
  return TRUE;
}

/* How long the event lasts on the wall clock; 0 when it has no end. */
static gboolean
read_length (Event *event)
{
  icalproperty *end = icalcomponent_get_first_property (event->component, ICAL_DTEND_PROPERTY);
  icalproperty *duration = icalcomponent_get_first_property (event->component, ICAL_DURATION_PROPERTY);
  g_auto (Moment) until = { 0 };
  event->length = event->start.date ? ZONE_DAY : 0;
  if (end == NULL && duration != NULL)
    event->length = (gint64) icaldurationtype_as_int (icalproperty_get_duration (duration)) * G_USEC_PER_SEC;
  if (end == NULL)
    return TRUE;
  if (!read_moment (event->reading, end, icalproperty_get_dtend (end), &until))
    return FALSE;
  gboolean same = until.utc == event->start.utc && g_strcmp0 (until.name, event->start.name) == 0;
  event->length = (same ? until.local : local_at (&event->start, instant_of (&until))) - event->start.local;
  return TRUE;
}

static gboolean
read_times (Event *event)
{
  const Reading *reading = event->reading;
  icalproperty *start = icalcomponent_get_first_property (event->component, ICAL_DTSTART_PROPERTY);
  if (start == NULL || !read_moment (reading, start, icalproperty_get_dtstart (start), &event->start) ||
      !read_length (event))
    return fail (reading, event->line,
                 "the shift that begins here has no DTSTART, or its TZID is neither a zone of the system nor one of "
                 "the file's VTIMEZONEs");
  if (event->length <= 0 || event->length > LIMIT_SHIFT_DAYS * ZONE_DAY)
    return fail (reading, event->line,
                 "the shift that begins here has no end, ends before it begins, or lasts too long");
  if (add_rule_instances (event, icalproperty_get_dtstart (start)) && add_extra_instances (event))
    return TRUE;
  return fail (reading, event->line, "this event makes too many shifts, or its RRULE or RDATE makes no sense");
}

/* ---- whose it is ---- */

static const Agent *
find_agent (const Config *config, const char *name)
{
  for (guint i = 0; name != NULL && i < config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (config->agents, i);
      if (g_ascii_strcasecmp (agent->name, name) == 0 || address_equal (agent->mail, name))
        return agent;
      g_autofree char *full = g_utf8_casefold (agent->full_name, -1), *folded = g_utf8_casefold (name, -1);
      if (g_str_equal (full, folded))
        return agent;
    }
  return NULL;
}

static gboolean
has_declined (icalproperty *attendee)
{
  icalparameter *answer = icalproperty_get_first_parameter (attendee, ICAL_PARTSTAT_PARAMETER);
  return answer != NULL && icalparameter_get_partstat (answer) == ICAL_PARTSTAT_DECLINED;
}

static GPtrArray *
find_agents (const Event *event, const char *summary)
{
  const Config *config = event->reading->build->config;
  GPtrArray *agents = g_ptr_array_new ();
  const Agent *agent = find_agent (config, summary);
  if (agent != NULL)
    g_ptr_array_add (agents, (gpointer) agent);
  g_autoptr (GPtrArray) attendees = ics_find (event->component, ICAL_ATTENDEE_PROPERTY);
  for (guint i = 0; agent == NULL && i < attendees->len; i++)
    {
      icalproperty *property = g_ptr_array_index (attendees, i);
      const char *address = icalproperty_get_attendee (property);
      gboolean mail = address != NULL && g_ascii_strncasecmp (address, "mailto:", strlen ("mailto:")) == 0;
      const Agent *invited =
          mail && !has_declined (property) ? find_agent (config, address + strlen ("mailto:")) : NULL;
      if (invited != NULL)
        g_ptr_array_add (agents, (gpointer) invited);
    }
  return agents;
}

/* Told once a name, and not of what is past. */
static void
tell_unknown (const Event *event, const char *summary)
{
  const Reading *reading = event->reading;
  gboolean coming = FALSE;
  for (guint i = 0; i < event->times->len; i++)
    coming = coming || g_array_index (event->times, Interval, i).to > reading->now;
  if (!coming || !g_hash_table_add (reading->unknown, g_strdup (summary)))
    return;
  g_ptr_array_add (reading->remarks,
                   g_strdup_printf ("%s:%u: nobody is on call by \"%s\", as that is no agent, and no ATTENDEE is one",
                                    reading->name, event->line, summary));
}

/* What the event is called, on one line of a bounded length: a calendar may come from anywhere. */
static char *
read_summary (const Event *event)
{
  g_autofree char *value = ics_read_summary (event->component);
  g_autoptr (GString) summary = g_string_new (NULL);
  guint count = 0;
  for (const char *at = value; *at != '\0' && count < LIMIT_NAME; at = g_utf8_next_char (at), count++)
    {
      gunichar character = g_utf8_get_char (at);
      g_string_append_unichar (summary, g_unichar_iscntrl (character) ? ' ' : character);
    }
  return g_strstrip (g_string_free (g_steal_pointer (&summary), FALSE));
}

static gboolean
add_shifts (const Event *event)
{
  const Reading *reading = event->reading;
  g_autofree char *summary = read_summary (event);
  g_autoptr (GPtrArray) agents = find_agents (event, summary);
  const char *name = g_string_chunk_insert_const (reading->build->strings, summary);
  if (agents->len == 0)
    tell_unknown (event, summary);
  for (guint i = 0; i < agents->len; i++)
    for (guint j = 0; j < event->times->len; j++)
      {
        Shift shift = { .time = g_array_index (event->times, Interval, j),
                        .agent = g_ptr_array_index (agents, i),
                        .name = name };
        if (!g_hash_table_add (reading->known, g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s",
                                                                shift.time.from, shift.time.to, shift.agent->name)))
          continue;
        if (reading->schedule->shifts->len == LIMIT_SHIFTS)
          return fail (reading, event->line, "there are too many shifts");
        g_array_append_val (reading->schedule->shifts, shift);
        reading->schedule->longest = MAX (reading->schedule->longest, shift.time.to - shift.time.from);
      }
  return TRUE;
}

static gboolean
read_event (const Reading *reading, const IcsPart *part)
{
  gboolean instance = icalcomponent_get_first_property (part->component, ICAL_RECURRENCEID_PROPERTY) != NULL;
  g_auto (Event) event = { .reading = reading,
                           .component = part->component,
                           .line = part->line,
                           .uid = icalcomponent_get_uid (part->component),
                           .instance = instance,
                           .excepted = ics_find (part->component, ICAL_EXDATE_PROPERTY),
                           .times = g_array_new (FALSE, FALSE, sizeof (Interval)) };
  if (icalcomponent_get_status (part->component) == ICAL_STATUS_CANCELLED)
    return TRUE;
  return read_times (&event) && add_shifts (&event);
}

/* ---- the file ---- */

/* Notes which instance of another event PART stands for. */
static gboolean
read_moved (const Reading *reading, const IcsPart *part)
{
  icalproperty *property = icalcomponent_get_first_property (part->component, ICAL_RECURRENCEID_PROPERTY);
  const char *uid = icalcomponent_get_uid (part->component);
  g_auto (Moment) moment = { 0 };
  if (property == NULL || uid == NULL)
    return TRUE;
  if (icalproperty_get_first_parameter (property, ICAL_RANGE_PARAMETER) != NULL)
    return fail (reading, part->line,
                 "RECURRENCE-ID with RANGE is not understood; end the old event with UNTIL and begin a new one");
  if (!read_moment (reading, property, icalproperty_get_recurrenceid (property), &moment))
    return fail (reading, part->line,
                 "the RECURRENCE-ID of the event that begins here is no time, or its TZID is not known");
  Moved moved = { .uid = uid, .at = instant_of (&moment) };
  g_array_append_val (reading->moved, moved);
  return TRUE;
}

static gboolean
read_zone (const Reading *reading, IcsPart *part)
{
  icaltimezone *zone = icaltimezone_new ();
  icalproperty *name = icalcomponent_get_first_property (part->component, ICAL_TZID_PROPERTY);
  if (name == NULL || icalcomponent_get_first_component (part->component, ICAL_ANY_COMPONENT) == NULL ||
      !icaltimezone_set_component (zone, part->component))
    {
      icaltimezone_free (zone, 1);
      return fail (reading, part->line, "the time zone that begins here has no TZID, or no rules");
    }
  g_hash_table_insert (reading->zones, g_strdup (icalproperty_get_tzid (name)), zone);
  part->component = NULL; /* the zone's */
  return TRUE;
}

typedef enum { READ_ZONES, READ_MOVED, READ_EVENTS } Pass;

/* What stands further down may count for what stands above. */
static gboolean
read_parts (const Reading *reading, Pass pass)
{
  for (guint i = 0; i < reading->parts->len; i++)
    {
      IcsPart *part = &g_array_index (reading->parts, IcsPart, i);
      gboolean event = part->component != NULL && icalcomponent_isa (part->component) == ICAL_VEVENT_COMPONENT;
      if (pass == READ_ZONES && event && icalcomponent_count_errors (part->component) > 0)
        return fail (reading, part->line, "the event that begins here has a value that is not iCalendar (RFC 5545)");
      if ((pass == READ_ZONES && !event && !read_zone (reading, part)) ||
          (pass == READ_MOVED && event && !read_moved (reading, part)) ||
          (pass == READ_EVENTS && event && !read_event (reading, part)))
        return FALSE;
    }
  return TRUE;
}

static void
free_zone (gpointer zone)
{
  icaltimezone_free (zone, 1);
}

static int
compare_shifts (gconstpointer one, gconstpointer other)
{
  gint64 a = ((const Shift *) one)->time.from, b = ((const Shift *) other)->time.from;
  return a < b ? -1 : a > b;
}

/* What has been read of a text that turned out to be wrong does not count. */
static void
drop_shifts (Schedule *schedule)
{
  g_array_set_size (schedule->shifts, 0);
  schedule->longest = 0;
}

gboolean
shifts_parse (Build *build, Schedule *schedule, const char *name, const char *text, GError **error)
{
  g_autoptr (GArray) parts = ics_parse (name, text, error);
  g_autoptr (GPtrArray) remarks = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) zones = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_zone);
  g_autoptr (GHashTable) unknown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) moved = g_array_new (FALSE, FALSE, sizeof (Moved));
  const Reading reading = { .build = build, .schedule = schedule, .name = name, .parts = parts, .zones = zones,
                            .moved = moved, .unknown = unknown, .known = known, .remarks = remarks,
                            .now = g_get_real_time (), .error = error };
  if (parts == NULL || !read_parts (&reading, READ_ZONES) || !read_parts (&reading, READ_MOVED) ||
      !read_parts (&reading, READ_EVENTS))
    {
      drop_shifts (schedule);
      return FALSE;
    }
  g_array_sort (schedule->shifts, compare_shifts);
  for (guint i = 0; i < remarks->len && i < LIMIT_UNKNOWN_NAMES; i++)
    g_strv_builder_add (build->remarks, g_ptr_array_index (remarks, i));
  if (remarks->len > LIMIT_UNKNOWN_NAMES)
    {
      g_autofree char *more =
        g_strdup_printf ("%s: nobody is on call by %u more names of events", name, remarks->len - LIMIT_UNKNOWN_NAMES);
      g_strv_builder_add (build->remarks, more);
    }
  return TRUE;
}

gboolean
shifts_read (Build *build, Schedule *schedule, const char *path, GError **error)
{
  g_autofree char *text = ics_load (path, LIMIT_SHIFT_FILE, error);
  return text != NULL && shifts_parse (build, schedule, path, text, error);
}
