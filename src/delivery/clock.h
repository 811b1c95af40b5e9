/* clock: wakes when a timer is due and has the store work it off. */
#pragma once

#include "store/store.h"

typedef struct Clock Clock;

Clock *clock_start (Store *store);
/* The store has other rules now: promises that were made by different ones are worked out anew. */
void clock_refresh (Clock *clock);
void clock_stop (Clock *clock); /* frees */
