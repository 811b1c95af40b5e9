#include "web/words.h"

#include <string.h>

#define SEPARATORS " \t\r\n.,;:!#"

/* The next word of *TEXT, in lower case, which moves on behind it. "" at the end; the caller's. */
static char *
next_word (const char **text)
{
  const char *begin = *text + strspn (*text, SEPARATORS);
  gsize length = strcspn (begin, SEPARATORS);
  *text = begin + length;
  return g_ascii_strdown (begin, (gssize) length);
}

gboolean
words_read (const char *text, PageAction *action, gint64 *ticket)
{
  static const char *const acknowledge[] = { "ack", "a", "acknowledge", NULL };
  static const char *const resolve[] = { "resolve", "r", NULL };
  g_autofree char *word = next_word (&text);
  g_autofree char *number = next_word (&text);
  *action = g_strv_contains (resolve, word) ? PAGE_RESOLVE : PAGE_ACKNOWLEDGE;
  *ticket = 0;
  if (*action == PAGE_ACKNOWLEDGE && !g_strv_contains (acknowledge, word))
    return FALSE;
  /* A number that is none of ours must not act on another ticket. */
  return !g_ascii_isdigit (*number) || g_ascii_string_to_signed (number, 10, 1, G_MAXINT64, ticket, NULL);
}
