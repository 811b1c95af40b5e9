/* headers: the header fields of a message or of a part, as they stand there, within bounds.
 *
 * Nothing is skipped that a mail server would take for a field: fields with an odd name or a blank before the
 * colon are in the list too, in their order. A line that cannot be a field ends the header, as in Postfix.
 */
#pragma once

#include "mail/lines.h"
#include "mail/message.h"

typedef struct {
  GString *value; /* octets, unfolded by taking the line ends out; no NUL; at most LIMIT_HEADER_VALUE */
  gboolean cut;   /* it was longer */
  char name[];    /* as written */
} RawField;

/* Reads up to the empty line behind the header, which is consumed. In a part's header (PART) a line that begins
 * with "--" ends it too, as a boundary does. Fields beyond the bounds are passed over, which *BEYOND says (it
 * is never set to FALSE). Ownership: (element-type RawField), the caller's. */
GPtrArray *headers_read (Lines *lines, gboolean part, gboolean *beyond);

/* The first field of that NAME (without case), or NULL. */
const RawField *headers_find (const GPtrArray *fields, const char *name);

/* Its octets, or "". */
const char *headers_value (const GPtrArray *fields, const char *name);

/* How many encoded words (RFC 2047) FIELD seems to have. */
guint headers_count_words (const RawField *field);

/* FIELD for people: repaired to UTF-8, decoded (RFC 2047) unless it has more than MOST encoded words or is one of the fields
 * that machines write and read, which never hold any; then text_clean(). The caller's. */
char *headers_decode (const RawField *field, guint most, gsize max);

/* VALUE as UTF-8: as it is, or else read as windows-1252. The caller's. */
char *headers_repair (const char *value, gssize length);
