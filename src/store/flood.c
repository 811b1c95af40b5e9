#include "store/flood.h"

#include "store/store.h"

#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

/* How many there have been in the hour that began with the first of them. */
typedef struct {
  gint64 since, count;
  gboolean told; /* in this hour, or in one before since when it has not been quiet */
} Tide;

static gboolean
read_tide (Database *database, const char *key, Tide *tide, GError **error)
{
  g_autoptr (Query) query = database_query (database, error, "SELECT since, count, told FROM flood WHERE key = ?", "s", key);
  int row = query != NULL ? query_next (database, query, error) : -1;
  *tide = row > 0 ? (Tide){ query_number (query, 0), query_number (query, 1), query_number (query, 2) != 0 } : (Tide){ 0 };
  return row >= 0;
}

/* An hour has passed: whether it was a quiet one decides if the next flood is told of. A clock that was put back begins anew, too. */
static void
turn (Tide *tide, int limit, gint64 now)
{
  if (now >= tide->since && now - tide->since < HOUR)
    return;
  gboolean quiet = tide->count <= limit || now - tide->since >= 2 * HOUR;
  *tide = (Tide){ .since = now, .told = tide->told && !quiet };
}

/* Counts one more under KEY. *OVER: it is beyond LIMIT; *BEGINS: and its team is to be told. */
static gboolean
count (Database *database, const char *key, int limit, gint64 now, gboolean *over, gboolean *begins, GError **error)
{
  Tide tide;
  *over = *begins = FALSE;
  if (limit == 0)
    return TRUE;
  if (!read_tide (database, key, &tide, error))
    return FALSE;
  turn (&tide, limit, now);
  tide.count++;
  *over = tide.count > limit;
  *begins = *over && !tide.told;
  tide.told |= *over;
  return database_run (database, error,
                       "INSERT INTO flood (key, since, count, told) VALUES (?1, ?2, ?3, ?4) "
                       "ON CONFLICT (key) DO UPDATE SET since = ?2, count = ?3, told = ?4",
                       "siii", key, tide.since, tide.count, (gint64) tide.told);
}

/* Once in a while, what nobody asks about any more: there is no more to look through than came in the hours since. */
static gboolean
sweep (Database *database, gint64 now, GError **error)
{
  Tide tide;
  if (!read_tide (database, "sweep", &tide, error))
    return FALSE;
  if (now >= tide.since && now - tide.since < HOUR)
    return TRUE;
  return database_run (database, error, "DELETE FROM flood WHERE since < ?", "i", now - 2 * HOUR) &&
         database_run (database, error, "INSERT OR REPLACE INTO flood (key, since, count, told) VALUES ('sweep', ?, 0, 0)", "i", now);
}

static void
remove_notifications (GPtrArray *outgoing)
{
  for (guint i = outgoing->len; i > 0; i--)
    if (((const Outgoing *) g_ptr_array_index (outgoing, i - 1))->kind == OUTGOING_NOTIFICATION)
      g_ptr_array_remove_index (outgoing, i - 1);
}

/* Mail that is proven to be a sender's is counted apart: nobody can silence a customer by writing in their name. */
static char *
sender_key (const Intake *intake, const Decision *decision)
{
  const char *sender = intake->facts->from != NULL ? intake->facts->from : intake->envelope->sender;
  g_autofree char *normal = address_normalise (sender);
  return g_strconcat (decision->standing == STANDING_VERIFIED ? "verified " : "sender ", normal != NULL ? normal : sender, NULL);
}

void
flood_clear (Flood *flood)
{
  g_free (flood->reason);
}

gboolean
flood_count (Database *database, const Intake *intake, Decision *decision, Flood *flood, GError **error)
{
  gboolean of_sender, of_ticket, of_all, begins[3];
  g_autofree char *sender = sender_key (intake, decision);
  g_autofree char *ticket = g_strdup_printf ("ticket %" G_GINT64_FORMAT, decision->ticket);
  int limit_ticket = decision->kind == INTAKE_CONTINUE ? intake->flood_limit_ticket : 0;
  gint64 now = intake->now;
  if (!sweep (database, now, error) || !count (database, sender, intake->flood_limit, now, &of_sender, &begins[0], error) ||
      !count (database, ticket, limit_ticket, now, &of_ticket, &begins[1], error) ||
      !count (database, "all", intake->flood_limit_total, now, &of_all, &begins[2], error))
    return FALSE;
  if (!of_sender && !of_ticket && !of_all)
    return TRUE;
  int limit = of_sender ? intake->flood_limit : of_ticket ? limit_ticket : intake->flood_limit_total;
  const char *what = of_sender ? "from this sender" : of_ticket ? "on this ticket" : "in all";
  flood->reason = g_strdup_printf ("more than %d messages came within an hour %s", limit, what);
  flood->begins = begins[0] || begins[1] || begins[2];
  decision_withhold_acknowledgement (decision, flood->reason);
  return TRUE;
}

/* Pages have limits of their own, and whoever is paged is told of the ticket. */
gboolean
flood_keep (Database *database, const Intake *intake, Decision *decision, const Flood *flood, GError **error)
{
  if (flood->reason == NULL)
    return TRUE;
  if (!decision->page)
    remove_notifications (decision->outgoing);
  for (guint i = 0; flood->begins && i < decision->flood_notices->len; i++)
    {
      Outgoing *notice = g_ptr_array_index (decision->flood_notices, i);
      g_free (notice->reason);
      notice->reason = g_strdup (flood->reason);
      if (!store_add_outgoing (database, notice, decision->ticket, 0, 0, intake->now, error))
        return FALSE;
    }
  return store_add_event (database, decision->ticket, intake->now, "quiet", "frontdesk", flood->reason, error);
}
