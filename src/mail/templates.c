/* Templates: loaded once, tried once with every value filled and once with every value empty, so that an unknown name in
 * either branch of a condition is found at load. A TmplTemplate is expanded under a lock of its own, as the library does
 * not say that it may be shared. */
#include "mail/letter.h"

#include <string.h>
#include <tmpl-glib.h>

#include "config/limits.h"
#include "mail/message.h"

G_DEFINE_QUARK (frontdesk-letter-error-quark, letter_error)

static const char *const required[] = { "acknowledgement", "emergency",   "emergency-unverified", "team-new",
                                        "team-unverified", "team-failed", "page" };

typedef struct {
  char *file;
  TmplTemplate *subject, *body;
  GMutex lock;
} Template;

struct Templates {
  GHashTable *by_name; /* (element-type utf8 Template) "en/acknowledgement" */
  char *default_language;
};

static void
template_free (gpointer data)
{
  Template *template = data;
  g_clear_object (&template->subject);
  g_clear_object (&template->body);
  g_mutex_clear (&template->lock);
  g_free (template->file);
  g_free (template);
}

static TmplTemplate *
parse (const char *file, const char *text, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (TmplTemplate) template = tmpl_template_new (NULL);
  if (tmpl_template_parse_string (template, text, &failure))
    return g_steal_pointer (&template);
  g_set_error (error, LETTER_ERROR, LETTER_ERROR_SYNTAX, "%s: %s", file, failure->message);
  return NULL;
}

static TmplScope *
make_scope (const LetterData *data)
{
  const struct {
    const char *name, *value;
  } values[] = {
    { "tag", data->tag },           { "subject", data->subject },   { "name", data->name },
    { "requester", data->requester }, { "customer", data->customer }, { "company", data->company },
    { "phone", data->phone },       { "role", data->role },         { "role_address", data->role_address },
    { "team", data->team },         { "assignee", data->assignee }, { "priority", data->priority },
    { "standing", data->standing }, { "hours", data->hours },       { "opened", data->opened },
    { "reason", data->reason },     { "excerpt", data->excerpt },   { "detail", data->detail },
  };
  TmplScope *scope = tmpl_scope_new ();
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, data->number);
  tmpl_scope_set_string (scope, "number", number);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    tmpl_scope_set_string (scope, values[i].name, values[i].value != NULL ? values[i].value : "");
  return scope;
}

static char *
expand (TmplTemplate *template, const char *file, const LetterData *data, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (TmplScope) scope = make_scope (data);
  g_autofree char *text = tmpl_template_expand_string (template, scope, &failure);
  if (text == NULL)
    g_set_error (error, LETTER_ERROR, LETTER_ERROR_SYNTAX, "%s: %s", file, failure->message);
  else if (strlen (text) > LIMIT_LETTER)
    g_set_error (error, LETTER_ERROR, LETTER_ERROR_LENGTH, "%s: the letter passes %d octets", file, LIMIT_LETTER);
  else
    return g_steal_pointer (&text);
  return NULL;
}

static gboolean
fill (Template *template, const LetterData *data, char **subject, char **body, GError **error)
{
  g_mutex_lock (&template->lock);
  g_autofree char *first = expand (template->subject, template->file, data, error);
  g_autofree char *second = first != NULL ? expand (template->body, template->file, data, error) : NULL;
  g_mutex_unlock (&template->lock);
  if (second == NULL)
    return FALSE;
  *subject = text_clean (first, LIMIT_SUBJECT);
  *body = g_steal_pointer (&second);
  return TRUE;
}

/* Fills in a template twice for nothing: an unknown name shows now. */
static gboolean
try_out (Template *template, GError **error)
{
  const LetterData full = { 1,   "x", "x", "x", "x", "x", "x", "x", "x", "x",
                            "x", "x", "x", "x", "x", "x", "x", "x", "x" };
  const LetterData empty = { 0 };
  g_autofree char *subject = NULL, *body = NULL, *empty_subject = NULL, *empty_body = NULL;
  return fill (template, &full, &subject, &body, error) && fill (template, &empty, &empty_subject, &empty_body, error);
}

