/* watch: looks after the pages that are out, and after the whole of paging. Private to delivery.
 *
 * It asks gateways what became of what they took; each minute it audits what is on disk (a running incident has a next step,
 * nothing is overdue, the last page got out), and tells the heartbeat's address of a clean audit only, so that somebody outside
 * rings when Frontdesk cannot. When the store has taken nothing for a minute, it pages those whom an escalation reaches in the end,
 * from memory, once: mail is deferred then, and nobody would hear of it.
 */
#pragma once

#include "delivery/delivery.h"

typedef struct Watch Watch;

/* As delivery_start(). */
Watch *watch_start (Store *store, const Seal *seal, Config *config, Templates *templates);
void watch_reload (Watch *watch, Config *config, Templates *templates);

/* What the last audit found, in one line; NULL when it was clean. The caller's. */
char *watch_find_trouble (Watch *watch);

void watch_stop (Watch *watch); /* frees */
