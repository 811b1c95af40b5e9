#include "directory/directory.h"

#include "config/limits.h"
#include "directory/breaker.h"
#include "directory/cache.h"

G_DEFINE_QUARK (frontdesk-directory-error-quark, directory_error)

struct Directory {
  const DirectoryEngine *engine;
  gint64 timeout;       /* microseconds */
  GMutex lock;          /* guards all below */
  GCond returned;       /* a handle came back */
  GPtrArray *handles;   /* idle ones */
  guint handle_count;
  Cache *cache;         /* NULL for the table: it is as near as a cache would be */
  Breaker breaker;
};

static void
close_handles (Directory *directory)
{
  for (guint i = 0; i < directory->handles->len; i++)
    directory->engine->close (g_ptr_array_index (directory->handles, i));
  g_ptr_array_unref (directory->handles);
}

Directory *
directory_new (const Config *config, Store *store, GError **error)
{
  gboolean ldap = config->directory.type == DIRECTORY_LDAP;
  g_autoptr (Directory) directory = g_new0 (Directory, 1);
  directory->engine = ldap ? &directory_ldap : &directory_table;
  directory->timeout = config->directory.timeout * G_USEC_PER_SEC;
  directory->handles = g_ptr_array_new ();
  g_mutex_init (&directory->lock);
  g_cond_init (&directory->returned);
  if (ldap)
    directory->cache = cache_new (config->directory.cache * G_USEC_PER_SEC, LIMIT_DIRECTORY_CACHE);
  /* The table's handle is the store itself, which any number of threads may use. */
  directory->handle_count = ldap ? (guint) config->directory.connections : LIMIT_TABLE_HANDLES;
  for (guint i = 0; i < directory->handle_count; i++)
    {
      gpointer handle = directory->engine->open (config, store, error);
      if (handle == NULL)
        return NULL;
      g_ptr_array_add (directory->handles, handle);
    }
  return g_steal_pointer (&directory);
}

void
directory_free (Directory *directory)
{
  close_handles (directory);
  g_clear_pointer (&directory->cache, cache_free);
  g_mutex_clear (&directory->lock);
  g_cond_clear (&directory->returned);
  g_free (directory);
}

/* An idle handle, waited for until DEADLINE; NULL when none came back. Called and returns with the lock held. */
static gpointer
take_handle (Directory *directory, gint64 deadline)
{
  while (directory->handles->len == 0)
    if (!g_cond_wait_until (&directory->returned, &directory->lock, deadline))
      return NULL;
  return g_ptr_array_steal_index_fast (directory->handles, directory->handles->len - 1);
}

static void
note_outcome (Directory *directory, const char *address, DirectoryStatus status, const Contact *contact, const GError *error)
{
  gint64 now = g_get_monotonic_time ();
  if (status == DIRECTORY_UNAVAILABLE)
    {
      if (directory->breaker.failures == 0)
        g_warning ("the directory is down; answers of earlier are used where there are any: %s",
                   error != NULL ? error->message : "no answer");
      breaker_fail (&directory->breaker, now);
      return;
    }
  if (directory->breaker.failures > 0)
    g_message ("the directory answers again");
  breaker_succeed (&directory->breaker);
  if (directory->cache != NULL)
    cache_put (directory->cache, address, contact, now);
}

/* Asks the engine. Called and returns with the lock held, which is given up meanwhile. */
static DirectoryStatus
ask (Directory *directory, const char *address, Contact **contact, GError **error)
{
  gint64 now = g_get_monotonic_time ();
  gpointer handle = NULL;
  g_autoptr (GError) failure = NULL;
  if (breaker_admit (&directory->breaker, now))
    handle = take_handle (directory, now + directory->timeout);
  if (handle == NULL)
    {
      g_set_error (error, DIRECTORY_ERROR, DIRECTORY_ERROR_UNAVAILABLE,
                   "the directory is not asked now: it failed a moment ago, or all its connections are waiting");
      return DIRECTORY_UNAVAILABLE;
    }
  g_mutex_unlock (&directory->lock);
  DirectoryStatus status = directory->engine->find (handle, address, contact, &failure);
  g_mutex_lock (&directory->lock);
  g_ptr_array_add (directory->handles, handle);
  g_cond_signal (&directory->returned);
  note_outcome (directory, address, status, *contact, failure);
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return status;
}

static DirectoryStatus
status_of (const Contact *contact)
{
  return contact != NULL ? DIRECTORY_FOUND : DIRECTORY_NOT_FOUND;
}

DirectoryStatus
directory_find_contact (Directory *directory, const char *address, Contact **contact, GError **error)
{
  g_autofree char *normal = address_normalise (address);
  g_autoptr (GError) failure = NULL;
  *contact = NULL;
  if (normal == NULL)
    return DIRECTORY_NOT_FOUND;
  g_mutex_lock (&directory->lock);
  DirectoryStatus status;
  if (directory->cache != NULL && cache_find (directory->cache, normal, FALSE, g_get_monotonic_time (), contact))
    status = status_of (*contact);
  else
    {
      status = ask (directory, normal, contact, &failure);
      if (status == DIRECTORY_UNAVAILABLE && directory->cache != NULL &&
          cache_find (directory->cache, normal, TRUE, g_get_monotonic_time (), contact))
        status = status_of (*contact);
    }
  g_mutex_unlock (&directory->lock);
  if (status == DIRECTORY_UNAVAILABLE && failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return status;
}

gboolean
directory_check (Directory *directory, GError **error)
{
  g_autoptr (Contact) contact = NULL;
  return directory_find_contact (directory, "nobody@directory-check.invalid", &contact, error) != DIRECTORY_UNAVAILABLE;
}
