/* schedule: who is on call at a moment, until when, and why: the one answer for pages, assignments, commands and
 * checks. Pure.
 *
 * A calendar's shifts may overlap: all of them are on call. In a rotation one agent is, always; its turns begin when
 * the local clock shows the time for the first time, so that no moment is left out and none comes twice on days when
 * the clocks change. Overrides count in the order in which they were made: one that names an agent takes that agent's
 * place, another one everybody's, and one is on call by it where nobody was. All times are microseconds since 1970, all
 * stretches half-open.
 */
#pragma once

#include "config/config.h"
#include "store/override.h"

/* What the answer depends on. */
typedef struct {
  const Config *config;
  const GPtrArray *overrides; /* (element-type Override) in the order in which they were made; nullable */
} Roster;

/* One agent on call, and why. */
typedef struct {
  const Agent *agent;
  Interval time;            /* the whole of it; its end is G_MAXINT64 where nothing ends it */
  const Shift *shift;       /* of the calendar, else of the rotation or the override alone; nullable */
  gint64 turn;              /* the rotation's, the first one from its start is 0 */
  const Override *override; /* nullable */
} Duty;

/* Who is on call by SCHEDULE at AT, nobody twice. (element-type Duty), the caller's. */
GArray *schedule_find (const Roster *roster, const Schedule *schedule, gint64 at);

/* The agents of these. (element-type Agent), the caller's. */
GPtrArray *schedule_find_agents (const Roster *roster, const Schedule *schedule, gint64 at);

/* The next moment after AT when that may change, or G_MAXINT64. */
gint64 schedule_next_change (const Roster *roster, const Schedule *schedule, gint64 at);

/* The duties of which a part lies in SPAN, whole, by their beginning. (element-type Duty), the caller's. */
GArray *schedule_list (const Roster *roster, const Schedule *schedule, Interval span);

/* When nobody is on call in SPAN. (element-type Interval), the caller's. */
GArray *schedule_find_gaps (const Roster *roster, const Schedule *schedule, Interval span);

/* The beginning of the rotation's turn NUMBER, which may be negative. */
gint64 schedule_turn_begin (const Schedule *schedule, gint64 number);

/* "shift 'Alice', Mon 08:00 to Tue 08:00", "rotation, turn 1 of 3", "override 4 by carol, instead of alice". The
 * caller's. */
char *schedule_describe (const Schedule *schedule, const Duty *duty);

/* The agents whom STEP reaches at AT, in the order of the configuration. (element-type Agent), the caller's. */
GPtrArray *schedule_reached (const Roster *roster, const Step *step, gint64 at);
