/* What points to a ticket: Message-IDs, subject tags, signed addresses and tokens. The input is a header; each of its lines
 * is tried as an address, as the extension of one and as a token, with a "*" in it as the signature that would be right. */
#include "fuzz.h"

#include <glib/gstdio.h>
#include <string.h>

#include "config/config.h"
#include "config/limits.h"
#include "mail/seal.h"

#define ROLE "support@example.com"

/* The same in every run, so that a finding can be seen again. */
static const Seal *
fixed_seal (void)
{
  static Seal *seal;
  if (seal == NULL)
    {
      g_autofree char *path = fuzz_file ("key", "0123456789abcdef0123456789abcdef", 32);
      FUZZ_CHECK (g_chmod (path, 0600) == 0);
      seal = seal_open (path, FALSE, NULL);
      FUZZ_CHECK (seal != NULL);
    }
  return seal;
}

/* "t.12.*" -> "t.12.MAC"; what is no kind and number stays. The caller's. */
static char *
sign_extension (const char *text)
{
  gint64 number = 0;
  if (strlen (text) < 5 || !g_str_has_suffix (text, ".*") || text[1] != '.' || strchr ("tabp", *text) == NULL)
    return g_strdup (text);
  g_autofree char *digits = g_strndup (text + 2, strlen (text) - 4);
  if (!g_ascii_string_to_signed (digits, 10, 1, G_MAXINT64, &number, NULL))
    return g_strdup (text);
  g_autofree char *address = seal_address (fixed_seal (), ROLE, *text, number);
  if (address == NULL)
    return g_strdup (text);
  const char *plus = strchr (address, '+');
  return g_strndup (plus + 1, strcspn (plus + 1, "@"));
}

/* Only what we would write ourselves is taken, in any case of its letters. */
static void
check_extension (const char *text)
{
  static const char kinds[] = "tabp";
  g_autofree char *extension = sign_extension (text);
  for (guint i = 0; kinds[i] != '\0'; i++)
    {
      gint64 number = seal_open_extension (fixed_seal (), ROLE, extension, kinds[i]);
      if (number == 0)
        continue;
      g_autofree char *right = seal_address (fixed_seal (), ROLE, kinds[i], number);
      g_autofree char *given = g_strdup_printf ("support+%s@example.com", extension);
      FUZZ_CHECK (number > 0 && right != NULL && g_ascii_strcasecmp (right, given) == 0);
      FUZZ_CHECK (seal_open_extension (fixed_seal (), "billing@example.com", extension, kinds[i]) == 0);
    }
}

static void
check_token (const char *text)
{
  g_autofree char *value = g_str_has_suffix (text, "*") ? g_strndup (text, strlen (text) - 1) : NULL;
  g_autofree char *token = value != NULL ? seal_token (fixed_seal (), "page", value) : g_strdup (text);
  g_autofree char *opened = seal_open_token (fixed_seal (), "page", token);
  g_autofree char *other = seal_open_token (fixed_seal (), "oncall", token);
  FUZZ_CHECK (other == NULL);
  FUZZ_CHECK (value == NULL || g_strcmp0 (opened, value) == 0);
  if (opened == NULL)
    return;
  g_autofree char *right = seal_token (fixed_seal (), "page", opened);
  FUZZ_CHECK (g_ascii_strcasecmp (right, token) == 0);
}

static void
check_address (const char *text)
{
  g_autofree char *normal = address_normalise (text);
  g_autofree char *again = address_normalise (normal);
  if (normal == NULL)
    return;
  FUZZ_CHECK (g_utf8_validate (normal, -1, NULL) && address_equal (text, text));
  FUZZ_CHECK (again == NULL || g_str_equal (normal, again)); /* it can have grown beyond the bound */
}

static void
check_lines (const char *header)
{
  enum { MOST = 50 };
  g_auto (GStrv) lines = g_strsplit (header, "\n", MOST);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (!g_utf8_validate (lines[i], -1, NULL))
        continue;
      check_extension (lines[i]);
      check_token (lines[i]);
      check_address (lines[i]);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *header = fuzz_string (data, size);
  g_autoptr (RawMessage) raw = fuzz_raw (header, strlen (header));
  g_autoptr (MessageFacts) facts = message_read (raw, "DIYTel");
  FUZZ_CHECK (fuzz_is_line (facts->message_id, LIMIT_MESSAGE_ID) && facts->tag >= 0);
  FUZZ_CHECK (g_strv_length (facts->references) <= LIMIT_REFERENCES);
  for (guint i = 0; facts->references[i] != NULL; i++)
    {
      FUZZ_CHECK (fuzz_is_line (facts->references[i], LIMIT_MESSAGE_ID) && strpbrk (facts->references[i], "<> ") == NULL);
      for (guint j = 0; j < i; j++)
        FUZZ_CHECK (!g_str_equal (facts->references[i], facts->references[j]));
    }
  check_lines (header);
  return 0;
}
