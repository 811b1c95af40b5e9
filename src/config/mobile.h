/* mobile: phone numbers of agents, as gateways take them. Pure. */
#pragma once

#include <glib.h>

/* TRUE for "+" and 6 to 15 digits (E.164). MOBILE is nullable. */
gboolean mobile_is_valid (const char *mobile);

/* TRUE when PATTERN stands for nothing without a number. */
gboolean mobile_is_wanted (const char *pattern);

/* PATTERN with {mobile} replaced by MOBILE, and {digits} by it without its "+"; NULL when it wants a number and MOBILE is
 * not valid. The caller's. */
char *mobile_fill (const char *pattern, const char *mobile);
