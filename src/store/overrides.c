/* Overrides of on-call schedules. One that is taken back stays as a record, with who took it back and when. */
#include "store/overrides.h"

void
override_free (Override *override)
{
  g_free (override->schedule);
  g_free (override->agent);
  g_free (override->instead);
  g_free (override->actor);
  g_free (override->removed_by);
  g_free (override);
}

#define COLUMNS "id, schedule, agent, instead, from_at, to_at, actor, at, removed_by, removed_at"

/* The rows of QUERY (nullable), whose columns are COLUMNS. */
static GPtrArray *
read_rows (Database *database, Query *query, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) override_free);
  int row = -1;
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    {
      Override *override = g_new0 (Override, 1);
      *override = (Override){ .id = query_number (query, 0),
                              .schedule = query_text (query, 1),
                              .agent = query_text (query, 2),
                              .instead = query_text (query, 3),
                              .from = query_number (query, 4),
                              .to = query_number (query, 5),
                              .actor = query_text (query, 6),
                              .at = query_number (query, 7),
                              .removed_by = query_text (query, 8),
                              .removed_at = query_number (query, 9) };
      g_ptr_array_add (list, override);
    }
  return row == 0 ? g_steal_pointer (&list) : NULL;
}

GPtrArray *
overrides_read (Database *database, gint64 since, GError **error)
{
  g_autoptr (Query) query = database_query (
    database, error, "SELECT " COLUMNS " FROM override WHERE removed_at IS NULL AND to_at > ? ORDER BY id", "i", since);
  return read_rows (database, query, error);
}

GPtrArray *
store_list_overrides (Store *store, gint64 since, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL ? overrides_read (loan.database, since, error) : NULL;
}

GPtrArray *
store_list_override_records (Store *store, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query = database_query (loan.database, error, "SELECT " COLUMNS " FROM override ORDER BY id", "");
  return read_rows (loan.database, query, error);
}

static gboolean
write_override (Database *database, gpointer data, GError **error)
{
  Override *override = data;
  if (!database_run (
          database, error,
          "INSERT INTO override (schedule, agent, instead, from_at, to_at, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
          "sssiisi", override->schedule, override->agent, override->instead, override->from, override->to,
          override->actor, override->at))
    return FALSE;
  override->id = sqlite3_last_insert_rowid (database->handle);
  return TRUE;
}

gboolean
store_add_override (Store *store, Override *override, GError **error)
{
  return store_write (store, write_override, override, error);
}

typedef struct {
  gint64 id;
  const char *actor;
  gint64 now;
} Removal;

static gboolean
write_removal (Database *database, gpointer data, GError **error)
{
  const Removal *removal = data;
  if (!database_run (database, error,
                     "UPDATE override SET removed_by = ?, removed_at = ? WHERE id = ? AND removed_at IS NULL", "sii",
                     removal->actor, removal->now, removal->id))
    return FALSE;
  if (sqlite3_changes (database->handle) == 1)
    return TRUE;
  g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "there is no override %" G_GINT64_FORMAT, removal->id);
  return FALSE;
}

gboolean
store_remove_override (Store *store, gint64 id, const char *actor, gint64 now, GError **error)
{
  Removal removal = { .id = id, .actor = actor, .now = now };
  return store_write (store, write_removal, &removal, error);
}
