/* outgoing: what has to go out because of a decision: acknowledgement, notifications, pages. Pure. */
#pragma once

#include "desk/decision.h"

/* Fills DECISION->outgoing and flood_notices, but for the Message-IDs, which need the secret key. TICKET: the one that is continued,
 * nullable. */
void outgoing_plan (const IntakeCase *intake, const Ticket *ticket, Decision *decision);

/* A letter to TICKET's requester, in their language, else ROLE's. The caller's; its Message-ID is not set. */
Outgoing *outgoing_to_requester (const Ticket *ticket, const Role *role, const char *template);
