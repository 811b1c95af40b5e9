/* ntfy: header fields as ntfy reads them. Pure. Private to delivery. */
#pragma once

#include <glib.h>

/* TEXT as the value of a header field, as encoded words (RFC 2047) when it is not ASCII. The caller's. */
char *ntfy_encode (const char *text);
