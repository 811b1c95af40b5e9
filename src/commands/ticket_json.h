/* ticket_json: the JSON that is agreed for tickets, used by every subcommand that shows one. */
#pragma once

#include "commands/command.h"

/* A new reference. */
json_t *ticket_to_json (const Ticket *ticket);
/* A waiting or past outbox row. A new reference. */
json_t *incident_to_json (const Incident *incident);
/* A new reference. */
json_t *address_state_to_json (const AddressState *state);
json_t *outbox_row_to_json (const OutboxRow *row);

/* The ticket number in TEXT ("1042" or "#1042"), or 0. */
gint64 ticket_number_parse (const char *text);
