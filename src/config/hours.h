/* hours: when a calendar is open, as it is written: "mon-fri 08:00-12:00", "sat 22:00-06:00", "sun 00:00-24:00", and for one
 * date "2026-12-24 08:00-12:00" or "2026-12-24" for the whole of it. */
#pragma once

#include "config/config.h"

/* A day or a range of days, a blank, and a span of two times. *DAYS has bit 0 for Monday. FALSE when TEXT is none. */
gboolean hours_parse (const char *text, guint *days, DaySpan *span);

/* A date, and a span unless it is the whole date. FALSE when TEXT is none or there is no such date. */
gboolean hours_parse_date (const char *text, gint32 *day, DaySpan *span);

/* Days since 1970-01-01; DATE is valid. */
gint32 hours_day (const GDate *date);
/* The date of DAY, which lies in the years 1 to 65535. */
GDate hours_date (gint32 day);
