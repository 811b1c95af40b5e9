#include "mail/parts.h"

#include "config/limits.h"
#include "mail/digest.h"

#include <string.h>

/* A multipart whose closing boundary has not come yet. */
typedef struct {
  char *boundary;
  gsize boundary_length;
  gint64 start; /* behind its header */
  guint depth;
  guint children;
  guint alternative; /* its number, 0: it is another multipart */
  gboolean digest; /* multipart/digest: its parts are messages unless they say otherwise */
} Frame;

typedef struct {
  Parts *parts;
  Lines *lines;
  gboolean with_fields;
  gboolean whole; /* messages within the message are leaves */
  Frame frames[LIMIT_MIME_DEPTH + 1];
  guint open;
  guint alternatives;
  Part *leaf;      /* the one that the present line belongs to; NULL: before, between and behind parts */
  gint64 previous; /* where the line before ended, without its line end */
} Walk;

static void
part_free (gpointer data)
{
  Part *part = data;
  g_free (part->type);
  g_free (part->charset);
  g_free (part->content_type);
  g_free (part->disposition);
  g_free (part->description);
  g_free (part);
}

void
parts_free (Parts *parts)
{
  if (parts == NULL)
    return;
  g_free (parts->type);
  g_free (parts->report_type);
  g_ptr_array_unref (parts->leaves);
  g_ptr_array_unref (parts->embedded);
  hash_free (parts->headers);
  g_free (parts);
}

static char *
lower (const char *text)
{
  g_autofree char *clean = text_clean (text, LIMIT_NAME);
  return g_ascii_strdown (clean, -1);
}

static GMimeContentType *
content_type (const GPtrArray *fields, const char *fallback)
{
  const RawField *field = headers_find (fields, "Content-Type");
  if (field == NULL || field->value->len == 0)
    return g_mime_content_type_parse (NULL, fallback);
  g_autofree char *text = headers_repair (field->value->str, (gssize) field->value->len);
  return g_mime_content_type_parse (NULL, g_strstrip (text));
}

static void
note_alternative (const Walk *walk, Part *part)
{
  for (guint i = walk->open; i > 0 && part->alternative == 0; i--)
    {
      part->alternative = walk->frames[i - 1].alternative;
      part->choice = walk->frames[i - 1].children;
    }
}

static char *
copy_field (const GPtrArray *fields, const char *name)
{
  return g_strndup (headers_value (fields, name), LIMIT_PART_FIELD);
}

static void
begin_leaf (Walk *walk, const GPtrArray *fields, gint64 header, GMimeContentType *type)
{
  Part *part = g_new0 (Part, 1);
  g_autofree char *name = g_mime_content_type_get_mime_type (type);
  g_autofree char *encoding = g_strstrip (g_strdup (headers_value (fields, "Content-Transfer-Encoding")));
  const char *charset = g_mime_content_type_get_parameter (type, "charset");
  part->type = lower (name);
  part->charset = charset != NULL ? lower (charset) : NULL;
  part->encoding = g_mime_content_encoding_from_string (encoding);
  g_autofree char *disposition = g_strstrip (g_strdup (headers_value (fields, "Content-Disposition")));
  part->attachment = g_ascii_strncasecmp (disposition, "attachment", 10) == 0;
  part->cr = lines_end_with_cr (walk->lines);
  part->start = lines_offset (walk->lines);
  part->header = header;
  note_alternative (walk, part);
  if (walk->with_fields)
    {
      part->content_type = copy_field (fields, "Content-Type");
      part->disposition = copy_field (fields, "Content-Disposition");
      part->description = copy_field (fields, "Content-Description");
      part->in_text = headers_find (fields, "Content-ID") != NULL;
    }
  walk->leaf = part;
  g_ptr_array_add (walk->parts->leaves, part);
}

static void
end_leaf (Walk *walk, gint64 end)
{
  if (walk->leaf != NULL)
    walk->leaf->end = MAX (end, walk->leaf->start);
  walk->leaf = NULL;
}

/* A leaf whose header is not known. */
static Part *
add_plain_leaf (Walk *walk, gint64 start, gint64 end)
{
  Part *part = g_new0 (Part, 1);
  part->type = g_strdup ("text/plain");
  part->header = -1;
  part->content_type = g_strdup ("");
  part->disposition = g_strdup ("");
  part->description = g_strdup ("");
  part->start = start;
  part->end = MAX (end, start);
  g_ptr_array_add (walk->parts->leaves, part);
  return part;
}

