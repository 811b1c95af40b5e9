#include "mail/lines.h"

#include <string.h>

enum { BUFFER = 32 * 1024 };

struct Lines {
  GMimeStream *stream; /* owned; NULL: the message is in memory, and buffer is all of it */
  char *buffer;        /* owned with a stream */
  gsize begin, end; /* what is read and not yet given out */
  gint64 offset;    /* of buffer[begin] in the message */
  char line_end;
  gboolean stream_ended, inside; /* inside: the last piece given out did not end its line */
  Line last;
  gboolean again;
};

/* Reads on until the buffer is full or the stream has ended. */
static void
fill (Lines *lines)
{
  memmove (lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
  lines->end -= lines->begin;
  lines->begin = 0;
  while (!lines->stream_ended && lines->end < BUFFER)
    {
      ssize_t got = g_mime_stream_read (lines->stream, lines->buffer + lines->end, BUFFER - lines->end);
      if (got <= 0)
        lines->stream_ended = TRUE;
      else
        lines->end += (gsize) got;
    }
}

/* The first line nearly always answers it. The whole message is asked, as a sender who could choose this by a
 * long first line could show us another header than the mail server saw. */
static gboolean
has_line_feed (const RawMessage *raw, char *buffer)
{
  g_autoptr (GMimeStream) stream = raw_message_stream (raw);
  for (ssize_t got; (got = g_mime_stream_read (stream, buffer, BUFFER)) > 0;)
    if (memchr (buffer, '\n', (gsize) got) != NULL)
      return TRUE;
  return FALSE;
}

Lines *
lines_new (const RawMessage *raw)
{
  Lines *lines = g_new0 (Lines, 1);
  const char *memory = raw_message_memory (raw);
  if (memory != NULL)
    {
      lines->buffer = (char *) memory;
      lines->end = (gsize) raw_message_length (raw);
      lines->stream_ended = TRUE;
      lines->line_end = memchr (memory, '\n', lines->end) != NULL ? '\n' : '\r';
      return lines;
    }
  lines->buffer = g_malloc (BUFFER);
  lines->line_end = has_line_feed (raw, lines->buffer) ? '\n' : '\r';
  lines->stream = raw_message_stream (raw);
  return lines;
}

void
lines_free (Lines *lines)
{
  if (lines == NULL)
    return;
  if (lines->stream != NULL)
    g_free (lines->buffer);
  g_clear_object (&lines->stream);
  g_free (lines);
}

static void
give (Lines *lines, gsize length, gsize end_length)
{
  Line *line = &lines->last;
  line->text = lines->buffer + lines->begin;
  line->length = length;
  line->first = !lines->inside;
  line->start = lines->offset;
  line->content_end = lines->offset + (gint64) length;
  line->end = line->content_end + (gint64) end_length;
  lines->begin += length + end_length;
  lines->offset = line->end;
  lines->inside = end_length == 0;
}

gboolean
lines_next (Lines *lines, Line *line)
{
  if (!lines->again)
    {
      char *end = memchr (lines->buffer + lines->begin, lines->line_end, lines->end - lines->begin);
      if (end == NULL && !lines->stream_ended)
        {
          fill (lines);
          end = memchr (lines->buffer, lines->line_end, lines->end);
        }
      gsize length = end != NULL ? (gsize) (end - (lines->buffer + lines->begin)) : lines->end - lines->begin;
      if (end == NULL && length == 0)
        return FALSE;
      gboolean crlf = end != NULL && lines->line_end == '\n' && length > 0 && end[-1] == '\r';
      /* A CR at the very end of a full buffer may belong to a CRLF: leave it for the next piece. */
      gboolean split = end == NULL && !lines->stream_ended && length > 1 && lines->buffer[lines->end - 1] == '\r';
      give (lines, length - (crlf || split ? 1 : 0), end == NULL ? 0 : crlf ? 2 : 1);
    }
  lines->again = FALSE;
  *line = lines->last;
  return TRUE;
}

void
lines_again (Lines *lines)
{
  lines->again = TRUE;
}

gint64
lines_offset (const Lines *lines)
{
  return lines->again ? lines->last.start : lines->offset;
}

gboolean
lines_end_with_cr (const Lines *lines)
{
  return lines->line_end == '\r';
}
