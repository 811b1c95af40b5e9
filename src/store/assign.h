/* assign: who of a team gets a new ticket. Private to the store: the choice is made within the commit, so that two tickets
 * that come at once do not go to the same one by mistake. */
#pragma once

#include "store/private.h"

/* The name of the agent among DECISION's candidates that the ticket is given to, or NULL for nobody. The caller's. */
gboolean assign_choose (Database *database, const Decision *decision, char **assignee, GError **error);