/* Takes frames off until KEEP are left. A multipart in which no part was found is a leaf after all. */
static void
close_frames (Walk *walk, guint keep, gint64 end)
{
  end_leaf (walk, end);
  while (walk->open > keep)
    {
      Frame *frame = &walk->frames[--walk->open];
      if (frame->children == 0)
        add_plain_leaf (walk, frame->start, end);
      g_free (frame->boundary);
    }
}

static void
push (Walk *walk, GMimeContentType *type, const char *boundary, guint depth)
{
  Frame *frame = &walk->frames[walk->open++];
  *frame = (Frame) { .boundary = g_strdup (boundary), .boundary_length = strlen (boundary), .depth = depth };
  frame->start = lines_offset (walk->lines);
  frame->digest = g_mime_content_type_is_type (type, "multipart", "digest");
  frame->alternative = g_mime_content_type_is_type (type, "multipart", "alternative") ? ++walk->alternatives : 0;
}

static void
note_embedded (Walk *walk, const GPtrArray *fields)
{
  const char *id = headers_value (fields, "Message-ID");
  if (*id != '\0' && walk->parts->embedded->len < LIMIT_EMBEDDED_IDS)
    g_ptr_array_add (walk->parts->embedded, g_strdup (id));
  digest_add_header (walk->parts->headers, fields);
}

static gboolean
is_plain (const GPtrArray *fields)
{
  g_autofree char *name = g_strstrip (g_strdup (headers_value (fields, "Content-Transfer-Encoding")));
  GMimeContentEncoding encoding = g_mime_content_encoding_from_string (name);
  return encoding != GMIME_CONTENT_ENCODING_BASE64 && encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
         encoding != GMIME_CONTENT_ENCODING_UUENCODE;
}

/* The first entity is the message itself. */
static void
note_type (Parts *parts, GMimeContentType *type)
{
  if (parts->type != NULL)
    return;
  g_autofree char *name = g_mime_content_type_get_mime_type (type);
  const char *report = g_mime_content_type_get_parameter (type, "report-type");
  parts->type = lower (name);
  parts->report_type = report != NULL ? lower (report) : NULL;
}

/* Behind a header: a leaf begins, a multipart opens, or an embedded message follows, and so on into it. */
static void
begin_entity (Walk *walk, const GPtrArray *fields, gint64 header, guint depth, const char *fallback)
{
  g_autoptr (GPtrArray) inner = NULL;
  for (;; depth++)
    {
      g_autoptr (GMimeContentType) type = content_type (fields, fallback);
      note_type (walk->parts, type);
      const char *boundary = g_mime_content_type_get_parameter (type, "boundary");
      gboolean multipart = g_mime_content_type_is_type (type, "multipart", "*") && boundary != NULL && *boundary != '\0';
      gboolean message = !walk->whole && (g_mime_content_type_is_type (type, "message", "rfc822") ||
                          g_mime_content_type_is_type (type, "message", "global")) && is_plain (fields);
      if ((multipart || message) && depth >= LIMIT_MIME_DEPTH)
        {
          walk->parts->unread = "its parts are nested too deep";
          multipart = message = FALSE;
        }
      if (multipart)
        push (walk, type, boundary, depth);
      else if (!message)
        begin_leaf (walk, fields, header, type);
      if (!message)
        return;
      gboolean beyond = FALSE;
      GPtrArray *next = headers_read (walk->lines, TRUE, &beyond);
      g_clear_pointer (&inner, g_ptr_array_unref);
      fields = inner = next;
      header = -1;
      fallback = "text/plain";
      note_embedded (walk, fields);
    }
}

/* The innermost open multipart whose boundary LINE is, as its place from 1, or 0. *CLOSES: the closing one. */
static guint
match_boundary (const Walk *walk, const Line *line, gboolean *closes)
{
  if (!line->first || line->length < 3 || line->text[0] != '-' || line->text[1] != '-')
    return 0;
  gsize length = line->length;
  while (g_ascii_isspace (line->text[length - 1]))
    length--;
  for (guint i = walk->open; i > 0; i--)
    {
      const Frame *frame = &walk->frames[i - 1];
      gsize rest = length - 2 - frame->boundary_length;
      if (length < 2 + frame->boundary_length || (rest != 0 && rest != 2) ||
          memcmp (line->text + 2, frame->boundary, frame->boundary_length) != 0)
        continue;
      *closes = rest == 2 && memcmp (line->text + length - 2, "--", 2) == 0;
      if (rest == 0 || *closes)
        return i;
    }
  return 0;
}

