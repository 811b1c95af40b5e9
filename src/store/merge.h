/* merge: two tickets become one. Private to the store: all within the writer's transaction. */
#pragma once

#include "store/private.h"

/* What belongs to ticket FROM belongs to INTO from now on, and what points to FROM leads there: signed addresses, Message-IDs of
 * letters, subject tags. STORE_ERROR_STATE when they are of different customers, or an emergency of FROM is running. */
gboolean merge_write (Store *store, Database *database, gint64 from, gint64 into, const char *actor, gint64 now, GError **error);
