/* values: what single values may be. Each is checked while it is read, so that the error has its line. */
#pragma once

#include <confuse.h>

/* 0 when the values that OPTION of SECTION has so far are fine; otherwise cfg_error() has been told why. */
int values_check (cfg_t *section, cfg_opt_t *option);
