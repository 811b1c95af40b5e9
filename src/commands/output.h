/* output: how subcommands print: one JSON document, or an aligned table made of the same values. */
#pragma once

#include "commands/command.h"

/* Microseconds since 1970 as RFC 3339 with offset (UTC), JSON null for 0. */
json_t *output_time (gint64 time);
/* A string, JSON null for NULL. */
json_t *output_string (const char *text);
/* Prints DOCUMENT and a newline; takes the reference. */
void output_json (json_t *document);
/* Prints ROWS (an array of objects) under TITLES by KEYS, aligned by display width; control characters never reach
 * the terminal. KEYS and TITLES end with NULL. */
void output_table (const json_t *rows, const char *const *keys, const char *const *titles);
/* Prints "frontdesk NAME: message" on standard error and gives the exit status that ERROR's domain and code mean. */
int output_error (const char *name, const GError *error);
