/* pages: what is particular about outbox rows that page somebody: further pages of a short time become one, and a gateway
 * may tell later what became of them. Private to the store: all within the writer's transaction. */
#pragma once

#include "store/private.h"

/* When PAGE goes out: the first one to an agent by a channel at once, further ones within its window together at its end.
 * *HELD: whether it waits for others. */
gboolean page_plan (Database *database, const Outgoing *page, gint64 now, gint64 *due_at, gboolean *held, GError **error);

/* INCIDENT's pages are about to be dropped: where they alone were held, no window begins at the end of theirs. */
gboolean pages_release (Database *database, gint64 incident, gint64 now, GError **error);

/* ROW, which is being sent, takes the other held pages of its template to the same agent by the same channel along: it is
 * their leader. */
gboolean page_take_along (Database *database, const OutboxRow *row, gint64 now, GError **error);

/* Those of INCIDENT that got out. (element-type OutboxRow) */
GPtrArray *pages_list_sent (Database *database, gint64 incident, GError **error);
