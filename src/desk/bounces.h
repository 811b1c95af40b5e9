/* bounces: what comes of mail of ours that came back. Pure.
 *
 * A report counts only when it answers a letter of ours, and only for those whom that ticket's letters go to: nobody can silence
 * a customer with a report that they wrote themselves.
 */
#pragma once

#include "config/config.h"
#include "mail/bounce.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "store/address.h"
#include "store/intake.h"
#include "store/ticket.h"

/* Whether the message is a report about delivery, and not another machine's answer. */
gboolean bounces_is_report (const MessageFacts *facts);

/* What REPORTED (element-type BounceRecipient) says of those whom TICKET's letters go to. (element-type AddressState) */
GPtrArray *bounces_judge (const GPtrArray *reported, const Ticket *ticket);

/* The same of ROW, a letter that the relay has refused with ANSWER. */
GPtrArray *bounces_judge_refusal (const OutboxRow *row, const char *answer);

/* Adds to OUTGOING that an address of TICKET is dead, when one of NOTES is: to the assignee, else to the team. */
void bounces_plan (const Config *config, const Ticket *ticket, const GPtrArray *notes, GPtrArray *outgoing);

/* Why nothing automatic is written to the address of STATE (nullable) at NOW; NULL: it may be. The caller's. */
char *bounces_obstacle (const AddressState *state, gint64 now);
