/* calendar: when a promise's clock runs. Pure: the calendar, the times and the pauses are arguments.
 *
 * All times are microseconds since 1970. An instant is open when its wall clock in the calendar's zone lies in a window of
 * its local date: windows are half-open, so the instant of closing is closed. Whether a window is an hour longer or shorter
 * on a day when the clocks change follows from that. Precedence on a date: holiday, closure, special hours, weekly hours;
 * extra hours are added. The part of a window behind midnight belongs to the date that it began on, but a holiday is the
 * whole local date.
 *
 * A pause is time that does not count: half-open, in any order, overlapping or not. PAUSES (element-type Interval) may be
 * NULL everywhere.
 */
#pragma once

#include "config/config.h"

gboolean calendar_is_open (const Calendar *calendar, gint64 at, const GArray *pauses);

/* The open stretch that AT lies in, cut to begin at AT, or else the next one. FALSE when there is none within
 * LIMIT_CALENDAR_DAYS. */
gboolean calendar_next_open (const Calendar *calendar, gint64 at, const GArray *pauses, Interval *open);

/* The first instant by which AMOUNT of open time has passed since FROM; an amount that ends at closing time ends there and
 * not at the next opening. AMOUNT 0: the first open instant. FALSE as above. */
gboolean calendar_add (const Calendar *calendar, gint64 from, gint64 amount, const GArray *pauses, gint64 *deadline);

/* Open time from FROM until TO; 0 when TO is not later. */
gint64 calendar_elapsed (const Calendar *calendar, gint64 from, gint64 to, const GArray *pauses);

/* The closing time of the COUNTth business day after the local date of FROM. A business day is a date with any open time;
 * one that is open into the next date closes at midnight. FALSE as above. */
gboolean calendar_closing (const Calendar *calendar, gint64 from, int count, gint64 *closing);

typedef struct {
  gint64 day;  /* local, since 1970-01-01 */
  gint64 time; /* open time on it */
} DayShare;

/* How the open time from FROM to TO adds up: a local date each, those without any left out; no more than
 * LIMIT_CALENDAR_DAYS. (element-type DayShare), the caller's. */
GArray *calendar_shares (const Calendar *calendar, gint64 from, gint64 to, const GArray *pauses);

/* The holiday on the local date of AT by its name, or NULL. Owned by CALENDAR. */
const char *calendar_holiday (const Calendar *calendar, gint64 at);
