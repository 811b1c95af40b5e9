/* zone: local time and back, by the zone's rules and never by the process's own zone. Pure.
 *
 * Instants are microseconds since 1970. A local day is a number of days since 1970-01-01 and microseconds from its
 * midnight on the wall clock.
 */
#pragma once

#include <glib.h>

#define ZONE_DAY (G_GINT64_CONSTANT (86400) * G_USEC_PER_SEC)

/* A stretch of instants with one offset from UTC, which begins at or before the instant asked for. */
typedef struct {
  gint64 to;     /* the offset may change here, and does not earlier */
  gint64 offset; /* local time minus UTC */
} ZonePiece;

/* The piece that AT lies in, not beyond the end of AT's local day. */
ZonePiece zone_piece (GTimeZone *zone, gint64 at);

gint64 zone_local_day (GTimeZone *zone, gint64 at);

typedef enum {
  ZONE_FIRST, /* of a wall clock time that comes twice, the first; for one that is skipped, the instant of the change */
  ZONE_LAST,  /* of two the last; for a skipped one, the instant of the change */
  ZONE_SHIFT, /* of two the first; a skipped one is as much later as the clocks are put forward */
} ZoneRule;

/* The instant at which the wall clock shows CLOCK (microseconds from midnight, below a day) on the local day DAY. */
gint64 zone_instant (GTimeZone *zone, gint64 day, gint64 clock, ZoneRule rule);

/* "2026-11-23 17:00 CET". The caller's. */
char *zone_describe (GTimeZone *zone, gint64 at);
