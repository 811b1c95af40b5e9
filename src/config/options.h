/* options: the configuration's grammar: one table a section, with types and defaults. build.h makes the program's
 * structures of what is read here. */
#pragma once

#include <confuse.h>

#include "config/config.h"

/* Parses PATH. Relative paths in it are resolved against the file that they stand in. A file's text is taken from SOURCES
 * (element-type utf8 utf8), by its path; one that is not there is read, and kept there. To be freed with options_free().
 * Errors: CONFIG_ERROR_READ, CONFIG_ERROR_SYNTAX, CONFIG_ERROR_VALUE, each with file:line. */
cfg_t *options_parse (const char *path, GHashTable *sources, GError **error);

/* The tables with their defaults, without a file: what there is to set. To be freed with options_free(). */
cfg_t *options_new (void);

/* To be used instead of cfg_free(), which ends the scanner that another thread may be using. */
void options_free (cfg_t *root);

/* Sets *ERROR to "FILE:LINE: SECTION: OPTION: text" for what has been read; OPTION NULL: the section as a whole. */
void options_set_error (GError **error, cfg_t *section, const char *option, const char *format, ...)
  G_GNUC_PRINTF (4, 5);
