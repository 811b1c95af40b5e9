#include "mail/seal.h"

#include <string.h>

#include "mail/keys.h"

#define MAC_OCTETS 10 /* 80 bits */
#define MAC_LENGTH 16 /* of them as base32 */
#define BASE32 "abcdefghijklmnopqrstuvwxyz234567" /* RFC 4648 6, in lower case */
#define NUMBER_LENGTH 18 /* digits that always fit a gint64 */
#define LOCAL_PART 64 /* octets, RFC 5321 4.5.3.1.1 */

struct Seal {
  Keys *keys;
};

static Seal *
new_seal (Keys *keys)
{
  Seal *seal = g_new0 (Seal, 1);
  seal->keys = keys;
  return seal;
}

Seal *
seal_open (const char *path, gboolean create, GError **error)
{
  Keys *keys = keys_open (path, create, error);
  return keys != NULL ? new_seal (keys) : NULL;
}

Seal *
seal_new (void)
{
  return new_seal (keys_new ());
}

void
seal_free (Seal *seal)
{
  keys_free (seal->keys);
  g_free (seal);
}

/* Customers, staff, return address, page. */
static gboolean
is_kind (char kind)
{
  return kind == 't' || kind == 'a' || kind == 'b' || kind == 'p';
}

/* LENGTH octets give LENGTH * 8 / 5 characters, which must come out even. */
static char *
base32 (const guchar *octets, gsize length)
{
  GString *text = g_string_new (NULL);
  guint bits = 0, count = 0;
  for (gsize i = 0; i < length; i++)
    {
      bits = bits << 8 | octets[i];
      for (count += 8; count >= 5; count -= 5)
        g_string_append_c (text, BASE32[bits >> (count - 5) & 31]);
    }
  return g_string_free (text, FALSE);
}

/* What is signed: its kind WHAT and two strings. Each counts with its final NUL, so that no other division of the same octets gives the
 * same MAC. */
static GString *
join (const char *what, const char *one, const char *other)
{
  const char *parts[] = { what, one, other };
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_string_append_len (text, parts[i], (gssize) strlen (parts[i]) + 1);
  return text;
}

/* The MAC over these, as base32. */
static char *
sign (const Seal *seal, const char *what, const char *one, const char *other)
{
  guint8 mac[HASH_OCTETS];
  g_autoptr (GString) text = join (what, one, other);
  keys_sign (seal->keys, text->str, text->len, mac);
  return base32 (mac, MAC_OCTETS);
}

/* Compares without case, in a time that does not tell how much was right. */
static gboolean
macs_are_equal (const char *one, const char *other)
{
  guchar difference = 0;
  for (guint i = 0; i < MAC_LENGTH; i++)
    difference |= (guchar) (g_ascii_tolower (one[i]) ^ g_ascii_tolower (other[i]));
  return difference == 0;
}

/* Whether one of the keys that are good now gives MAC over TEXT. */
static gboolean
is_by_a_key (const Seal *seal, const GString *text, const char *mac)
{
  guint8 macs[KEYS_MOST][HASH_OCTETS];
  guint count = keys_sign_all (seal->keys, g_get_real_time () / G_USEC_PER_SEC, text->str, text->len, macs);
  gboolean found = FALSE;
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *right = base32 (macs[i], MAC_OCTETS);
      found |= macs_are_equal (right, mac);
    }
  return found;
}

/* A MAC that none of them gives may be by a key that has been made since they were read. */
static gboolean
is_right (const Seal *seal, const char *what, const char *one, const char *other, const char *mac)
{
  g_autoptr (GString) text = join (what, one, other);
  return is_by_a_key (seal, text, mac) || (keys_refresh (seal->keys) && is_by_a_key (seal, text, mac));
}

/* ROLE_ADDRESS without an extension of its own; NULL when nothing can be put behind its local part. */
static char *
plain_address (const char *role_address)
{
  const char *at = strrchr (role_address, '@');
  if (at == NULL || at == role_address || *role_address == '"')
    return NULL;
  gsize length = strcspn (role_address, "+@");
  return length > 0 ? g_strdup_printf ("%.*s%s", (int) length, role_address, at) : NULL;
}

/* ADDRESS as it is signed. */
static char *
fold_address (const char *address)
{
  g_autofree char *valid = g_utf8_make_valid (address, -1);
  return g_utf8_strdown (valid, -1);
}

char *
seal_address (const Seal *seal, const char *role_address, char kind, gint64 number)
{
  g_return_val_if_fail (number > 0 && is_kind (kind), NULL);
  g_autofree char *address = plain_address (role_address);
  if (address == NULL)
    return NULL;
  const char *at = strrchr (address, '@');
  g_autofree char *folded = fold_address (address);
  g_autofree char *text = g_strdup_printf ("%c.%" G_GINT64_FORMAT, kind, number);
  g_autofree char *mac = sign (seal, "address", text, folded);
  g_autofree char *local = g_strdup_printf ("%.*s+%s.%s", (int) (at - address), address, text, mac);
  return strlen (local) <= LOCAL_PART ? g_strconcat (local, at, NULL) : NULL;
}

/* Takes EXTENSION apart: "t.1042.MAC". *MAC points into it. */
static gboolean
split_extension (const char *extension, char *kind, gint64 *number, const char **mac)
{
  if (extension == NULL || !is_kind (g_ascii_tolower (*extension)) || extension[1] != '.')
    return FALSE;
  const char *digits = extension + 2;
  gsize count = strspn (digits, "0123456789");
  if (count == 0 || count > NUMBER_LENGTH || *digits == '0' || digits[count] != '.')
    return FALSE;
  *mac = digits + count + 1;
  if (strlen (*mac) != MAC_LENGTH || strspn (*mac, BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != MAC_LENGTH)
    return FALSE;
  *kind = g_ascii_tolower (*extension);
  *number = g_ascii_strtoll (digits, NULL, 10);
  return TRUE;
}

gint64
seal_open_extension (const Seal *seal, const char *role_address, const char *extension, char kind)
{
  char given_kind;
  gint64 number;
  const char *given;
  if (!split_extension (extension, &given_kind, &number, &given) || given_kind != kind)
    return 0;
  g_autofree char *address = plain_address (role_address);
  if (address == NULL)
    return 0;
  g_autofree char *folded = fold_address (address);
  g_autofree char *text = g_strdup_printf ("%c.%" G_GINT64_FORMAT, kind, number);
  return is_right (seal, "address", text, folded, given) ? number : 0;
}

gboolean
seal_looks_signed (const char *extension, char kind)
{
  char given_kind;
  gint64 number;
  const char *mac;
  return split_extension (extension, &given_kind, &number, &mac) && given_kind == kind;
}

char *
seal_message_id (const Seal *seal, const char *purpose, const char *key, const char *hostname)
{
  g_autofree char *mac = sign (seal, "message-id", purpose, key);
  return g_strdup_printf ("%s.%s@%s", purpose, mac, hostname);
}

char *
seal_token (const Seal *seal, const char *purpose, const char *value)
{
  g_autofree char *mac = sign (seal, "token", purpose, value);
  return g_strconcat (value, ".", mac, NULL);
}

char *
seal_open_token (const Seal *seal, const char *purpose, const char *token)
{
  const char *dot = strrchr (token, '.');
  if (dot == NULL || strlen (dot + 1) != MAC_LENGTH)
    return NULL;
  g_autofree char *value = g_strndup (token, (gsize) (dot - token));
  return is_right (seal, "token", purpose, value, dot + 1) ? g_steal_pointer (&value) : NULL;
}
