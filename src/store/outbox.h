/* outbox: reading its rows. Private to the store. */
#pragma once

#include "store/private.h"

#define OUTBOX_COLUMNS \
  "id, ticket, incident, message, kind, channel, recipient, template, languages, reason, message_id, state, attempts, created_at, " \
  "due_at, sent_at, last_error, held, provider_id, fate"

/* The row that QUERY, for OUTBOX_COLUMNS, is at. */
OutboxRow *outbox_read_row (Query *query);

/* All rows of QUERY; NULL with *ERROR. (element-type OutboxRow) */
GPtrArray *outbox_read_rows (Database *database, Query *query, GError **error);
