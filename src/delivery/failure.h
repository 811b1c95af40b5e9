/* failure: what becomes of a row that could not be delivered. Pure. Private to delivery. */
#pragma once

#include "delivery/delivery.h"

/* The pause before try ATTEMPTS+1, microseconds: grows from 5 s (pages: 2 s) to 30 min (pages: 1 min), with a
 * quarter of jitter by RANDOM in [0,1). */
gint64 failure_backoff (OutgoingKind kind, int attempts, double random);

/* Whether ROW, which failed with FAILURE at NOW, is not tried again: a letter that was refused for good, or that is older
 * than GIVE_UP seconds. A page is never given up: it is dropped when its incident ends. */
gboolean failure_is_final (const OutboxRow *row, const GError *failure, gint64 give_up, gint64 now);

/* When ROW, whose FAILURE is not final, is tried again. RETRY_AFTER is how many seconds a page's gateway wants to be left
 * alone, 0: not told. */
gint64 failure_due_again (const OutboxRow *row, const GError *failure, gint64 retry_after, gint64 now, double random);

/* Letters to the team of ROLE (nullable: gone from the configuration) that ROW was given up for REASON; none about a letter
 * that was itself to staff. (element-type Outgoing) */
GPtrArray *failure_plan_notices (const Role *role, const OutboxRow *row, const char *reason, const Seal *seal,
                                 const char *hostname);
