#include "desk/calendar.h"

#include <stdlib.h>

#include "config/limits.h"
#include "config/zone.h"

#define SPAN_DAY 86400 /* seconds */

/* ---- the windows of one local date ---- */

static int
compare_days (gconstpointer key, gconstpointer item)
{
  gint32 day = *(const gint32 *) key, other = ((const CalendarDate *) item)->day;
  return day < other ? -1 : day > other;
}

/* The entries of DAY in the calendar's sorted dates. */
static const CalendarDate *
find_dates (const Calendar *calendar, gint32 day, guint *count)
{
  *count = 0;
  if (calendar->dates->len == 0)
    return NULL;
  const CalendarDate *all = (const CalendarDate *) (const void *) calendar->dates->data;
  const CalendarDate *end = all + calendar->dates->len;
  const CalendarDate *first = bsearch (&day, all, calendar->dates->len, sizeof *all, compare_days);
  if (first == NULL)
    return NULL;
  while (first > all && first[-1].day == day)
    first--;
  while (first + *count < end && first[*count].day == day)
    ++*count;
  return first;
}

static gboolean
has_kind (const CalendarDate *dates, guint count, DateKind kind)
{
  for (guint i = 0; i < count; i++)
    if (dates[i].kind == kind)
      return TRUE;
  return FALSE;
}

static void
add_clipped (GArray *spans, DaySpan span, gint32 shift)
{
  DaySpan clipped = { MAX (span.from + shift, 0), MIN (span.to + shift, SPAN_DAY) };
  if (clipped.from < clipped.to)
    g_array_append_val (spans, clipped);
}

/* Adds what begins on DAY and opens (or, with CLOSED, closes) a part of the day that lies SHIFT seconds off. */
static void
add_spans (const Calendar *calendar, gint32 day, gint32 shift, gboolean closed, GArray *spans)
{
  guint count;
  const CalendarDate *dates = find_dates (calendar, day, &count);
  if (has_kind (dates, count, DATE_HOLIDAY))
    return;
  const GArray *week = calendar->week[((day + 3) % 7 + 7) % 7]; /* 1970-01-01 was a Thursday; Monday is 0 */
  gboolean special = has_kind (dates, count, DATE_SPECIAL);
  for (guint i = 0; !closed && !special && i < week->len; i++)
    add_clipped (spans, g_array_index (week, DaySpan, i), shift);
  for (guint i = 0; i < count; i++)
    if ((dates[i].kind == DATE_CLOSED) == closed)
      add_clipped (spans, dates[i].span, shift);
}

static int
compare_spans (gconstpointer one, gconstpointer other)
{
  return ((const DaySpan *) one)->from - ((const DaySpan *) other)->from;
}

/* Appends SPAN to the sorted SPANS, as one with the last where they touch. */
static void
append_merged (GArray *spans, DaySpan span)
{
  DaySpan *last = spans->len > 0 ? &g_array_index (spans, DaySpan, spans->len - 1) : NULL;
  if (last != NULL && span.from <= last->to)
    last->to = MAX (last->to, span.to);
  else if (span.from < span.to)
    g_array_append_val (spans, span);
}

/* OPEN without CLOSED; both are sorted here. The result is sorted, and no two of it touch. */
static GArray *
subtract (GArray *open, GArray *closed)
{
  GArray *rest = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  g_autoptr (GArray) merged = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  g_array_sort (open, compare_spans);
  g_array_sort (closed, compare_spans);
  for (guint i = 0; i < open->len; i++)
    append_merged (merged, g_array_index (open, DaySpan, i));
  for (guint i = 0; i < merged->len; i++)
    {
      DaySpan span = g_array_index (merged, DaySpan, i);
      for (guint j = 0; j < closed->len; j++)
        {
          DaySpan gap = g_array_index (closed, DaySpan, j);
          if (gap.to <= span.from || gap.from >= span.to)
            continue;
          append_merged (rest, (DaySpan){ span.from, gap.from });
          span.from = MIN (gap.to, span.to);
        }
      append_merged (rest, span);
    }
  return rest;
}

/* The windows of the local date DAY, seconds of its wall clock. */
static GArray *
windows_of (const Calendar *calendar, gint64 date)
{
  g_autoptr (GArray) open = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  g_autoptr (GArray) closed = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  gint32 day = (gint32) CLAMP (date, -LIMIT_CALENDAR_DATE, LIMIT_CALENDAR_DATE);
  guint count;
  const CalendarDate *dates = find_dates (calendar, day, &count);
  if (!has_kind (dates, count, DATE_HOLIDAY))
    for (gint32 before = 0; before <= 1; before++)
      {
        add_spans (calendar, day - before, -before * SPAN_DAY, FALSE, open);
        add_spans (calendar, day - before, -before * SPAN_DAY, TRUE, closed);
      }
  return subtract (open, closed);
}

/* ---- stretches of open time ---- */

/* The first stretch of PIECE, which begins at AT, that is open. */
static gboolean
find_in_piece (const Calendar *calendar, gint64 at, ZonePiece piece, Interval *open)
{
  gint64 day = zone_local_day (calendar->zone, at), midnight = day * ZONE_DAY - piece.offset;
  g_autoptr (GArray) windows = windows_of (calendar, day);
  for (guint i = 0; i < windows->len; i++)
    {
      DaySpan window = g_array_index (windows, DaySpan, i);
      open->from = MAX (at, midnight + (gint64) window.from * G_USEC_PER_SEC);
      open->to = MIN (piece.to, midnight + (gint64) window.to * G_USEC_PER_SEC);
      if (open->from < open->to)
        return TRUE;
    }
  return FALSE;
}

