/* upkeep: what the store asks the desk while it changes tickets: how promises change, and what follows when their time has
 * come. The rules are pure; this hands them the configuration. */
#pragma once

#include "mail/seal.h"
#include "store/store.h"

/* From now on STORE keeps promises by CONFIG, of which a reference is taken. SEAL makes Message-IDs and outlives the store. */
void upkeep_install (Store *store, Config *config, const Seal *seal);
