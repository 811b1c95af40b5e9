/* text: what a person would read of a message, as plain UTF-8. */
#pragma once

#include "mail/parts.h"

/* The texts of a message in their order, joined; of several alternatives the best readable one. PARTS are of parts_list(). At most
 * LIMIT_LETTER octets, LF line ends, no other control characters; "" when there is none. The caller's. */
char *text_read (const RawMessage *raw, const Parts *parts);
