/* The set of all templates: which there must be, and which is taken for a letter. It does not change once loaded. */
#include <string.h>

#include "mail/template.h"

#define SUFFIX ".txt"
#define WEB_SUFFIX ".html"
#define LANGUAGES_TRIED 8

G_DEFINE_QUARK (frontdesk-letter-error-quark, letter_error)

static const char *const letters[] = { "acknowledgement", "after-hours", "holiday",      "emergency",
                                       "emergency-unverified", "update", "extension", "resolved",
                                       "reply", "team-new", "team-unverified", "team-failed", "team-bounce", "team-flood",
                                       "team-warning", "team-breach", "team-reminder", "page",
                                       "page-short", "page-acknowledged", "page-resolved", "page-reminder",
                                       "page-answer", "taken", "team-message", "team-given" };

/* With their suffix, as letters are without it in the table below. */
static const char *const pages[] = { "web-page.html", "web-incident.html", "web-problem.html", "web-sentence.html" };

struct Templates {
  GHashTable *by_name; /* (element-type utf8 Template) "fr-ca/acknowledgement" */
  char *default_language;
};

/* "fr_CA;q=0.8" -> "fr-ca": POSIX writes tags with "_", LDAP's preferredLanguage may have weights (RFC 2798). */
static char *
normalise_tag (const char *tag)
{
  g_autofree char *bare = g_strstrip (g_strndup (tag, strcspn (tag, ";")));
  return g_strdelimit (g_ascii_strdown (bare, -1), "_", '-');
}

/* The key of template NAME in the language of TAG, or in a wider one: "fr-ca", then "fr". NULL when neither has it. */
static const char *
find_in_language (const Templates *templates, const char *tag, const char *name)
{
  g_autofree char *language = normalise_tag (tag);
  while (*language != '\0')
    {
      gpointer key;
      g_autofree char *wanted = g_strdup_printf ("%s/%s", language, name);
      if (g_hash_table_lookup_extended (templates->by_name, wanted, &key, NULL))
        return key;
      char *dash = strrchr (language, '-');
      *(dash != NULL ? dash : language) = '\0';
    }
  return NULL;
}

static const char *
find_key (const Templates *templates, const char *name, const char *languages)
{
  g_auto (GStrv) list = g_strsplit (languages != NULL ? languages : "", ",", LANGUAGES_TRIED + 1);
  for (guint i = 0; list[i] != NULL && i < LANGUAGES_TRIED; i++)
    {
      const char *key = find_in_language (templates, list[i], name);
      if (key != NULL)
        return key;
    }
  return find_in_language (templates, templates->default_language, name);
}

gboolean
templates_fill (const Templates *templates, const char *name, const char *languages, const LetterData *data,
                char **subject, char **body, GError **error)
{
  const char *key = find_key (templates, name, languages);
  if (key != NULL)
    return template_fill (g_hash_table_lookup (templates->by_name, key), data, subject, body, error);
  g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ, "there is no template %s%s", name, SUFFIX);
  return FALSE;
}

gboolean
templates_fill_web (const Templates *templates, const char *name, const char *languages, const WebData *data,
                    char **html, GError **error)
{
  g_autofree char *file = g_strconcat (name, WEB_SUFFIX, NULL);
  const char *key = find_key (templates, file, languages);
  if (key == NULL)
    {
      g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ, "there is no template %s", file);
      return FALSE;
    }
  g_autofree char *language = g_strndup (key, strcspn (key, "/"));
  WebData own = *data;
  own.language = language;
  return template_fill_web (g_hash_table_lookup (templates->by_name, key), &own, html, error);
}

char *
templates_find_language (const Templates *templates, const char *name, const char *languages)
{
  const char *key = find_key (templates, name, languages);
  return key != NULL ? g_strndup (key, strcspn (key, "/")) : NULL;
}

static gboolean
load_file (Templates *templates, const char *path, const char *language, const char *name, GError **error)
{
  g_autoptr (Template) template = template_load (path, error);
  if (template == NULL)
    return FALSE;
  gboolean used = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
    used = used || g_str_equal (letters[i], name);
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    used = used || g_str_equal (pages[i], name);
  if (!used)
    g_message ("%s: no letter has this name, so this template is never used", path);
  g_autofree char *tag = normalise_tag (language);
  g_hash_table_insert (templates->by_name, g_strdup_printf ("%s/%s", tag, name), g_steal_pointer (&template));
  return TRUE;
}

static GDir *
open_folder (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  GDir *folder = g_dir_open (path, 0, &problem);
  if (folder == NULL)
    g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ, "the configuration's \"templates\" cannot be read: %s",
                 problem->message);
  return folder;
}

static gboolean
load_language (Templates *templates, const char *path, const char *language, GError **error)
{
  g_autoptr (GDir) folder = open_folder (path, error);
  if (folder == NULL)
    return FALSE;
  const char *entry;
  while ((entry = g_dir_read_name (folder)) != NULL)
    {
      gboolean letter = g_str_has_suffix (entry, SUFFIX);
      if (*entry == '.' || (!letter && !g_str_has_suffix (entry, WEB_SUFFIX)))
        continue;
      g_autofree char *file = g_build_filename (path, entry, NULL);
      g_autofree char *name = g_strndup (entry, strlen (entry) - (letter ? strlen (SUFFIX) : 0));
      if (!load_file (templates, file, language, name, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
load_languages (Templates *templates, const char *path, GError **error)
{
  g_autoptr (GDir) folder = open_folder (path, error);
  if (folder == NULL)
    return FALSE;
  const char *entry;
  while ((entry = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *language = g_build_filename (path, entry, NULL);
      if (*entry != '.' && g_file_test (language, G_FILE_TEST_IS_DIR) &&
          !load_language (templates, language, entry, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_present (const Templates *templates, const char *path, const char *name, const char *suffix, GError **error)
{
  if (find_in_language (templates, templates->default_language, name) != NULL)
    return TRUE;
  g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ,
               "%s/%s/%s%s: the default language must have this template; copy it from another language", path,
               templates->default_language, name, suffix);
  return FALSE;
}

/* Whatever a reader's language, the default has every letter and page. */
static gboolean
check_complete (const Templates *templates, const char *path, GError **error)
{
  gboolean complete = TRUE;
  for (guint i = 0; complete && i < G_N_ELEMENTS (letters); i++)
    complete = check_present (templates, path, letters[i], SUFFIX, error);
  for (guint i = 0; complete && i < G_N_ELEMENTS (pages); i++)
    complete = check_present (templates, path, pages[i], "", error);
  return complete;
}

Templates *
templates_load (const char *folder, const char *default_language, GError **error)
{
  g_autoptr (Templates) templates = g_atomic_rc_box_new0 (Templates);
  templates->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) template_free);
  templates->default_language = g_strdup (default_language);
  if (load_languages (templates, folder, error) && check_complete (templates, folder, error))
    return g_steal_pointer (&templates);
  return NULL;
}

Templates *
templates_ref (Templates *templates)
{
  return g_atomic_rc_box_acquire (templates);
}

static void
templates_clear (Templates *templates)
{
  g_hash_table_unref (templates->by_name);
  g_free (templates->default_language);
}

void
templates_unref (Templates *templates)
{
  g_atomic_rc_box_release_full (templates, (GDestroyNotify) templates_clear);
}
