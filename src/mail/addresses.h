/* addresses: the mailboxes in address fields, read with GMime from bounded, undecoded values, so that nothing in
 * an encoded display name can pass for an address. */
#pragma once

#include "mail/headers.h"

/* Fills from_count, from and from_name. FALSE when a From field is too long or too nested to be read: no mailbox
 * is taken from it. */
gboolean addresses_read_from (MessageFacts *facts, const GPtrArray *fields);

/* The addresses of all fields that have one of NAMES (NULL-terminated), at most LIMIT_RECIPIENTS. Ownership: a
 * string array, the caller's. */
char **addresses_list (const GPtrArray *fields, const char *const *names);
