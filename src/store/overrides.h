/* overrides: those that a transaction sees. Private to the store. */
#pragma once

#include "store/private.h"

/* Those of all schedules that end after SINCE, in the order in which they were made. (element-type Override) */
GPtrArray *overrides_read (Database *database, gint64 since, GError **error);
