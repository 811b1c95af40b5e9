/* assign: who of a team gets a new ticket. Private to the store: the choice is made within the commit, so that two tickets
 * that come at once do not go to the same one by mistake. */
#pragma once

#include "store/private.h"

/* *CHOSEN is the agent among DECISION's candidates that the ticket is given to, or NULL for nobody. */
gboolean assign_choose (Database *database, const Decision *decision, const Agent **chosen, GError **error);

/* AGENT, who was given DECISION's ticket, is told of it in place of the team. */
void assign_tell (Decision *decision, const Agent *agent);
