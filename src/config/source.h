/* source: a configuration file as text that libConfuse's scanner can be trusted with.
 *
 * libConfuse 3.3 counts a comment as three lines, ends the process when it is given a folder, keeps the state of a
 * scan that failed, and takes the end of a file for a missing brace. So a file is read here: its comments become
 * blanks, and what would end a scan midway is an error. */
#pragma once

#include <glib.h>

/* The text of PATH, the caller's. Errors: CONFIG_ERROR_READ; CONFIG_ERROR_SYNTAX with file:line. */
char *source_read (const char *path, GError **error);
