#include "config/network.h"

#include <string.h>

GSocketAddress *
network_parse_endpoint (const char *text)
{
  guint64 port;
  const char *colon = strrchr (text, ':');
  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return NULL;
  gsize length = (gsize) (colon - text);
  gboolean bracketed = length > 2 && *text == '[' && colon[-1] == ']';
  g_autofree char *host = bracketed ? g_strndup (text + 1, length - 2) : g_strndup (text, length);
  if (!bracketed && strchr (host, ':') != NULL) /* "::1:8880" could mean two things */
    return NULL;
  return g_inet_socket_address_new_from_string (g_str_equal (host, "localhost") ? "127.0.0.1" : host, (guint) port);
}

GInetAddressMask *
network_parse_mask (const char *text)
{
  return g_inet_address_mask_new_from_string (text, NULL);
}

gboolean
network_is_base_url (const char *text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL || strpbrk (text, "?#") != NULL || g_uri_get_userinfo (uri) != NULL)
    return FALSE;
  const char *scheme = g_uri_get_scheme (uri), *host = g_uri_get_host (uri);
  return (g_str_equal (scheme, "http") || g_str_equal (scheme, "https")) && host != NULL && *host != '\0';
}