static Template *
parse_template (const char *file, const char *text, GError **error)
{
  static const char head[] = "Subject: ";
  const char *end = strstr (text, "\n\n");
  if (!g_str_has_prefix (text, head) || end == NULL || memchr (text, '\n', (gsize) (end - text)) != NULL)
    {
      g_set_error (error, LETTER_ERROR, LETTER_ERROR_SYNTAX,
                   "%s:1: a template begins with one line \"Subject: ...\" and an empty line", file);
      return NULL;
    }
  g_autofree char *subject = g_strndup (text + strlen (head), (gsize) (end - text) - strlen (head));
  Template *template = g_new0 (Template, 1);
  g_mutex_init (&template->lock);
  template->file = g_strdup (file);
  template->subject = parse (file, subject, error);
  template->body = template->subject != NULL ? parse (file, end + 2, error) : NULL;
  if (template->body != NULL && try_out (template, error))
    return template;
  template_free (template);
  return NULL;
}

static gboolean
load_file (Templates *templates, const char *folder, const char *language, const char *file_name, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *file = g_build_filename (folder, language, file_name, NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (file, &text, NULL, &failure))
    {
      g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ, "%s", failure->message);
      return FALSE;
    }
  Template *template = parse_template (file, text, error);
  if (template == NULL)
    return FALSE;
  char *name = g_strdup_printf ("%s/%.*s", language, (int) (strlen (file_name) - strlen (".txt")), file_name);
  g_hash_table_insert (templates->by_name, name, template);
  return TRUE;
}

static gboolean
load_language (Templates *templates, const char *folder, const char *language, GError **error)
{
  g_autofree char *path = g_build_filename (folder, language, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *entry;
  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (entry, ".txt") && !load_file (templates, folder, language, entry, error))
      return FALSE;
  return TRUE;
}

static gboolean
load_all (Templates *templates, const char *folder, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &failure);
  const char *entry;
  if (dir == NULL)
    {
      g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ, "templates: %s", failure->message);
      return FALSE;
    }
  while ((entry = g_dir_read_name (dir)) != NULL)
    if (!load_language (templates, folder, entry, error))
      return FALSE;
  return TRUE;
}

static Template *
find_in_language (const Templates *templates, const char *language, gsize length, const char *name)
{
  g_autofree char *lower = g_ascii_strdown (language, (gssize) length);
  g_autofree char *key = g_strdup_printf ("%s/%s", lower, name);
  return g_hash_table_lookup (templates->by_name, key);
}

/* The template in the first of LANGUAGES that has it: "fr-ca" as a whole, then "fr", then the default language. */
static Template *
find_template (const Templates *templates, const char *name, const char *languages)
{
  g_auto (GStrv) list = g_strsplit_set (languages != NULL ? languages : "", ", ", 8);
  for (guint i = 0; list[i] != NULL; i++)
    {
      Template *template = find_in_language (templates, list[i], strlen (list[i]), name);
      if (template == NULL)
        template = find_in_language (templates, list[i], strcspn (list[i], "-_;"), name);
      if (template != NULL)
        return template;
    }
  return find_in_language (templates, templates->default_language, strlen (templates->default_language), name);
}

Templates *
templates_load (const char *folder, const char *default_language, GError **error)
{
  g_autoptr (Templates) templates = g_atomic_rc_box_new0 (Templates);
  templates->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, template_free);
  templates->default_language = g_strdup (default_language);
  if (!load_all (templates, folder, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (required); i++)
    if (find_template (templates, required[i], NULL) == NULL)
      {
        g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ, "%s/%s/%s.txt: the default language needs this template", folder,
                     default_language, required[i]);
        return NULL;
      }
  return g_steal_pointer (&templates);
}

Templates *
templates_ref (Templates *templates)
{
  return g_atomic_rc_box_acquire (templates);
}

static void
templates_clear (gpointer data)
{
  Templates *templates = data;
  g_hash_table_unref (templates->by_name);
  g_free (templates->default_language);
}

void
templates_unref (Templates *templates)
{
  g_atomic_rc_box_release_full (templates, templates_clear);
}

gboolean
templates_fill (const Templates *templates, const char *name, const char *languages, const LetterData *data, char **subject,
                char **body, GError **error)
{
  Template *template = find_template (templates, name, languages);
  if (template != NULL)
    return fill (template, data, subject, body, error);
  g_set_error (error, LETTER_ERROR, LETTER_ERROR_READ, "there is no template \"%s\"", name);
  return FALSE;
}
