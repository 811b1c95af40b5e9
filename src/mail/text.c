#include "mail/text.h"

#include <string.h>

#include "config/limits.h"
#include "mail/charset.h"
#include "mail/flowed.h"
#include "mail/html.h"

enum {
  STUB = 200,     /* octets: a plain text that is shorter may only say that the mail is in HTML */
  MUCH_MORE = 4,  /* times as long as such a stub is the HTML that it stands for */
};

/* Adds DATA to the GString USER, up to LIMIT_HTML. */
static gboolean
add_piece (const char *data, gsize length, gpointer user)
{
  GString *octets = user;
  g_string_append_len (octets, data, (gssize) MIN (length, LIMIT_HTML - octets->len));
  return octets->len < LIMIT_HTML;
}

static GString *
read_part (const RawMessage *raw, const Part *part)
{
  GString *octets = g_string_new (NULL);
  parts_each_piece (raw, part, add_piece, octets);
  GString *text = charset_to_utf8 (octets->str, octets->len, part->charset);
  g_string_free (octets, TRUE);
  return text;
}

/* The length of the run of plain ASCII at AT, at most MOST: what most mail is made of needs no look at its characters. */
static gsize
plain_run (const char *at, gsize most)
{
  gsize length = 0;
  while (length < most && (at[length] == '\n' || (at[length] >= ' ' && at[length] < 0x7f)))
    length++;
  return length;
}

/* Line ends as LF; controls out. */
static char *
clean (const char *text)
{
  GString *out = g_string_sized_new (strlen (text));
  for (const char *at = text; *at != '\0' && out->len + 6 < LIMIT_LETTER;)
    {
      gsize run = plain_run (at, LIMIT_LETTER - out->len - 6), returns;
      g_string_append_len (out, at, (gssize) run);
      at += run;
      if (run > 0 || *at == '\0')
        continue;
      returns = strspn (at, "\r"); /* before an LF they are one line end with it */
      for (gsize i = 0; at[returns] != '\n' && i < returns && out->len + 6 < LIMIT_LETTER; i++)
        g_string_append_c (out, '\n');
      at += returns;
      if (returns > 0)
        continue;
      gunichar c = g_utf8_get_char (at);
      if (c == '\n' || c == '\t' || (c != 0 && c != 0xFEFF && !g_unichar_iscntrl (c)))
        g_string_append_unichar (out, c);
      at = g_utf8_next_char (at);
    }
  return g_string_free (out, FALSE);
}

static gboolean
has_parameter (GMimeContentType *type, const char *name, const char *value)
{
  const char *is = g_mime_content_type_get_parameter (type, name);
  return is != NULL && g_ascii_strcasecmp (is, value) == 0;
}

static char *
unfold (const Part *part, const char *text)
{
  if (strcasestr (part->content_type, "flowed") == NULL)
    return g_strdup (text);
  g_autoptr (GMimeContentType) type = g_mime_content_type_parse (NULL, part->content_type);
  if (!has_parameter (type, "format", "flowed"))
    return g_strdup (text);
  return flowed_unfold (text, has_parameter (type, "delsp", "yes"));
}

static gboolean
is_html (const Part *part)
{
  return g_str_equal (part->type, "text/html");
}

static char *
part_to_text (const RawMessage *raw, const Part *part)
{
  GString *octets = read_part (raw, part);
  g_autofree char *read = is_html (part) ? html_to_text (octets->str, octets->len) : NULL;
  g_autofree char *lines = clean (read != NULL ? read : octets->str);
  g_string_free (octets, TRUE);
  return is_html (part) ? g_steal_pointer (&lines) : unfold (part, lines);
}

/* A text that has a name is a file, unless nothing else is there to read. */
static gboolean
is_readable (const Part *part, gboolean named)
{
  return !part->attachment && (g_str_equal (part->type, "text/plain") || is_html (part)) &&
         (named || !parts_has_name (part));
}

static gboolean
is_blank (const char *text)
{
  return text[strspn (text, " \t\n")] == '\0';
}

static void
join (GString *all, const char *text)
{
  if (all->len > 0 && all->str[all->len - 1] != '\n')
    g_string_append_c (all, '\n');
  g_string_append (all, text);
}

static guint
end_of_choice (const Parts *parts, guint first)
{
  const Part *part = g_ptr_array_index (parts->leaves, first), *next;
  guint end = first + 1;
  for (; part->alternative != 0 && end < parts->leaves->len; end++)
    {
      next = g_ptr_array_index (parts->leaves, end);
      if (next->alternative != part->alternative || next->choice != part->choice)
        break;
    }
  return end;
}

/* The texts of the leaves from BEGIN up to END, joined. */
static char *
read_leaves (const RawMessage *raw, const Parts *parts, guint begin, guint end, gboolean named)
{
  GString *all = g_string_new (NULL);
  for (guint i = begin; i < end && all->len < LIMIT_LETTER; i++)
    {
      const Part *part = g_ptr_array_index (parts->leaves, i);
      g_autofree char *text = is_readable (part, named) ? part_to_text (raw, part) : NULL;
      if (text != NULL)
        join (all, text);
    }
  return g_string_free (all, FALSE);
}

/* The best of the alternatives that begin with leaf *AT, which moves behind them: the first, which is the plain one, but where it
 * is empty or says only that there is another. */
static char *
read_best (const RawMessage *raw, const Parts *parts, guint *at, gboolean named)
{
  const guint alternative = ((const Part *) g_ptr_array_index (parts->leaves, *at))->alternative;
  g_autofree char *best = g_strdup ("");
  do
    {
      guint end = end_of_choice (parts, *at);
      g_autofree char *text =
          is_blank (best) || strlen (best) < STUB ? read_leaves (raw, parts, *at, end, named) : NULL;
      if (text != NULL && (is_blank (best) || strlen (text) > MUCH_MORE * strlen (best) + STUB))
        {
          g_free (best);
          best = g_steal_pointer (&text);
        }
      *at = end;
    }
  while (alternative != 0 && *at < parts->leaves->len &&
         ((const Part *) g_ptr_array_index (parts->leaves, *at))->alternative == alternative);
  return g_steal_pointer (&best);
}

static char *
read_all (const RawMessage *raw, const Parts *parts, gboolean named)
{
  GString *all = g_string_new (NULL);
  for (guint i = 0; i < parts->leaves->len && all->len < LIMIT_LETTER;)
    {
      g_autofree char *text = read_best (raw, parts, &i, named);
      if (!is_blank (text))
        join (all, text);
    }
  if (all->len > LIMIT_LETTER)
    g_string_truncate (all, (gsize) (g_utf8_find_prev_char (all->str, all->str + LIMIT_LETTER + 1) - all->str));
  return g_string_free (all, FALSE);
}

char *
text_read (const RawMessage *raw, const Parts *parts)
{
  g_autofree char *text = read_all (raw, parts, FALSE);
  return is_blank (text) ? read_all (raw, parts, TRUE) : g_steal_pointer (&text);
}
