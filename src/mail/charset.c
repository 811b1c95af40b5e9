#include "mail/charset.h"

#include <errno.h>
#include <string.h>
#include <unicode/ucsdet.h>

#include "mail/headers.h"

enum {
  ALMOST = 500,     /* of so many octets one may be broken in text that is in its charset all the same */
  LEAST_SURE = 30,  /* of ICU's 100 */
  DETECTED = 8192,  /* octets that the detector looks at */
  WINDOW = 1024,    /* octets that are converted at a time */
};

/* What mail that names the first is really written in: programs name the older, smaller set. */
static const struct {
  const char *declared, *real;
} supersets[] = {
  { "iso-8859-1", "windows-1252" }, { "us-ascii", NULL }, { "ascii", NULL }, { "utf-8", NULL }, { "utf8", NULL },
  { "gb2312", "gb18030" }, { "gbk", "gb18030" },
  { "shift_jis", "cp932" }, { "euc-kr", "cp949" }, { "ks_c_5601-1987", "cp949" }, { "iso-8859-9", "windows-1254" },
  { "tis-620", "windows-874" }, { "unknown-8bit", NULL }, { "x-unknown", NULL }, { "default", NULL },
};

static const char *
real_charset (const char *declared)
{
  for (guint i = 0; declared != NULL && i < G_N_ELEMENTS (supersets); i++)
    if (g_ascii_strcasecmp (declared, supersets[i].declared) == 0)
      return supersets[i].real;
  return declared;
}

static void
without_nul (GString *text)
{
  for (char *nul = text->str; (nul = memchr (nul, '\0', text->len - (gsize) (nul - text->str))) != NULL;)
    *nul = ' ';
}

/* TEXT when it is valid UTF-8, and freed with NULL otherwise. */
static GString *
checked (GString *text)
{
  without_nul (text);
  if (g_utf8_validate_len (text->str, text->len, NULL))
    return text;
  g_string_free (text, TRUE);
  return NULL;
}

/* NULL when iconv does not know CHARSET. *BROKEN: how many octets were none of it. */
static GString *
convert (const char *octets, gsize length, const char *charset, gsize *broken)
{
  iconv_t converter = g_mime_iconv_open ("utf-8", charset);
  if (converter == (iconv_t) -1)
    return NULL;
  GString *text = g_string_sized_new (length);
  char *in = (char *) octets, buffer[4096];
  *broken = 0;
  while (length > 0)
    {
      char *out = buffer;
      size_t room = sizeof buffer, given = MIN (length, WINDOW), left = given;
      size_t result = iconv (converter, &in, &left, &out, &room);
      int problem = result == (size_t) -1 ? errno : 0;
      g_string_append_len (text, buffer, out - buffer);
      length -= given - left;
      if (problem == EINVAL && left == length) /* cut by the end */
        break;
      if (problem != EILSEQ && !(problem == EINVAL && left == given))
        continue;
      g_string_append_unichar (text, 0xFFFD);
      ++*broken;
      in++;
      length--;
    }
  g_mime_iconv_close (converter);
  return checked (text);
}

/* What only looks like one of these is most often text of Western Europe, which the detector tells apart badly. */
static gboolean
is_trusted (const char *name)
{
  static const char *const doubtful[] = { "ISO-8859-1",   "ISO-8859-2", "ISO-8859-9", "windows-1250", "windows-1252",
                                          "windows-1254", "UTF-16BE",   "UTF-16LE",   "UTF-32BE",     "UTF-32LE",
                                          "IBM420_ltr",   "IBM420_rtl", "IBM424_ltr", "IBM424_rtl" };
  for (guint i = 0; i < G_N_ELEMENTS (doubtful); i++)
    if (g_str_equal (name, doubtful[i]))
      return FALSE;
  return TRUE;
}

static GString *
convert_detected (const char *octets, gsize length)
{
  UErrorCode status = U_ZERO_ERROR;
  GString *text = NULL;
  UCharsetDetector *detector = ucsdet_open (&status);
  ucsdet_setText (detector, octets, (int32_t) MIN (length, DETECTED), &status);
  const UCharsetMatch *match = ucsdet_detect (detector, &status);
  const char *name = match != NULL ? ucsdet_getName (match, &status) : NULL;
  gsize broken = 0;
  if (U_SUCCESS (status) && name != NULL && is_trusted (name) && ucsdet_getConfidence (match, &status) >= LEAST_SURE)
    text = convert (octets, length, real_charset (name) != NULL ? real_charset (name) : name, &broken);
  ucsdet_close (detector);
  if (text == NULL || broken <= length / ALMOST)
    return text;
  g_string_free (text, TRUE);
  return NULL;
}

/* A character that the end has cut is cut off; NULL when OCTETS are not UTF-8. */
static GString *
read_utf8 (const char *octets, gsize length)
{
  const char *end;
  if (g_utf8_validate_len (octets, length, &end))
    return g_string_new_len (octets, (gssize) length);
  if (*end == '\0' && end < octets + length)
    {
      GString *text = g_string_new_len (octets, (gssize) length);
      return checked (text);
    }
  gsize rest = length - (gsize) (end - octets);
  if (rest >= 4 || g_utf8_get_char_validated (end, (gssize) rest) != (gunichar) -2)
    return NULL;
  return g_string_new_len (octets, end - octets);
}

static gboolean
is_ascii (const char *octets, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guchar) octets[i] >= 0x80)
      return FALSE;
  return TRUE;
}

/* A set of one octet a character fits anything: there the octets' being UTF-8 by chance is less likely than a wrong name. */
static gboolean
fits_anything (const char *charset)
{
  return g_ascii_strncasecmp (charset, "windows-125", 11) == 0 || g_ascii_strncasecmp (charset, "iso-8859-", 9) == 0 ||
         g_ascii_strncasecmp (charset, "koi8", 4) == 0;
}

/* Japanese mail of old says no charset, and its escapes are ASCII. */
static const char *
assume_charset (const char *octets, gsize length, const char *charset)
{
  if (charset != NULL || (memmem (octets, length, "\033$B", 3) == NULL && memmem (octets, length, "\033$@", 3) == NULL))
    return charset;
  return "iso-2022-jp";
}

GString *
charset_to_utf8 (const char *octets, gsize length, const char *declared)
{
  const char *charset = assume_charset (octets, length, real_charset (declared));
  GString *text =
      charset == NULL || (fits_anything (charset) && !is_ascii (octets, length)) ? read_utf8 (octets, length) : NULL;
  gsize broken = 0;
  if (text != NULL)
    return text;
  if (charset != NULL && (text = convert (octets, length, charset, &broken)) != NULL && broken <= length / ALMOST)
    return text;
  if (text != NULL)
    g_string_free (text, TRUE);
  if ((text = read_utf8 (octets, length)) != NULL || (text = convert_detected (octets, length)) != NULL)
    return text;
  if (declared != NULL && g_ascii_strncasecmp (declared, "utf", 3) == 0 &&
      (text = convert (octets, length, "utf-8", &broken)) != NULL)
    {
      if (broken <= length / ALMOST)
        return text;
      g_string_free (text, TRUE);
    }
  g_autofree char *repaired = headers_repair (octets, (gssize) length);
  return g_string_new (repaired);
}
