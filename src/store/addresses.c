#include "store/addresses.h"

#include "store/store.h"

#define COLUMNS "address, state = 'hard', status, detail, since, last_at, count"

void
address_state_free (AddressState *state)
{
  if (state == NULL)
    return;
  g_free (state->address);
  g_free (state->status);
  g_free (state->detail);
  g_free (state);
}

static AddressState *
read_state (Query *query)
{
  AddressState *state = g_new0 (AddressState, 1);
  *state = (AddressState){ .address = query_text (query, 0),
                           .hard = query_number (query, 1) != 0,
                           .status = query_text (query, 2),
                           .detail = query_text (query, 3),
                           .since = query_number (query, 4),
                           .last_at = query_number (query, 5),
                           .count = (int) query_number (query, 6) };
  return state;
}

static AddressState *
find_state (Database *database, const char *address, GError **error)
{
  g_autofree char *key = address_normalise (address);
  g_autoptr (Query) query =
    key != NULL ? database_query (database, error, "SELECT " COLUMNS " FROM address_state WHERE address = ?", "s", key) : NULL;
  return query != NULL && query_next (database, query, error) > 0 ? read_state (query) : NULL;
}

static gboolean
is_held (const AddressState *state, gint64 now)
{
  return state != NULL && state->hard && now - state->last_at < ADDRESS_HELD;
}

/* A full mailbox today does not make a dead one live, so a hard state stays until it is over or the address has written. */
static gboolean
note (Database *database, gint64 ticket, const AddressState *new, gint64 now, gboolean *news, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (AddressState) old = find_state (database, new->address, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  gboolean held = is_held (old, now), stays = old != NULL && old->hard == new->hard;
  g_autofree char *detail = g_strdup_printf ("mail to %s came back%s: %s", new->address, new->hard ? " and will again" : "", new->detail);
  if (!store_add_event (database, ticket, now, "bounced", "frontdesk", detail, error))
    return FALSE;
  if (held && !new->hard)
    return database_run (database, error, "UPDATE address_state SET count = count + 1 WHERE address = ?", "s", old->address);
  *news |= new->hard && !held;
  return database_run (database, error,
                       "INSERT INTO address_state (address, state, status, detail, since, last_at, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1) "
                       "ON CONFLICT (address) DO UPDATE SET state = ?2, status = ?3, detail = ?4, since = ?5, last_at = ?6, count = count + 1",
                       "ssssii", new->address, new->hard ? "hard" : "soft", new->status, new->detail, stays ? old->since : now, now);
}

gboolean
addresses_note (Database *database, gint64 ticket, const GPtrArray *notes, gint64 now, gboolean *news, GError **error)
{
  *news = FALSE;
  for (guint i = 0; i < notes->len; i++)
    if (!note (database, ticket, g_ptr_array_index (notes, i), now, news, error))
      return FALSE;
  return TRUE;
}

gboolean
addresses_clear (Database *database, gint64 ticket, const char *address, gint64 now, GError **error)
{
  g_autofree char *key = address_normalise (address);
  g_autofree char *detail = g_strdup_printf ("%s has written, so mail may reach it", address);
  if (!database_run (database, error, "DELETE FROM address_state WHERE address = ?", "s", key))
    return FALSE;
  return sqlite3_changes (database->handle) == 0 || store_add_event (database, ticket, now, "reachable", "frontdesk", detail, error);
}

AddressState *
store_find_address_state (Store *store, const char *address, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL ? find_state (loan.database, address, error) : NULL;
}
