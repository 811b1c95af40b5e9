#include "store/database.h"

#include <stdarg.h>
#include <string.h>
#include <sys/statvfs.h>

#define BUSY_TIME (5 * G_USEC_PER_SEC)
#define BUSY_PAUSE 1000 /* microseconds between two tries */
#define LOG_PAGES 2000  /* 8 MB: pages that many commits change are then written once */

G_DEFINE_QUARK (frontdesk-store-error-quark, store_error)

/* Whether PATH, there or not, is on a file system that takes no writes. */
static gboolean
is_on_read_only (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct statvfs status;
  return statvfs (folder, &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

static const char *
advice (int code, const char *path)
{
  gboolean refused = code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_IOERR;
  if (refused && is_on_read_only (path))
    return "its file system is read-only; see the kernel's log, and mount it for writing again";
  switch (code)
    {
    case SQLITE_FULL:
      return "the disk is full; free space on its file system";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program has kept it locked for more than 5 seconds; find it with fuser(1)";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "it may not be written; check owner and mode of the file and its folder";
    case SQLITE_CANTOPEN:
      return "it cannot be opened; check that its folder is there and that this user may write it";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "it is damaged; stop frontdeskd, save a copy, and restore it or run sqlite3's .recover";
    case SQLITE_IOERR:
      return "its disk fails to read or write; see the kernel's log";
    default:
      return "an unexpected database error";
    }
}

static void
set_error (GError **error, const char *path, sqlite3 *handle, int code)
{
  g_set_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE, "database %s: %s (%s)", path, advice (code & 0xff, path),
               handle != NULL ? sqlite3_errmsg (handle) : sqlite3_errstr (code));
}

gboolean
database_is_broken (Database *database)
{
  int code = sqlite3_errcode (database->handle) & 0xff;
  return code == SQLITE_CANTOPEN || code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_IOERR ||
         code == SQLITE_READONLY;
}

gboolean
database_execute (Database *database, const char *sql, GError **error)
{
  int code = sqlite3_exec (database->handle, sql, NULL, NULL, NULL);
  if (code == SQLITE_OK)
    return TRUE;
  set_error (error, database->path, database->handle, code);
  return FALSE;
}

static int
note_log (void *data, sqlite3 *handle, const char *name, int pages)
{
  Database *database = data;
  (void) handle;
  (void) name;
  database->log_pages = pages;
  return SQLITE_OK;
}

void
database_checkpoint (Database *database)
{
  if (database->log_pages < LOG_PAGES)
    return;
  database->log_pages = 0; /* readers may have kept some in the log: the next commit counts them again */
  sqlite3_wal_checkpoint_v2 (database->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void
finalize (gpointer statement)
{
  sqlite3_finalize (statement);
}

/* Called while another connection holds the lock. SQLite's own handler pauses up to 100 ms, and would miss the gaps between
 * the transactions of a program that writes one after the other. */
static int
wait_for_lock (void *data, int count)
{
  Database *database = data;
  gint64 now = g_get_monotonic_time ();
  if (count == 0)
    database->busy_since = now;
  if (now - database->busy_since > BUSY_TIME)
    return 0;
  g_usleep (BUSY_PAUSE);
  return 1;
}

/* SQLite's own count of its memory, which nobody reads, takes a lock at every allocation. */
static void
configure_sqlite (void)
{
  static gsize configured;
  if (g_once_init_enter (&configured))
    {
      sqlite3_config (SQLITE_CONFIG_MEMSTATUS, 0);
      g_once_init_leave (&configured, 1);
    }
}

Database *
database_open (const char *path, DatabaseMode mode, GError **error)
{
  configure_sqlite ();
  g_autoptr (Database) database = g_new0 (Database, 1);
  int flags = SQLITE_OPEN_NOMUTEX | (mode == DATABASE_READ ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database->path = g_strdup (path);
  database->statements = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, finalize);
  int code = sqlite3_open_v2 (mode == DATABASE_EMPTY ? ":memory:" : path, &database->handle, flags, NULL);
  if (code != SQLITE_OK)
    {
      set_error (error, path, database->handle, code);
      return NULL;
    }
  sqlite3_extended_result_codes (database->handle, 1);
  sqlite3_busy_handler (database->handle, wait_for_lock, database);
  if (!database_execute (database, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY", error))
    return NULL;
  /* A 250 stands on a commit, so a commit is on disk: FULL, not WAL's usual NORMAL. */
  if (mode == DATABASE_WRITE &&
      !database_execute (database,
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; "
                         "PRAGMA cache_size = -6144",
                         error))
    return NULL;
  if (mode == DATABASE_READ && !database_execute (database, "PRAGMA cache_size = -1024", error))
    return NULL; /* there are several, and what they read lies in the kernel's cache */
  if (mode == DATABASE_WRITE)
    sqlite3_wal_hook (database->handle, note_log, database); /* in place of a checkpoint within a commit */
  return g_steal_pointer (&database);
}

void
database_close (Database *database)
{
  g_hash_table_unref (database->statements);
  sqlite3_close_v2 (database->handle);
  g_free (database->path);
  g_free (database);
}

static Query *
prepare (Database *database, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (database->statements, sql);
  if (statement != NULL) /* query_reset() was the last that was done with it */
    return statement;
  int code = sqlite3_prepare_v3 (database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
  if (code != SQLITE_OK)
    {
      set_error (error, database->path, database->handle, code);
      return NULL;
    }
  g_hash_table_insert (database->statements, (gpointer) sql, statement);
  return statement;
}

/* KEPT: what SQLite may do with the strings: SQLITE_STATIC when they outlive the query, else SQLITE_TRANSIENT. */
static void
bind (Query *query, sqlite3_destructor_type kept, const char *types, va_list arguments)
{
  for (int i = 1; *types != '\0'; types++, i++)
    {
      if (*types == 's')
        sqlite3_bind_text (query, i, va_arg (arguments, const char *), -1, kept);
      else if (*types == 'b')
        {
          const void *data = va_arg (arguments, const void *);
          sqlite3_bind_blob64 (query, i, data, va_arg (arguments, gsize), SQLITE_STATIC);
        }
      else
        {
          gint64 number = va_arg (arguments, gint64);
          if (*types == '0' && number == 0)
            sqlite3_bind_null (query, i);
          else
            sqlite3_bind_int64 (query, i, number);
        }
    }
}

Query *
database_query (Database *database, GError **error, const char *sql, const char *types, ...)
{
  Query *query = prepare (database, sql, error);
  va_list arguments;
  va_start (arguments, types);
  if (query != NULL)
    bind (query, SQLITE_TRANSIENT, types, arguments);
  va_end (arguments);
  return query;
}

int
query_next (Database *database, Query *query, GError **error)
{
  int code = sqlite3_step (query);
  if (code == SQLITE_ROW)
    return 1;
  if (code == SQLITE_DONE)
    return 0;
  set_error (error, database->path, database->handle, code);
  return -1;
}

void
query_reset (Query *query)
{
  sqlite3_reset (query);
  sqlite3_clear_bindings (query);
}

gboolean
database_run (Database *database, GError **error, const char *sql, const char *types, ...)
{
  g_autoptr (Query) query = prepare (database, sql, error);
  if (query == NULL)
    return FALSE;
  va_list arguments;
  va_start (arguments, types);
  bind (query, SQLITE_STATIC, types, arguments);
  va_end (arguments);
  int row;
  do
    row = query_next (database, query, error);
  while (row > 0);
  return row == 0;
}

gint64
database_number (Database *database, gint64 missing, GError **error, const char *sql, const char *types, ...)
{
  g_autoptr (Query) query = prepare (database, sql, error);
  if (query == NULL)
    return missing;
  va_list arguments;
  va_start (arguments, types);
  bind (query, SQLITE_STATIC, types, arguments);
  va_end (arguments);
  return query_next (database, query, error) > 0 ? query_number (query, 0) : missing;
}

char *
query_text (Query *query, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (query, column));
}

gint64
query_number (Query *query, int column)
{
  return sqlite3_column_int64 (query, column);
}

gconstpointer
query_octets (Query *query, int column, gsize *length)
{
  gconstpointer data = sqlite3_column_blob (query, column);
  *length = (gsize) sqlite3_column_bytes (query, column);
  return data;
}
