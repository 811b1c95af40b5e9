#include "delivery/lane.h"

#define POLL (G_USEC_PER_SEC / 2)   /* how soon a change by another process is seen */
#define TROUBLE (2 * G_USEC_PER_SEC) /* between looks while the store fails */

struct Lane {
  Store *store;
  gboolean pages;
  guint size; /* workers */
  LaneSend send;
  gpointer data;
  GThread *thread;
  GThreadPool *workers;
  GMutex lock;
  GCond changed;
  guint in_hand;
  gboolean woken, stopping, troubled;
};

static void
work (gpointer row, gpointer data)
{
  Lane *lane = data;
  lane->send (row, lane->data);
  outbox_row_free (row);
  g_mutex_lock (&lane->lock);
  lane->in_hand--;
  lane->woken = TRUE;
  g_cond_signal (&lane->changed);
  g_mutex_unlock (&lane->lock);
}

static guint
count_free (Lane *lane)
{
  g_mutex_lock (&lane->lock);
  guint count = lane->size - lane->in_hand;
  g_mutex_unlock (&lane->lock);
  return count;
}

static void
hand_out (Lane *lane, GPtrArray *rows)
{
  g_mutex_lock (&lane->lock);
  lane->in_hand += rows->len;
  g_mutex_unlock (&lane->lock);
  while (rows->len > 0)
    g_thread_pool_push (lane->workers, g_ptr_array_steal_index (rows, 0), NULL);
}

/* Claims what is due and hands it out. Returns how long to wait before the next look, microseconds. */
static gint64
look (Lane *lane)
{
  g_autoptr (GError) error = NULL;
  gint64 next_due = G_MAXINT64, now = g_get_real_time ();
  guint free_workers = count_free (lane);
  if (free_workers == 0)
    return POLL; /* a worker that is done wakes us */
  g_autoptr (GPtrArray) rows = store_claim_due (lane->store, lane->pages, now, free_workers, &next_due, &error);
  if (rows == NULL)
    {
      if (!lane->troubled)
        g_warning ("what is due cannot be sent now: %s", error->message);
      lane->troubled = TRUE;
      return TROUBLE;
    }
  lane->troubled = FALSE;
  /* Nothing to do before a worker is done, who wakes us: all are busy, or a channel has enough in hand. */
  gboolean wait = rows->len == free_workers || (rows->len == 0 && next_due <= now);
  hand_out (lane, rows);
  return wait ? POLL : CLAMP (next_due - now, 0, POLL);
}

static gboolean
wait_for_change (Lane *lane, gint64 pause)
{
  gint64 until = g_get_monotonic_time () + pause;
  g_mutex_lock (&lane->lock);
  while (!lane->woken && !lane->stopping && g_cond_wait_until (&lane->changed, &lane->lock, until))
    ;
  lane->woken = FALSE;
  gboolean going = !lane->stopping;
  g_mutex_unlock (&lane->lock);
  return going;
}

static gpointer
dispatch (gpointer data)
{
  Lane *lane = data;
  while (wait_for_change (lane, look (lane)))
    ;
  return NULL;
}

Lane *
lane_start (Store *store, gboolean pages, LaneSend send, gpointer data)
{
  Lane *lane = g_new0 (Lane, 1);
  lane->store = store;
  lane->pages = pages;
  lane->size = pages ? PAGE_WORKERS : LETTER_WORKERS;
  lane->send = send;
  lane->data = data;
  g_mutex_init (&lane->lock);
  g_cond_init (&lane->changed);
  lane->workers = g_thread_pool_new (work, lane, (gint) lane->size, TRUE, NULL);
  lane->thread = g_thread_new (pages ? "pages" : "letters", dispatch, lane);
  return lane;
}

void
lane_wake (Lane *lane)
{
  g_mutex_lock (&lane->lock);
  if (lane->in_hand < lane->size) /* else a worker that is done wakes the dispatcher */
    {
      lane->woken = TRUE;
      g_cond_signal (&lane->changed);
    }
  g_mutex_unlock (&lane->lock);
}

void
lane_stop (Lane *lane)
{
  g_mutex_lock (&lane->lock);
  lane->stopping = TRUE;
  g_cond_signal (&lane->changed);
  g_mutex_unlock (&lane->lock);
  g_thread_join (lane->thread);
  g_thread_pool_free (lane->workers, FALSE, TRUE);
  g_mutex_clear (&lane->lock);
  g_cond_clear (&lane->changed);
  g_free (lane);
}
