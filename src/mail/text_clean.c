#include "mail/message.h"

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
  g_autofree char *valid = g_utf8_make_valid (value != NULL ? value : "", -1);
  const char *at = valid + strspn (valid, " ");
  GString *clean = g_string_sized_new (strlen (at));
  for (gsize count = 0; *at != '\0' && count < max; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (c > ' ' && c < 0x7f)
        g_string_append_c (clean, (char) c);
      else if (is_deceptive (c) || (clean->len == 0 && (g_unichar_isspace (c) || g_unichar_iscntrl (c))))
        continue;
      else
        g_string_append_unichar (clean, g_unichar_iscntrl (c) ? ' ' : c);
      count++;
    }
  return g_strchomp (g_string_free (clean, FALSE));
}
