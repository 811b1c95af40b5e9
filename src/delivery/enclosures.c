#include "delivery/enclosures.h"

#include <string.h>

#include "mail/attachments.h"

static gboolean
is_of_the_form (const Attachment *attachment, const Part *part)
{
  static const char *const signatures[] = { "application/pgp-signature", "application/pgp-encrypted", "application/pkcs7-signature",
                                            "application/x-pkcs7-signature", NULL };
  return g_strv_contains (signatures, attachment->type) ||
         (part->in_text && !part->attachment && g_str_has_prefix (attachment->type, "image/"));
}

static gboolean
add_piece (const char *data, gsize length, gpointer user)
{
  g_byte_array_append (user, (const guint8 *) data, (guint) length);
  return TRUE;
}

static void
free_enclosure (gpointer data)
{
  LetterAttachment *enclosure = data;
  g_free (enclosure->name);
  g_free (enclosure->type);
  g_bytes_unref (enclosure->octets);
  g_free (enclosure);
}

GPtrArray *
enclosures_read (const RawMessage *raw, const char *text)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (free_enclosure);
  g_autoptr (Attachments) attachments = attachments_read (raw, text);
  for (guint i = 0; i < attachments->list->len; i++)
    {
      const Attachment *attachment = g_ptr_array_index (attachments->list, i);
      if (is_of_the_form (attachment, g_ptr_array_index (attachments->parts->leaves, attachment->leaf)))
        continue;
      GByteArray *octets = g_byte_array_new ();
      attachments_each_piece (raw, attachments, attachment, add_piece, octets);
      LetterAttachment *enclosure = g_new0 (LetterAttachment, 1);
      *enclosure = (LetterAttachment){ .name = g_strdup (attachment->name),
                                       .type = g_strdup (attachment->type),
                                       .octets = g_byte_array_free_to_bytes (octets) };
      g_ptr_array_add (list, enclosure);
    }
  return list;
}
