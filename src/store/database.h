/* database: one SQLite connection with its prepared statements, and what its errors mean to an administrator.
 * Private to the store. A Database is used by one thread at a time. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

typedef struct {
  sqlite3 *handle;
  char *path;
  GHashTable *statements; /* (element-type utf8 sqlite3_stmt) by the address of the SQL literal */
  gint64 busy_since;      /* monotonic: when the wait for the lock began */
  guint made_due;         /* StoreDue flags: what the transaction under way made due */
  int log_pages;          /* in the write-ahead log after the last commit */
} Database;

typedef enum { DATABASE_WRITE, DATABASE_READ, DATABASE_EMPTY } DatabaseMode;

/* Opens PATH; DATABASE_EMPTY is a private one in memory. Errors: STORE_ERROR. */
Database *database_open (const char *path, DatabaseMode mode, GError **error);
void database_close (Database *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Database, database_close)

/* A prepared statement that is being read: reset when it goes out of scope, so that no snapshot is kept. */
typedef sqlite3_stmt Query;
void query_reset (Query *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Query, query_reset)

/* Prepares SQL, which must be a literal, and binds the arguments by TYPES: i gint64, s string (NULL is null), 0 an integer
 * that is null when 0, b a pointer and a gsize. */
Query *database_query (Database *database, GError **error, const char *sql, const char *types, ...);

/* The next row: 1, 0 at the end, -1 with *ERROR. */
int query_next (Database *database, Query *query, GError **error);

/* Runs SQL to its end. */
gboolean database_run (Database *database, GError **error, const char *sql, const char *types, ...);

/* Runs one or more statements without arguments. */
gboolean database_execute (Database *database, const char *sql, GError **error);

/* The first column of the first row, or MISSING. */
gint64 database_number (Database *database, gint64 missing, GError **error, const char *sql, const char *types, ...);

/* Moves the pages of the write-ahead log into the database when there are many: to be called when nobody waits for it. */
void database_checkpoint (Database *database);

char *query_text (Query *query, int column); /* a copy; NULL for null */
gint64 query_number (Query *query, int column);
gconstpointer query_octets (Query *query, int column, gsize *length); /* good until the next row; NULL for null */

/* TRUE when the connection is of no use any more and should be opened anew. */
gboolean database_is_broken (Database *database);
