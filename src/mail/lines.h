/* lines: a raw message read line by line, in constant memory however long it or a line of it is.
 *
 * Lines end with LF or CRLF. Only in a message without any LF does a CR alone end a line.
 */
#pragma once

#include "mail/raw.h"

typedef struct Lines Lines;

typedef struct {
  const char *text; /* without the line end, not NUL-terminated; good until the next call */
  gsize length;
  gint64 start;       /* offset of the text in the message */
  gint64 content_end; /* offset of the line end */
  gint64 end;         /* offset behind the line end */
  gboolean first;     /* FALSE: a further piece of a very long line */
} Line;

Lines *lines_new (const RawMessage *raw);
void lines_free (Lines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lines, lines_free)

/* FALSE at the end (and when the file cannot be read). */
gboolean lines_next (Lines *lines, Line *line);

/* The next call of lines_next() gives the same line again. */
void lines_again (Lines *lines);

/* The offset of the line that comes next. */
gint64 lines_offset (const Lines *lines);

/* Whether a CR alone ends the lines. */
gboolean lines_end_with_cr (const Lines *lines);
