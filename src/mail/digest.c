#include "mail/digest.h"

#include "config/limits.h"

#include <openssl/evp.h>
#include <string.h>

/* The bodies are what there is much of, and OpenSSL's SHA-256 uses the processor's own instructions for it. */
typedef EVP_MD_CTX BodyDigest;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BodyDigest, EVP_MD_CTX_free)

static void
add (GChecksum *digest, const char *label, const char *value)
{
  g_autofree char *head = g_strdup_printf ("%s %" G_GSIZE_FORMAT ":", label, strlen (value));
  g_checksum_update (digest, (const guchar *) head, -1);
  g_checksum_update (digest, (const guchar *) value, -1);
}

/* TEXT with each run of white space made one blank, or none at all: where a field may be folded, white space
 * comes and goes on the way. */
static void
squeeze (char *text, gboolean keep_one)
{
  char *to = text;
  for (const char *from = text; *from != '\0'; from++)
    if (!g_ascii_isspace (*from))
      *to++ = *from;
    else if (keep_one && to > text && to[-1] != ' ')
      *to++ = ' ';
  *to = '\0';
  g_strchomp (text);
}

void
digest_add_header (GChecksum *digest, const GPtrArray *fields)
{
  static const char *const names[] = { "from", "to", "cc", "subject", "date" };
  for (guint n = 0; n < G_N_ELEMENTS (names); n++)
    for (guint i = 0; i < fields->len; i++)
      {
        const RawField *field = g_ptr_array_index (fields, i);
        if (g_ascii_strcasecmp (field->name, names[n]) != 0)
          continue;
        g_autofree char *value = headers_decode (field, LIMIT_HEADER_VALUE);
        squeeze (value, n >= 3);
        add (digest, names[n], value);
      }
}

/* Line ends as one LF, held back until something follows them. */
typedef struct {
  BodyDigest *digest;
  gsize held;
  gboolean after_cr;
} Canonical;

static void
canonical_release (Canonical *canonical)
{
  static const guchar lines[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
  for (gsize count; canonical->held > 0; canonical->held -= count)
    {
      count = MIN (canonical->held, sizeof lines - 1);
      EVP_DigestUpdate (canonical->digest, lines, count);
    }
}

static void
canonical_add (Canonical *canonical, const char *data, gsize length)
{
  gsize i = 0;
  while (i < length)
    {
      if (data[i] == '\n' || data[i] == '\r')
        {
          if (!canonical->after_cr) /* CRs before an LF are one line end with it */
            canonical->held++;
          canonical->after_cr = data[i++] == '\r';
          continue;
        }
      gsize begin = i;
      while (i < length && data[i] != '\n' && data[i] != '\r')
        i++;
      canonical->after_cr = FALSE;
      canonical_release (canonical);
      EVP_DigestUpdate (canonical->digest, data + begin, i - begin);
    }
}

static char *
to_hex (const guchar *octets, guint count)
{
  GString *hex = g_string_sized_new (2 * count);
  for (guint i = 0; i < count; i++)
    g_string_append_printf (hex, "%02x", octets[i]);
  return g_string_free (hex, FALSE);
}

static void
add_part (GChecksum *digest, const RawMessage *raw, const Part *part)
{
  g_autoptr (BodyDigest) body = EVP_MD_CTX_new ();
  EVP_DigestInit_ex (body, EVP_sha256 (), NULL);
  Canonical canonical = { .digest = body };
  g_autoptr (GMimeStream) stream = parts_stream (raw, part);
  char buffer[16 * 1024];
  for (ssize_t got; (got = g_mime_stream_read (stream, buffer, sizeof buffer)) > 0;)
    canonical_add (&canonical, buffer, (gsize) got);
  guchar octets[EVP_MAX_MD_SIZE];
  guint count = 0;
  EVP_DigestFinal_ex (body, octets, &count);
  g_autofree char *hex = to_hex (octets, count);
  add (digest, part->type, hex);
}

char *
digest_message (const RawMessage *raw, const GPtrArray *fields, const Parts *parts)
{
  g_autoptr (GChecksum) digest = g_checksum_new (G_CHECKSUM_SHA256);
  digest_add_header (digest, fields);
  add (digest, "embedded", g_checksum_get_string (parts->headers));
  for (guint i = 0; i < parts->leaves->len; i++)
    add_part (digest, raw, g_ptr_array_index (parts->leaves, i));
  return g_strdup (g_checksum_get_string (digest));
}
