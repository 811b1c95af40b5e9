/* options: the configuration's grammar: one table a section, with types, defaults and the checks that need a line number.
 * config.c makes the program's structures of what is read here. */
#pragma once

#include <confuse.h>

#include "config/config.h"

/* Parses PATH. Relative paths in it are resolved against the file that they stand in. The caller frees with cfg_free().
 * Errors: CONFIG_ERROR_READ, CONFIG_ERROR_SYNTAX, CONFIG_ERROR_VALUE, each with file:line. */
cfg_t *options_parse (const char *path, GError **error);

/* Sets *ERROR to "FILE:LINE: SECTION: text" for a section that has been read. */
void options_set_error (GError **error, cfg_t *section, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Sentences on the keys that are set in ROOT and have no effect yet. NULL-terminated, the caller's. */
char **options_list_unused (cfg_t *root);
