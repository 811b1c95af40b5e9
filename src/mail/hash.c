#include "mail/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

struct Hash {
  EVP_MD_CTX *context;
};

static EVP_MD_CTX *
new_context (void)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  if (context == NULL)
    g_error ("out of memory");
  return context;
}

Hash *
hash_new (void)
{
  Hash *hash = g_new (Hash, 1);
  hash->context = new_context ();
  EVP_DigestInit_ex (hash->context, EVP_sha256 (), NULL);
  return hash;
}

void
hash_free (Hash *hash)
{
  EVP_MD_CTX_free (hash->context);
  g_free (hash);
}

void
hash_add (Hash *hash, gconstpointer data, gsize length)
{
  EVP_DigestUpdate (hash->context, data, length);
}

char *
hash_to_hex (const Hash *hash)
{
  static const char digits[] = "0123456789abcdef";
  guint8 octets[HASH_OCTETS];
  EVP_MD_CTX *copy = new_context ();
  EVP_MD_CTX_copy_ex (copy, hash->context);
  EVP_DigestFinal_ex (copy, octets, NULL);
  EVP_MD_CTX_free (copy);
  char *hex = g_malloc (2 * HASH_OCTETS + 1);
  for (guint i = 0; i < HASH_OCTETS; i++)
    {
      hex[2 * i] = digits[octets[i] >> 4];
      hex[2 * i + 1] = digits[octets[i] & 15];
    }
  hex[2 * HASH_OCTETS] = '\0';
  return hex;
}

/* Looked up by its name once: OpenSSL takes longer for that than for a short text. */
static EVP_MAC *
hmac (void)
{
  static EVP_MAC *found;
  static gsize looked_up;
  if (g_once_init_enter (&looked_up))
    {
      found = EVP_MAC_fetch (NULL, "HMAC", NULL);
      g_once_init_leave (&looked_up, 1);
    }
  return found;
}

void
hash_sign (gconstpointer key, gsize key_length, gconstpointer data, gsize length, guint8 *mac)
{
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST, digest, 0),
                                    OSSL_PARAM_construct_end () };
  size_t written = 0;
  EVP_MAC_CTX *context = EVP_MAC_CTX_new (hmac ());
  if (context == NULL || !EVP_MAC_init (context, key, key_length, parameters) ||
      !EVP_MAC_update (context, data, length) || !EVP_MAC_final (context, mac, &written, HASH_OCTETS))
    g_error ("OpenSSL cannot compute an HMAC");
  EVP_MAC_CTX_free (context);
}
