#include "web/rates.h"

/* A bucket is the moment at which it will be full again: each token taken moves that a pause further away. */
struct Rates {
  guint burst, keys;
  gint64 pause;
  GMutex lock;
  GHashTable *full_at; /* (element-type utf8 gint64) */
};

Rates *
rates_new (guint burst, gint64 pause, guint keys)
{
  Rates *rates = g_new0 (Rates, 1);
  rates->burst = burst;
  rates->keys = keys;
  rates->pause = pause;
  g_mutex_init (&rates->lock);
  rates->full_at = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return rates;
}

void
rates_free (Rates *rates)
{
  g_hash_table_unref (rates->full_at);
  g_mutex_clear (&rates->lock);
  g_free (rates);
}

static gboolean
is_full (gpointer key, gpointer value, gpointer now)
{
  (void) key;
  return *(gint64 *) value <= *(gint64 *) now;
}

/* Where all are in use, all are forgotten: whoever has that many keys is not held by this, and nobody else is locked
 * out. */
static void
make_room (Rates *rates, gint64 now)
{
  if (g_hash_table_size (rates->full_at) < rates->keys)
    return;
  g_hash_table_foreach_remove (rates->full_at, is_full, &now);
  if (g_hash_table_size (rates->full_at) >= rates->keys)
    g_hash_table_remove_all (rates->full_at);
}

static gint64 *
find_bucket (Rates *rates, const char *key, gint64 now)
{
  gint64 *full_at = g_hash_table_lookup (rates->full_at, key);
  if (full_at != NULL)
    return full_at;
  make_room (rates, now);
  full_at = g_new0 (gint64, 1);
  g_hash_table_insert (rates->full_at, g_strdup (key), full_at);
  return full_at;
}

gboolean
rates_take (Rates *rates, const char *key, gint64 now)
{
  g_mutex_lock (&rates->lock);
  gint64 *full_at = find_bucket (rates, key, now);
  gint64 next = MAX (*full_at, now) + rates->pause;
  gboolean good = next - now <= rates->pause * rates->burst;
  if (good)
    *full_at = next;
  g_mutex_unlock (&rates->lock);
  return good;
}