/* How far from AT it is looked for open time. A pause that is not over ends at G_MAXINT64. */
static gint64
find_horizon (gint64 at)
{
  const gint64 reach = LIMIT_CALENDAR_DAYS * ZONE_DAY;
  return at > G_MAXINT64 - reach ? at : at + reach;
}

/* As calendar_next_open() without pauses; the stretch ends at the local midnight or where the clocks change at the latest,
 * and may go on behind that. */
static gboolean
find_open (const Calendar *calendar, gint64 at, Interval *open)
{
  gint64 horizon = find_horizon (at);
  while (at < horizon)
    {
      ZonePiece piece = zone_piece (calendar->zone, at);
      if (find_in_piece (calendar, at, piece, open))
        return TRUE;
      at = piece.to;
    }
  return FALSE;
}

/* The end of the pauses that cover AT, or AT. */
static gint64
skip_pauses (const GArray *pauses, gint64 at)
{
  gint64 before;
  do
    {
      before = at;
      for (guint i = 0; pauses != NULL && i < pauses->len; i++)
        {
          Interval pause = g_array_index (pauses, Interval, i);
          if (pause.from <= at && at < pause.to)
            at = pause.to;
        }
    }
  while (at != before);
  return at;
}

/* The beginning of the next pause after AT, or TO. */
static gint64
next_pause (const GArray *pauses, gint64 at, gint64 to)
{
  for (guint i = 0; pauses != NULL && i < pauses->len; i++)
    {
      Interval pause = g_array_index (pauses, Interval, i);
      if (pause.from > at && pause.from < to && pause.from < pause.to)
        to = pause.from;
    }
  return to;
}

/* The next stretch that counts, within one piece. */
static gboolean
find_counted (const Calendar *calendar, gint64 at, const GArray *pauses, Interval *open)
{
  gint64 horizon = find_horizon (at);
  while (at < horizon)
    {
      if (!find_open (calendar, skip_pauses (pauses, at), open))
        return FALSE;
      at = skip_pauses (pauses, open->from);
      if (at == open->from)
        {
          open->to = next_pause (pauses, open->from, open->to);
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
calendar_is_open (const Calendar *calendar, gint64 at, const GArray *pauses)
{
  Interval open;
  return find_in_piece (calendar, at, zone_piece (calendar->zone, at), &open) && open.from == at &&
         skip_pauses (pauses, at) == at;
}

gboolean
calendar_next_open (const Calendar *calendar, gint64 at, const GArray *pauses, Interval *open)
{
  if (!find_counted (calendar, at, pauses, open))
    return FALSE;
  Interval more;
  gint64 horizon = find_horizon (open->from);
  while (open->to < horizon && find_counted (calendar, open->to, pauses, &more) && more.from == open->to)
    open->to = more.to;
  return TRUE;
}

gboolean
calendar_add (const Calendar *calendar, gint64 from, gint64 amount, const GArray *pauses, gint64 *deadline)
{
  gint64 horizon = find_horizon (from);
  Interval open;
  for (gint64 at = from; at < horizon && find_counted (calendar, at, pauses, &open); at = open.to)
    {
      if (amount <= open.to - open.from)
        {
          *deadline = open.from + amount;
          return TRUE;
        }
      amount -= open.to - open.from;
    }
  return FALSE;
}

gint64
calendar_elapsed (const Calendar *calendar, gint64 from, gint64 to, const GArray *pauses)
{
  gint64 elapsed = 0;
  Interval open;
  for (gint64 at = from; at < to && find_counted (calendar, at, pauses, &open) && open.from < to; at = open.to)
    elapsed += MIN (open.to, to) - open.from;
  return elapsed;
}

GArray *
calendar_shares (const Calendar *calendar, gint64 from, gint64 to, const GArray *pauses)
{
  GArray *shares = g_array_new (FALSE, FALSE, sizeof (DayShare));
  Interval open;
  for (gint64 at = from; at < to && find_counted (calendar, at, pauses, &open) && open.from < to; at = open.to)
    {
      gint64 time = MIN (open.to, to) - open.from, day = zone_local_day (calendar->zone, open.from);
      DayShare *last = shares->len > 0 ? &g_array_index (shares, DayShare, shares->len - 1) : NULL;
      if (last != NULL && last->day == day)
        last->time += time;
      else if (shares->len == LIMIT_CALENDAR_DAYS)
        break;
      else
        g_array_append_val (shares, ((DayShare){ day, time }));
    }
  return shares;
}

/* ---- dates ---- */

gboolean
calendar_closing (const Calendar *calendar, gint64 from, int count, gint64 *closing)
{
  gint64 day = zone_local_day (calendar->zone, from), horizon = day + LIMIT_CALENDAR_DAYS;
  while (count > 0 && day < horizon)
    {
      g_autoptr (GArray) windows = windows_of (calendar, ++day);
      if (windows->len == 0 || --count > 0)
        continue;
      gint64 end = g_array_index (windows, DaySpan, windows->len - 1).to * (gint64) G_USEC_PER_SEC;
      *closing = end < ZONE_DAY ? zone_instant (calendar->zone, day, end, ZONE_LAST)
                                : zone_instant (calendar->zone, day + 1, 0, ZONE_FIRST);
      return TRUE;
    }
  return FALSE;
}

const char *
calendar_holiday (const Calendar *calendar, gint64 at)
{
  guint count;
  const CalendarDate *dates = find_dates (calendar, (gint32) zone_local_day (calendar->zone, at), &count);
  for (guint i = 0; i < count; i++)
    if (dates[i].kind == DATE_HOLIDAY)
      return dates[i].name;
  return NULL;
}
