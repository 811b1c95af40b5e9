#include "mail/hash.h"

#include <string.h>

#include <nettle/hmac.h>
#include <nettle/sha2.h>

struct Hash {
  struct sha256_ctx context;
};

Hash *
hash_new (void)
{
  Hash *hash = g_new (Hash, 1);
  sha256_init (&hash->context);
  return hash;
}

void
hash_free (Hash *hash)
{
  g_free (hash);
}

void
hash_add (Hash *hash, gconstpointer data, gsize length)
{
  sha256_update (&hash->context, length, data);
}

char *
hash_to_hex (const Hash *hash)
{
  static const char digits[] = "0123456789abcdef";
  guint8 octets[HASH_OCTETS];
  struct sha256_ctx copy = hash->context;
  sha256_digest (&copy, sizeof octets, octets);
  char *hex = g_malloc (2 * HASH_OCTETS + 1);
  for (guint i = 0; i < HASH_OCTETS; i++)
    {
      hex[2 * i] = digits[octets[i] >> 4];
      hex[2 * i + 1] = digits[octets[i] & 15];
    }
  hex[2 * HASH_OCTETS] = '\0';
  return hex;
}

void
hash_sign (gconstpointer key, gsize key_length, gconstpointer data, gsize length, guint8 *mac)
{
  struct hmac_sha256_ctx context;
  hmac_sha256_set_key (&context, key_length, key);
  hmac_sha256_update (&context, length, data);
  hmac_sha256_digest (&context, HASH_OCTETS, mac);
}

char *
hash_sign_dated (const char *secret, const char *timestamp, const char *body, gsize length)
{
  guint8 mac[HASH_OCTETS];
  g_autoptr (GString) text = g_string_new (timestamp);
  g_string_append_c (text, '.');
  g_string_append_len (text, body, (gssize) length);
  hash_sign (secret, strlen (secret), text->str, text->len, mac);
  g_string_assign (text, "sha256=");
  for (guint i = 0; i < G_N_ELEMENTS (mac); i++)
    g_string_append_printf (text, "%02x", mac[i]);
  return g_strdup (text->str);
}
