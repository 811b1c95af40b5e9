/* The embedded table, in the store's database. */
#include <string.h>

#include "directory/directory.h"

static gpointer
table_open (const Config *config, Store *store, GError **error)
{
  (void) config;
  (void) error;
  return store;
}

static DirectoryStatus
table_find (gpointer handle, const char *address, gint64 deadline, Contact **contact, GError **error)
{
  (void) deadline; /* the store bounds its own waits */
  g_autoptr (GError) failure = NULL;
  *contact = store_find_customer (handle, address, &failure);
  if (*contact == NULL && failure == NULL)
    *contact = store_find_customer (handle, strrchr (address, '@'), &failure);
  if (failure != NULL)
    {
      g_set_error (error, DIRECTORY_ERROR, DIRECTORY_ERROR_UNAVAILABLE, "%s", failure->message);
      return DIRECTORY_UNAVAILABLE;
    }
  return *contact != NULL ? DIRECTORY_FOUND : DIRECTORY_NOT_FOUND;
}

static void
table_close (gpointer handle)
{
  (void) handle; /* the store is not ours */
}

const DirectoryEngine directory_table = {
  .name = "table",
  .open = table_open,
  .find = table_find,
  .close = table_close,
};
