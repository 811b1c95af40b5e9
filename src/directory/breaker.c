#include "directory/breaker.h"

#define FIRST_PAUSE G_USEC_PER_SEC
#define LAST_PAUSE (30 * G_USEC_PER_SEC)

static gint64
pause_after (guint failures)
{
  return MIN (FIRST_PAUSE << MIN (failures - 1, 10), LAST_PAUSE);
}

gboolean
breaker_admit (Breaker *breaker, gint64 now)
{
  if (breaker->failures == 0)
    return TRUE;
  if (now < breaker->closed_until)
    return FALSE;
  breaker->closed_until = now + pause_after (breaker->failures);
  return TRUE;
}

void
breaker_succeed (Breaker *breaker)
{
  breaker->failures = 0;
}

void
breaker_fail (Breaker *breaker, gint64 now)
{
  breaker->failures++;
  breaker->closed_until = now + pause_after (breaker->failures);
}
