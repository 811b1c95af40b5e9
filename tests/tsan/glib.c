/* What ThreadSanitizer must know of GLib, which is not built with it: where GLib orders two threads, and where it reads and
 * writes for us. The linker sends our own calls here (--wrap, see the list "wrapped"), in builds with --enable-tsan only.
 * Nothing more is ordered than GLib promises, so that no race of ours is hidden. */
#include <glib.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>

void __tsan_read8 (void *address);
void __tsan_write8 (void *address);

#define WRAP(type, name, parameters) \
  type __real_##name parameters; \
  type __wrap_##name parameters; \
  type __wrap_##name parameters

/* The daemon asks for small stacks, and what ThreadSanitizer keeps for a thread does not fit into them. */
int __wrap_pthread_setattr_default_np (const pthread_attr_t *attributes);
int
__wrap_pthread_setattr_default_np (const pthread_attr_t *attributes)
{
  (void) attributes;
  return 0;
}

/* g_mutex_init() is not wrapped: the lock comes to be for ThreadSanitizer when it is first taken. */
WRAP (void, g_mutex_lock, (GMutex * mutex))
{
  __tsan_mutex_pre_lock (mutex, 0);
  __real_g_mutex_lock (mutex);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

WRAP (void, g_mutex_unlock, (GMutex * mutex))
{
  __tsan_mutex_pre_unlock (mutex, 0);
  __real_g_mutex_unlock (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

WRAP (void, g_mutex_clear, (GMutex * mutex))
{
  __tsan_mutex_destroy (mutex, 0);
  __real_g_mutex_clear (mutex);
}

static void
before_wait (GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
}

static void
after_wait (GMutex *mutex)
{
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

WRAP (void, g_cond_wait, (GCond * cond, GMutex *mutex))
{
  before_wait (mutex);
  __real_g_cond_wait (cond, mutex);
  after_wait (mutex);
}

WRAP (gboolean, g_cond_wait_until, (GCond * cond, GMutex *mutex, gint64 end))
{
  before_wait (mutex);
  gboolean woken = __real_g_cond_wait_until (cond, mutex, end);
  after_wait (mutex);
  return woken;
}

/* Who takes an element out comes after who put it in, and after nobody else. */
WRAP (void, g_async_queue_push, (GAsyncQueue * queue, gpointer data))
{
  __tsan_release (data);
  __real_g_async_queue_push (queue, data);
}

static gpointer
taken (gpointer data)
{
  if (data != NULL)
    __tsan_acquire (data);
  return data;
}

WRAP (gpointer, g_async_queue_pop, (GAsyncQueue * queue)) { return taken (__real_g_async_queue_pop (queue)); }
WRAP (gpointer, g_async_queue_try_pop, (GAsyncQueue * queue)) { return taken (__real_g_async_queue_try_pop (queue)); }

/* A pool's worker comes after who pushed its element; who frees the pool and waits comes after the workers. */
typedef struct {
  GFunc func;
  gpointer data;
} Work;

static void
do_work (gpointer element, gpointer data)
{
  Work *work = data;
  __tsan_acquire (element);
  work->func (element, work->data);
  __tsan_release (work);
}

WRAP (GThreadPool *, g_thread_pool_new, (GFunc func, gpointer data, gint threads, gboolean exclusive, GError **error))
{
  Work *own = g_new (Work, 1);
  *own = (Work){ func, data };
  __tsan_release (own);
  return __real_g_thread_pool_new (do_work, own, threads, exclusive, error);
}

WRAP (gboolean, g_thread_pool_push, (GThreadPool * pool, gpointer data, GError **error))
{
  __tsan_release (data);
  return __real_g_thread_pool_push (pool, data, error);
}

WRAP (void, g_thread_pool_free, (GThreadPool * pool, gboolean immediate, gboolean wait))
{
  Work *own = pool->user_data;
  __real_g_thread_pool_free (pool, immediate, wait);
  if (!wait)
    return;
  __tsan_acquire (own);
  g_free (own);
}

/* The macro g_once_init_enter() reads the place by itself first, and that read acquires what is released here. */
WRAP (gboolean, g_once_init_enter, (volatile void *place))
{
  gboolean first = __real_g_once_init_enter (place);
  __tsan_acquire ((void *) place);
  return first;
}

WRAP (void, g_once_init_leave, (volatile void *place, gsize result))
{
  __tsan_release ((void *) place);
  __real_g_once_init_leave (place, result);
}

/* Who clears a counted thing comes after all who let go of it. */
static _Thread_local GDestroyNotify clear_box;

static void
clear_last (gpointer box)
{
  __tsan_acquire (box);
  if (clear_box != NULL)
    clear_box (box);
}

WRAP (void, g_atomic_rc_box_release_full, (gpointer box, GDestroyNotify clear))
{
  GDestroyNotify outer = clear_box;
  clear_box = clear;
  __tsan_release (box);
  __real_g_atomic_rc_box_release_full (box, clear_last);
  clear_box = outer;
}

/* Containers: a call reads or writes the container as a whole. */
#define READS(type, name, parameters, container, arguments) \
  WRAP (type, name, parameters) { __tsan_read8 (container); return __real_##name arguments; }
#define WRITES(type, name, parameters, container, arguments) \
  WRAP (type, name, parameters) { __tsan_write8 (container); return __real_##name arguments; }
READS (gpointer, g_hash_table_lookup, (GHashTable * table, gconstpointer key), table, (table, key))
READS (gboolean, g_hash_table_contains, (GHashTable * table, gconstpointer key), table, (table, key))
WRITES (gboolean, g_hash_table_insert, (GHashTable * table, gpointer key, gpointer value), table, (table, key, value))
WRITES (gboolean, g_hash_table_add, (GHashTable * table, gpointer key), table, (table, key))
WRITES (gboolean, g_hash_table_remove, (GHashTable * table, gconstpointer key), table, (table, key))
WRITES (void, g_ptr_array_add, (GPtrArray * array, gpointer data), array, (array, data))
WRITES (gpointer, g_ptr_array_steal_index, (GPtrArray * array, guint index), array, (array, index))
WRITES (void, g_ptr_array_set_size, (GPtrArray * array, gint length), array, (array, length))
WRITES (gpointer, g_ptr_array_steal_index_fast, (GPtrArray * array, guint index), array, (array, index))
WRITES (GString *, g_string_append, (GString * string, const char *text), string, (string, text))
WRITES (void, g_queue_unlink, (GQueue * queue, GList *link), queue, (queue, link))
WRITES (void, g_queue_push_tail_link, (GQueue * queue, GList *link), queue, (queue, link))
