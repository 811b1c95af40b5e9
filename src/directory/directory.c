/* The wall between the sessions and LDAP: a pool of handles, the cache and the breaker, under one lock that is never held
 * while a server is asked. A look-up has one deadline, for waiting and asking together. The table needs none of this: it is
 * as near as the cache would be. */
#include "directory/directory.h"

#include "config/limits.h"
#include "directory/breaker.h"
#include "directory/cache.h"

G_DEFINE_QUARK (frontdesk-directory-error-quark, directory_error)

struct Directory {
  const DirectoryEngine *engine;
  Config *config;
  Store *store;
  gpointer table;       /* the table's handle; NULL for LDAP, which has all below */
  GMutex lock;          /* guards all below */
  GPtrArray *handles;   /* idle ones */
  guint waiting;        /* threads that wait for a handle */
  GCond returned;       /* a handle came back */
  GHashTable *asked;    /* (element-type utf8) addresses that a thread is asking for; the keys are that thread's */
  GCond answered;       /* an address left `asked` */
  Cache *cache;
  Breaker breaker;
};

static gboolean
open_handles (Directory *directory, GError **error)
{
  for (int i = 0; i < directory->config->directory.connections; i++)
    {
      gpointer handle = directory->engine->open (directory->config, directory->store, error);
      if (handle == NULL)
        return FALSE;
      g_ptr_array_add (directory->handles, handle);
    }
  return TRUE;
}

Directory *
directory_new (const Config *config, Store *store, GError **error)
{
  gboolean ldap = config->directory.type == DIRECTORY_LDAP;
  g_autoptr (Directory) directory = g_atomic_rc_box_new0 (Directory);
  directory->engine = ldap ? &directory_ldap : &directory_table;
  directory->config = config_ref ((Config *) config);
  directory->store = store;
  directory->handles = g_ptr_array_new_with_free_func (directory->engine->close);
  directory->asked = g_hash_table_new (g_str_hash, g_str_equal);
  directory->cache = cache_new (config->directory.cache * G_USEC_PER_SEC, LIMIT_DIRECTORY_CACHE);
  g_mutex_init (&directory->lock);
  g_cond_init (&directory->returned);
  g_cond_init (&directory->answered);
  if (!ldap)
    directory->table = directory->engine->open (config, store, error);
  if (ldap ? !open_handles (directory, error) : directory->table == NULL)
    return NULL;
  return g_steal_pointer (&directory);
}

Directory *
directory_ref (Directory *directory)
{
  return g_atomic_rc_box_acquire (directory);
}

static void
directory_clear (gpointer data)
{
  Directory *directory = data;
  g_ptr_array_unref (directory->handles);
  if (directory->table != NULL)
    directory->engine->close (directory->table);
  g_hash_table_unref (directory->asked);
  cache_free (directory->cache);
  g_mutex_clear (&directory->lock);
  g_cond_clear (&directory->returned);
  g_cond_clear (&directory->answered);
  config_unref (directory->config);
}

void
directory_unref (Directory *directory)
{
  g_atomic_rc_box_release_full (directory, directory_clear);
}

static gint64
deadline_from_now (const Directory *directory)
{
  return g_get_monotonic_time () + directory->config->directory.timeout * G_USEC_PER_SEC;
}

static DirectoryStatus
status_of (const Contact *contact)
{
  return contact != NULL ? DIRECTORY_FOUND : DIRECTORY_NOT_FOUND;
}

static DirectoryStatus
give_up (const char *why, GError **error)
{
  g_set_error (error, DIRECTORY_ERROR, DIRECTORY_ERROR_UNAVAILABLE, "the directory is not asked now: %s", why);
  return DIRECTORY_UNAVAILABLE;
}

static void
note_failure (Directory *directory, BreakerPass pass, const GError *error)
{
  if (breaker_fail (&directory->breaker, pass, g_get_monotonic_time ()))
    g_warning ("the directory is down; earlier answers are used where there are any: %s", error->message);
  g_cond_broadcast (&directory->returned); /* nobody need wait for the time that this one has waited */
}

