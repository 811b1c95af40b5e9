/* holidays: reads iCalendar files (RFC 5545) of holidays: events of whole days, by libical. */
#pragma once

#include "config/config.h"

/* Adds the days of the events in PATH to DATES (element-type CalendarDate), their names kept in NAMES. Yearly ones are
 * written out as far as LIMIT_HOLIDAY_YEAR. Errors: CONFIG_ERROR_READ; CONFIG_ERROR_VALUE with the file's line. */
gboolean holidays_read (const char *path, GArray *dates, GStringChunk *names, GError **error);
