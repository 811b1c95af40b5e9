/* commit-rate: how long one durable SQLite commit takes on the disk of PATH, alone: WAL, synchronous=FULL, one row.
 *
 *   commit-rate DATABASE COUNT
 *
 * Prints one line of JSON. */
#include <stdio.h>

#include <glib.h>
#include <sqlite3.h>

int
main (int argc, char **argv)
{
  sqlite3 *database;
  gint64 count = argc == 3 ? g_ascii_strtoll (argv[2], NULL, 10) : 0;
  if (count < 1 || sqlite3_open (argv[1], &database) != SQLITE_OK ||
      sqlite3_exec (database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x)", NULL, NULL, NULL))
    {
      fprintf (stderr, "commit-rate: give it a new database and a count\n");
      return 64;
    }
  gint64 start = g_get_monotonic_time ();
  for (gint64 i = 0; i < count; i++)
    if (sqlite3_exec (database, "INSERT INTO t VALUES (1)", NULL, NULL, NULL) != SQLITE_OK)
      g_error ("commit-rate: %s", sqlite3_errmsg (database));
  double seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  printf ("{\"rate\": %.1f, \"milliseconds\": %.3f}\n", (double) count / seconds, 1000 * seconds / (double) count);
  return sqlite3_close (database) == SQLITE_OK ? 0 : 1;
}
