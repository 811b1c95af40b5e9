/* words: what an agent answers by SMS. Pure. */
#pragma once

#include "store/incident.h"

/* "ack", "a", "resolve" or "r", and the number of a ticket where it is not the last one's: "ack 1042", "R #1042!".
 * *TICKET is 0 without one. FALSE when TEXT says none of these. */
gboolean words_read (const char *text, PageAction *action, gint64 *ticket);
