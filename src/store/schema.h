/* schema: the tables, and the way from each version of them to the next. Private to the store. */
#pragma once

#include "store/database.h"

/* Brings DATABASE to this program's version, in one transaction. Errors: STORE_ERROR_VERSION when it is a newer one. */
gboolean schema_migrate (Database *database, GError **error);
