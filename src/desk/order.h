/* order: what an agent's mail does to an emergency: its first word, behind what is quoted, is "ack" or "resolve". Pure.
 *
 * A page's own signed address speaks for the agent who was paged, whoever writes to it; elsewhere it must be an agent, and
 * the mail authenticated as from them. A From address alone is never enough, and a machine's mail does nothing.
 */
#pragma once

#include "desk/decision.h"

/* FALSE when the first word of TEXT is no order. */
gboolean order_read (const char *text, PageAction *action);

/* The mail came to a page's signed address: decides what becomes of it. */
void order_decide_page (const IntakeCase *intake, gboolean by_machine, Decision *decision);

/* The mail points to the ticket in MATCH, whether or not its sender belongs to it: when it is an order of an agent about the emergency
 * of that ticket, it is filed as that. FALSE when it is none. */
gboolean order_decide_ticket (const IntakeCase *intake, const ThreadMatch *match, Decision *decision);

/* What is told to AGENT, who gave an order by mail, of what came of it: one sentence for each of TAKINGS (element-type Taking), with
 * times in ZONE. The caller's. */
char *order_describe (const GPtrArray *takings, const char *agent, GTimeZone *zone);
