/* connection: one LDAP connection, to one of the configured servers at a time. Private to the LDAP engine.
 *
 * Every wait ends by the connection's deadline: connecting, the TLS handshake and binding each take from what is left.
 * (Resolving the server's name is the system's business; an address in `uri` needs none.) Used by one thread at a time. */
#pragma once

#include <ldap.h>

#include "directory/directory.h"

typedef struct {
  const DirectorySettings *settings;
  guint server;    /* index into settings->uri: the one to use */
  LDAP *ldap;      /* NULL: not connected */
  gint64 deadline; /* monotonic */
} Connection;

/* Connects, starts TLS and binds, when that is not done yet. Errors: DIRECTORY_ERROR. */
gboolean connection_open (Connection *connection, GError **error);
void connection_close (Connection *connection);

/* Never zero, which would mean "do not wait" or "for ever" to libldap. */
struct timeval connection_time_left (const Connection *connection);

/* Sets *ERROR from an LDAP result code: "directory URI: cannot WHAT: ...". Call it before connection_close(). */
void connection_set_error (const Connection *connection, const char *what, int code, GError **error);
