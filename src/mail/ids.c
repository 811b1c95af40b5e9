#include "mail/ids.h"

#include "config/limits.h"

#include <string.h>

static gboolean
is_id (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guchar) text[i] <= ' ' || text[i] == 127 || text[i] == '<' || text[i] == '>')
      return FALSE;
  return length > 0 && length <= LIMIT_MESSAGE_ID && g_utf8_validate (text, (gssize) length, NULL);
}

static void
add_id (GPtrArray *ids, const char *text, gsize length)
{
  if (is_id (text, length))
    g_ptr_array_add (ids, g_strndup (text, length));
}

/* All ids in VALUE in their order: those in brackets; where there are none, words that hold an "@". */
static GPtrArray *
all_ids (const char *value)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  if (*value == '\0')
    return ids;
  const char *open = strchr (value, '<');
  if (open == NULL)
    {
      g_auto (GStrv) words = g_strsplit_set (value, " \t\r\n,;", -1);
      for (guint i = 0; words[i] != NULL; i++)
        if (strchr (words[i], '@') != NULL)
          add_id (ids, words[i], strlen (words[i]));
      return ids;
    }
  while (open != NULL)
    {
      gsize length = strcspn (open + 1, "<>");
      if (open[1 + length] == '>')
        add_id (ids, open + 1, length);
      open = strchr (open + 1 + length, '<');
    }
  return ids;
}

char *
ids_one (const char *value)
{
  g_autoptr (GPtrArray) ids = all_ids (value);
  return ids->len > 0 ? g_strdup (g_ptr_array_index (ids, 0)) : NULL;
}

/* Moves ID into LIST unless it is there. */
static void
take_new (GPtrArray *list, const char *id, guint limit)
{
  if (list->len < limit && !g_ptr_array_find_with_equal_func (list, id, g_str_equal, NULL))
    g_ptr_array_add (list, g_strdup (id));
}

static char **
finish (GPtrArray *list)
{
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}

char **
ids_references (const GPtrArray *fields)
{
  GPtrArray *list = g_ptr_array_new ();
  g_autoptr (GPtrArray) answered = all_ids (headers_value (fields, "In-Reply-To"));
  g_autoptr (GPtrArray) references = all_ids (headers_value (fields, "References"));
  for (guint i = 0; i < answered->len; i++)
    take_new (list, g_ptr_array_index (answered, i), LIMIT_REFERENCES);
  for (guint i = references->len; i > 0; i--)
    take_new (list, g_ptr_array_index (references, i - 1), LIMIT_REFERENCES);
  return finish (list);
}

/* A message that is one text may be a report too: qmail, exim and sendmail's old form quote the header below a line that
 * says so, each in its own words. Whether it is one is the desk's to say. */
static gboolean
holds_report (const Parts *parts, const Part *part)
{
  if (g_str_equal (parts->type, "text/plain"))
    return TRUE;
  static const char *const types[] = { "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
                                       "message/rfc822", "message/global", "message/delivery-status",
                                       "message/disposition-notification", "message/feedback-report" };
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (part->type, types[i]))
      return TRUE;
  return FALSE;
}

/* Behind the name of a field that names the message reported on, when LINE begins with one; else NULL. */
static const char *
after_id_field (const char *line)
{
  static const char *const names[] = { "Message-ID:", "Original-Message-ID:", "X-Original-Message-ID:" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_toupper (*line) == *names[i] && g_ascii_strncasecmp (line, names[i], strlen (names[i])) == 0)
      return line + strlen (names[i]);
  return NULL;
}

/* Takes the ids out of the fields at the beginning of lines in TEXT that name the message reported on. */
static void
scan_report (GPtrArray *list, const char *text)
{
  for (const char *line = text; *line != '\0'; line += strspn (line, "\r\n"))
    {
      const char *value = after_id_field (line);
      line += strcspn (line, "\r\n");
      if (value == NULL)
        continue;
      const char *next = line + strspn (line, "\r\n"); /* an id too long for the line stands folded on the next */
      const char *end = g_ascii_isspace (*next) ? next + strcspn (next, "\r\n") : line;
      g_autofree char *both = g_strndup (value, (gsize) (end - value));
      g_autofree char *id = ids_one (both);
      if (id != NULL)
        take_new (list, id, LIMIT_EMBEDDED_IDS);
    }
}

static gboolean
add_piece (const char *data, gsize length, gpointer text)
{
  g_string_append_len (text, data, (gssize) MIN (length, LIMIT_EMBEDDED_PART - ((GString *) text)->len));
  return ((GString *) text)->len < LIMIT_EMBEDDED_PART;
}

char **
ids_embedded (const RawMessage *raw, const Parts *parts)
{
  GPtrArray *list = g_ptr_array_new ();
  for (guint i = 0; i < parts->embedded->len; i++)
    {
      g_autofree char *id = ids_one (g_ptr_array_index (parts->embedded, i));
      if (id != NULL)
        take_new (list, id, LIMIT_EMBEDDED_IDS);
    }
  for (guint i = 0; i < parts->leaves->len && list->len < LIMIT_EMBEDDED_IDS; i++)
    {
      const Part *part = g_ptr_array_index (parts->leaves, i);
      if (!holds_report (parts, part))
        continue;
      g_autoptr (GString) text = g_string_sized_new ((gsize) MIN (part->end - part->start, LIMIT_EMBEDDED_PART));
      parts_each_piece (raw, part, add_piece, text);
      scan_report (list, text->str);
    }
  return finish (list);
}
