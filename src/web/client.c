#include "web/client.h"

#include <netinet/in.h>
#include <string.h>

/* An IPv4-mapped address (RFC 4291 2.5.5.2) as the IPv4 one. Takes ADDRESS. */
static GInetAddress *
unmap (GInetAddress *address)
{
  static const guint8 prefix[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  const guint8 *octets = g_inet_address_to_bytes (address);
  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6 || memcmp (octets, prefix, sizeof prefix) != 0)
    return address;
  GInetAddress *plain = g_inet_address_new_from_bytes (octets + sizeof prefix, G_SOCKET_FAMILY_IPV4);
  g_object_unref (address);
  return plain;
}

GInetAddress *
client_read_peer (const struct sockaddr *native)
{
  if (native->sa_family == AF_INET)
    return g_inet_address_new_from_bytes ((const guint8 *) &((const struct sockaddr_in *) native)->sin_addr,
                                          G_SOCKET_FAMILY_IPV4);
  if (native->sa_family != AF_INET6)
    return NULL;
  return unmap (g_inet_address_new_from_bytes ((const guint8 *) &((const struct sockaddr_in6 *) native)->sin6_addr,
                                               G_SOCKET_FAMILY_IPV6));
}

gboolean
client_is_proxy (const GPtrArray *proxies, GInetAddress *address)
{
  for (guint i = 0; i < proxies->len; i++)
    if (g_inet_address_mask_matches (g_ptr_array_index (proxies, i), address))
      return TRUE;
  return FALSE;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". NULL for anything else. */
static GInetAddress *
read_node (const char *text)
{
  const char *colon = strchr (text, ':');
  g_autofree char *host = NULL;
  if (*text == '[')
    host = g_strndup (text + 1, strcspn (text + 1, "]"));
  else if (colon != NULL && strchr (colon + 1, ':') == NULL)
    host = g_strndup (text, (gsize) (colon - text));
  else
    host = g_strdup (text);
  GInetAddress *address = g_inet_address_new_from_string (host);
  return address != NULL ? unmap (address) : NULL;
}

/* The end of the piece of TEXT before the next of SEPARATORS that is not quoted. */
static const char *
piece_end (const char *text, char separator)
{
  gboolean quoted = FALSE;
  for (; *text != '\0' && (quoted || *text != separator); text++)
    if (*text == '"')
      quoted = !quoted;
    else if (quoted && *text == '\\' && text[1] != '\0')
      text++;
  return text;
}

/* The pieces of TEXT, without blanks around. */
static GStrv
split (const char *text, char separator)
{
  g_autoptr (GStrvBuilder) pieces = g_strv_builder_new ();
  while (TRUE)
    {
      const char *end = piece_end (text, separator);
      g_autofree char *piece = g_strstrip (g_strndup (text, (gsize) (end - text)));
      g_strv_builder_add (pieces, piece);
      if (*end == '\0')
        return g_strv_builder_end (pieces);
      text = end + 1;
    }
}

/* The node of an element such as 'for="[2001:db8::1]:80";proto=https'; "" where it names none. */
static char *
read_element (const char *element)
{
  g_auto (GStrv) pairs = split (element, ';');
  for (guint i = 0; pairs[i] != NULL; i++)
    if (g_ascii_strncasecmp (pairs[i], "for=", 4) == 0)
      {
        const char *value = pairs[i] + 4;
        return *value == '"' ? g_strndup (value + 1, strcspn (value + 1, "\"")) : g_strdup (value);
      }
  return g_strdup ("");
}

/* From the right: what a proxy has added is true, what stands left of a stranger may be made up. */
static GInetAddress *
walk (const GPtrArray *proxies, GInetAddress *peer, const char *list, gboolean elements)
{
  g_autoptr (GInetAddress) client = g_object_ref (peer);
  g_auto (GStrv) nodes = split (list, ',');
  for (guint i = g_strv_length (nodes); i > 0 && client_is_proxy (proxies, client); i--)
    {
      g_autofree char *node = elements ? read_element (nodes[i - 1]) : g_strdup (nodes[i - 1]);
      GInetAddress *address = read_node (node);
      if (address == NULL)
        break;
      g_object_unref (client);
      client = address;
    }
  return g_steal_pointer (&client);
}

GInetAddress *
client_find (const GPtrArray *proxies, GInetAddress *peer, const char *forwarded_for, const char *forwarded)
{
  g_autoptr (GInetAddress) one = forwarded_for != NULL ? walk (proxies, peer, forwarded_for, FALSE) : NULL;
  g_autoptr (GInetAddress) other = forwarded != NULL ? walk (proxies, peer, forwarded, TRUE) : NULL;
  if (one != NULL && other != NULL && !g_inet_address_equal (one, other))
    return g_object_ref (peer);
  return g_object_ref (one != NULL ? one : other != NULL ? other : peer);
}

char *
client_key (GInetAddress *address)
{
  enum { NETWORK = 8 }; /* octets */
  const guint8 *octets = g_inet_address_to_bytes (address);
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    return g_inet_address_to_string (address);
  GString *key = g_string_new (NULL);
  for (guint i = 0; i < NETWORK; i++)
    g_string_append_printf (key, "%02x", octets[i]);
  return g_string_free (key, FALSE);
}
