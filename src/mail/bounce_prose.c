#include "mail/bounce_prose.h"

#include <string.h>

#include "config/config.h"
#include "config/limits.h"
#include "mail/message.h"

typedef struct {
  GPtrArray *list;
  gboolean known;
  BounceRecipient *current; /* whom the paragraph is about, nullable */
  GString *words;           /* of the paragraph */
  GString *tail;
} Prose;

/* An address that begins at TEXT, in angle brackets, quotes or none; *END is behind it. NULL when none does. */
static char *
address_at (const char *text, const char **end)
{
  const char *close = *text == '<' ? ">" : *text == '"' ? "\"" : "";
  const char *begin = *close != '\0' ? text + 1 : text;
  if (g_ascii_strncasecmp (begin, "mailto:", 7) == 0)
    begin += 7;
  gsize length = strcspn (begin, *close != '\0' ? " \t\r\n<>\"" : " \t\r\n<>\"',;:()[]");
  if (length == 0 || length > LIMIT_ADDRESS || (*close != '\0' && begin[length] != *close))
    return NULL;
  g_autofree char *word = g_strndup (begin, length);
  while (*close == '\0' && length > 0 && word[length - 1] == '.') /* "... and so is a@example.com..." */
    word[--length] = '\0';
  *end = begin + length + strlen (close);
  const char *at = strchr (word, '@');
  return at != NULL && strchr (at, '.') != NULL ? address_normalise (word) : NULL;
}

/* Behind the bullets, arrows and reply codes that a line may have before the address that it is about. */
static const char *
skip_bullets (const char *line)
{
  line += strspn (line, " \t*>-#");
  gsize digits = strspn (line, "0123456789");
  return digits == 3 && (line[3] == ' ' || line[3] == '\t') ? line + 3 + strspn (line + 3, " \t") : line;
}

static BounceRecipient *
find_or_add (Prose *prose, const char *address)
{
  for (guint i = 0; i < prose->list->len; i++)
    {
      BounceRecipient *recipient = g_ptr_array_index (prose->list, i);
      if (address_equal (recipient->address, address) || address_equal (recipient->final, address))
        return recipient;
    }
  if (prose->known || prose->list->len >= LIMIT_BOUNCE_RECIPIENTS)
    return NULL;
  BounceRecipient *recipient = bounce_recipient_new ();
  recipient->address = g_strdup (address);
  g_ptr_array_add (prose->list, recipient);
  return recipient;
}

/* The paragraph's words go to the recipient that it is about, else to all. */
static void
end_paragraph (Prose *prose)
{
  BounceRecipient *about = prose->current;
  if (about != NULL && prose->words->len > 0 && *about->diagnostic == '\0')
    {
      g_free (about->diagnostic);
      about->diagnostic = text_clean (prose->words->str, LIMIT_BOUNCE_WORDS);
    }
  else if (prose->tail->len < LIMIT_BOUNCE_TEXT)
    g_string_append_printf (prose->tail, "%s\n", prose->words->str);
  g_string_truncate (prose->words, 0);
  prose->current = NULL;
}

/* Servers' ways to say that the returned message follows. */
static gboolean
begins_returned (const char *line)
{
  static const char *const fields[] = { "Received:", "Return-Path:", "Message-ID:", "DKIM-Signature:", "X-Received:" };
  static const char *const words[] = { "original message", "original mail", "copy of the", "copy of your", "unsent message",
                                       "returned message", "message header", "returned mail follows", "undelivered message" };
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (g_ascii_strncasecmp (line, fields[i], strlen (fields[i])) == 0)
      return TRUE;
  line += strspn (line, " \t");
  gboolean headed = g_str_has_prefix (line, "--") || g_ascii_strncasecmp (line, "included is", 11) == 0 ||
                    g_ascii_strncasecmp (line, "original m", 10) == 0 || g_ascii_strncasecmp (line, "message header", 14) == 0;
  g_autofree char *lowered = headed ? g_ascii_strdown (line, -1) : NULL;
  for (guint i = 0; headed && i < G_N_ELEMENTS (words); i++)
    if (strstr (lowered, words[i]) != NULL)
      return TRUE;
  return FALSE;
}

static void
take_line (Prose *prose, const char *line)
{
  const char *begin = skip_bullets (line), *rest = NULL;
  if (*begin == '\0')
    {
      end_paragraph (prose);
      return;
    }
  if (g_str_has_prefix (line, ">>>")) /* Sendmail: what it asked the other server, about no one in particular */
    end_paragraph (prose);
  g_autofree char *address = address_at (begin, &rest);
  if (address != NULL)
    {
      BounceRecipient *recipient = find_or_add (prose, address);
      if (recipient != NULL && recipient != prose->current)
        {
          end_paragraph (prose);
          prose->current = recipient;
          line = rest + strspn (rest, " \t:.>");
        }
    }
  if (prose->words->len >= LIMIT_BOUNCE_WORDS)
    return;
  if (prose->words->len > 0 && *line != '\0')
    g_string_append_c (prose->words, ' ');
  g_string_append (prose->words, line + strspn (line, " \t"));
}

/* No line began with an address: the first one that any line of TEXT names. */
static void
take_any_address (Prose *prose, const char *text)
{
  for (const char *at = strchr (text, '@'); at != NULL; at = strchr (at + 1, '@'))
    {
      const char *begin = at, *rest = NULL;
      while (begin > text && strchr (" \t\r\n<\"',;:()[]", begin[-1]) == NULL)
        begin--;
      g_autofree char *address = address_at (begin, &rest);
      if (address == NULL || g_str_has_prefix (address, "postmaster@"))
        continue;
      find_or_add (prose, address);
      return;
    }
}

void
bounce_read_prose (const char *text, GPtrArray *list, gboolean known, char **tail)
{
  Prose prose = { .list = list, .known = known, .words = g_string_new (NULL), .tail = g_string_new (NULL) };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && !begins_returned (lines[i]); i++)
    take_line (&prose, lines[i]);
  end_paragraph (&prose);
  if (list->len == 0)
    take_any_address (&prose, prose.tail->str);
  g_string_free (prose.words, TRUE);
  *tail = g_string_free (prose.tail, FALSE);
}
