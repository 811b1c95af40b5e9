/* Addresses as they are compared: RFC 5321 leaves the local part's case to its host, but people do not. */
#include <string.h>

#include "config/config.h"
#include "config/limits.h"

static char *
normalise_domain (const char *domain)
{
  if (*domain == '[') /* an address literal, RFC 5321 4.1.3 */
    return g_ascii_strdown (domain, -1);
  g_autofree char *ascii = g_hostname_to_ascii (domain);
  return ascii != NULL && *ascii != '\0' ? g_ascii_strdown (ascii, -1) : NULL;
}

static gboolean
has_blank_or_control (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);
      if (c <= ' ' || g_unichar_iscntrl (c) || c == '<' || c == '>')
        return TRUE;
    }
  return FALSE;
}

/* A host name's octets that need no conversion. */
static gboolean
is_plain_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr (".-_+@", *text) == NULL)
      return FALSE;
  return TRUE;
}

/* Character by character: g_utf8_strdown() goes by the locale (in Turkish "I" is not "i") and by neighbours. */
static char *
lower (const char *text, const char *end)
{
  GString *lowered = g_string_new (NULL);
  for (; text < end; text = g_utf8_next_char (text))
    g_string_append_unichar (lowered, g_unichar_tolower (g_utf8_get_char (text)));
  return g_string_free (lowered, FALSE);
}

char *
address_normalise (const char *address)
{
  if (address == NULL || strlen (address) > LIMIT_ADDRESS || !g_utf8_validate (address, -1, NULL) ||
      has_blank_or_control (address))
    return NULL;
  const char *at = strrchr (address, '@');
  if (at == NULL || at == address || at[1] == '\0')
    return NULL;
  if (is_plain_ascii (address)) /* as nearly all are */
    return g_ascii_strdown (address, -1);
  g_autofree char *domain = normalise_domain (at + 1);
  if (domain == NULL)
    return NULL;
  g_autofree char *local = lower (address, at);
  g_autofree char *normal = g_strconcat (local, "@", domain, NULL);
  return strlen (normal) <= LIMIT_ADDRESS ? g_steal_pointer (&normal) : NULL; /* the domain's A-labels are longer */
}

gboolean
address_equal (const char *one, const char *other)
{
  if (one == NULL || other == NULL)
    return FALSE;
  /* Nothing but case can differ between two ways to write an ASCII address, and nearly all are. */
  if (g_ascii_strcasecmp (one, other) != 0 && g_str_is_ascii (one) && g_str_is_ascii (other))
    return FALSE;
  g_autofree char *a = address_normalise (one);
  g_autofree char *b = address_normalise (other);
  return a != NULL && b != NULL && g_str_equal (a, b);
}
