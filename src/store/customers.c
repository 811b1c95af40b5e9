/* The embedded customer table. An import writes a new generation in small transactions and then makes it the one that
 * counts: all or nothing, without holding up intake. */
#include "store/private.h"

#define BATCH 200  /* rows of a transaction: the write lock is held for some milliseconds */
#define PAUSE 3000 /* microseconds between two: longer than others wait between two tries to get the lock */

struct StoreImport {
  Store *store;
  gint64 generation;
  GPtrArray *waiting; /* (element-type Contact) */
};

static void
import_free (StoreImport *import)
{
  g_ptr_array_unref (import->waiting);
  g_free (import);
}

/* The generation that counts ("customers"), or the newest that an import has begun ("import"). */
static gint64
find_generation (Database *database, const char *name, GError **error)
{
  return database_number (database, 0, error, "SELECT value FROM setting WHERE name = ?", "s", name);
}

static gboolean
set_generation (Database *database, const char *name, gint64 generation, GError **error)
{
  return database_run (database, error, "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                       "si", name, generation);
}

/* A generation that neither counts nor is being written; 0: none. Each range is found by the key, however many rows
 * count. */
static gboolean
find_old_generation (Database *database, gint64 *old, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gint64 current = find_generation (database, "customers", &failure);
  gint64 newest = failure == NULL ? MAX (current, find_generation (database, "import", &failure)) : 0;
  if (failure == NULL)
    *old = database_number (database, 0, &failure,
                            "SELECT generation FROM customer WHERE generation < ?1 UNION ALL "
                            "SELECT generation FROM customer WHERE generation > ?1 AND generation < ?2 UNION ALL "
                            "SELECT generation FROM customer WHERE generation > ?2 LIMIT 1",
                            "ii", current, newest);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Deletes some rows of an old generation; *DATA is set when none is left. */
static gboolean
delete_old (Database *database, gpointer data, GError **error)
{
  gboolean *done = data;
  gint64 old;
  if (!find_old_generation (database, &old, error))
    return FALSE;
  *done = old == 0;
  return *done || database_run (database, error,
                                "DELETE FROM customer WHERE generation = ?1 AND mail IN "
                                "(SELECT mail FROM customer WHERE generation = ?1 LIMIT ?2)",
                                "ii", old, (gint64) BATCH);
}

static gboolean
delete_all_old (Store *store, GError **error)
{
  gboolean done = FALSE;
  while (store_write (store, delete_old, &done, error))
    {
      if (done)
        return TRUE;
      g_usleep (PAUSE);
    }
  return FALSE;
}

/* Takes the next number: an import that is under way elsewhere is overtaken. */
static gboolean
begin_generation (Database *database, gpointer data, GError **error)
{
  StoreImport *import = data;
  g_autoptr (GError) failure = NULL;
  gint64 current = find_generation (database, "customers", &failure);
  gint64 newest = failure == NULL ? find_generation (database, "import", &failure) : 0;
  import->generation = MAX (current, newest) + 1;
  if (failure == NULL)
    return set_generation (database, "import", import->generation, error);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* FALSE with *ERROR when another import has begun since. */
static gboolean
is_newest (Database *database, const StoreImport *import, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gint64 newest = find_generation (database, "import", &failure);
  if (failure == NULL && newest != import->generation)
    g_set_error (&failure, STORE_ERROR, STORE_ERROR_UNAVAILABLE,
                 "another import of customers has begun: this one has ended, and nothing of it counts");
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

StoreImport *
store_import_begin (Store *store, GError **error)
{
  StoreImport *import = g_new0 (StoreImport, 1);
  import->store = store;
  import->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) contact_free);
  if (store_write (store, begin_generation, import, error) && delete_all_old (store, error))
    return import;
  import_free (import);
  return NULL;
}

static gboolean
write_waiting (Database *database, gpointer data, GError **error)
{
  const StoreImport *import = data;
  if (!is_newest (database, import, error))
    return FALSE;
  for (guint i = 0; i < import->waiting->len; i++)
    {
      const Contact *contact = g_ptr_array_index (import->waiting, i);
      if (!database_run (database, error,
                         "INSERT OR REPLACE INTO customer (generation, mail, name, organization, customer, language, level, "
                         "suspended) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                         "issssssi", import->generation, contact->mail, contact->name, contact->organization,
                         contact->customer, contact->language, contact->level, (gint64) contact->suspended))
        return FALSE;
    }
  return TRUE;
}

static gboolean
flush (StoreImport *import, GError **error)
{
  if (import->waiting->len > 0 && !store_write (import->store, write_waiting, import, error))
    return FALSE;
  g_ptr_array_set_size (import->waiting, 0);
  g_usleep (PAUSE);
  return TRUE;
}

gboolean
store_import_add (StoreImport *import, const Contact *contact, GError **error)
{
  g_ptr_array_add (import->waiting, contact_copy (contact));
  return import->waiting->len < BATCH || flush (import, error);
}

static gboolean
switch_generation (Database *database, gpointer data, GError **error)
{
  const StoreImport *import = data;
  return is_newest (database, import, error) && set_generation (database, "customers", import->generation, error);
}

/* What IMPORT has written is old from now on. */
static gboolean
end_generation (Database *database, gpointer data, GError **error)
{
  const StoreImport *import = data;
  return database_run (database, error, "UPDATE setting SET value = value + 1 WHERE name = 'import' AND value = ?", "i",
                       import->generation);
}

gboolean
store_import_finish (StoreImport *import, GError **error)
{
  if (!flush (import, error) || !store_write (import->store, switch_generation, import, error))
    {
      store_import_abandon (import);
      return FALSE;
    }
  Store *store = import->store;
  import_free (import);
  delete_all_old (store, NULL); /* the import counts already; what stays is deleted before the next */
  return TRUE;
}

void
store_import_abandon (StoreImport *import)
{
  Store *store = import->store;
  gboolean ended = store_write (store, end_generation, import, NULL);
  import_free (import);
  if (ended)
    delete_all_old (store, NULL); /* what stays is deleted before the next import */
}

Contact *
store_find_customer (Store *store, const char *key, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query =
    database_query (loan.database, error,
                    "SELECT mail, name, organization, customer, language, suspended, level FROM customer WHERE mail = ? AND "
                    "generation = (SELECT value FROM setting WHERE name = 'customers')",
                    "s", key);
  if (query == NULL || query_next (loan.database, query, error) <= 0)
    return NULL;
  Contact *contact = contact_new ();
  contact->mail = query_text (query, 0);
  contact->name = query_text (query, 1);
  contact->organization = query_text (query, 2);
  contact->customer = query_text (query, 3);
  contact->language = query_text (query, 4);
  contact->suspended = query_number (query, 5) != 0;
  contact->level = query_text (query, 6);
  contact->by_domain = *key == '@';
  return contact;
}

gint64
store_count_customers (Store *store, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return -1;
  return database_number (loan.database, -1, error,
                          "SELECT count(*) FROM customer WHERE generation = (SELECT value FROM setting WHERE name = 'customers')",
                          "");
}
