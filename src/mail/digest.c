#include "mail/digest.h"

#include "config/limits.h"

#include <string.h>

static void
add (Hash *digest, const char *label, const char *value)
{
  char size[32];
  gsize length = strlen (value);
  int digits = g_snprintf (size, sizeof size, " %" G_GSIZE_FORMAT ":", length);
  hash_add (digest, label, strlen (label));
  hash_add (digest, size, (gsize) digits);
  hash_add (digest, value, length);
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
digest_add_header (Hash *digest, const GPtrArray *fields)
{
  static const char *const names[] = { "from", "to", "cc", "subject", "date" };
  for (guint n = 0; n < G_N_ELEMENTS (names); n++)
    for (guint i = 0; i < fields->len; i++)
      {
        const RawField *field = g_ptr_array_index (fields, i);
        if (g_ascii_strcasecmp (field->name, names[n]) != 0)
          continue;
        g_autofree char *value = headers_decode (field, LIMIT_ENCODED_WORDS, LIMIT_HEADER_VALUE);
        squeeze (value, n >= 3);
        add (digest, names[n], value);
      }
}

/* Line ends as one LF, held back until something follows them. */
typedef struct {
  Hash *hash;
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
      hash_add (canonical->hash, lines, count);
    }
}

static gboolean
canonical_add (const char *data, gsize length, gpointer user)
{
  Canonical *canonical = user;
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
      hash_add (canonical->hash, data + begin, i - begin);
    }
  return TRUE;
}

static void
add_part (Hash *digest, const RawMessage *raw, const Part *part)
{
  g_autoptr (Hash) content = hash_new ();
  Canonical canonical = { .hash = content };
  parts_each_piece (raw, part, canonical_add, &canonical);
  g_autofree char *hex = hash_to_hex (content);
  add (digest, part->type, hex);
}

char *
digest_message (const RawMessage *raw, const GPtrArray *fields, const Parts *parts)
{
  g_autoptr (Hash) digest = hash_new ();
  g_autofree char *embedded = hash_to_hex (parts->headers);
  digest_add_header (digest, fields);
  add (digest, "embedded", embedded);
  for (guint i = 0; i < parts->leaves->len; i++)
    add_part (digest, raw, g_ptr_array_index (parts->leaves, i));
  return hash_to_hex (digest);
}
