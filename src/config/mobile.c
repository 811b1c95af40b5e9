#include "config/mobile.h"

#include <string.h>

gboolean
mobile_is_valid (const char *mobile)
{
  if (mobile == NULL || *mobile != '+')
    return FALSE;
  gsize digits = strspn (mobile + 1, "0123456789");
  return digits >= 6 && digits <= 15 && mobile[digits + 1] == '\0';
}

gboolean
mobile_is_wanted (const char *pattern)
{
  return strstr (pattern, "{mobile}") != NULL || strstr (pattern, "{digits}") != NULL;
}

char *
mobile_fill (const char *pattern, const char *mobile)
{
  if (!mobile_is_wanted (pattern))
    return g_strdup (pattern);
  if (!mobile_is_valid (mobile))
    return NULL;
  GString *text = g_string_new (pattern);
  g_string_replace (text, "{mobile}", mobile, 0);
  g_string_replace (text, "{digits}", mobile + 1, 0);
  return g_string_free (text, FALSE);
}
