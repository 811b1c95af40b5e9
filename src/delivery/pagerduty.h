/* pagerduty: events as PagerDuty takes them. Pure. Private to delivery. */
#pragma once

#include "delivery/channel.h"

/* The event of NOTICE for the service that KEY belongs to, as JSON; NULL when KEY is not UTF-8. The caller's, to be wiped. */
char *pagerduty_write_event (const PageNotice *notice, const char *key);
