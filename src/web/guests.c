/* libmicrohttpd's own time-out begins anew with every octet, so that a slow client could stay for hours. */
#include "web/guests.h"

#include <sys/socket.h>

#include "config/limits.h"

struct Guest {
  char *key; /* nullable */
  int socket;
  gint64 deadline; /* monotonic */
};

struct Guests {
  GMutex lock;
  GCond changed;
  GHashTable *all;    /* (element-type Guest) */
  GThread *thread;
  gboolean stopping;
};

/* Ends what is late. The server sees an end of the connection. The next deadline, or G_MAXINT64. */
static gint64
end_late (Guests *guests, gint64 now)
{
  GHashTableIter iterator;
  gpointer item;
  gint64 next = G_MAXINT64;
  g_hash_table_iter_init (&iterator, guests->all);
  while (g_hash_table_iter_next (&iterator, &item, NULL))
    {
      Guest *guest = item;
      if (guest->deadline <= now)
        {
          shutdown (guest->socket, SHUT_RDWR);
          guest->deadline = G_MAXINT64;
        }
      next = MIN (next, guest->deadline);
    }
  return next;
}

static gpointer
watch (gpointer data)
{
  Guests *guests = data;
  g_mutex_lock (&guests->lock);
  while (!guests->stopping)
    {
      gint64 next = end_late (guests, g_get_monotonic_time ());
      if (next == G_MAXINT64)
        g_cond_wait (&guests->changed, &guests->lock);
      else
        g_cond_wait_until (&guests->changed, &guests->lock, next);
    }
  g_mutex_unlock (&guests->lock);
  return NULL;
}

Guests *
guests_new (void)
{
  Guests *guests = g_new0 (Guests, 1);
  g_mutex_init (&guests->lock);
  g_cond_init (&guests->changed);
  guests->all = g_hash_table_new (NULL, NULL);
  guests->thread = g_thread_new ("web-guests", watch, guests);
  return guests;
}

void
guests_free (Guests *guests)
{
  g_mutex_lock (&guests->lock);
  guests->stopping = TRUE;
  g_cond_signal (&guests->changed);
  g_mutex_unlock (&guests->lock);
  g_thread_join (guests->thread);
  g_hash_table_unref (guests->all);
  g_cond_clear (&guests->changed);
  g_mutex_clear (&guests->lock);
  g_free (guests);
}

gboolean
guests_may_enter (Guests *guests, const char *key)
{
  GHashTableIter iterator;
  gpointer item;
  guint count = 0;
  g_mutex_lock (&guests->lock);
  g_hash_table_iter_init (&iterator, guests->all);
  while (g_hash_table_iter_next (&iterator, &item, NULL))
    count += g_strcmp0 (((Guest *) item)->key, key) == 0;
  g_mutex_unlock (&guests->lock);
  return count < LIMIT_WEB_CONNECTIONS_OF;
}

static void
set_deadline (Guests *guests, Guest *guest, int seconds)
{
  guest->deadline = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  g_cond_signal (&guests->changed);
}

Guest *
guests_enter (Guests *guests, const char *key, int socket)
{
  Guest *guest = g_new0 (Guest, 1);
  guest->key = g_strdup (key);
  guest->socket = socket;
  g_mutex_lock (&guests->lock);
  g_hash_table_add (guests->all, guest);
  set_deadline (guests, guest, LIMIT_WEB_REQUEST_TIME);
  g_mutex_unlock (&guests->lock);
  return guest;
}

void
guests_serve (Guests *guests, Guest *guest)
{
  g_mutex_lock (&guests->lock);
  set_deadline (guests, guest, LIMIT_WEB_ANSWER_TIME);
  g_mutex_unlock (&guests->lock);
}

void
guests_leave (Guests *guests, Guest *guest)
{
  g_mutex_lock (&guests->lock);
  g_hash_table_remove (guests->all, guest);
  g_mutex_unlock (&guests->lock);
  g_free (guest->key);
  g_free (guest);
}
