/* text: what a person would read of a message, as plain UTF-8. */
#pragma once

#include "mail/parts.h"

/* The first text/plain part, else the first text/html part without its markup; at most LIMIT_LETTER octets, LF line
 * ends, no other control characters; "" when there is none. The caller's. */
char *text_read (const RawMessage *raw, const Parts *parts);
