/* deadlines: a ticket's promises, and why each is due when it is. */
#pragma once

#include "commands/command.h"
#include "store/store.h"

/* An object for each promise of TICKET: what it is counted from and on which calendar, how the hours add up day by day, and
 * the PAUSES between. NULL with *ERROR. */
json_t *deadlines_to_json (const Config *config, Store *store, const Ticket *ticket, GError **error);
