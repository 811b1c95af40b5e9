/* checks: what must hold between sections, so that the desk never writes to itself. */
#pragma once

#include "config/options.h"

/* Fills CONFIG's index of role addresses. An address of two roles is an error, and so is a team's or an agent's address
 * that belongs to a role: its notifications would open tickets. */
gboolean checks_index_addresses (Config *config, cfg_t *root, GError **error);
