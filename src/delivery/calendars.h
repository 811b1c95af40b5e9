/* calendars: on-call calendars and holidays that change while the daemon serves.
 *
 * One thread looks at their files twice a second. A change counts when the file has stood still for a look, so that one that
 * is being written is left alone; its last good copy is kept (see config_keep_calendar()), and the program is told. A second
 * thread fetches those that are elsewhere, at their intervals, into their copies, which the first one looks at as at any
 * other file: nobody ever waits for a server.
 */
#pragma once

#include "config/config.h"

typedef struct Calendars Calendars;

/* Files have changed, or CONFIG is another one: called in a thread of its own, once after the start, too. */
typedef void (*CalendarsChanged) (gpointer data);

/* After delivery_start(). Takes a reference to CONFIG. */
Calendars *calendars_start (Config *config, CalendarsChanged changed, gpointer data);

/* Waits until the calendars of which there is no copy have been asked for once, SECONDS at most. */
void calendars_await (Calendars *calendars, gint64 seconds);

/* CONFIG counts from now on, and all that is elsewhere is fetched at once. */
void calendars_reload (Calendars *calendars, Config *config);

/* Breaks off what is being fetched. Frees. */
void calendars_stop (Calendars *calendars);
