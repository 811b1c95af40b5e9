/* promises: when what a policy promises is due, and what the events of a ticket do to it. Pure.
 *
 * A deadline is a function of what it is counted from, the policy, the calendar and the pauses: it is worked out anew
 * whenever one of them changes, and never begun anew. The first answer by a person meets `respond`; the first message of the
 * customer after it opens the next cycle, further ones change nothing. A pause stops `update` and `resolve` only.
 */
#pragma once

#include "store/promise.h"

/* The promises of a ticket that is opened at OPENED (element-type Promise). ACKNOWLEDGED: an acknowledgement is on its way.
 * WAITS: the customer has an earlier ticket that has not ended. */
GArray *promises_open (const Policy *policy, int priority, const TicketKind *kind, gint64 opened, gboolean acknowledged, gboolean waits);

/* Brings PROMISES up to date. POLICY NULL: nothing is promised any more. */
void promises_change (const Policy *policy, const PromiseTerms *terms, GArray *promises, const Change *change);

/* TRUE for the targets whose clock stands still while a ticket is pending or ended. */
gboolean promises_are_pausable (TargetKind target);

/* SPAN counted from FROM on CALENDAR; 0 when there is no such time within LIMIT_CALENDAR_DAYS. */
gint64 promises_add_span (const Calendar *calendar, Span span, gint64 from);

/* The first promise of TARGET that is neither met nor dropped, or NULL. */
const Promise *promises_find_open (const GArray *promises, TargetKind target);

/* Puts PROMISE off by the policy's `extend`. FALSE when there is no time to put it off to. */
gboolean promises_extend (const Policy *policy, const PromiseTerms *terms, Promise *promise, gint64 now);

/* Begins the next cycle of `update` after PROMISE was missed: from its due time, or from NOW after a long silence. */
void promises_begin_update (const Policy *policy, const PromiseTerms *terms, GArray *promises, const Promise *missed, gint64 now);
