#include "mail/message.h"

#include <string.h>

/* Characters that turn the reading order around, or break lines without being control characters: a subject
 * with them can look like another one (Unicode TR 36, section 2.10). */
static gboolean
is_deceptive (gunichar c)
{
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0xFEFF;
}

char *
text_clean (const char *value, gsize max)
{
  if (value == NULL)
    return g_strdup ("");
  g_autofree char *repaired = g_utf8_validate (value, -1, NULL) ? NULL : g_utf8_make_valid (value, -1);
  const char *at = repaired != NULL ? repaired : value;
  char *clean = g_malloc (strlen (at) + 1), *end = clean; /* no character becomes longer */
  for (gsize count = 0; *at != '\0' && count < max; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (c > ' ' && c < 0x7f)
        *end++ = (char) c;
      else if (is_deceptive (c) || (end == clean && (g_unichar_isspace (c) || g_unichar_iscntrl (c))))
        continue;
      else
        end += g_unichar_to_utf8 (g_unichar_iscntrl (c) ? ' ' : c, end);
      count++;
    }
  *end = '\0';
  return g_strchomp (clean);
}
