/* digest: one value for what a message says, however it travelled.
 *
 * SHA-256 over labelled, length-prefixed values: From, To, Cc, Subject, Date, and every leaf part's type and
 * decoded content. Folding, transfer encodings, line ends, blank lines at the end of a part, and every trace or
 * authentication field have no part in it.
 */
#pragma once

#include "mail/parts.h"

/* Adds the five fields of one header. */
void digest_add_header (Hash *digest, const GPtrArray *fields);

/* The digest as lower-case hex. The caller's. */
char *digest_message (const RawMessage *raw, const GPtrArray *fields, const Parts *parts);
