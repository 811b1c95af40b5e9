/* The embedded customer table. An import writes a new generation in small transactions and then makes it the one that
 * counts: all or nothing, without holding up intake. */
#include "store/private.h"

#define BATCH 500

struct StoreImport {
  Store *store;
  gint64 generation;
  GPtrArray *waiting; /* (element-type Contact) */
};

static gint64
current_generation (Database *database)
{
  return database_number (database, 0, NULL, "SELECT value FROM setting WHERE name = 'customers'", "");
}

/* Deletes some rows of generations other than the current one; *DATA is set when none is left. */
static gboolean
delete_old (Database *database, gpointer data, GError **error)
{
  gboolean *done = data;
  if (!database_run (database, error,
                     "DELETE FROM customer WHERE (generation, mail) IN (SELECT generation, mail FROM customer WHERE "
                     "generation <> coalesce((SELECT value FROM setting WHERE name = 'customers'), 0) LIMIT ?)",
                     "i", (gint64) BATCH))
    return FALSE;
  *done = sqlite3_changes (database->handle) == 0;
  return TRUE;
}

static gboolean
delete_all_old (Store *store, GError **error)
{
  gboolean done = FALSE;
  while (!done)
    if (!store_write (store, delete_old, &done, error))
      return FALSE;
  return TRUE;
}

StoreImport *
store_import_begin (Store *store, GError **error)
{
  if (!delete_all_old (store, error))
    return NULL;
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  StoreImport *import = g_new0 (StoreImport, 1);
  import->store = store;
  import->generation = current_generation (loan.database) + 1;
  import->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) contact_free);
  return import;
}

static gboolean
write_waiting (Database *database, gpointer data, GError **error)
{
  const StoreImport *import = data;
  for (guint i = 0; i < import->waiting->len; i++)
    {
      const Contact *contact = g_ptr_array_index (import->waiting, i);
      if (!database_run (database, error,
                         "INSERT OR REPLACE INTO customer (generation, mail, name, organization, customer, language, suspended) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?)",
                         "isssssi", import->generation, contact->mail, contact->name, contact->organization,
                         contact->customer, contact->language, (gint64) contact->suspended))
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
  return database_run (database, error,
                       "INSERT INTO setting VALUES ('customers', ?1) ON CONFLICT DO UPDATE SET value = excluded.value", "i",
                       import->generation);
}

static void
import_free (StoreImport *import)
{
  g_ptr_array_unref (import->waiting);
  g_free (import);
}

gboolean
store_import_finish (StoreImport *import, GError **error)
{
  Store *store = import->store;
  gboolean finished = flush (import, error) && store_write (store, switch_generation, import, error);
  import_free (import);
  return delete_all_old (store, finished ? error : NULL) && finished;
}

void
store_import_abandon (StoreImport *import)
{
  Store *store = import->store;
  import_free (import);
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
                    "SELECT mail, name, organization, customer, language, suspended FROM customer WHERE mail = ? AND "
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
