/* breaker: keeps a dead server from costing every session its time-out. After a failure nobody asks for a pause that grows
 * with each further failure; then one probe may. Pure: the time is an argument, microseconds on any steady clock. */
#pragma once

#include <glib.h>

typedef struct {
  guint failures;     /* in a row */
  gint64 closed_until; /* nobody asks before */
} Breaker;

/* TRUE when the server may be asked now; a probe, when there were failures, holds others off while it runs. */
gboolean breaker_admit (Breaker *breaker, gint64 now);
void breaker_succeed (Breaker *breaker);
void breaker_fail (Breaker *breaker, gint64 now);
