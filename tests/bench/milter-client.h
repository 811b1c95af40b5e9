/* milter-client: one milter connection as Postfix speaks it (libmilter/docs, "Milter protocol 6"): a step whose answer the
 * filter does without is not waited for, and what is sent goes out in one write before each wait. Not thread-safe. */
#pragma once

#include <glib.h>

typedef struct MilterClient MilterClient;

/* PATH is a unix socket. NULL, with *ERROR (G_IO_ERROR), when it cannot be reached or negotiated with. */
MilterClient *milter_client_open (const char *path, GError **error);
void milter_client_close (MilterClient *client);

/* One transaction. HEAD is a list of NAME, VALUE, ..., NULL. The filter's answer to the end of the message ('a' accept,
 * 'c' continue, 'r' reject, 't' tempfail, 'y' with a text), or to the step that ended it; 0 and *ERROR when the connection
 * breaks. *WAITED is set to the microseconds from the end of message to its answer, 0 when it was not reached. */
char milter_client_send (MilterClient *client, const char *sender, const char *recipient, const char *const *head,
                         const char *body, gsize length, gint64 *waited, GError **error);
