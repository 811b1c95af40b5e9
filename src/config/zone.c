#include "config/zone.h"

#define FARTHEST (G_GINT64_CONSTANT (26) * 3600 * G_USEC_PER_SEC) /* no offset is larger, none ever was */

static int
interval_at (GTimeZone *zone, gint64 at)
{
  gint64 second = at / G_USEC_PER_SEC - (at % G_USEC_PER_SEC < 0);
  return g_time_zone_find_interval (zone, G_TIME_TYPE_UNIVERSAL, second);
}

static gint64
offset_at (GTimeZone *zone, gint64 at)
{
  return (gint64) g_time_zone_get_offset (zone, interval_at (zone, at)) * G_USEC_PER_SEC;
}

static gint64
day_of (gint64 local)
{
  return local / ZONE_DAY - (local % ZONE_DAY < 0);
}

/* The first change of the zone's rules after FROM and before TO, or TO. GTimeZone tells which of its intervals an instant
 * lies in, but not where they end; their numbers rise with time. */
static gint64
find_change (GTimeZone *zone, gint64 from, gint64 to)
{
  int interval = interval_at (zone, from);
  if (interval_at (zone, to - 1) == interval)
    return to;
  gint64 low = from / G_USEC_PER_SEC, high = to / G_USEC_PER_SEC; /* changes come at full seconds */
  while (high - low > 1)
    {
      gint64 middle = low + (high - low) / 2;
      if (interval_at (zone, middle * G_USEC_PER_SEC) == interval)
        low = middle;
      else
        high = middle;
    }
  return high * G_USEC_PER_SEC;
}

ZonePiece
zone_piece (GTimeZone *zone, gint64 at)
{
  ZonePiece piece = { .offset = offset_at (zone, at) };
  gint64 midnight = (day_of (at + piece.offset) + 1) * ZONE_DAY - piece.offset;
  piece.to = find_change (zone, at, midnight);
  return piece;
}

gint64
zone_local_day (GTimeZone *zone, gint64 at)
{
  return day_of (at + offset_at (zone, at));
}

gint64
zone_instant (GTimeZone *zone, gint64 day, gint64 clock, ZoneRule rule)
{
  gint64 local = day * ZONE_DAY + clock, found = G_MININT64, before = offset_at (zone, local - FARTHEST);
  for (gint64 at = local - FARTHEST; at < local + FARTHEST;)
    {
      ZonePiece piece = zone_piece (zone, at);
      if (at + piece.offset <= local && local < piece.to + piece.offset)
        {
          found = local - piece.offset;
          if (rule != ZONE_LAST)
            return found;
        }
      else if (found == G_MININT64 && at + piece.offset > local) /* passed by: the clocks were put forward over it */
        return rule == ZONE_SHIFT ? local - before : at;
      before = piece.offset;
      at = piece.to;
    }
  return found;
}

char *
zone_describe (GTimeZone *zone, gint64 at)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, zone);
  return g_date_time_format (local, "%Y-%m-%d %H:%M %Z");
}
