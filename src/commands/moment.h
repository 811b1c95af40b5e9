/* moment: a time as it is typed on the command line. */
#pragma once

#include "commands/command.h"

/* Reads TEXT, an RFC 3339 time, with or without seconds; without an offset it is the wall clock of ZONE. NULL is now.
 * *AT is in microseconds since 1970. Errors: G_OPTION_ERROR. */
gboolean moment_read (const char *text, GTimeZone *zone, gint64 *at, GError **error);
