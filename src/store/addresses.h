/* addresses: which addresses mail comes back from. Private to the store; all of it runs in somebody's transaction. */
#pragma once

#include "store/address.h"
#include "store/private.h"

/* Takes down what NOTES (element-type AddressState) say and why; TICKET is the one whose letters came back. *NEWS: one of them is
 * found dead that was not before. */
gboolean addresses_note (Database *database, gint64 ticket, const GPtrArray *notes, gint64 now, gboolean *news, GError **error);

/* ADDRESS has written itself, and that was proven. */
gboolean addresses_clear (Database *database, gint64 ticket, const char *address, gint64 now, GError **error);
