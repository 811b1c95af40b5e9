/* clock: wakes when a timer is due and has the store work it off. */
#pragma once

#include "store/store.h"

typedef struct Clock Clock;

Clock *clock_start (Store *store);
void clock_stop (Clock *clock); /* frees */
