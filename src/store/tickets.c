/* Reading tickets and what belongs to them. */
#include <string.h>

#include "store/private.h"
#include "store/raw.h"

#define DEFAULT_LIMIT 100

#define TICKET_COLUMNS \
  "number, role, state, priority, subject, requester, requester_name, customer, standing, team, assignee, language, " \
  "related, opened_at, acknowledged_at, responded_at, resolved_at, message_id, refs, " \
  "(SELECT group_concat(blind || address, char(10)) FROM participant p WHERE p.ticket = t.number), kind, " \
  "(SELECT group_concat(target || ' ' || CASE WHEN met_at IS NULL AND dropped_at IS NULL THEN coalesce(due_at, 0) ELSE 0 END || " \
  "' ' || (breached_at IS NOT NULL), char(10)) FROM promise p WHERE p.ticket = t.number), "                                     \
  "(SELECT state FROM incident i WHERE i.ticket = t.number AND i.state <> 'resolved' ORDER BY id DESC LIMIT 1), merged"

/* ROWS: lines "TARGET DUE BREACHED". */
static void
read_promises (Ticket *ticket, const char *rows)
{
  g_auto (GStrv) lines = g_strsplit (rows != NULL ? rows : "", "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      char *rest;
      guint target = (guint) g_ascii_strtoull (lines[i], &rest, 10) % TARGETS;
      gint64 due = g_ascii_strtoll (rest, &rest, 10);
      if (due != 0)
        ticket->due[target] = due;
      if (g_ascii_strtoll (rest, NULL, 10) != 0)
        ticket->breached |= 1u << target;
    }
}

/* ROWS: lines "BLIND" and the address, without a blank. */
static void
read_participants (Ticket *ticket, const char *rows)
{
  g_auto (GStrv) lines = g_strsplit (rows != NULL ? rows : "", "\n", -1);
  g_autoptr (GStrvBuilder) all = g_strv_builder_new (), shown = g_strv_builder_new ();
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_strv_builder_add (all, lines[i] + 1);
      if (*lines[i] == '0')
        g_strv_builder_add (shown, lines[i] + 1);
    }
  ticket->participants = g_strv_builder_end (all);
  ticket->shown = g_strv_builder_end (shown);
}

static gpointer
read_ticket (Query *query)
{
  Ticket *ticket = g_new0 (Ticket, 1);
  *ticket = (Ticket){
    .number = query_number (query, 0),
    .role = query_text (query, 1),
    .state = query_text (query, 2),
    .priority = (int) query_number (query, 3),
    .subject = query_text (query, 4),
    .requester = query_text (query, 5),
    .requester_name = query_text (query, 6),
    .customer = query_text (query, 7),
    .standing = query_text (query, 8),
    .team = query_text (query, 9),
    .assignee = query_text (query, 10),
    .language = query_text (query, 11),
    .related = query_number (query, 12),
    .opened_at = query_number (query, 13),
    .acknowledged_at = query_number (query, 14),
    .responded_at = query_number (query, 15),
    .resolved_at = query_number (query, 16),
    .message_id = query_text (query, 17),
    .references = query_text (query, 18),
    .kind = query_text (query, 20),
    .incident = query_text (query, 22),
    .merged = query_number (query, 23),
  };
  read_participants (ticket, (const char *) sqlite3_column_text (query, 19));
  read_promises (ticket, (const char *) sqlite3_column_text (query, 21));
  return ticket;
}

static char *
read_raw_text (Query *query, const char *folder)
{
  g_autoptr (GError) failure = NULL;
  gsize length;
  gconstpointer data = query_octets (query, 11, &length);
  g_autofree char *file = query_text (query, 12);
  g_autoptr (RawMessage) raw = raw_read (data, length, file, folder, &failure);
  if (raw != NULL)
    return message_read_text (raw);
  g_warning ("a message of ticket #%" G_GINT64_FORMAT " cannot be read: %s", query_number (query, 1), failure->message);
  return NULL;
}

/* The text of a note is a column; that of a mail is read out of its octets, so that it need not be kept twice. */
static char *
read_message_text (Query *query, Store *store)
{
  g_autofree char *unread = query_text (query, 14);
  gint64 id = query_number (query, 0);
  JournalReading reading;
  char *note = query_text (query, 7);
  if (note != NULL)
    return note;
  if (g_strcmp0 (unread, MESSAGE_NOT_OPENED) == 0 || !store_begin_reading (store, journal_mark (JOURNAL_MARK, &id, sizeof id), &reading))
    return NULL;
  char *text = read_raw_text (query, store->raw_folder);
  store_end_reading (store, &reading);
  return text;
}

