/* client: who asks. The peer of the connection, unless that is one of the configuration's proxies: then the address
 * that it names. Pure. */
#pragma once

#include <gio/gio.h>

struct sockaddr;

/* The address in NATIVE, which holds the whole of one; an IPv4 one that came by IPv6 is an IPv4 one. NULL when it is
 * neither; the caller's. */
GInetAddress *client_read_peer (const struct sockaddr *native);

/* TRUE when ADDRESS is in one of PROXIES (element-type GInetAddressMask). */
gboolean client_is_proxy (const GPtrArray *proxies, GInetAddress *address);

/* The client of a request that PEER brought: of the addresses in its X-Forwarded-For fields, or in its Forwarded fields
 * (RFC 7239), each given as one comma list (nullable), the right-most one that is no proxy. A proxy writes one kind and
 * may let the other pass as it came: where both are there and do not agree, none is believed. The caller's. */
GInetAddress *client_find (const GPtrArray *proxies, GInetAddress *peer, const char *forwarded_for,
                           const char *forwarded);

/* What requests are counted by: the address; of IPv6 the network, as a site has 2^64 addresses. The caller's. */
char *client_key (GInetAddress *address);
