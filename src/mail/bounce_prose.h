/* bounce_prose: the recipients in reports that are written for people. */
#pragma once

#include "mail/bounce.h"

/* Adds the recipients that TEXT names to LIST (element-type BounceRecipient), each with the words about it. KNOWN: LIST is
 * complete, and only words are added. *TAIL: words about no one of them. The caller's. */
void bounce_read_prose (const char *text, GPtrArray *list, gboolean known, char **tail);
