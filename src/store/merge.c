/* Merging and splitting tickets. */
#include "store/merge.h"

#include "store/promises.h"
#include "store/staff.h"
#include "store/states.h"
#include "store/work.h"

static gboolean
fail (GError **error, const char *format, gint64 one, gint64 other)
{
  g_autofree char *first = g_strdup_printf ("#%" G_GINT64_FORMAT, one);
  g_autofree char *second = g_strdup_printf ("#%" G_GINT64_FORMAT, other);
  g_auto (GStrv) parts = g_strsplit (format, "@", 3);
  g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "%s%s%s%s%s", parts[0], first, parts[1], second, parts[2]);
  return FALSE;
}

static gboolean
is_ended (const Ticket *ticket)
{
  return g_str_equal (ticket->state, "resolved") || g_str_equal (ticket->state, "closed");
}

/* Nobody may come to read what another customer wrote. */
static gboolean
is_same_customer (const Ticket *one, const Ticket *other)
{
  if (one->customer != NULL && *one->customer != '\0' && g_strcmp0 (one->customer, other->customer) == 0)
    return TRUE;
  return address_equal (one->requester, other->requester);
}

static gboolean
check (const Ticket *from, const Ticket *into, GError **error)
{
  gint64 one = from->number, other = into->number;
  if (one == other)
    return fail (error, "ticket @ cannot become part of @ itself", one, other);
  if (from->merged != 0 || into->merged != 0)
    return fail (error, "of the tickets @ and @ one is part of another ticket already", one, other);
  if (g_str_equal (from->state, "refused") || g_str_equal (into->state, "refused"))
    return fail (error, "of @ and @ one was refused, and is no ticket", one, other);
  if (!is_same_customer (from, into))
    return fail (error, "tickets @ and @ are of different customers", one, other);
  if (!g_str_equal (from->role, into->role))
    return fail (error, "tickets @ and @ are of different roles", one, other);
  if (from->incident != NULL)
    return fail (error, "the emergency of @ is running: resolve it before it becomes part of @", one, other);
  return TRUE;
}

/* PEOPLE without ADDRESS; the caller's. */
static char **
leave_out (char **people, const char *address)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; people[i] != NULL; i++)
    if (!address_equal (people[i], address))
      g_strv_builder_add (builder, people[i]);
  return g_strv_builder_end (builder);
}

/* Who took part in FROM reads on, but is not shown to those of INTO, whose requester reads it anyway. */
static gboolean
move_people (Database *database, const Ticket *from, const Ticket *into, GError **error)
{
  char *requester[] = { from->requester, NULL };
  gboolean same = address_equal (from->requester, into->requester);
  g_auto (GStrv) others = leave_out (from->participants, into->requester);
  return (same || staff_add_participants (database, into->number, requester, TRUE, error)) &&
         staff_add_participants (database, into->number, others, TRUE, error) &&
         (!same || staff_add_participants (database, into->number, from->shown, FALSE, error));
}

static gboolean
end_merged (Store *store, Database *database, gint64 from, gint64 into, gint64 now, GError **error)
{
  const Change change = { .kind = CHANGE_MERGED, .at = now };
  return database_run (database, error, "UPDATE message SET ticket = ? WHERE ticket = ?", "ii", into, from) &&
         database_run (database, error, "UPDATE ticket SET merged = ?1 WHERE merged = ?2", "ii", into, from) &&
         database_run (database, error,
                       "UPDATE ticket SET merged = ?1, state = 'closed', resolved_at = coalesce(resolved_at, ?2) WHERE number = ?3",
                       "iii", into, now, from) &&
         database_run (database, error, "DELETE FROM timer WHERE ticket = ?", "i", from) &&
         promises_apply (store, database, from, &change, error);
}

/* The customer's tickets that have waited for FROM wait for INTO from now on; INTO itself waits no longer. */
static gboolean
move_waiting (Store *store, Database *database, const Ticket *from, gint64 into, gint64 now, GError **error)
{
  Work step = { .store = store, .ticket = from->number, .now = now };
  g_autoptr (Ticket) other = ticket_read (database, into, error);
  if (other == NULL)
    return FALSE;
  if (is_ended (other))
    return work_begin_next (database, &step, error);
  const Change began = { .kind = CHANGE_BEGAN, .at = now };
  gint64 waits = database_number (database, -1, error, "SELECT count(*) FROM ticket WHERE number = ? AND after = ?", "ii", into, from->number);
  return waits >= 0 && (waits == 0 || promises_apply (store, database, into, &began, error)) &&
         database_run (database, error, "UPDATE ticket SET after = nullif(?1, number) WHERE after = ?2", "ii", into, from->number);
}

/* What the customer wrote to FROM and nobody has answered, INTO has to answer. */
static gboolean
await_answer (Store *store, Database *database, const Ticket *from, gint64 into, const char *actor, gint64 now, GError **error)
{
  const Change change = { .kind = CHANGE_WROTE, .at = now };
  if (is_ended (from) || from->responded_at != 0)
    return TRUE;
  return state_resume (store, database, into, actor, NULL, now, error) && state_reopen (store, database, into, actor, NULL, now, error) &&
         promises_apply (store, database, into, &change, error);
}

