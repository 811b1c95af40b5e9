#include "delivery/phone_text.h"

#include <string.h>

#include "mail/message.h"

char *
phone_text_cut (const char *text, gsize max)
{
  if (strlen (text) <= max)
    return g_strdup (text);
  const char *end = g_utf8_find_prev_char (text, text + max + 1);
  return g_strndup (text, end != NULL ? (gsize) (end - text) : 0);
}

/* ---- GSM 03.38 ---- */

/* Places that C takes, 0: it is not in the alphabet. */
static guint
gsm_width (gunichar c)
{
  if (c == 0 || c == '`')
    return 0;
  if (c < 0x80)
    return strchr ("^{}\\[~]|", (int) c) != NULL ? 2 : 1;
  if (c == 0x20AC)
    return 2;
  return g_utf8_strchr ("£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", -1, c) != NULL ? 1 : 0;
}

/* Characters that no decomposition brings into the alphabet. */
static const char *
find_likeness (gunichar c)
{
  static const struct {
    gunichar c;
    const char *text;
  } likenesses[] = {
    { 0x0110, "D" },  { 0x0111, "d" },  { 0x0141, "L" },   { 0x0142, "l" },  { 0x0152, "OE" }, { 0x0153, "oe" },
    { 0x00A0, " " },  { 0x00AB, "\"" }, { 0x00BB, "\"" },  { 0x2010, "-" },  { 0x2011, "-" },  { 0x2013, "-" },
    { 0x2014, "-" },  { 0x2018, "'" },  { 0x2019, "'" },   { 0x201C, "\"" }, { 0x201D, "\"" }, { 0x2022, "-" },
    { 0x2026, "..." }, { 0x202F, " " }, { '`', "'" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (likenesses); i++)
    if (likenesses[i].c == c)
      return likenesses[i].text;
  return NULL;
}

/* C without what stands above and below it: "ế" is "e". */
static gunichar
strip_marks (gunichar c)
{
  gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  gsize count = g_unichar_fully_decompose (c, FALSE, parts, G_N_ELEMENTS (parts));
  return count > 0 ? parts[0] : c;
}

static void
append_gsm (GString *text, gunichar c)
{
  const char *likeness = find_likeness (c);
  if (gsm_width (c) > 0)
    g_string_append_unichar (text, c);
  else if (likeness != NULL)
    g_string_append (text, likeness);
  else
    g_string_append_unichar (text, gsm_width (strip_marks (c)) > 0 ? strip_marks (c) : c);
}

char *
phone_text_shorten (const char *text)
{
  g_autofree char *line = text_clean (text, G_MAXSIZE);
  g_autofree char *composed = g_utf8_normalize (line, -1, G_NORMALIZE_NFC);
  g_autoptr (GString) gsm = g_string_new (NULL);
  guint width = 0;
  for (const char *at = composed; *at != '\0'; at = g_utf8_next_char (at))
    append_gsm (gsm, g_utf8_get_char (at));
  const char *end = gsm->str;
  for (; *end != '\0'; end = g_utf8_next_char (end))
    {
      width += MAX (gsm_width (g_utf8_get_char (end)), 1);
      if (width > PHONE_TEXT_SHORT)
        break;
    }
  return g_strchomp (g_strndup (gsm->str, (gsize) (end - gsm->str)));
}

/* ---- the whole ---- */

char *
phone_text_write (const PageNotice *notice, gsize max)
{
  g_autofree char *link = notice->acknowledge_url != NULL ? g_strconcat ("\n", notice->acknowledge_url, NULL) : g_strdup ("");
  g_autofree char *all = g_strconcat (notice->text, notice->list != NULL ? "\n" : "", notice->list, NULL);
  g_autofree char *cut = phone_text_cut (all, max - MIN (strlen (link), max));
  g_autofree char *whole = g_strconcat (g_strchomp (cut), link, NULL);
  return phone_text_cut (whole, max);
}
