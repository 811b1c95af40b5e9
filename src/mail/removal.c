#include "mail/removal.h"

#include <errno.h>
#include <string.h>

#include "mail/attachments.h"

static void
removed_free (gpointer data)
{
  Removed *removed = data;
  g_free (removed->name);
  g_free (removed->what);
  g_free (removed);
}

static gboolean
is_of_type (const char *type, const char *wanted)
{
  gsize length = strlen (wanted);
  if (wanted[length - 1] == '*')
    return g_ascii_strncasecmp (type, wanted, length - 1) == 0;
  return g_ascii_strcasecmp (type, wanted) == 0;
}

/* Windows passes over dots and blanks at the end of a name. */
static gboolean
has_ending (const char *name, const char *ending)
{
  gsize length = strlen (name), of = strlen (ending);
  while (length > 0 && strchr (". ", name[length - 1]) != NULL)
    length--;
  return length >= of && g_ascii_strncasecmp (name + length - of, ending, of) == 0;
}

/* Each name that a program might go by counts, and not only the one that we would show. */
static gboolean
is_forbidden (const char *const *names, const char *type, const char *const *forbidden)
{
  for (; *forbidden != NULL; forbidden++)
    {
      if (**forbidden != '.' && is_of_type (type, *forbidden))
        return TRUE;
      for (guint i = 0; **forbidden == '.' && names[i] != NULL; i++)
        if (has_ending (names[i], *forbidden))
          return TRUE;
    }
  return FALSE;
}

static gboolean
is_forbidden_part (const RawMessage *raw, const Part *part, guint leaf, const char *const *forbidden)
{
  g_auto (GStrv) names = attachments_names (raw, part, leaf);
  return is_forbidden ((const char *const *) names, part->type, forbidden);
}

static gboolean
copy (RawMessage *to, const RawMessage *from, gint64 begin, gint64 end, GError **error)
{
  char buffer[16 * 1024];
  g_autoptr (GMimeStream) whole = raw_message_stream (from);
  g_autoptr (GMimeStream) piece = g_mime_stream_substream (whole, begin, end);
  for (gint64 left = end - begin; left > 0;)
    {
      ssize_t got = g_mime_stream_read (piece, buffer, sizeof buffer);
      if (got <= 0)
        {
          g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_IO, "cannot read the message again: %s", g_strerror (errno));
          return FALSE;
        }
      if (!raw_message_append (to, buffer, (gsize) got, error))
        return FALSE;
      left -= got;
    }
  return TRUE;
}

/* The line end that the message uses. */
static const char *
line_end (const RawMessage *raw, const Part *part)
{
  char before[2] = "";
  if (part->cr)
    return "\r";
  g_autoptr (GMimeStream) whole = raw_message_stream (raw);
  g_autoptr (GMimeStream) piece = g_mime_stream_substream (whole, MAX (part->start - 2, 0), part->start);
  return g_mime_stream_read (piece, before, 2) == 2 && before[0] == '\r' ? "\r\n" : "\n";
}

/* What stands in PART's place: a part of its own, or, where its header is a message's, which stays, its content only. */
static char *
replacement (const RawMessage *raw, const Part *part, const char *what)
{
  const char *end = line_end (raw, part);
  g_autofree char *line = g_strdup_printf ("Not kept: %s", what);
  if (part->header >= 0)
    return g_strconcat ("Content-Type: text/plain; charset=utf-8; name=not-kept.txt", end,
                        "Content-Transfer-Encoding: 8bit", end,
                        "Content-Disposition: attachment; filename=not-kept.txt", end, end, line, NULL);
  if (part->encoding != GMIME_CONTENT_ENCODING_BASE64)
    return g_strconcat (g_strdelimit (line, "=", '_'), end, NULL);
  g_autofree char *encoded = g_base64_encode ((const guchar *) line, strlen (line));
  return g_strconcat (encoded, end, NULL);
}

static gboolean
replace (RawMessage *out, const RawMessage *raw, const Part *part, const Removed *removed, gint64 *done, GError **error)
{
  gint64 begin = part->header >= 0 ? part->header : part->start;
  g_autofree char *text = replacement (raw, part, removed->what);
  if (!copy (out, raw, *done, begin, error) || !raw_message_append (out, text, strlen (text), error))
    return FALSE;
  *done = part->end;
  return TRUE;
}

RawMessage *
removal_apply (const RawMessage *raw, const char *const *forbidden, const char *folder, GPtrArray **removed,
               GError **error)
{
  g_autoptr (Parts) parts = attachments_parts (raw);
  g_autoptr (RawMessage) out = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (removed_free);
  gint64 done = 0;
  for (guint i = 0; i < parts->leaves->len; i++)
    {
      const Part *part = g_ptr_array_index (parts->leaves, i);
      if (!is_forbidden_part (raw, part, i, forbidden))
        continue;
      Attachment *attachment = attachment_read (raw, part, i);
      Removed *one = g_new0 (Removed, 1);
      one->name = g_strdup (attachment->name);
      one->what = g_strdup_printf ("\"%s\" (%s, %" G_GINT64_FORMAT " octets, SHA-256 %s)", attachment->name,
                                   attachment->type, attachment->size, attachment->digest);
      attachment_free (attachment);
      g_ptr_array_add (list, one);
      if (out == NULL)
        out = raw_message_new (folder);
      if (!replace (out, raw, part, one, &done, error))
        return NULL;
    }
  if (out == NULL || !copy (out, raw, done, raw_message_length (raw), error))
    return NULL;
  *removed = g_steal_pointer (&list);
  return g_steal_pointer (&out);
}
