#include "mail/headers.h"

#include "config/limits.h"

#include <string.h>

static void
raw_field_free (gpointer data)
{
  RawField *field = data;
  g_string_free (field->value, TRUE);
  g_free (field);
}

/* The length of the field name at the beginning of LINE, 0 when it does not begin a field. */
static gsize
name_length (const Line *line)
{
  gsize length = 0;
  while (length < line->length && (guchar) line->text[length] > ' ' && line->text[length] != ':' &&
         line->text[length] != 127)
    length++;
  gsize colon = length;
  while (colon < line->length && (line->text[colon] == ' ' || line->text[colon] == '\t'))
    colon++;
  return colon < line->length && line->text[colon] == ':' && length <= LIMIT_HEADER_NAME ? length : 0;
}

/* Adds octets to FIELD; a NUL becomes a blank. */
static void
extend (RawField *field, const char *text, gsize length)
{
  gsize room = LIMIT_HEADER_VALUE - field->value->len;
  field->cut = field->cut || length > room;
  gsize begin = field->value->len;
  g_string_append_len (field->value, text, (gssize) MIN (length, room));
  for (char *nul; (nul = memchr (field->value->str + begin, '\0', field->value->len - begin)) != NULL;)
    *nul = ' ';
}

static RawField *
field_begin (GPtrArray *fields, const Line *line, gsize name)
{
  RawField *field = g_malloc0 (sizeof (RawField) + name + 1);
  memcpy (field->name, line->text, name);
  field->value = g_string_sized_new (line->length);
  g_ptr_array_add (fields, field);
  const char *colon = memchr (line->text, ':', line->length);
  extend (field, colon + 1, line->length - (gsize) (colon + 1 - line->text));
  return field;
}

/* The "From " line of a mail box file, before the first field. */
static gboolean
is_mailbox_line (const Line *line)
{
  return line->start == 0 && line->length > 5 && memcmp (line->text, "From ", 5) == 0;
}

GPtrArray *
headers_read (Lines *lines, gboolean part, gboolean *beyond)
{
  GPtrArray *fields = g_ptr_array_new_with_free_func (raw_field_free);
  guint limit = part ? LIMIT_PART_HEADER_COUNT : LIMIT_HEADER_COUNT;
  gint64 begin = lines_offset (lines);
  RawField *field = NULL; /* the one that a folded line or a further piece belongs to; NULL: it is passed over */
  gboolean any = FALSE;
  Line line;
  while (lines_next (lines, &line))
    {
      if (line.first && line.length == 0)
        return fields;
      gboolean continued = !line.first || (any && (line.text[0] == ' ' || line.text[0] == '\t'));
      if (continued && field != NULL)
        extend (field, line.text, line.length);
      if (continued || is_mailbox_line (&line))
        continue;
      gsize name = name_length (&line);
      if (name == 0 || (part && line.length > 1 && line.text[0] == '-' && line.text[1] == '-'))
        {
          lines_again (lines);
          return fields;
        }
      any = TRUE;
      gboolean within = fields->len < limit && line.start - begin < LIMIT_HEADER_BYTES;
      *beyond = *beyond || !within;
      field = within ? field_begin (fields, &line, name) : NULL;
    }
  return fields;
}

const RawField *
headers_find (const GPtrArray *fields, const char *name)
{
  for (guint i = 0; i < fields->len; i++)
    {
      const RawField *field = g_ptr_array_index (fields, i);
      if (g_ascii_strcasecmp (field->name, name) == 0)
        return field;
    }
  return NULL;
}

const char *
headers_value (const GPtrArray *fields, const char *name)
{
  const RawField *field = headers_find (fields, name);
  return field != NULL ? field->value->str : "";
}

char *
headers_repair (const char *value, gssize length)
{
  if (g_utf8_validate (value, length, NULL))
    return length < 0 ? g_strdup (value) : g_strndup (value, (gsize) length);
  char *text = g_convert (value, length, "UTF-8", "WINDOWS-1252", NULL, NULL, NULL);
  /* Five octets are not assigned in windows-1252; latin-1 gives every octet a meaning. */
  return text != NULL ? text : g_convert (value, length, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
}

/* Encoded words are for people's text. Decoded in these, they could make up what a filter never wrote. */
static gboolean
is_for_machines (const char *name)
{
  static const char *const names[] = { "Authentication-Results", "Received", "Return-Path", "Message-ID",
                                       "In-Reply-To", "References", "DKIM-Signature", "Received-SPF" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return TRUE;
  return g_ascii_strncasecmp (name, "ARC-", 4) == 0;
}

guint
headers_count_words (const RawField *field)
{
  guint count = 0;
  for (const char *at = field->value->str; *at != '\0'; at++)
    count += at[0] == '=' && at[1] == '?';
  return count;
}

char *
headers_decode (const RawField *field, guint most, gsize max)
{
  const GString *value = field->value;
  gboolean good = g_utf8_validate_len (value->str, value->len, NULL);
  g_autofree char *repaired = good ? NULL : headers_repair (value->str, (gssize) value->len);
  const char *text = good ? value->str : repaired;
  if (strstr (text, "=?") == NULL || is_for_machines (field->name) || headers_count_words (field) > most)
    return text_clean (text, max);
  g_autofree char *decoded = g_mime_utils_header_decode_text (NULL, text);
  return text_clean (decoded, max);
}
