#include "mail/language.h"

#include <glib/gstdio.h>
#include <libexttextcat/textcat.h>
#include <string.h>
#include <unistd.h>

#define CHARACTERS 2000 /* that are looked at: more makes nothing surer */
#define FEW_LETTERS 20  /* of which no words can be told */

/* ---- what is looked at ---- */

/* Links, addresses, numbers and names of machines are of no language. */
static gboolean
is_word (const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_isdigit (*text) || strchr ("@/\\_", *text) != NULL)
      return FALSE;
  return TRUE;
}

static void
add_words (GString *words, const char *line)
{
  g_auto (GStrv) pieces = g_strsplit_set (line, " \t\r", -1);
  for (guint i = 0; pieces[i] != NULL; i++)
    if (*pieces[i] != '\0' && is_word (pieces[i]))
      g_string_append_printf (words, "%s%s", words->len > 0 ? " " : "", pieces[i]);
}

static char *
take_words (const char *text)
{
  g_autofree char *head = g_utf8_substring (text, 0, MIN (g_utf8_strlen (text, -1), CHARACTERS));
  g_auto (GStrv) lines = g_strsplit (head, "\n", -1);
  GString *words = g_string_new (NULL);
  for (guint i = 0; lines[i] != NULL && !g_str_equal (g_strchomp (lines[i]), "--"); i++)
    if (*lines[i] != '>')
      add_words (words, lines[i]);
  return g_string_free (words, FALSE);
}

/* ---- letters ---- */

typedef struct {
  guint all, latin, gurmukhi, han, kana, hangul;
  guint vietnamese; /* Latin ones that no other language has */
  guint spanish;    /* marks that no other language has */
} Letters;

static void
count_letter (Letters *letters, gunichar c)
{
  letters->spanish += c == 0xBF || c == 0xA1; /* the opening question and exclamation marks */
  if (!g_unichar_isalpha (c) && !g_unichar_ismark (c)) /* vowels of Gurmukhi are marks */
    return;
  GUnicodeScript script = g_unichar_get_script (c);
  letters->all++;
  letters->latin += script == G_UNICODE_SCRIPT_LATIN;
  letters->gurmukhi += script == G_UNICODE_SCRIPT_GURMUKHI;
  letters->han += script == G_UNICODE_SCRIPT_HAN;
  letters->kana += script == G_UNICODE_SCRIPT_HIRAGANA || script == G_UNICODE_SCRIPT_KATAKANA;
  letters->hangul += script == G_UNICODE_SCRIPT_HANGUL;
  letters->vietnamese += (c >= 0x1EA0 && c <= 0x1EF9) || c == 0x1A1 || c == 0x1B0;
}

/* The language that LETTERS alone tell, or NULL. A Chinese character says as much as some letters; kana stand in Chinese text
 * at most as an ornament. */
static const char *
by_letters (const Letters *letters)
{
  const guint few = 2, half = (letters->all + 1) / 2, characters = letters->han + letters->kana;
  if (letters->all < few)
    return NULL;
  if (letters->gurmukhi >= half)
    return "pa";
  if (letters->hangul >= half)
    return "ko";
  if (characters > 0 && characters * 3 >= letters->all - characters)
    return letters->kana * 10 > letters->han ? "ja" : "zh";
  if (letters->vietnamese >= few && letters->vietnamese * 20 >= letters->all)
    return "vi";
  return letters->spanish > 0 && letters->latin >= half ? "es" : NULL;
}

/* ---- words ---- */

/* The languages that are told apart: those that the templates are in, and the neighbours that could pass for one of them. The
 * more there are, the less sure is any. */
static const char fingerprints[] = "en.lm en\nfr.lm fr\nvi.lm vi\nes.lm es\nde.lm de\nit.lm it\npt.lm pt\nnl.lm nl\n"
                                   "pl.lm pl\ntr.lm tr\nsv.lm sv\nda.lm da\nnb.lm nb\nfi.lm fi\n";

/* libexttextcat reads its list from a file only. NULL when it cannot, which is told. */
static void *
load_fingerprints (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  void *handle = NULL;
  int fd = g_file_open_tmp ("frontdesk-XXXXXX", &path, &error);
  if (fd >= 0)
    {
      if (write (fd, fingerprints, sizeof fingerprints - 1) == sizeof fingerprints - 1)
        handle = special_textcat_Init (path, TEXTCAT_DATA "/");
      close (fd);
      g_unlink (path);
    }
  if (handle == NULL)
    g_warning ("the language of what customers write cannot be told by its words: %s",
               error != NULL ? error->message : "libexttextcat's data cannot be read from " TEXTCAT_DATA);
  return handle;
}

/* The best of the COUNT candidates, when it is better than the next by more than chance. */
static char *
take_best (const candidate_t *candidates, int count)
{
  const gint64 margin = 1004; /* thousandths; a lower score is a better one */
  if (count < 1 || (count > 1 && (gint64) candidates[1].score * 1000 < (gint64) candidates[0].score * margin))
    return NULL;
  return g_strdup (candidates[0].name);
}

static char *
by_words (const char *words)
{
  static GMutex lock; /* a handle is for one thread at a time */
  static gsize loaded;
  static void *handle;
  if (g_once_init_enter (&loaded))
    {
      handle = load_fingerprints ();
      g_once_init_leave (&loaded, 1);
    }
  if (handle == NULL)
    return NULL;
  g_mutex_lock (&lock);
  candidate_t *candidates = textcat_GetClassifyFullOutput (handle);
  int count = textcat_ClassifyFull (handle, words, strlen (words), candidates);
  char *best = take_best (candidates, count);
  textcat_ReleaseClassifyFullOutput (handle, candidates);
  g_mutex_unlock (&lock);
  return best;
}

/* ---- both ---- */

char *
language_detect (const char *text, const char **because)
{
  Letters letters = { 0 };
  g_autofree char *words = take_words (text);
  for (const char *at = words; *at != '\0'; at = g_utf8_next_char (at))
    count_letter (&letters, g_utf8_get_char (at));
  const char *alone = by_letters (&letters);
  char *found = NULL;
  if (alone != NULL)
    found = g_strdup (alone);
  else if (letters.all >= FEW_LETTERS && letters.latin * 2 > letters.all)
    found = by_words (words);
  if (because != NULL)
    *because = found == NULL ? NULL : alone != NULL ? "by its letters" : "by its words";
  return found;
}

char *
language_fill_in (const char *languages, const char *detected)
{
  g_auto (GStrv) list = g_strsplit (languages != NULL ? languages : "", ",", -1);
  GString *filled = g_string_new (NULL);
  for (guint i = 0; list[i] != NULL; i++)
    {
      const char *tag = g_str_equal (list[i], LANGUAGE_OF_TEXT) ? detected : list[i];
      if (tag != NULL)
        g_string_append_printf (filled, "%s%s", filled->len > 0 ? "," : "", tag);
    }
  return g_string_free (filled, FALSE);
}
