/* outgoing: what has to go out because of a decision: acknowledgement, notifications, pages. Pure. */
#pragma once

#include "desk/decision.h"

/* Fills DECISION->outgoing, but for the Message-IDs, which need the secret key. */
void outgoing_plan (const IntakeCase *intake, Decision *decision);

/* Adds to PAGES (element-type Outgoing) a page for each agent and channel of ESCALATION's first step that reaches
 * somebody at AT, because of REASON; a step that was passed by is told in the pages' own reason. */
void outgoing_add_pages (const Roster *roster, const Escalation *escalation, gint64 at, const char *reason,
                         GPtrArray *pages);

/* A letter to TICKET's requester, in their language, else ROLE's. The caller's; its Message-ID is not set. */
Outgoing *outgoing_to_requester (const Ticket *ticket, const Role *role, const char *template);
