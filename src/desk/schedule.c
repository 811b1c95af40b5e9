#include "desk/schedule.h"

#include "config/hours.h"
#include "config/zone.h"

#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

/* ---- rotation ---- */

static gint64
divide_down (gint64 number, gint64 by)
{
  return number / by - (number % by < 0);
}

static gint64
add_months (const Rotation *rotation, gint64 months)
{
  GDate date = hours_date (rotation->day);
  if (months >= 0)
    g_date_add_months (&date, (guint) months);
  else
    g_date_subtract_months (&date, (guint) -months);
  return hours_day (&date);
}

gint64
schedule_turn_begin (const Schedule *schedule, gint64 number)
{
  const Rotation *rotation = schedule->rotation;
  gint64 day = rotation->day, clock = rotation->clock, count = number * rotation->length;
  switch (rotation->unit)
    {
    case TURN_HOURS:
      clock += count * HOUR;
      day += divide_down (clock, ZONE_DAY);
      clock -= divide_down (clock, ZONE_DAY) * ZONE_DAY;
      break;
    case TURN_DAYS:
      day += count;
      break;
    case TURN_WEEKS:
      day += 7 * count;
      break;
    default:
      day = add_months (rotation, count);
    }
  return zone_instant (schedule->zone, day, clock, ZONE_FIRST);
}

/* Somewhere near the turn that AT lies in. */
static gint64
guess_turn (const Schedule *schedule, gint64 at)
{
  const Rotation *rotation = schedule->rotation;
  gint64 days = zone_local_day (schedule->zone, at) - rotation->day;
  if (rotation->unit == TURN_HOURS)
    {
      gint64 local = at + zone_piece (schedule->zone, at).offset;
      return divide_down (local - rotation->day * ZONE_DAY - rotation->clock, rotation->length * HOUR);
    }
  if (rotation->unit != TURN_MONTHS)
    return divide_down (days, rotation->unit == TURN_WEEKS ? 7 * rotation->length : rotation->length);
  GDate start = hours_date (rotation->day), date = hours_date ((gint32) (rotation->day + days));
  gint64 months = (g_date_get_year (&date) - g_date_get_year (&start)) * 12 + (int) g_date_get_month (&date) -
                  (int) g_date_get_month (&start);
  return divide_down (months, rotation->length);
}

static gint64
find_turn (const Schedule *schedule, gint64 at)
{
  gint64 turn = guess_turn (schedule, at);
  while (schedule_turn_begin (schedule, turn) > at)
    turn--;
  while (schedule_turn_begin (schedule, turn + 1) <= at)
    turn++;
  return turn;
}

/* The place in the list of agents of who has TURN. */
static guint
place_of (const Rotation *rotation, gint64 turn)
{
  return (guint) (turn - divide_down (turn, rotation->agents->len) * rotation->agents->len);
}

static void
add_turn (const Schedule *schedule, gint64 at, GArray *duties)
{
  const Rotation *rotation = schedule->rotation;
  gint64 turn = find_turn (schedule, at);
  Duty duty = { .agent = g_ptr_array_index (rotation->agents, place_of (rotation, turn)),
                .time = { schedule_turn_begin (schedule, turn), schedule_turn_begin (schedule, turn + 1) },
                .turn = turn };
  g_array_append_val (duties, duty);
}

/* ---- calendar ---- */

/* The first shift that begins after AT; those are sorted. */
static guint
find_after (const Schedule *schedule, gint64 at)
{
  guint low = 0, high = schedule->shifts->len;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (g_array_index (schedule->shifts, Shift, middle).time.from > at)
        high = middle;
      else
        low = middle + 1;
    }
  return low;
}

static gboolean
holds (Interval time, gint64 at)
{
  return time.from <= at && at < time.to;
}

static void
add_shifts (const Schedule *schedule, gint64 at, GArray *duties)
{
  for (guint i = find_after (schedule, at); i > 0; i--)
    {
      const Shift *shift = &g_array_index (schedule->shifts, Shift, i - 1);
      if (shift->time.from <= at - schedule->longest)
        break;
      Duty duty = { .agent = shift->agent, .time = shift->time, .shift = shift };
      if (holds (shift->time, at))
        g_array_prepend_val (duties, duty);
    }
}

/* ---- overrides ---- */

/* The agent whom OVERRIDE of SCHEDULE puts on call, or NULL: one of another schedule, or who is there no more. */
static const Agent *
find_substitute (const Roster *roster, const Schedule *schedule, const Override *override)
{
  return g_str_equal (override->schedule, schedule->name) ? config_find_agent (roster->config, override->agent) : NULL;
}

