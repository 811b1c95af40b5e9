#include "delivery/clock.h"

#define POLL (G_USEC_PER_SEC / 2) /* how soon a timer set by another process is seen */

struct Clock {
  Store *store;
  GThread *thread;
  GMutex lock;
  GCond changed;
  gboolean stopping, troubled;
  gboolean stale; /* the rules may be others than the promises were made by */
};

/* FALSE when it has to be tried again. */
static gboolean
run_timers (Clock *clock, gboolean stale)
{
  g_autoptr (GError) error = NULL;
  gint64 next_due, now = g_get_real_time ();
  gboolean well = (!stale || store_refresh_promises (clock->store, now, &error)) &&
                  store_run_timers (clock->store, now, &next_due, &error);
  if (!well && !clock->troubled)
    g_warning ("timers cannot be worked off now: %s", error->message);
  clock->troubled = !well;
  return well;
}

static gpointer
tick (gpointer data)
{
  Clock *clock = data;
  g_mutex_lock (&clock->lock);
  while (!clock->stopping)
    {
      gboolean stale = clock->stale;
      clock->stale = FALSE;
      g_mutex_unlock (&clock->lock);
      gboolean well = run_timers (clock, stale);
      g_mutex_lock (&clock->lock);
      clock->stale = clock->stale || (stale && !well);
      gint64 until = g_get_monotonic_time () + POLL;
      while (!clock->stopping && g_cond_wait_until (&clock->changed, &clock->lock, until))
        ;
    }
  g_mutex_unlock (&clock->lock);
  return NULL;
}

Clock *
clock_start (Store *store)
{
  Clock *clock = g_new0 (Clock, 1);
  clock->store = store;
  clock->stale = TRUE;
  g_mutex_init (&clock->lock);
  g_cond_init (&clock->changed);
  clock->thread = g_thread_new ("clock", tick, clock);
  return clock;
}

void
clock_refresh (Clock *clock)
{
  g_mutex_lock (&clock->lock);
  clock->stale = TRUE;
  g_mutex_unlock (&clock->lock);
}

void
clock_stop (Clock *clock)
{
  g_mutex_lock (&clock->lock);
  clock->stopping = TRUE;
  g_cond_signal (&clock->changed);
  g_mutex_unlock (&clock->lock);
  g_thread_join (clock->thread);
  g_mutex_clear (&clock->lock);
  g_cond_clear (&clock->changed);
  g_free (clock);
}
