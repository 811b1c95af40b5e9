#include "mail/text.h"

#include "config/limits.h"

#include <string.h>

static const Part *
find_part (const Parts *parts, const char *type)
{
  for (guint i = 0; i < parts->leaves->len; i++)
    {
      const Part *part = g_ptr_array_index (parts->leaves, i);
      if (!part->attachment && g_str_equal (part->type, type))
        return part;
    }
  return NULL;
}

/* Adds DATA to the GString USER, up to LIMIT_LETTER; a NUL, which is not the end of the text, becomes a blank. */
static gboolean
add_piece (const char *data, gsize length, gpointer user)
{
  GString *text = user;
  gsize begin = text->len;
  g_string_append_len (text, data, (gssize) MIN (length, LIMIT_LETTER - text->len));
  for (char *nul; (nul = memchr (text->str + begin, '\0', text->len - begin)) != NULL;)
    *nul = ' ';
  return text->len < LIMIT_LETTER;
}

static GString *
read_octets (const RawMessage *raw, const Part *part)
{
  GString *text = g_string_new (NULL);
  parts_each_piece (raw, part, add_piece, text);
  return text;
}

/* Whether TEXT is UTF-8; a character that the bound has cut in the middle is cut off. */
static gboolean
is_utf8 (GString *text)
{
  const char *end;
  if (g_utf8_validate_len (text->str, text->len, &end))
    return TRUE;
  gsize rest = text->len - (gsize) (end - text->str);
  if (rest >= 4 || g_utf8_get_char_validated (end, (gssize) rest) != (gunichar) -2)
    return FALSE;
  g_string_truncate (text, (gsize) (end - text->str));
  return TRUE;
}

/* PART as it is, when it is in UTF-8 and says so; else NULL. */
static GString *
read_as_utf8 (const RawMessage *raw, const Part *part)
{
  if (part->charset != NULL && g_ascii_strcasecmp (part->charset, "utf-8") != 0 &&
      g_ascii_strcasecmp (part->charset, "us-ascii") != 0)
    return NULL;
  GString *text = read_octets (raw, part);
  if (is_utf8 (text))
    return text;
  g_string_free (text, TRUE);
  return NULL;
}

/* PART in its declared charset, or NULL when that is unknown or not what it says. */
static GString *
read_as_declared (const RawMessage *raw, const Part *part)
{
  if (part->charset == NULL)
    return NULL;
  g_autoptr (GMimeFilter) filter = g_mime_filter_charset_new (part->charset, "utf-8");
  if (filter == NULL)
    return NULL;
  g_autoptr (GMimeStream) stream = parts_stream (raw, part);
  g_mime_stream_filter_add (GMIME_STREAM_FILTER (stream), filter);
  GString *text = g_string_new (NULL);
  char buffer[8 * 1024];
  ssize_t got;
  do
    got = g_mime_stream_read (stream, buffer, sizeof buffer);
  while (got > 0 && add_piece (buffer, (gsize) got, text));
  if (is_utf8 (text))
    return text;
  g_string_free (text, TRUE);
  return NULL;
}

static GString *
read_part (const RawMessage *raw, const Part *part)
{
  GString *text = read_as_utf8 (raw, part);
  if (text == NULL)
    text = read_as_declared (raw, part);
  if (text != NULL)
    return text;
  text = read_octets (raw, part);
  g_autofree char *repaired = headers_repair (text->str, (gssize) text->len);
  return g_string_assign (text, repaired);
}

/* The character that an entity at *AT stands for; *AT moves behind it. A lone "&" stands for itself. */
static gunichar
read_entity (const char **at)
{
  static const struct { const char *name; gunichar character; } known[] = {
    { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", ' ' },
  };
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_has_prefix (*at, known[i].name))
      {
        *at += strlen (known[i].name);
        return known[i].character;
      }
  if ((*at)[1] == '#')
    {
      gboolean hex = (*at)[2] == 'x' || (*at)[2] == 'X';
      const char *digits = *at + (hex ? 3 : 2);
      char *end;
      guint64 number = g_ascii_isxdigit (*digits) ? g_ascii_strtoull (digits, &end, hex ? 16 : 10) : 0;
      if (number > 0 && number <= 0x10FFFF && g_unichar_validate ((gunichar) number) && *end == ';')
        {
          *at = end + 1;
          return (gunichar) number;
        }
    }
  (*at)++;
  return '&';
}

static gboolean
is_tag (const char *at, const char *name)
{
  gsize length = strlen (name);
  return g_ascii_strncasecmp (at, name, length) == 0 && !g_ascii_isalnum (at[length]);
}

/* Behind the tag at AT; what stands inside style, script and head is passed over with it. *BREAKS: it begins a line. */
static const char *
skip_tag (const char *at, gboolean *breaks)
{
  static const char *const hidden[] = { "style", "script", "head", "title" };
  static const char *const lines[] = { "br", "p", "div", "tr", "li", "h1", "h2", "h3", "/p", "/div", "/tr", "/h1" };
  const char *name = at + 1;
  const char *end = g_str_has_prefix (at, "<!--") ? strstr (at, "-->") : strchr (at, '>');
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    *breaks = *breaks || is_tag (name, lines[i]);
  for (guint i = 0; end != NULL && i < G_N_ELEMENTS (hidden); i++)
    if (is_tag (name, hidden[i]))
      {
        do
          end = strstr (end + 1, "</");
        while (end != NULL && !is_tag (end + 2, hidden[i]));
        end = end != NULL ? strchr (end, '>') : NULL;
      }
  if (end == NULL)
    return at + strlen (at);
  return *end == '-' ? end + 3 : end + 1;
}

static char *
without_markup (const char *html)
{
  GString *text = g_string_new (NULL);
  while (*html != '\0')
    {
      gunichar c = g_utf8_get_char (html);
      gboolean breaks = FALSE;
      if (c == '<')
        html = skip_tag (html, &breaks);
      else if (c == '&')
        c = read_entity (&html);
      else
        html = g_utf8_next_char (html);
      if (breaks && text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c (text, '\n');
      else if (c != '<' && g_unichar_isspace (c) && text->len > 0 && !g_ascii_isspace (text->str[text->len - 1]))
        g_string_append_c (text, ' ');
      else if (c != '<' && !g_unichar_isspace (c))
        g_string_append_unichar (text, c);
    }
  return g_string_free (text, FALSE);
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
      gsize run = plain_run (at, LIMIT_LETTER - out->len - 6);
      g_string_append_len (out, at, (gssize) run);
      at += run;
      if (run > 0 || *at == '\0')
        continue;
      gunichar c = g_utf8_get_char (at);
      if (c == '\r')
        c = at[1] == '\n' ? 0 : '\n';
      if (c == '\n' || c == '\t' || (c != 0 && c != 0xFEFF && !g_unichar_iscntrl (c)))
        g_string_append_unichar (out, c);
      at = g_utf8_next_char (at);
    }
  return g_string_free (out, FALSE);
}

char *
text_read (const RawMessage *raw, const Parts *parts)
{
  const Part *plain = find_part (parts, "text/plain");
  const Part *part = plain != NULL ? plain : find_part (parts, "text/html");
  if (part == NULL)
    return g_strdup ("");
  g_autofree char *text = g_string_free (read_part (raw, part), FALSE);
  g_autofree char *plain_text = plain == NULL ? without_markup (text) : NULL;
  return clean (plain_text != NULL ? plain_text : text);
}