static gboolean
concerns (const Override *override, const Duty *duty)
{
  return override->instead == NULL || g_str_equal (override->instead, duty->agent->name);
}

/* DUTY lasts no longer than until an override that is to come, and no earlier than one that is past. */
static void
cut_duty (Duty *duty, const Override *override, gint64 at)
{
  if (override->from > at)
    duty->time.to = MIN (duty->time.to, override->from);
  else
    duty->time.from = MAX (duty->time.from, override->to);
}

static void
replace_one (Duty *duty, const Override *override, const Agent *agent)
{
  duty->agent = agent;
  duty->override = override;
  duty->time.from = MAX (duty->time.from, override->from);
  duty->time.to = MIN (duty->time.to, override->to);
}

static void
apply_override (GArray *duties, const Override *override, const Agent *agent, gint64 at)
{
  Interval time = { override->from, override->to };
  if (holds (time, at) && override->instead == NULL)
    {
      Duty duty = { .agent = agent, .time = time, .override = override };
      g_array_set_size (duties, 0);
      g_array_append_val (duties, duty);
      return;
    }
  for (guint i = 0; i < duties->len; i++)
    {
      Duty *duty = &g_array_index (duties, Duty, i);
      if (!concerns (override, duty))
        continue;
      if (holds (time, at))
        replace_one (duty, override, agent);
      else
        cut_duty (duty, override, at);
    }
}

/* Of one agent's duties the one that lasts longest stays. */
static void
drop_repeated (GArray *duties)
{
  for (guint i = 0; i < duties->len; i++)
    for (guint j = i + 1; j < duties->len;)
      {
        Duty *first = &g_array_index (duties, Duty, i), *second = &g_array_index (duties, Duty, j);
        if (first->agent != second->agent)
          {
            j++;
            continue;
          }
        if (second->time.to > first->time.to)
          *first = *second;
        g_array_remove_index (duties, j);
      }
}

/* All duties at AT: an agent who has two shifts then is there twice. */
static GArray *
find_all (const Roster *roster, const Schedule *schedule, gint64 at)
{
  GArray *duties = g_array_new (FALSE, FALSE, sizeof (Duty));
  if (schedule->rotation != NULL)
    add_turn (schedule, at, duties);
  add_shifts (schedule, at, duties);
  for (guint i = 0; roster->overrides != NULL && i < roster->overrides->len; i++)
    {
      const Override *override = g_ptr_array_index (roster->overrides, i);
      const Agent *agent = find_substitute (roster, schedule, override);
      if (agent != NULL)
        apply_override (duties, override, agent, at);
    }
  return duties;
}

GArray *
schedule_find (const Roster *roster, const Schedule *schedule, gint64 at)
{
  GArray *duties = find_all (roster, schedule, at);
  drop_repeated (duties);
  return duties;
}

GPtrArray *
schedule_find_agents (const Roster *roster, const Schedule *schedule, gint64 at)
{
  GPtrArray *agents = g_ptr_array_new ();
  g_autoptr (GArray) duties = schedule_find (roster, schedule, at);
  for (guint i = 0; i < duties->len; i++)
    g_ptr_array_add (agents, (gpointer) g_array_index (duties, Duty, i).agent);
  return agents;
}

/* ---- stretches of time ---- */

/* The earlier of NEXT and the first of TIME's ends that comes after AT. */
static gint64
earlier (gint64 next, Interval time, gint64 at)
{
  gint64 change = time.from > at ? time.from : time.to;
  return change > at ? MIN (next, change) : next;
}

gint64
schedule_next_change (const Roster *roster, const Schedule *schedule, gint64 at)
{
  gint64 next = G_MAXINT64;
  if (schedule->rotation != NULL)
    next = schedule_turn_begin (schedule, find_turn (schedule, at) + 1);
  guint after = find_after (schedule, at);
  if (after < schedule->shifts->len)
    next = MIN (next, g_array_index (schedule->shifts, Shift, after).time.from);
  for (guint i = after; i > 0 && g_array_index (schedule->shifts, Shift, i - 1).time.from > at - schedule->longest; i--)
    next = earlier (next, g_array_index (schedule->shifts, Shift, i - 1).time, at);
  for (guint i = 0; roster->overrides != NULL && i < roster->overrides->len; i++)
    {
      const Override *override = g_ptr_array_index (roster->overrides, i);
      if (find_substitute (roster, schedule, override) != NULL)
        next = earlier (next, (Interval){ override->from, override->to }, at);
    }
  return next;
}

