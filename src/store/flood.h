/* flood: mail that comes so fast that each one answered and told of would make it worse. Private to the store; runs in the intake's
 * transaction, so it is exact however many come at once.
 *
 * Of a sender, of a ticket and in all so many messages an hour are counted. Beyond that mail is taken as ever, but nobody is written
 * to because of it, except once, when it begins, the ticket's team.
 */
#pragma once

#include "store/intake.h"
#include "store/private.h"

typedef struct {
  char *reason;    /* a limit holds, NULL: none does */
  gboolean begins; /* the ticket's team is to be told */
} Flood;
void flood_clear (Flood *flood);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Flood, flood_clear)

/* Counts the message of INTAKE, before DECISION is written; where a limit holds there is no acknowledgement, and none promised. */
gboolean flood_count (Database *database, const Intake *intake, Decision *decision, Flood *flood, GError **error);

/* When DECISION's ticket is written, and before what it has outgoing: nobody is told of it. */
gboolean flood_keep (Database *database, const Intake *intake, Decision *decision, const Flood *flood, GError **error);
