/* network: where the web pages are served, and whose word on addresses is believed, as they are written. */
#pragma once

#include <gio/gio.h>

/* "127.0.0.1:8880", "[::1]:8880", "localhost:8880" (which is 127.0.0.1). NULL when TEXT is none; the caller's. */
GSocketAddress *network_parse_endpoint (const char *text);

/* "192.0.2.1", "10.0.0.0/8", "2001:db8::/32". NULL when TEXT is none; the caller's. */
GInetAddressMask *network_parse_mask (const char *text);

/* TEXT is an http or https URL with a host and without query, fragment and user. */
gboolean network_is_base_url (const char *text);
