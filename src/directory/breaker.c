#include "directory/breaker.h"

#define FIRST_PAUSE G_USEC_PER_SEC
#define LAST_PAUSE (30 * G_USEC_PER_SEC)

static gint64
pause_after (guint failures)
{
  return MIN (FIRST_PAUSE << MIN (failures - 1, 10), LAST_PAUSE);
}

gboolean
breaker_refuses (const Breaker *breaker, gint64 now)
{
  return breaker->failures > 0 && (breaker->probing || now < breaker->probe_at);
}

BreakerPass
breaker_admit (Breaker *breaker, gint64 now)
{
  if (breaker_refuses (breaker, now))
    return BREAKER_REFUSED;
  if (breaker->failures == 0)
    return BREAKER_ADMITTED;
  breaker->probing = TRUE;
  return BREAKER_PROBE;
}

gboolean
breaker_succeed (Breaker *breaker, BreakerPass pass)
{
  if (pass != BREAKER_PROBE)
    return FALSE;
  *breaker = (Breaker){ 0 };
  return TRUE;
}

gboolean
breaker_fail (Breaker *breaker, BreakerPass pass, gint64 now)
{
  if (breaker->failures > 0 && pass != BREAKER_PROBE)
    return FALSE;
  breaker->failures++;
  breaker->probing = FALSE;
  breaker->probe_at = now + pause_after (breaker->failures);
  return breaker->failures == 1;
}
