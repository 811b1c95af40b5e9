/* participants: who takes part in a ticket besides its requester. Pure. */
#pragma once

#include "config/config.h"
#include "store/ticket.h"

/* Those of ADDRESSES (nullable) who may take part: people outside, each once, at most LIMIT_PARTICIPANTS. Roles, agents, teams and
 * other addresses of ours are not among them, nor mailing lists and machines by their names, nor EXCEPT (nullable). NULL: nobody.
 * The caller's. */
char **participants_choose (const Config *config, char **addresses, const char *except);

/* TRUE when ADDRESS is an agent's, or one that a team is told at. */
gboolean participants_is_staff (const Config *config, const char *address);

/* TRUE when ADDRESS is the requester of TICKET or takes part in it. */
gboolean participants_has (const Ticket *ticket, const char *address);
