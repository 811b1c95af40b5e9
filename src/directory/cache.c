#include "directory/cache.h"

typedef struct {
  char *address;
  Contact *contact; /* NULL: not found */
  gint64 at;
  GList link; /* in Cache.order */
} Answer;

struct Cache {
  GHashTable *answers; /* (element-type utf8 Answer), keys belong to the answers */
  GQueue order;        /* oldest first */
  gint64 lifetime;
  guint maximum;
};

static void
answer_free (Answer *answer)
{
  g_clear_pointer (&answer->contact, contact_free);
  g_free (answer->address);
  g_free (answer);
}

Cache *
cache_new (gint64 lifetime, guint maximum)
{
  Cache *cache = g_new0 (Cache, 1);
  cache->answers = g_hash_table_new (g_str_hash, g_str_equal);
  cache->lifetime = lifetime;
  cache->maximum = maximum;
  return cache;
}

static void
drop (Cache *cache, Answer *answer)
{
  g_hash_table_remove (cache->answers, answer->address);
  g_queue_unlink (&cache->order, &answer->link);
  answer_free (answer);
}

void
cache_free (Cache *cache)
{
  while (cache->order.head != NULL)
    drop (cache, cache->order.head->data);
  g_hash_table_unref (cache->answers);
  g_free (cache);
}

gboolean
cache_find (Cache *cache, const char *address, gboolean stale, gint64 now, Contact **contact)
{
  const Answer *answer = g_hash_table_lookup (cache->answers, address);
  if (answer == NULL || (!stale && now - answer->at > cache->lifetime))
    return FALSE;
  *contact = answer->contact != NULL ? contact_ref (answer->contact) : NULL;
  return TRUE;
}

void
cache_put (Cache *cache, const char *address, Contact *contact, gint64 now)
{
  Answer *old = g_hash_table_lookup (cache->answers, address);
  if (old != NULL)
    drop (cache, old);
  while (g_hash_table_size (cache->answers) >= cache->maximum)
    drop (cache, cache->order.head->data);
  Answer *answer = g_new0 (Answer, 1);
  answer->address = g_strdup (address);
  answer->contact = contact != NULL ? contact_ref (contact) : NULL;
  answer->at = now;
  answer->link.data = answer;
  g_hash_table_insert (cache->answers, answer->address, answer);
  g_queue_push_tail_link (&cache->order, &answer->link);
}
