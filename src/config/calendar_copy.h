/* calendar_copy: where the last good copy of an on-call calendar is, and how its calendar is called in messages. What is
 * done with it is in config.h. */
#pragma once

#include <glib.h>

/* "DATABASE.d/calendars/DIGEST.ics": the copy of CALENDAR, a path or a URL. The caller's. */
char *calendar_copy_path (const char *database, const char *calendar);

/* CALENDAR as it may be told to anybody: a path as it is; of a URL the scheme, the host and the port, as path, query and
 * user may be secrets. The caller's. */
char *calendar_copy_origin (const char *calendar);

/* When COPY was last known to be right, "2026-11-23 17:00". The caller's. */
char *calendar_copy_time (const char *copy);