/* FALSE when no further part may begin. */
static gboolean
at_boundary (Walk *walk, guint place, gboolean closes)
{
  if (!closes && walk->parts->leaves->len >= LIMIT_MIME_PARTS - walk->open)
    {
      walk->parts->unread = "it has too many parts";
      if (walk->leaf == NULL)
        walk->leaf = add_plain_leaf (walk, walk->previous, 0);
      return FALSE;
    }
  close_frames (walk, closes ? place - 1 : place, walk->previous);
  if (closes)
    return TRUE;
  Frame *frame = &walk->frames[place - 1];
  frame->children++;
  gboolean beyond = FALSE;
  gint64 header = lines_offset (walk->lines);
  g_autoptr (GPtrArray) fields = headers_read (walk->lines, TRUE, &beyond);
  begin_entity (walk, fields, header, frame->depth + 1, frame->digest ? "message/rfc822" : "text/plain");
  return TRUE;
}

static void
walk_lines (Walk *walk, gint64 length)
{
  Line line;
  while (walk->open > 0 && lines_next (walk->lines, &line)) /* no boundary to look for: all that follows is one leaf, or none */
    {
      gboolean closes = FALSE;
      guint place = match_boundary (walk, &line, &closes);
      if (place > 0 && !at_boundary (walk, place, closes))
        break;
      walk->previous = place > 0 ? lines_offset (walk->lines) : line.content_end;
    }
  close_frames (walk, 0, length);
}

static Parts *
walk_message (Lines *lines, const GPtrArray *fields, gint64 length, gboolean with_fields, gboolean whole)
{
  Parts *parts = g_new0 (Parts, 1);
  parts->leaves = g_ptr_array_new_with_free_func (part_free);
  parts->embedded = g_ptr_array_new_with_free_func (g_free);
  parts->headers = hash_new ();
  Walk walk = {
    .parts = parts, .lines = lines, .previous = lines_offset (lines), .with_fields = with_fields, .whole = whole
  };
  begin_entity (&walk, fields, -1, 0, "text/plain");
  walk_lines (&walk, length);
  return parts;
}

Parts *
parts_read (Lines *lines, const GPtrArray *fields, gint64 length)
{
  return walk_message (lines, fields, length, FALSE, FALSE);
}

Parts *
parts_list (Lines *lines, const GPtrArray *fields, gint64 length)
{
  return walk_message (lines, fields, length, TRUE, TRUE);
}

Parts *
parts_list_all (Lines *lines, const GPtrArray *fields, gint64 length)
{
  return walk_message (lines, fields, length, TRUE, FALSE);
}

gboolean
parts_has_name (const Part *part)
{
  return strcasestr (part->disposition, "filename") != NULL || strcasestr (part->content_type, "name=") != NULL ||
         strcasestr (part->content_type, "name*") != NULL;
}

static gboolean
is_encoded (const Part *part)
{
  return part->encoding == GMIME_CONTENT_ENCODING_BASE64 || part->encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
         part->encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

/* GMime's decoder does not know a CR alone as the end of a line. */
static void
with_lf (const Part *part, char *buffer, gsize length)
{
  for (char *cr = buffer; part->cr && (cr = memchr (cr, '\r', length - (gsize) (cr - buffer))) != NULL;)
    *cr = '\n';
}

static void
decode (GMimeStream *content, const Part *part, PartPiece piece, gpointer user)
{
  char buffer[16 * 1024];
  GMimeEncoding decoder;
  gboolean wanted = TRUE;
  ssize_t got;
  if (is_encoded (part))
    g_mime_encoding_init_decode (&decoder, part->encoding);
  else
    g_mime_encoding_init_decode (&decoder, GMIME_CONTENT_ENCODING_BINARY);
  g_autofree char *decoded = g_malloc (g_mime_encoding_outlen (&decoder, sizeof buffer));
  while (wanted && (got = g_mime_stream_read (content, buffer, sizeof buffer)) > 0)
    {
      with_lf (part, buffer, (gsize) got);
      gsize length = g_mime_encoding_step (&decoder, buffer, (gsize) got, decoded);
      wanted = length == 0 || piece (decoded, length, user);
    }
  if (wanted && (got = (ssize_t) g_mime_encoding_flush (&decoder, NULL, 0, decoded)) > 0)
    piece (decoded, (gsize) got, user);
}

void
parts_each_piece (const RawMessage *raw, const Part *part, PartPiece piece, gpointer user)
{
  const char *memory = raw_message_memory (raw);
  if (memory != NULL && !is_encoded (part))
    {
      piece (memory + part->start, (gsize) (part->end - part->start), user);
      return;
    }
  g_autoptr (GMimeStream) whole = raw_message_stream (raw);
  g_autoptr (GMimeStream) content = g_mime_stream_substream (whole, part->start, part->end);
  decode (content, part, piece, user);
}
