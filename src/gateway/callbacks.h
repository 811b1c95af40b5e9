/* callbacks: libmilter's side of the gateway: each takes the session, hands on strings, and translates the answer. */
#pragma once

#include <libmilter/mfapi.h>

#include "desk/desk.h"

/* The desk that counts now, as a new reference; NULL once the gateway stops. */
Desk *gateway_get_desk (void);

extern const struct smfiDesc gateway_callbacks;

/* Callbacks at work right now with desk and store: a stop waits for these. */
guint gateway_count_busy (void);
