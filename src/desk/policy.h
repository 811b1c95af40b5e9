/* policy: when what was promised is due. Pure. */
#pragma once

#include "config/config.h"

/* Microseconds since 1970; 0: not promised. */
typedef struct {
  gint64 acknowledge, respond, update, resolve;
} Deadlines;

/* When TARGETS are due for a ticket opened at OPENED. *FAILED names the target whose calendar has no open time within
 * LIMIT_CALENDAR_DAYS, and the result is FALSE then. */
gboolean policy_deadlines (const Targets *targets, gint64 opened, Deadlines *deadlines, const char **failed);
