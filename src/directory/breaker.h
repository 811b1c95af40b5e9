/* breaker: keeps a dead server from costing every session its time-out. After a failure nobody asks for a pause that grows
 * with each failed probe, from one second to thirty; then one probe may. Pure: the time is an argument, microseconds on any
 * steady clock. */
#pragma once

#include <glib.h>

typedef struct {
  guint failures;   /* in a row: the first one and the probes since */
  gint64 probe_at;  /* nobody asks before */
  gboolean probing; /* one asks, the others do not */
} Breaker;

typedef enum { BREAKER_REFUSED, BREAKER_ADMITTED, BREAKER_PROBE } BreakerPass;

/* TRUE when breaker_admit() would refuse. */
gboolean breaker_refuses (const Breaker *breaker, gint64 now);

/* Whether the server may be asked now. What is not refused must end with breaker_succeed() or breaker_fail(), given PASS. */
BreakerPass breaker_admit (Breaker *breaker, gint64 now);

/* TRUE when this ended an outage. During one only the probe counts: the others were let in before it began. */
gboolean breaker_succeed (Breaker *breaker, BreakerPass pass);

/* TRUE when this began an outage. */
gboolean breaker_fail (Breaker *breaker, BreakerPass pass, gint64 now);
