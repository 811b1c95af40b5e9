/* dates: moments and opening hours in words, in the reader's language and the desk's time zone.
 *
 * Times are microseconds since 1970; LANGUAGE is a tag such as "fr" or "fr-ca", TIMEZONE a name such as
 * "America/Vancouver". One that is not known is taken as "en" and "UTC"; the process's own locale and zone count for
 * nothing. Any thread may call these. The caller owns what they return.
 */
#pragma once

#include <glib.h>

#include "config/config.h"

/* "by 10:15 on Tuesday, Pacific Time", or with the date when AT is more than six days from NOW. Seconds are rounded up:
 * what is done by AT is done by the minute that this names. A language without words of its own here gets no "by". */
char *dates_promise (const char *language, const char *timezone, gint64 at, gint64 now);

/* "10:15 on Tuesday, Pacific Time": when something was, or will be. */
char *dates_moment (const char *language, const char *timezone, gint64 at, gint64 now);

/* CALENDAR's weekly hours, a line for all days that have the same, and the zone's name on a last line:
 *
 *   Monday to Friday: 08:00-12:00, 13:30-16:30
 *   Pacific Time
 *
 * NULL when there is nothing to say: it is always open, or has no weekly hours. */
char *dates_hours (const char *language, const Calendar *calendar);
