/* outage: tells people that the store takes nothing, without the store. Private to delivery. */
#pragma once

#include "delivery/delivery.h"

typedef struct Outage Outage;

Outage *outage_new (void);
void outage_free (Outage *outage);

/* TROUBLE (nullable: none) is why the store takes nothing at NOW. When it has been so for a minute, each agent whom the last step
 * of an emergency role's escalation reaches is paged by each of its channels, until that succeeds, once. */
void outage_look (Outage *outage, const Config *config, const Templates *templates, const Seal *seal, const char *trouble, gint64 now);