gboolean
merge_write (Store *store, Database *database, gint64 from, gint64 into, const char *actor, gint64 now, GError **error)
{
  g_autoptr (Ticket) one = ticket_read (database, from, error);
  g_autoptr (Ticket) other = one != NULL ? ticket_read (database, into, error) : NULL;
  if (other == NULL || !check (one, other, error))
    return FALSE;
  g_autofree char *told_one = g_strdup_printf ("it is part of #%" G_GINT64_FORMAT " now", into);
  g_autofree char *told_other = g_strdup_printf ("#%" G_GINT64_FORMAT " is part of it now", from);
  return move_people (database, one, other, error) && end_merged (store, database, from, into, now, error) &&
         await_answer (store, database, one, into, actor, now, error) && move_waiting (store, database, one, into, now, error) &&
         store_add_event (database, from, now, "merged", actor, told_one, error) &&
         store_add_event (database, into, now, "merged", actor, told_other, error);
}

typedef struct {
  Store *store;
  gint64 from, into, now;
  const char *actor;
} Merge;

static gboolean
run_merge (Database *database, gpointer data, GError **error)
{
  const Merge *merge = data;
  return merge_write (merge->store, database, merge->from, merge->into, merge->actor, merge->now, error);
}

gboolean
store_merge_ticket (Store *store, gint64 from, gint64 into, const char *actor, gint64 now, GError **error)
{
  Merge merge = { .store = store, .from = from, .into = into, .actor = actor, .now = now };
  return store_write (store, run_merge, &merge, error);
}

/* ---- splitting ---- */

typedef struct {
  gint64 ticket, now, number;
  const gint64 *messages;
  guint count;
  const GArray *promises;
  gint64 version;
  const char *actor;
} Split;

/* The ticket that begins with the first of the messages: as the old one, but for who wrote and what about. */
static gboolean
write_split_ticket (Database *database, Split *split, GError **error)
{
  if (!database_run (database, error,
                     "INSERT INTO ticket (role, state, priority, subject, requester, customer, standing, team, language, related, "
                     "message_id, opened_at, assignee, kind) SELECT t.role, 'open', t.priority, coalesce(m.subject, t.subject), "
                     "m.sender, t.customer, t.standing, t.team, t.language, t.number, m.message_id, m.at, t.assignee, t.kind FROM ticket t "
                     "JOIN message m ON m.ticket = t.number WHERE t.number = ?1 AND t.state <> 'refused' AND m.id = ?2 AND m.kind = "
                     "'message' AND m.direction = 'in'",
                     "ii", split->ticket, split->messages[0]))
    return FALSE;
  if (sqlite3_changes (database->handle) == 0)
    {
      g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND,
                   "message %" G_GINT64_FORMAT " is no mail of a customer to ticket #%" G_GINT64_FORMAT ": frontdesk show %" G_GINT64_FORMAT
                   " has their numbers",
                   split->messages[0], split->ticket, split->ticket);
      return FALSE;
    }
  split->number = sqlite3_last_insert_rowid (database->handle);
  return split->promises->len == 0 || promises_write (database, split->number, split->promises, split->version, error);
}

static gboolean
move_messages (Database *database, const Split *split, GError **error)
{
  for (guint i = 0; i < split->count; i++)
    {
      if (!database_run (database, error, "UPDATE message SET ticket = ? WHERE ticket = ? AND id = ?", "iii", split->number, split->ticket,
                         split->messages[i]))
        return FALSE;
      if (sqlite3_changes (database->handle) > 0)
        continue;
      g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "ticket #%" G_GINT64_FORMAT " has no message %" G_GINT64_FORMAT,
                   split->ticket, split->messages[i]);
      return FALSE;
    }
  gint64 left = database_number (database, -1, error, "SELECT count(*) FROM message WHERE ticket = ? AND direction = 'in'", "i", split->ticket);
  if (left == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "nothing would be left of ticket #%" G_GINT64_FORMAT, split->ticket);
  return left > 0;
}

static gboolean
run_split (Database *database, gpointer data, GError **error)
{
  Split *split = data;
  if (!write_split_ticket (database, split, error) || !move_messages (database, split, error))
    return FALSE;
  g_autofree char *opened = g_strdup_printf ("split off #%" G_GINT64_FORMAT, split->ticket);
  g_autofree char *left = g_strdup_printf ("%u of its messages are #%" G_GINT64_FORMAT " now", split->count, split->number);
  return store_add_event (database, split->number, split->now, "opened", split->actor, opened, error) &&
         store_add_event (database, split->ticket, split->now, "split", split->actor, left, error);
}

gint64
store_split_ticket (Store *store, gint64 ticket, const gint64 *messages, guint count, const GArray *promises, gint64 version,
                    const char *actor, gint64 now, GError **error)
{
  Split split = { .ticket = ticket,
                  .messages = messages,
                  .count = count,
                  .promises = promises,
                  .version = version,
                  .actor = actor,
                  .now = now };
  return store_write (store, run_split, &split, error) ? split.number : 0;
}