static gpointer
read_message (Query *query, Store *store)
{
  Message *message = g_new0 (Message, 1);
  *message = (Message){
    .id = query_number (query, 0),
    .ticket = query_number (query, 1),
    .kind = query_text (query, 2),
    .direction = query_text (query, 3),
    .message_id = query_text (query, 4),
    .sender = query_text (query, 5),
    .subject = query_text (query, 6),
    .text = read_message_text (query, store),
    .queue_id = query_text (query, 8),
    .at = query_number (query, 9),
    .size = query_number (query, 10),
    .cc = query_text (query, 13),
    .unread = query_text (query, 14),
  };
  return message;
}

static gpointer
read_event (Query *query)
{
  Event *event = g_new0 (Event, 1);
  *event = (Event){ .at = query_number (query, 0),
                    .kind = query_text (query, 1),
                    .actor = query_text (query, 2),
                    .detail = query_text (query, 3) };
  return event;
}

/* Appends all rows of QUERY, read by READ, to LIST. */
static gboolean
append_rows (Database *database, Query *query, gpointer (*read) (Query *query), GPtrArray *list, GError **error)
{
  int row = -1;
  while (query != NULL && (row = query_next (database, query, error)) > 0)
    g_ptr_array_add (list, read (query));
  return row == 0;
}

/* All rows of QUERY as a list whose items FREE frees; NULL with *ERROR. */
static GPtrArray *
read_rows (Database *database, Query *query, gpointer (*read) (Query *query), GDestroyNotify free_item, GError **error)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (free_item);
  return append_rows (database, query, read, list, error) ? g_steal_pointer (&list) : NULL;
}

#define FILTER                                                                                                      \
  " FROM ticket t WHERE (?1 IS NULL OR role = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR team = ?3) AND " \
  "(?4 IS NULL OR assignee = ?4) AND (?5 IS NULL OR requester = ?5 COLLATE NOCASE) AND "                            \
  "(?6 = 0 OR urgent_at < ?6) AND "
#define FILTER_TYPES "sssssii"

/* Appends what FILTER finds by SQL, up to LIMIT in all. */
static gboolean
append_tickets (Database *database, const TicketQuery *filter, const char *sql, guint limit, GPtrArray *list, GError **error)
{
  g_autoptr (Query) query = database_query (database, error, sql, FILTER_TYPES, filter->role, filter->state, filter->team,
                                            filter->assignee, filter->requester, filter->overdue_at, (gint64) (limit - list->len));
  return append_rows (database, query, read_ticket, list, error);
}

/* Those at work first, in the order of an index, so that a short list is found at once among a million. */
GPtrArray *
store_list_tickets (Store *store, const TicketQuery *filter, GError **error)
{
  static const char by_deadline[] = "SELECT " TICKET_COLUMNS FILTER "state IN ('open', 'pending') ORDER BY urgent_at IS NULL, urgent_at, "
                                    "priority, opened_at LIMIT ?7";
  static const char by_arrival[] = "SELECT " TICKET_COLUMNS FILTER "state IN ('open', 'pending') ORDER BY opened_at, number LIMIT ?7";
  static const char ended[] = "SELECT " TICKET_COLUMNS FILTER "state IN ('resolved', 'closed') ORDER BY number DESC LIMIT ?7";
  static const char refused[] = "SELECT " TICKET_COLUMNS FILTER "state = 'refused' ORDER BY opened_at LIMIT ?7";
  const struct {
    const char *sql, *states;
  } parts[] = { { filter->by_arrival ? by_arrival : by_deadline, "open pending" }, { ended, "resolved closed" }, { refused, "refused" } };
  guint limit = filter->limit > 0 ? (guint) filter->limit : DEFAULT_LIMIT;
  g_auto (Loan) loan = loan_take (store, error);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_free);
  if (loan.database == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (parts) && list->len < limit; i++)
    {
      /* Refused ones are no tickets to work on: they are listed when asked for. */
      gboolean wanted = filter->state != NULL ? strstr (parts[i].states, filter->state) != NULL : parts[i].sql != refused;
      if (wanted && !append_tickets (loan.database, filter, parts[i].sql, limit, list, error))
        return NULL;
    }
  return g_steal_pointer (&list);
}

Ticket *
ticket_read (Database *database, gint64 number, GError **error)
{
  g_autoptr (Query) query =
    database_query (database, error, "SELECT " TICKET_COLUMNS " FROM ticket t WHERE number = ?", "i", number);
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row > 0)
    return read_ticket (query);
  if (row == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "there is no ticket #%" G_GINT64_FORMAT, number);
  return NULL;
}

