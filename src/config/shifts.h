/* shifts: who is on call by an iCalendar file that people keep in their own calendar program.
 *
 * An event is a shift of the agent whom its SUMMARY names (by the section's title, the full name or the address), else
 * of those whose addresses are its ATTENDEEs. RRULE, RDATE, EXDATE and RECURRENCE-ID count; recurring shifts are
 * written out until LIMIT_SHIFT_AHEAD days from now. A shift's end is taken on the wall clock, as calendar programs
 * show it: one from 08:00 to 08:00 ends at 08:00 on the day when the clocks change, too. Times without a zone, and
 * whole days, are the schedule's. */
#pragma once

#include "config/build.h"

/* Reads the iCalendar TEXT, which messages call NAME, into SCHEDULE's shifts; who is not known becomes a remark of BUILD.
 * On failure SCHEDULE has none. Errors: CONFIG_ERROR_VALUE with NAME:line. */
gboolean shifts_parse (Build *build, Schedule *schedule, const char *name, const char *text, GError **error);

/* The same of the file PATH. Errors: CONFIG_ERROR_READ, too. */
gboolean shifts_read (Build *build, Schedule *schedule, const char *path, GError **error);
