/* hours: a calendar's weekly hours as they are written: "mon-fri 08:00-12:00", "sat 22:00-06:00", "sun 00:00-24:00". */
#pragma once

#include <glib.h>

/* TRUE when TEXT is a day or a range of days, a blank, and a span of two times. */
gboolean hours_are_valid (const char *text);