Ticket *
store_find_ticket (Store *store, gint64 number, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  return loan.database != NULL ? ticket_read (loan.database, number, error) : NULL;
}

Ticket *
store_follow_ticket (Store *store, gint64 number, GError **error)
{
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, error);
  return ticket == NULL || ticket->merged == 0 ? g_steal_pointer (&ticket) : store_find_ticket (store, ticket->merged, error);
}

gint64
store_next_number (Store *store, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return 0;
  gint64 last = database_number (loan.database, 0, &failure, "SELECT seq FROM sqlite_sequence WHERE name = 'ticket'", "");
  if (failure == NULL)
    return last + 1;
  g_propagate_error (error, g_steal_pointer (&failure));
  return 0;
}

/* The ticket that an id of ours names, see store_message_id(); of another's id it may be any number. */
static gint64
ticket_in_id (const char *id)
{
  const char *dot = strchr (id, '.');
  return dot != NULL ? g_ascii_strtoll (dot + 1, NULL, 10) : 0;
}

#define FOLLOWED "SELECT " TICKET_COLUMNS " FROM ticket t WHERE number IN (SELECT coalesce(merged, number) FROM ticket WHERE number "

/* The tickets that SQL, which takes an id and the number in it, finds for each of IDS; with NUMBERED, of those that have a number. */
static GPtrArray *
find_by_ids (Store *store, const char *const *ids, const char *sql, gboolean numbered, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_free);
  if (loan.database == NULL)
    return NULL;
  for (guint i = 0; ids[i] != NULL; i++)
    {
      gint64 number = ticket_in_id (ids[i]);
      if (numbered && number == 0)
        continue;
      g_autoptr (Query) query = database_query (loan.database, error, sql, "si", ids[i], number);
      if (!append_rows (loan.database, query, read_ticket, list, error))
        return NULL;
    }
  return g_steal_pointer (&list);
}

GPtrArray *
store_find_tickets_by_message_id (Store *store, const char *const *ids, GError **error)
{
  return find_by_ids (store, ids,
                      FOLLOWED "IN (SELECT ticket FROM message WHERE message_id = ?1 AND ticket IS NOT NULL AND ?2 IS NOT NULL)) LIMIT 20",
                      FALSE, error);
}

GPtrArray *
store_find_tickets_by_letter (Store *store, const char *const *ids, GError **error)
{
  return find_by_ids (store, ids,
                      FOLLOWED "IN (SELECT ticket FROM outbox WHERE ticket = ?2 AND message_id = ?1 AND kind <> 'notification')) LIMIT 20",
                      TRUE, error);
}

GPtrArray *
store_list_messages (Store *store, gint64 ticket, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query =
    database_query (loan.database, error,
                    "SELECT m.id, ticket, kind, direction, message_id, sender, subject, text, queue_id, at, size, data, file, cc, unread "
                    "FROM message m LEFT JOIN raw r ON r.id = m.raw WHERE ticket = ? ORDER BY m.id",
                    "i", ticket);
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) message_free);
  int row = -1;
  while (query != NULL && (row = query_next (loan.database, query, error)) > 0)
    g_ptr_array_add (list, read_message (query, store));
  return row == 0 ? g_steal_pointer (&list) : NULL;
}

gint64
store_find_message_ticket (Store *store, gint64 message, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return 0;
  gint64 ticket = database_number (loan.database, 0, &failure, "SELECT ticket FROM message WHERE id = ?", "i", message);
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (ticket == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "message %" G_GINT64_FORMAT " is of no ticket", message);
  return ticket;
}

RawMessage *
store_read_message (Store *store, gint64 message, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query =
    database_query (loan.database, error, "SELECT data, file FROM message m JOIN raw r ON r.id = m.raw WHERE m.id = ?", "i", message);
  int row = query != NULL ? query_next (loan.database, query, error) : -1;
  if (row == 0)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "message %" G_GINT64_FORMAT " was no mail", message);
  if (row <= 0)
    return NULL;
  gsize length;
  gconstpointer data = query_octets (query, 0, &length);
  g_autofree char *file = query_text (query, 1);
  return raw_read (data, length, file, store->raw_folder, error);
}

GPtrArray *
store_list_events (Store *store, gint64 ticket, GError **error)
{
  g_auto (Loan) loan = loan_take (store, error);
  if (loan.database == NULL)
    return NULL;
  g_autoptr (Query) query =
    database_query (loan.database, error, "SELECT at, kind, actor, detail FROM event WHERE ticket = ? ORDER BY id", "i", ticket);
  return read_rows (loan.database, query, read_event, (GDestroyNotify) event_free, error);
}
