/* lane: one dispatcher with its workers, for one class of outbox rows. Pages and letters have a lane each, so that a slow
 * relay holds up no page. Private to delivery. */
#pragma once

#include "delivery/delivery.h"

/* Enough for pages by three gateways that hang, and by those that do not. */
#define PAGE_WORKERS 16
#define LETTER_WORKERS 4

typedef struct Lane Lane;

/* Sends ROW; called by several threads at once. */
typedef void (*LaneSend) (OutboxRow *row, gpointer data);

Lane *lane_start (Store *store, gboolean pages, LaneSend send, gpointer data);
/* Something may be due: look now. From any thread. */
void lane_wake (Lane *lane);
/* Ends after the rows in hand. Frees. */
void lane_stop (Lane *lane);
