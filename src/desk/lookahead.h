/* lookahead: what is wrong with who is on call in the next 30 days: gaps, steps that reach nobody, agents without a usable
 * channel, names that are not known. One answer for `doctor` and for the daemon's log. Pure. */
#pragma once

#include "desk/schedule.h"

#define LOOKAHEAD_DAYS 30

/* One thing that is to be mended. */
typedef struct {
  char *text;
  char *key; /* the same for as long as it is the same trouble, though the span that is looked at moves on */
} Finding;

/* Whom STEP reaches at some time of those days. (element-type Agent), the caller's. */
GHashTable *lookahead_find_reached (const Roster *roster, const Step *step, gint64 now);

/* What there is at NOW. (element-type Finding), the caller's. */
GPtrArray *lookahead_find (const Roster *roster, gint64 now);