static gboolean
is_same (const Duty *one, const Duty *other)
{
  return one->agent == other->agent && one->shift == other->shift && one->turn == other->turn &&
         one->override == other->override;
}

/* Adds DUTY to LIST, or to the one of LIST from LATEST on that it goes on. */
static void
add_duty (GArray *list, const GArray *latest, const Duty *duty)
{
  for (guint i = 0; i < latest->len; i++)
    {
      Duty *before = &g_array_index (list, Duty, g_array_index (latest, guint, i));
      if (!is_same (before, duty) || before->time.to < duty->time.from)
        continue;
      before->time.to = MAX (before->time.to, duty->time.to);
      return;
    }
  g_array_append_val (list, *duty);
}

static int
compare_duties (gconstpointer one, gconstpointer other)
{
  gint64 a = ((const Duty *) one)->time.from, b = ((const Duty *) other)->time.from;
  return a < b ? -1 : a > b;
}

/* The places in LIST of the duties that last until AT or longer. */
static GArray *
find_latest (const GArray *list, const GArray *before, guint begin, gint64 at)
{
  GArray *latest = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < before->len; i++)
    if (g_array_index (list, Duty, g_array_index (before, guint, i)).time.to >= at)
      g_array_append_val (latest, g_array_index (before, guint, i));
  for (guint i = begin; i < list->len; i++)
    g_array_append_val (latest, i);
  return latest;
}

GArray *
schedule_list (const Roster *roster, const Schedule *schedule, Interval span)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Duty));
  g_autoptr (GArray) latest = g_array_new (FALSE, FALSE, sizeof (guint));
  for (gint64 at = span.from; at < span.to; at = schedule_next_change (roster, schedule, at))
    {
      g_autoptr (GArray) duties = find_all (roster, schedule, at);
      guint begin = list->len;
      for (guint i = 0; i < duties->len; i++)
        add_duty (list, latest, &g_array_index (duties, Duty, i));
      GArray *now = find_latest (list, latest, begin, at);
      g_array_unref (latest);
      latest = now;
    }
  g_array_sort (list, compare_duties);
  return list;
}

GArray *
schedule_find_gaps (const Roster *roster, const Schedule *schedule, Interval span)
{
  GArray *gaps = g_array_new (FALSE, FALSE, sizeof (Interval));
  for (gint64 at = span.from, next; at < span.to; at = next)
    {
      next = schedule_next_change (roster, schedule, at);
      g_autoptr (GArray) duties = find_all (roster, schedule, at);
      Interval gap = { at, MIN (next, span.to) };
      Interval *last = gaps->len > 0 ? &g_array_index (gaps, Interval, gaps->len - 1) : NULL;
      if (duties->len > 0)
        continue;
      if (last != NULL && last->to == at)
        last->to = gap.to;
      else
        g_array_append_val (gaps, gap);
    }
  return gaps;
}

/* ---- words ---- */

static char *
describe_time (const Schedule *schedule, gint64 at)
{
  static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, schedule->zone);
  g_autofree char *clock = g_date_time_format (local, "%H:%M");
  return g_strdup_printf ("%s %s", days[g_date_time_get_day_of_week (local) - 1], clock);
}

char *
schedule_describe (const Schedule *schedule, const Duty *duty)
{
  const Override *override = duty->override;
  if (override != NULL)
    return g_strdup_printf ("override %" G_GINT64_FORMAT " by %s%s%s", override->id, override->actor,
                            override->instead != NULL ? ", instead of " : "",
                            override->instead != NULL ? override->instead : "");
  if (duty->shift == NULL)
    return g_strdup_printf ("rotation, turn %u of %u", place_of (schedule->rotation, duty->turn) + 1,
                            schedule->rotation->agents->len);
  g_autofree char *from = describe_time (schedule, duty->shift->time.from),
                  *to = describe_time (schedule, duty->shift->time.to);
  return g_strdup_printf ("shift '%s', %s to %s", duty->shift->name, from, to);
}

/* ---- steps ---- */

GPtrArray *
schedule_reached (const Roster *roster, const Step *step, gint64 at)
{
  GPtrArray *reached = g_ptr_array_new ();
  g_autoptr (GPtrArray) on_call =
      step->schedule != NULL ? schedule_find_agents (roster, step->schedule, at) : g_ptr_array_new ();
  for (guint i = 0; i < roster->config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (roster->config->agents, i);
      if (step_names (step, agent) || g_ptr_array_find (on_call, agent, NULL))
        g_ptr_array_add (reached, (gpointer) agent);
    }
  return reached;
}
