/* rotation: how long a turn lasts and when the first one began, as they are written: "12h", "2026-11-23T08:00". */
#pragma once

#include "config/config.h"

/* A number up to LIMIT_TURN and h, d, w or mo. FALSE when TEXT is none. */
gboolean rotation_parse_every (const char *text, TurnUnit *unit, int *length);

/* A local date and time, seconds or none. FALSE when TEXT is none or there is no such date. */
gboolean rotation_parse_start (const char *text, gint32 *day, gint64 *clock);
