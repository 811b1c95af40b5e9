#include "store/private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/raw.h"
#include "store/schema.h"

#define READERS 8
#define PROBE_INTERVAL G_USEC_PER_SEC

/* Makes the folder for raw messages and spool files beside the database. */
static gboolean
make_folders (Store *store, GError **error)
{
  if (g_mkdir_with_parents (store->raw_folder, 0700) == 0)
    return TRUE;
  g_set_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE,
               "cannot make the folder %s: check that its parent is there and that this user may write it",
               store->raw_folder);
  return FALSE;
}

/* One daemon a database: the sweep of a second one would take away what the first is just writing. */
static gboolean
lock_out_others (Store *store, GError **error)
{
  g_autofree char *path = g_strconcat (store->path, ".d/lock", NULL);
  store->lock = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (store->lock >= 0 && flock (store->lock, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno == EWOULDBLOCK)
    g_set_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE,
                 "database %s: another frontdeskd works with it; find it with \"fuser %s\"", store->path, path);
  else
    g_set_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE, "cannot lock %s: %s", path, g_strerror (errno));
  return FALSE;
}

static gboolean
start_daemon (Store *store, Database *database, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *journal = g_strconcat (store->path, ".d/journal", NULL);
  store->journal = journal_open (journal, &failure);
  if (store->journal == NULL)
    {
      g_set_error_literal (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE, failure->message);
      return FALSE;
    }
  raw_sweep (database, store->raw_folder);
  /* What an earlier run had in hand when it ended goes out again. */
  return database_run (database, error, "UPDATE outbox SET state = 'due', leader = NULL WHERE state = 'sending'", "");
}

static gboolean
open_writer (Store *store, GError **error)
{
  g_autoptr (Database) database = database_open (store->path, DATABASE_WRITE, error);
  gboolean serves = store->mode == STORE_DAEMON;
  if (database == NULL || (serves && (!make_folders (store, error) || !lock_out_others (store, error))) ||
      !schema_migrate (database, error) || (serves && !start_daemon (store, database, error)))
    return FALSE;
  store->writer = writer_new (g_steal_pointer (&database));
  return TRUE;
}

Store *
store_open (const char *path, StoreMode mode, GError **error)
{
  g_autoptr (Store) store = g_new0 (Store, 1);
  store->path = g_strdup (path);
  store->raw_folder = raw_folder (path);
  store->mode = mode;
  store->lock = -1;
  store->readers = g_async_queue_new ();
  g_mutex_init (&store->probe_lock);
  g_mutex_init (&store->rules_lock);
  if (mode != STORE_READ && !open_writer (store, error))
    return NULL;
  if (mode == STORE_READ)
    {
      Database *first = store_borrow (store, error); /* a damaged or newer database shows now */
      if (first == NULL)
        return NULL;
      store_give_back (store, first);
    }
  return g_steal_pointer (&store);
}

void
store_close (Store *store)
{
  Database *database;
  g_clear_pointer (&store->writer, writer_free);
  g_clear_pointer (&store->journal, journal_close);
  while ((database = g_async_queue_try_pop (store->readers)) != NULL)
    database_close (database);
  g_async_queue_unref (store->readers);
  store_set_rules (store, NULL, NULL, NULL);
  g_mutex_clear (&store->rules_lock);
  g_mutex_clear (&store->probe_lock);
  if (store->lock >= 0)
    close (store->lock);
  g_free (store->raw_folder);
  g_free (store->path);
  g_free (store);
}

gboolean
store_begin_reading (Store *store, guint64 mark, JournalReading *reading)
{
  return store->journal == NULL || journal_begin (store->journal, mark, reading);
}

void
store_end_reading (Store *store, const JournalReading *reading)
{
  if (store->journal != NULL)
    journal_end (store->journal, reading);
}