static void
note_answer (Directory *directory, BreakerPass pass, const char *address, Contact *contact)
{
  if (breaker_succeed (&directory->breaker, pass))
    g_message ("the directory answers again");
  cache_put (directory->cache, address, contact, g_get_monotonic_time ());
}

/* Lets the next waiting thread have an idle handle. Whoever was woken for one and did not take it must call this, too. */
static void
offer_handle (Directory *directory)
{
  if (directory->handles->len > 0 && directory->waiting > 0)
    g_cond_signal (&directory->returned);
}

/* Asks LDAP with an idle handle. Called and returns with the lock held, which is given up meanwhile. */
static DirectoryStatus
ask (Directory *directory, const char *address, gint64 deadline, Contact **contact, GError **error)
{
  g_autoptr (GError) failure = NULL;
  BreakerPass pass = breaker_admit (&directory->breaker, g_get_monotonic_time ());
  gpointer handle = g_ptr_array_steal_index_fast (directory->handles, directory->handles->len - 1);
  g_hash_table_add (directory->asked, (char *) address);
  g_mutex_unlock (&directory->lock);
  DirectoryStatus status = directory->engine->find (handle, address, deadline, contact, &failure);
  g_mutex_lock (&directory->lock);
  g_hash_table_remove (directory->asked, address);
  g_ptr_array_add (directory->handles, handle);
  if (status == DIRECTORY_UNAVAILABLE)
    note_failure (directory, pass, failure);
  else
    note_answer (directory, pass, address, *contact);
  g_cond_broadcast (&directory->answered);
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return status;
}

/* Waits for a handle, or, when another thread is asking for the same address, for its answer. FALSE: time is up. */
static gboolean
wait_turn (Directory *directory, gboolean asked, gint64 deadline)
{
  if (asked)
    {
      offer_handle (directory);
      return g_cond_wait_until (&directory->answered, &directory->lock, deadline);
    }
  directory->waiting++;
  gboolean woken = g_cond_wait_until (&directory->returned, &directory->lock, deadline);
  directory->waiting--;
  return woken;
}

/* A fresh answer, from the cache or from LDAP. The lock is held. */
static DirectoryStatus
look_up (Directory *directory, const char *address, gint64 deadline, Contact **contact, GError **error)
{
  for (;;)
    {
      gint64 now = g_get_monotonic_time ();
      if (cache_find (directory->cache, address, FALSE, now, contact))
        return status_of (*contact);
      if (breaker_refuses (&directory->breaker, now))
        return give_up ("it failed a moment ago", error);
      gboolean asked = g_hash_table_contains (directory->asked, address);
      if (!asked && directory->handles->len > 0)
        return ask (directory, address, deadline, contact, error);
      if (!wait_turn (directory, asked, deadline))
        return give_up ("all connections to it are waiting", error);
    }
}

DirectoryStatus
directory_find_contact (Directory *directory, const char *address, Contact **contact, GError **error)
{
  gint64 deadline = deadline_from_now (directory);
  g_autofree char *normal = address_normalise (address);
  g_autoptr (GError) failure = NULL;
  *contact = NULL;
  if (normal == NULL)
    return DIRECTORY_NOT_FOUND;
  if (directory->table != NULL)
    return directory->engine->find (directory->table, normal, deadline, contact, error);
  g_mutex_lock (&directory->lock);
  DirectoryStatus status = look_up (directory, normal, deadline, contact, &failure);
  offer_handle (directory);
  if (status == DIRECTORY_UNAVAILABLE && cache_find (directory->cache, normal, TRUE, 0, contact))
    status = status_of (*contact);
  g_mutex_unlock (&directory->lock);
  if (status == DIRECTORY_UNAVAILABLE)
    g_propagate_error (error, g_steal_pointer (&failure));
  return status;
}

gboolean
directory_check (Directory *directory, GError **error)
{
  g_autoptr (Contact) contact = NULL;
  gpointer handle = directory->engine->open (directory->config, directory->store, error);
  if (handle == NULL)
    return FALSE;
  DirectoryStatus status = directory->engine->find (handle, "nobody@directory-check.invalid",
                                                    deadline_from_now (directory), &contact, error);
  directory->engine->close (handle);
  return status != DIRECTORY_UNAVAILABLE;
}
