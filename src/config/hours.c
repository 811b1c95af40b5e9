#include "config/hours.h"

#include <string.h>

gboolean
hours_are_valid (const char *text)
{
  static const char day[] = "(?:mon|tue|wed|thu|fri|sat|sun)";
  static const char start[] = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
  static const char end[] = "(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)";
  g_autofree char *pattern = g_strdup_printf ("^%s(?:-%s)? +%s-%s$", day, day, start, end);
  if (!g_regex_match_simple (pattern, text, G_REGEX_CASELESS | G_REGEX_DOLLAR_ENDONLY, 0))
    return FALSE;
  const char *times = strrchr (text, ' ') + 1; /* "HH:MM-HH:MM": a span from a time to itself could mean two things */
  return strncmp (times, times + 6, 5) != 0;
}
