#include "store/schema.h"

/* Entry N leads from version N to N + 1. Entries are never changed once released. Few indexes, and partial where most rows
 * do not need one: an intake must not cost more at a million tickets than at a thousand. */
static const char *const migrations[] = {
  "CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
  "CREATE TABLE ticket ("
  "  number INTEGER PRIMARY KEY AUTOINCREMENT, role TEXT NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL,"
  "  subject TEXT NOT NULL, requester TEXT, requester_name TEXT, customer TEXT, standing TEXT NOT NULL, team TEXT,"
  "  assignee TEXT, language TEXT, related INTEGER REFERENCES ticket, message_id TEXT, refs TEXT,"
  "  opened_at INTEGER NOT NULL, acknowledged_at INTEGER, responded_at INTEGER, resolved_at INTEGER,"
  "  kind TEXT, after INTEGER REFERENCES ticket, root_cause INTEGER NOT NULL DEFAULT 0, escalated INTEGER NOT NULL DEFAULT 0,"
  "  answers INTEGER NOT NULL DEFAULT 0, reopened INTEGER NOT NULL DEFAULT 0, urgent_at INTEGER, version INTEGER,"
  "  merged INTEGER REFERENCES ticket);"
  "CREATE INDEX ticket_open ON ticket (urgent_at, opened_at) WHERE state IN ('open', 'pending');"
  "CREATE INDEX ticket_after ON ticket (after) WHERE after IS NOT NULL;"
  "CREATE INDEX ticket_assignee ON ticket (assignee) WHERE assignee IS NOT NULL AND state IN ('open', 'pending');"
  "CREATE INDEX ticket_refused ON ticket (opened_at) WHERE state = 'refused';"
  "CREATE TABLE participant (ticket INTEGER NOT NULL REFERENCES ticket, address TEXT NOT NULL, blind INTEGER NOT NULL,"
  "  PRIMARY KEY (ticket, address)) WITHOUT ROWID;"
  "CREATE TABLE address_state (address TEXT PRIMARY KEY, state TEXT NOT NULL, status TEXT, detail TEXT NOT NULL,"
  "  since INTEGER NOT NULL, last_at INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE TABLE flood (key TEXT PRIMARY KEY, since INTEGER NOT NULL, count INTEGER NOT NULL, told INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE TABLE raw (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, data BLOB, file TEXT);"
  "CREATE INDEX raw_file ON raw (file) WHERE file IS NOT NULL;"
  "CREATE TABLE message ("
  "  id INTEGER PRIMARY KEY, ticket INTEGER REFERENCES ticket, kind TEXT NOT NULL, direction TEXT NOT NULL,"
  "  message_id TEXT, sender TEXT, subject TEXT, text TEXT, queue_id TEXT, raw INTEGER REFERENCES raw, cc TEXT, unread TEXT,"
  "  at INTEGER NOT NULL);"
  "CREATE INDEX message_ticket ON message (ticket) WHERE ticket IS NOT NULL;"
  "CREATE INDEX message_message_id ON message (message_id) WHERE message_id IS NOT NULL AND ticket IS NOT NULL;"
  "CREATE TABLE seen (key TEXT PRIMARY KEY, ticket INTEGER, reply TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE TABLE incident ("
  "  id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket, state TEXT NOT NULL, escalation TEXT NOT NULL,"
  "  plan TEXT NOT NULL, sender TEXT, step INTEGER NOT NULL, round INTEGER NOT NULL, again INTEGER NOT NULL DEFAULT 0,"
  "  started_at INTEGER NOT NULL, next_at INTEGER, acknowledged_by TEXT, acknowledged_at INTEGER, reminded_at INTEGER,"
  "  resolved_at INTEGER, CHECK (state <> 'triggered' OR next_at IS NOT NULL));"
  "CREATE INDEX incident_ticket ON incident (ticket);"
  "CREATE INDEX incident_open ON incident (id) WHERE state <> 'resolved';"
  "CREATE INDEX incident_next ON incident (next_at) WHERE next_at IS NOT NULL;"
  "CREATE INDEX incident_started ON incident (started_at);"
  "CREATE TABLE outbox ("
  "  id INTEGER PRIMARY KEY, ticket INTEGER REFERENCES ticket, incident INTEGER REFERENCES incident,"
  "  message INTEGER REFERENCES message, kind TEXT NOT NULL, channel TEXT, recipient TEXT NOT NULL, template TEXT NOT NULL, languages TEXT, reason TEXT, message_id TEXT NOT NULL,"
  "  state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, due_at INTEGER NOT NULL,"
  "  sent_at INTEGER, last_error TEXT, held INTEGER NOT NULL DEFAULT 0, leader INTEGER, provider_id TEXT, fate TEXT,"
  "  fate_sequence INTEGER);"
  "CREATE INDEX outbox_ticket ON outbox (ticket);"
  "CREATE INDEX outbox_incident ON outbox (incident) WHERE incident IS NOT NULL;"
  "CREATE INDEX outbox_leader ON outbox (leader) WHERE leader IS NOT NULL;"
  "CREATE INDEX outbox_provider ON outbox (provider_id) WHERE provider_id IS NOT NULL;"
  "CREATE INDEX outbox_out ON outbox (sent_at) WHERE provider_id IS NOT NULL AND fate IS NULL;"
  "CREATE INDEX outbox_paged ON outbox (recipient, sent_at) WHERE kind = 'page';"
  "CREATE INDEX outbox_due ON outbox (kind = 'page', due_at) WHERE state = 'due';"
  "CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending';"
  "CREATE INDEX outbox_acknowledged ON outbox (recipient COLLATE NOCASE, created_at) WHERE kind = 'acknowledgement';"
  "CREATE INDEX outbox_acknowledged_at ON outbox (created_at) WHERE kind = 'acknowledgement';"
  "CREATE TABLE pager (agent TEXT NOT NULL, channel TEXT NOT NULL, window_from INTEGER NOT NULL, held INTEGER NOT NULL,"
  "  PRIMARY KEY (agent, channel)) WITHOUT ROWID;"
  "CREATE TABLE page_test (agent TEXT NOT NULL, channel TEXT NOT NULL, at INTEGER NOT NULL, well INTEGER NOT NULL, answer TEXT,"
  "  PRIMARY KEY (agent, channel, at)) WITHOUT ROWID;"
  "CREATE TABLE timer (id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket, kind TEXT NOT NULL,"
  "  due_at INTEGER NOT NULL);"
  "CREATE INDEX timer_due ON timer (kind, due_at);"
  "CREATE INDEX timer_ticket ON timer (ticket);"
  "CREATE TABLE promise ("
  "  ticket INTEGER NOT NULL REFERENCES ticket, target INTEGER NOT NULL, cycle INTEGER NOT NULL, since INTEGER, warn_at INTEGER,"
  "  extend_at INTEGER, due_at INTEGER, waited INTEGER NOT NULL, moved INTEGER NOT NULL, met_at INTEGER, dropped_at INTEGER,"
  "  warned_at INTEGER, extended_at INTEGER, breached_at INTEGER, took INTEGER, next_at INTEGER,"
  "  PRIMARY KEY (ticket, target, cycle)) WITHOUT ROWID;"
  "CREATE INDEX promise_next ON promise (next_at) WHERE next_at IS NOT NULL;"
  "CREATE TABLE pause (ticket INTEGER NOT NULL REFERENCES ticket, from_at INTEGER NOT NULL, to_at INTEGER,"
  "  PRIMARY KEY (ticket, from_at)) WITHOUT ROWID;"
  "CREATE TABLE event (id INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES ticket, at INTEGER NOT NULL,"
  "  kind TEXT NOT NULL, actor TEXT NOT NULL, detail TEXT);"
  "CREATE INDEX event_ticket ON event (ticket);"
  "CREATE TABLE override ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT, schedule TEXT NOT NULL, agent TEXT NOT NULL, instead TEXT, from_at INTEGER NOT NULL,"
  "  to_at INTEGER NOT NULL, actor TEXT NOT NULL, at INTEGER NOT NULL, removed_by TEXT, removed_at INTEGER);"
  "CREATE INDEX override_to ON override (to_at) WHERE removed_at IS NULL;"
  "CREATE TABLE customer (generation INTEGER NOT NULL, mail TEXT NOT NULL, name TEXT, organization TEXT, customer TEXT,"
  "  language TEXT, level TEXT, suspended INTEGER NOT NULL, PRIMARY KEY (generation, mail)) WITHOUT ROWID;",
};

static gboolean
migrate_from (Database *database, gint64 version, GError **error)
{
  for (gint64 i = version; i < (gint64) G_N_ELEMENTS (migrations); i++)
    if (!database_execute (database, migrations[i], error))
      return FALSE;
  g_autofree char *set = g_strdup_printf ("PRAGMA user_version = %u", (guint) G_N_ELEMENTS (migrations));
  return database_execute (database, set, error);
}

gboolean
schema_migrate (Database *database, GError **error)
{
  g_autoptr (GError) failure = NULL;
  if (!database_execute (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  gint64 version = database_number (database, -1, &failure, "PRAGMA user_version", "");
  if (failure == NULL && version > (gint64) G_N_ELEMENTS (migrations))
    g_set_error (&failure, STORE_ERROR, STORE_ERROR_VERSION,
                 "database %s was written by a newer Frontdesk (schema %" G_GINT64_FORMAT
                 ", this one knows %u): install that version again",
                 database->path, version, (guint) G_N_ELEMENTS (migrations));
  if (failure == NULL && migrate_from (database, version, &failure) && database_execute (database, "COMMIT", &failure))
    return TRUE;
  database_execute (database, "ROLLBACK", NULL);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}
