/* spool: files that a local gateway picks up. Private to delivery. */
#pragma once

#include "delivery/channel.h"

/* "frontdesk-PAGE-SECONDS" and SUFFIX: the same in every try, so that a second one takes the first one's place while that
 * still waits. The caller's. */
char *spool_name (const PageNotice *notice, const char *suffix);

/* Writes TEXT as NAME into CHANNEL's spool: first beside the spool, so that the gateway never sees half a file, and on disk
 * before it is moved in. Errors: DELIVERY_ERROR. */
gboolean spool_put (const Channel *channel, const char *name, const char *text, gsize length, GError **error);

/* What the file NAME in FOLDER beside CHANNEL's spool holds, its last LIMIT_GATEWAY_ANSWER octets; NULL: it is not there. */
char *spool_read_beside (const Channel *channel, const char *folder, const char *name);

/* TRUE while NAME still waits in CHANNEL's spool. */
gboolean spool_has (const Channel *channel, const char *name);

/* Takes away what an earlier try has left of NAME in FOLDER beside the spool. */
void spool_forget (const Channel *channel, const char *folder, const char *name);
