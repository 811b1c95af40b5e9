/* parts: where the leaf parts of a message lie.
 *
 * One pass over the lines, without recursion and in constant memory: GMime's own parser makes an object for
 * every part and has no bound on their number, and compares every line with the boundaries of up to 1024 levels.
 * Decoding what lies in a part is GMime's. Nothing of the body is left out at a bound: what is nested deeper than
 * LIMIT_MIME_DEPTH is one leaf, and part number LIMIT_MIME_PARTS takes the rest.
 */
#pragma once

#include "mail/hash.h"
#include "mail/headers.h"

typedef struct {
  char *type;        /* "text/plain", lower case */
  char *charset;     /* nullable */
  GMimeContentEncoding encoding;
  gboolean in_text; /* the text shows it: it has a Content-ID; of parts_list() only */
  gboolean attachment;
  gboolean cr;       /* its lines end with a CR alone */
  gint64 start, end; /* offsets in the raw message */
  guint alternative; /* number of the multipart/alternative that it is in, from 1; 0: none */
  guint choice;      /* which of its alternatives it belongs to, from 1 */
  gint64 header;     /* where its header begins; -1: it is that of a message */
  /* Of parts_list() only: fields as written, at most LIMIT_PART_FIELD octets, "" when missing. */
  char *content_type, *disposition, *description;
} Part;

typedef struct {
  char *type;          /* of the whole message, lower case */
  char *report_type;   /* nullable */
  GPtrArray *leaves;   /* (element-type Part), in their order */
  GPtrArray *embedded; /* (element-type utf8) Message-IDs of embedded messages, brackets and all, at most
                          LIMIT_EMBEDDED_IDS */
  Hash *headers;       /* of the embedded messages' headers, as digest_add_header() adds them */
  const char *unread;  /* which bound was passed, nullable; static */
} Parts;

/* LINES stands behind the header, whose fields are FIELDS. */
Parts *parts_read (Lines *lines, const GPtrArray *fields, gint64 length);

/* The same for people: with the parts' fields; a message within the message is one leaf. */
Parts *parts_list (Lines *lines, const GPtrArray *fields, gint64 length);

/* As parts_list(), and into the messages within the message. */
Parts *parts_list_all (Lines *lines, const GPtrArray *fields, gint64 length);
void parts_free (Parts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Parts, parts_free)

/* Whether a part of parts_list() bears a file's name. */
gboolean parts_has_name (const Part *part);

/* Is given DATA, and FALSE from it ends the reading. */
typedef gboolean (*PartPiece) (const char *data, gsize length, gpointer user);

/* Gives PART's decoded octets to PIECE, in order: where they lie, when they are in memory and not encoded. */
void parts_each_piece (const RawMessage *raw, const Part *part, PartPiece piece, gpointer user);
