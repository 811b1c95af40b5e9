#include "web/signature.h"

#include <string.h>

#include "web/form.h"

#define SHA1_OCTETS 20

static int
compare_fields (gconstpointer one, gconstpointer other)
{
  const Field *a = *(Field *const *) one, *b = *(Field *const *) other;
  int order = strcmp (a->name, b->name);
  return order != 0 ? order : strcmp (a->value, b->value);
}

char *
signature_twilio (const char *token, const char *url, const GPtrArray *form)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  for (guint i = 0; i < form->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (form, i));
  g_ptr_array_sort (sorted, compare_fields);
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) token, strlen (token));
  g_hmac_update (hmac, (const guchar *) url, (gssize) strlen (url));
  for (guint i = 0; i < sorted->len; i++)
    {
      const Field *field = g_ptr_array_index (sorted, i);
      g_hmac_update (hmac, (const guchar *) field->name, (gssize) strlen (field->name));
      g_hmac_update (hmac, (const guchar *) field->value, (gssize) strlen (field->value));
    }
  guint8 octets[SHA1_OCTETS];
  gsize length = sizeof octets;
  g_hmac_get_digest (hmac, octets, &length);
  return g_base64_encode (octets, length);
}

gboolean
signature_equal (const char *one, const char *other)
{
  gsize length = strlen (one);
  if (strlen (other) != length)
    return FALSE;
  guchar difference = 0;
  for (gsize i = 0; i < length; i++)
    difference |= (guchar) (one[i] ^ other[i]);
  return difference == 0;
}
