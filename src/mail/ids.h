/* ids: Message-IDs, as they are looked up: without brackets, blanks or controls, at most LIMIT_MESSAGE_ID octets. */
#pragma once

#include "mail/parts.h"

/* The one id in VALUE, or NULL. The caller's. */
char *ids_one (const char *value);

/* In-Reply-To's, then References' from the last to the first, each once, at most LIMIT_REFERENCES. Ownership: a
 * string array, the caller's. */
char **ids_references (const GPtrArray *fields);

/* The ids of messages that are returned or reported on in PARTS, or quoted with their header in a plain text. Ownership: a
 * string array, the caller's. */
char **ids_embedded (const RawMessage *raw, const Parts *parts);
