#include "mail/html.h"

#include <libxml/HTMLparser.h>
#include <string.h>

#include "config/limits.h"

enum {
  CHUNK = 4096,      /* octets between two looks at how deep the elements are nested */
  MOST_QUOTED = 10,  /* levels of "> " */
};

typedef struct {
  GString *text;
  GString *link_text;  /* of the link that is open */
  char *link;          /* its target; NULL: none is open */
  guint links;
  guint hidden;        /* elements that are open inside a hidden one, itself among them */
  guint quoted, kept;  /* open blockquote and pre elements */
  guint paragraph;     /* line ends around the p element that is open */
  guint blank;         /* line ends that stand at the end of the text */
  gboolean space;      /* white space waits for the next word */
} Page;

static gboolean
is_one_of (const char *name, const char *const *list, gsize count)
{
  for (gsize i = 0; i < count; i++)
    if (strcmp (name, list[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_block (const char *name)
{
  static const char *const names[] = { "p",      "div",    "tr",     "li",      "ul",   "ol",      "table",
                                       "h1",     "h2",     "h3",     "h4",      "h5",   "h6",      "blockquote",
                                       "pre",    "hr",     "dl",     "dt",      "dd",   "section", "article",
                                       "header", "footer", "center", "address", "form", "body" };
  return is_one_of (name, names, G_N_ELEMENTS (names));
}

static const char *
attribute (const xmlChar **attributes, const char *name)
{
  for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
    if (strcmp ((const char *) attributes[0], name) == 0)
      return attributes[1] != NULL ? (const char *) attributes[1] : "";
  return NULL;
}

static gboolean
is_hidden (const char *name, const xmlChar **attributes)
{
  static const char *const names[] = { "script",   "style",  "head", "title", "noscript",
                                       "template", "object", "svg",  "select" };
  const char *style = attribute (attributes, "style");
  const char *display = style != NULL ? strstr (style, "display") : NULL;
  if (display != NULL)
    {
      display += strlen ("display");
      display += strspn (display, " :");
    }
  return is_one_of (name, names, G_N_ELEMENTS (names)) ||
         (display != NULL && g_ascii_strncasecmp (display, "none", 4) == 0);
}

/* ---- text ---- */

static gboolean
is_full (const Page *page)
{
  return page->text->len >= LIMIT_LETTER;
}

static void
begin_line (Page *page)
{
  for (guint i = 0; i < MIN (page->quoted, MOST_QUOTED); i++)
    g_string_append (page->text, "> ");
}

/* Lets the text end with at least COUNT line ends. */
static void
end_lines (Page *page, guint count)
{
  page->space = FALSE;
  while (page->text->len > 0 && page->blank < count && !is_full (page))
    {
      if (page->blank > 0)
        begin_line (page);
      g_string_append_c (page->text, '\n');
      page->blank++;
    }
}

static void
add_text (Page *page, const char *text, gsize length)
{
  if (is_full (page) || length == 0)
    return;
  if (page->blank > 0 || page->text->len == 0)
    begin_line (page);
  else if (page->space)
    g_string_append_c (page->text, ' ');
  page->space = FALSE;
  page->blank = 0;
  g_string_append_len (page->text, text, (gssize) length);
  if (page->link != NULL && page->link_text->len < LIMIT_LINK)
    g_string_append_len (page->link_text, text, (gssize) MIN (length, LIMIT_LINK));
}

static void
add_words (Page *page, const char *text, gsize length)
{
  for (const char *at = text, *end = text + length; at < end;)
    {
      const char *word = at;
      while (at < end && strchr (" \t\r\n\f", *at) == NULL)
        at++;
      add_text (page, word, (gsize) (at - word));
      page->space = page->space || at < end;
      while (at < end && strchr (" \t\r\n\f", *at) != NULL)
        at++;
    }
}

static void
add_lines (Page *page, const char *text, gsize length)
{
  for (const char *at = text, *end = text + length; at < end && !is_full (page);)
    {
      const char *stop = memchr (at, '\n', (gsize) (end - at));
      add_text (page, at, (gsize) ((stop != NULL ? stop : end) - at));
      if (stop == NULL)
        return;
      end_lines (page, page->blank + 1);
      at = stop + 1;
    }
}

/* ---- elements ---- */

static void
open_link (Page *page, const xmlChar **attributes)
{
  static const char *const schemes[] = { "https://", "http://", "mailto:", "tel:", "ftp://" };
  const char *target = attribute (attributes, "href");
  g_clear_pointer (&page->link, g_free);
  g_string_truncate (page->link_text, 0);
  for (guint i = 0; target != NULL && i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strncasecmp (target, schemes[i], strlen (schemes[i])) == 0 && page->links < LIMIT_HTML_LINKS &&
        strlen (target) <= LIMIT_LINK)
      page->link = g_strdup (target);
}

static void
close_link (Page *page)
{
  g_autofree char *link = g_steal_pointer (&page->link);
  if (link == NULL)
    return;
  const char *bare = g_ascii_strncasecmp (link, "mailto:", 7) == 0 ? link + 7 : link;
  if (strcmp (page->link_text->str, link) == 0 || strcmp (page->link_text->str, bare) == 0 || *bare == '\0')
    return;
  g_autofree char *shown = g_strdup_printf ("<%s>", g_strdelimit (link, " \t\r\n<>", '_'));
  page->space = page->space || page->blank == 0;
  add_text (page, shown, strlen (shown));
  page->links++;
}

/* Each line that is typed in Outlook is a paragraph without a margin, and an empty line an empty paragraph. */
static guint
paragraph_ends (const xmlChar **attributes)
{
  const char *class = attribute (attributes, "class");
  return class != NULL && g_str_has_prefix (class, "Mso") ? 1 : 2;
}

static void
start_element (void *user, const xmlChar *element, const xmlChar **attributes)
{
  Page *page = user;
  const char *name = (const char *) element, *words;
  if (page->hidden > 0 || is_hidden (name, attributes))
    {
      page->hidden++;
      return;
    }
  if (strcmp (name, "p") == 0)
    end_lines (page, page->paragraph = paragraph_ends (attributes));
  else if (is_block (name))
    end_lines (page, strcmp (name, "blockquote") == 0 ? 2 : 1);
  if (strcmp (name, "blockquote") == 0)
    page->quoted++;
  else if (strcmp (name, "pre") == 0)
    page->kept++;
  else if (strcmp (name, "br") == 0)
    end_lines (page, page->blank + 1);
  else if (strcmp (name, "a") == 0)
    open_link (page, attributes);
  else if (strcmp (name, "li") == 0)
    add_text (page, "- ", 2);
  else if (strcmp (name, "hr") == 0)
    add_text (page, "---", 3);
  else if (strcmp (name, "td") == 0 || strcmp (name, "th") == 0)
    page->space = page->blank == 0;
  else if (strcmp (name, "img") == 0 && (words = attribute (attributes, "alt")) != NULL)
    add_words (page, words, strlen (words));
}

static void
end_element (void *user, const xmlChar *element)
{
  Page *page = user;
  const char *name = (const char *) element;
  if (page->hidden > 0)
    {
      page->hidden--;
      return;
    }
  if (strcmp (name, "a") == 0)
    close_link (page);
  if (is_block (name))
    end_lines (page, strcmp (name, "p") == 0 ? page->paragraph : 1);
  if (strcmp (name, "blockquote") == 0 && page->quoted > 0)
    page->quoted--;
  else if (strcmp (name, "pre") == 0 && page->kept > 0)
    page->kept--;
}

static void
take_characters (void *user, const xmlChar *text, int length)
{
  Page *page = user;
  if (page->hidden > 0)
    return;
  if (page->kept > 0)
    add_lines (page, (const char *) text, (gsize) length);
  else
    add_words (page, (const char *) text, (gsize) length);
}

/* Copies HTML up to a tag that is longer than LIMIT_HTML_TAG, passes that over, and so on: libxml2 compares each attribute with all
 * before it, and a picture that is written into its tag says nothing to a reader. */
static GString *
without_long_tags (const char *html, gsize length)
{
  GString *out = g_string_sized_new (length);
  for (const char *at = html, *last = html + length; at < last;)
    {
      const char *tag = memchr (at, '<', (gsize) (last - at));
      const char *end = tag != NULL ? memchr (tag, '>', (gsize) (last - tag)) : NULL;
      gboolean named = tag != NULL && tag + 1 < last && (g_ascii_isalpha (tag[1]) || tag[1] == '/');
      gboolean passed = named && (end != NULL ? end : last) - tag > LIMIT_HTML_TAG;
      const char *stop = passed ? tag : end != NULL ? end + 1 : last;
      g_string_append_len (out, at, stop - at);
      at = passed ? (end != NULL ? end + 1 : last) : stop;
    }
  return out;
}

/* libxml2 closes elements by looking through all that are open: past the bound a new parser takes over, so that the work stays
 * in proportion to the size. */
static void
parse (Page *page, htmlSAXHandler *handler, const char *html, gsize length)
{
  gsize done = 0;
  while (done < length && !is_full (page))
    {
      htmlParserCtxtPtr parser = htmlCreatePushParserCtxt (handler, page, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
      if (parser == NULL)
        return;
      htmlCtxtUseOptions (parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                      HTML_PARSE_IGNORE_ENC);
      while (done < length && parser->nameNr <= LIMIT_HTML_DEPTH && !is_full (page))
        {
          gsize size = MIN (CHUNK, length - done);
          htmlParseChunk (parser, html + done, (int) size, FALSE);
          done += size;
        }
      htmlParseChunk (parser, "", 0, TRUE);
      htmlFreeParserCtxt (parser);
      page->hidden = page->quoted = page->kept = 0;
    }
}

char *
html_to_text (const char *html, gsize length)
{
  static gsize once = 0;
  htmlSAXHandler handler = { .startElement = start_element, .endElement = end_element, .characters = take_characters };
  Page page = { .text = g_string_new (NULL), .link_text = g_string_new (NULL) };
  if (g_once_init_enter (&once))
    {
      xmlInitParser ();
      g_once_init_leave (&once, 1);
    }
  GString *bounded = without_long_tags (html, MIN (length, LIMIT_HTML));
  parse (&page, &handler, bounded->str, bounded->len);
  g_string_free (bounded, TRUE);
  g_free (page.link);
  g_string_free (page.link_text, TRUE);
  return g_strchomp (g_string_free (page.text, FALSE));
}
