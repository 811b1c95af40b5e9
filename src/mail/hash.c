#include "mail/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

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

void
hash_sign (gconstpointer key, gsize key_length, gconstpointer data, gsize length, guint8 *mac)
{
  HMAC (EVP_sha256 (), key, (int) key_length, data, length, mac, NULL);
}
