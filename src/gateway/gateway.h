/* gateway: the milter. It speaks libmilter, and nothing else in the program knows that it does.
 *
 * libmilter keeps one filter a process in globals of its own, so there is one gateway a process.
 */
#pragma once

#include "desk/desk.h"

#define GATEWAY_ERROR (gateway_error_quark ())
GQuark gateway_error_quark (void);
typedef enum {
  GATEWAY_ERROR_LISTEN, /* the socket cannot be made, or somebody else serves it */
  GATEWAY_ERROR_RUN,    /* libmilter gave up */
  GATEWAY_ERROR_BUSY,   /* callbacks were at work beyond the drain time: nothing that they use may be freed */
} GatewayError;

/* Makes the socket that the configuration names ("unix:PATH", "inet:PORT@HOST", "fd:N" from systemd), with its mode and
 * group. From here on the MTA can connect. */
gboolean gateway_listen (const Config *config, GError **error);

/* From the next message on, DESK counts. Takes a reference. */
void gateway_set_desk (Desk *desk);

/* Serves until SIGTERM (libmilter's own thread takes it, and HUP). From then on no desk counts, and no message is taken. */
gboolean gateway_run (GError **error);

/* After gateway_run(): waits at most SECONDS for the messages in progress. FALSE: some are left. */
gboolean gateway_drain (gint64 seconds, GError **error);