/* A read connection; with STORE_READ a missing database reads as an empty one. */
static Database *
open_reader (Store *store, GError **error)
{
  if (store->mode != STORE_READ || g_file_test (store->path, G_FILE_TEST_EXISTS))
    return database_open (store->path, DATABASE_READ, error);
  g_autoptr (Database) database = database_open (store->path, DATABASE_EMPTY, error);
  if (database == NULL || !schema_migrate (database, error))
    return NULL;
  return g_steal_pointer (&database);
}

Database *
store_borrow (Store *store, GError **error)
{
  Database *database = g_async_queue_try_pop (store->readers);
  if (database != NULL)
    return database;
  if (g_atomic_int_add (&store->opened, 1) >= READERS)
    {
      g_atomic_int_add (&store->opened, -1);
      return g_async_queue_pop (store->readers);
    }
  database = open_reader (store, error);
  if (database == NULL)
    g_atomic_int_add (&store->opened, -1);
  return database;
}

void
store_give_back (Store *store, Database *database)
{
  if (!database_is_broken (database))
    {
      g_async_queue_push (store->readers, database);
      return;
    }
  /* Of no use any more, but somebody may be waiting for it: a new one takes its place where one can be had. */
  Database *fresh = open_reader (store, NULL);
  g_async_queue_push (store->readers, fresh != NULL ? fresh : database);
  if (fresh != NULL)
    database_close (database);
}

Loan
loan_take (Store *store, GError **error)
{
  return (Loan){ store, store_borrow (store, error) };
}

void
loan_return (Loan *loan)
{
  if (loan->database != NULL)
    store_give_back (loan->store, loan->database);
}

gboolean
store_write (Store *store, WriterJob job, gpointer data, GError **error)
{
  g_return_val_if_fail (store->writer != NULL, FALSE);
  return writer_run (store->writer, job, data, error);
}

void
store_on_due (Store *store, StoreOnDue func, gpointer data)
{
  writer_on_due (store->writer, func, data);
}

static gboolean
write_probe (Database *database, gpointer data, GError **error)
{
  (void) data;
  return database_run (database, error, "INSERT INTO setting VALUES ('probe', 1) ON CONFLICT DO UPDATE SET value = value + 1", "");
}

gboolean
store_is_writable (Store *store, GError **error)
{
  if (writer_is_well (store->writer))
    return TRUE;
  g_mutex_lock (&store->probe_lock);
  gint64 now = g_get_monotonic_time ();
  gboolean probe = now - store->probed_at > PROBE_INTERVAL;
  if (probe)
    store->probed_at = now;
  g_mutex_unlock (&store->probe_lock);
  if (probe)
    return store_write (store, write_probe, NULL, error);
  g_set_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE, "database %s: the last write failed", store->path);
  return FALSE;
}

static gboolean
do_nothing (Database *database, gpointer data, GError **error)
{
  (void) database;
  (void) data;
  (void) error;
  return TRUE;
}

void
store_await_writer (Store *store)
{
  store_write (store, do_nothing, NULL, NULL);
}

gboolean
store_check (Store *store, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return FALSE;
  g_autoptr (Query) query = database_query (loan.database, error, "PRAGMA quick_check(1)", "");
  if (query == NULL || query_next (loan.database, query, error) <= 0)
    return FALSE;
  g_autofree char *result = query_text (query, 0);
  if (g_strcmp0 (result, "ok") == 0)
    return TRUE;
  g_set_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE,
               "database %s is damaged (%s): stop frontdeskd, save a copy, and restore it or run sqlite3's .recover",
               store->path, result);
  return FALSE;
}

gboolean
store_add_event (Database *database, gint64 ticket, gint64 at, const char *kind, const char *actor, const char *detail,
                 GError **error)
{
  return database_run (database, error, "INSERT INTO event (ticket, at, kind, actor, detail) VALUES (?, ?, ?, ?, ?)", "iisss",
                       ticket, at, kind, actor, detail);
}
