/* states: how a ticket goes on: out of pending, or back from its end. Private to the store: all within the writer's
 * transaction. */
#pragma once

#include "store/private.h"

/* TICKET is open again if it was pending, and its clocks go on. ACTOR and DETAIL (nullable) are for the event. */
gboolean state_resume (Store *store, Database *database, gint64 ticket, const char *actor, const char *detail,
                       gint64 now, GError **error);

/* The same if it was resolved or closed. */
gboolean state_reopen (Store *store, Database *database, gint64 ticket, const char *actor, const char *detail,
                       gint64 now, GError **error);
