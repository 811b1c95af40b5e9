/* template-glib says nothing of a "{{" that is never closed, gives no line with an error, and looks up the names of a
 * condition's branch only when that branch is taken. So each expression is also found and evaluated by itself here. */
#include "mail/template.h"

#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>
#include <tmpl-glib.h>

#include "config/limits.h"
#include "mail/message.h"

#define SUBJECT "Subject:"
#define HTML ".html"

struct Template {
  char *path;
  gboolean html;
  TmplTemplate *subject, *body; /* HTML has no subject */
  GMutex lock; /* template-glib does not promise that two threads may expand one template at once */
};

/* What a template can name, and how much of it is taken. */
typedef struct {
  const char *name;
  gsize offset;
  gsize max; /* characters */
  enum { ONE_LINE, SEVERAL_LINES, ESCAPED, AS_IT_IS } form;
} Field;

#define LINE(name, max) { #name, G_STRUCT_OFFSET (LetterData, name), max, ONE_LINE }
#define LINES(name, max) { #name, G_STRUCT_OFFSET (LetterData, name), max, SEVERAL_LINES }
static const Field fields[] = {
  LINE (tag, LIMIT_NAME),          LINE (subject, LIMIT_SUBJECT),      LINE (name, LIMIT_NAME),
  LINE (requester, LIMIT_ADDRESS), LINE (customer, LIMIT_NAME),        LINE (company, LIMIT_NAME),
  LINE (phone, LIMIT_NAME),        LINE (role, LIMIT_NAME),            LINE (role_address, LIMIT_ADDRESS),
  LINE (team, LIMIT_NAME),         LINE (assignee, LIMIT_NAME),        LINE (oncall, LIMIT_SUBJECT),
  LINE (priority, LIMIT_NAME),
  LINE (standing, LIMIT_NAME),     LINE (opened, LIMIT_NAME),          LINE (reason, LIMIT_ERROR_TEXT),
  LINE (removed, LIMIT_ERROR_TEXT),
  LINE (promise, LIMIT_NAME),      LINE (resolution, LIMIT_NAME),      LINE (next_update, LIMIT_NAME),
  LINE (old_promise, LIMIT_NAME),  LINE (next_opening, LIMIT_NAME),    LINE (holiday, LIMIT_NAME),
  LINE (target, LIMIT_NAME),       LINE (due, LIMIT_NAME),             LINE (greeting, LIMIT_SUBJECT),
  LINES (closing, LIMIT_EXCERPT),  LINES (hours, LIMIT_EXCERPT),       LINES (excerpt, LIMIT_EXCERPT),
  LINES (detail, LIMIT_EXCERPT),   LINES (text, LIMIT_ANSWER),         LINE (event, LIMIT_NAME),
  LINE (link, LIMIT_LINK),         LINE (by, LIMIT_NAME),              LINE (count, LIMIT_NAME),
  LINES (list, LIMIT_EXCERPT),     LINE (test, LIMIT_NAME),            LINE (again, LIMIT_NAME),
  LINE (limit, LIMIT_ERROR_TEXT),
};

#define WEB(name, max) { #name, G_STRUCT_OFFSET (WebData, name), max, ESCAPED }
static const Field web_fields[] = {
  WEB (language, LIMIT_NAME),      WEB (company, LIMIT_NAME),         WEB (number, LIMIT_NAME),
  WEB (subject, LIMIT_SUBJECT),    WEB (requester, LIMIT_ADDRESS),    WEB (name, LIMIT_NAME),
  WEB (customer, LIMIT_NAME),      WEB (started, LIMIT_NAME),         WEB (holder, LIMIT_NAME),
  WEB (since, LIMIT_NAME),         WEB (mine, LIMIT_NAME),            WEB (resolved, LIMIT_NAME),
  WEB (done, LIMIT_NAME),          WEB (more, LIMIT_NAME),            WEB (can_acknowledge, LIMIT_NAME),
  WEB (can_resolve, LIMIT_NAME),   WEB (problem, LIMIT_NAME),
  { "content", G_STRUCT_OFFSET (WebData, content), LIMIT_WEB_CONTENT, AS_IT_IS },
};

static void fail (GError **error, LetterError code, const char *path, guint line, const char *format, ...)
  G_GNUC_PRINTF (5, 6);

/* What template-glib says; of some errors it says nothing. */
static const char *
message_of (const GError *problem)
{
  return problem != NULL ? problem->message : "this cannot be understood";
}

/* LINE 0: not known. */
static void
fail (GError **error, LetterError code, const char *path, guint line, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (line > 0)
    g_set_error (error, LETTER_ERROR, (gint) code, "%s:%u: %s", path, line, text);
  else
    g_set_error (error, LETTER_ERROR, (gint) code, "%s: %s", path, text);
}

/* ---- values ---- */

/* VALUE, cleaned line by line; leading blanks of a line are kept. */
static char *
clean_lines (const char *value, gsize max)
{
  g_auto (GStrv) lines = g_strsplit (value, "\n", -1);
  GString *clean = g_string_new (NULL);
  for (guint i = 0; lines[i] != NULL && max > 0; i++)
    {
      gsize indent = MIN (strspn (lines[i], " "), max);
      g_autofree char *rest = text_clean (lines[i] + indent, max - indent);
      if (i > 0)
        g_string_append_c (clean, '\n');
      if (*rest != '\0')
        g_string_append_printf (clean, "%*s%s", (int) indent, "", rest);
      max -= MIN (max, indent + (gsize) g_utf8_strlen (rest, -1) + 1);
    }
  return g_strchomp (g_string_free (clean, FALSE));
}

/* Escaped after it is cut, so that no escape is. */
static char *
clean_value (const Field *field, const char *value)
{
  if (field->form == AS_IT_IS)
    return g_strdup (value);
  if (field->form == SEVERAL_LINES)
    return clean_lines (value, field->max);
  g_autofree char *clean = text_clean (value, field->max);
  return field->form == ESCAPED ? g_markup_escape_text (clean, -1) : g_steal_pointer (&clean);
}

static void
set_field (TmplScope *scope, const Field *field, const char *value)
{
  g_autofree char *clean = clean_value (field, value);
  tmpl_scope_set_string (scope, field->name, clean);
}

static void
set_fields (TmplScope *scope, const Field *first, gsize count, gconstpointer data)
{
  for (gsize i = 0; i < count; i++)
    {
      const char *value = G_STRUCT_MEMBER (const char *, data, first[i].offset);
      set_field (scope, &first[i], value != NULL ? value : "");
    }
}

static TmplScope *
scope_new (const LetterData *data)
{
  TmplScope *scope = tmpl_scope_new ();
  /* A string: template-glib writes every number as "1042.000000". */
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, data->number);
  tmpl_scope_set_string (scope, "number", number);
  set_fields (scope, fields, G_N_ELEMENTS (fields), data);
  return scope;
}

static TmplScope *
scope_new_web (const WebData *data)
{
  TmplScope *scope = tmpl_scope_new ();
  set_fields (scope, web_fields, G_N_ELEMENTS (web_fields), data);
  return scope;
}

/* The longest values that there can be: what grows most when it is escaped. */
static TmplScope *
scope_new_web_longest (void)
{
  TmplScope *scope = tmpl_scope_new ();
  g_autofree char *longest = g_strnfill (LIMIT_WEB_CONTENT, '"');
  for (gsize i = 0; i < G_N_ELEMENTS (web_fields); i++)
    set_field (scope, &web_fields[i], longest + LIMIT_WEB_CONTENT - web_fields[i].max);
  return scope;
}

/* The longest values that there can be. */
static TmplScope *
scope_new_longest (void)
{
  TmplScope *scope = tmpl_scope_new ();
  g_autoptr (GString) longest = g_string_new (NULL);
  const char mailbox[] = "\360\237\223\256"; /* four octets, one character */
  for (gsize i = 0; i < LIMIT_ANSWER; i++)
    g_string_append (longest, mailbox);
  tmpl_scope_set_string (scope, "number", "9223372036854775807");
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    set_field (scope, &fields[i], longest->str + longest->len - fields[i].max * strlen (mailbox));
  return scope;
}

/* ---- filling in ---- */

static gboolean
expand (Template *template, TmplScope *scope, char **subject, char **body, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_mutex_lock (&template->lock);
  g_autofree char *first =
    template->html ? g_strdup ("") : tmpl_template_expand_string (template->subject, scope, &problem);
  g_autofree char *second = first != NULL ? tmpl_template_expand_string (template->body, scope, &problem) : NULL;
  g_mutex_unlock (&template->lock);
  if (second == NULL)
    {
      fail (error, LETTER_ERROR_SYNTAX, template->path, 0, "%s", message_of (problem));
      return FALSE;
    }
  if (strlen (second) > LIMIT_LETTER)
    {
      fail (error, LETTER_ERROR_LENGTH, template->path, 0,
            "the text would pass %d octets: name long values such as {{excerpt}} once only", LIMIT_LETTER);
      return FALSE;
    }
  *subject = text_clean (first, LIMIT_SUBJECT);
  *body = g_steal_pointer (&second);
  return TRUE;
}

gboolean
template_fill (Template *template, const LetterData *data, char **subject, char **body, GError **error)
{
  g_autoptr (TmplScope) scope = scope_new (data);
  return expand (template, scope, subject, body, error);
}

gboolean
template_fill_web (Template *template, const WebData *data, char **html, GError **error)
{
  g_autoptr (TmplScope) scope = scope_new_web (data);
  g_autofree char *nothing = NULL;
  return expand (template, scope, &nothing, html, error);
}

/* ---- trying ---- */

typedef struct {
  const char *path;
  TmplScope *empty, *longest; /* both, since "a || b" and "a && b" look at b only after one kind of a */
} Trial;

/* The text behind WORD and blanks at the beginning of TEXT, or NULL when it does not begin with that word. */
static const char *
skip_word (const char *text, const char *word)
{
  gsize length = strlen (word);
  if (!g_str_has_prefix (text, word) || g_ascii_isalnum (text[length]) || text[length] == '_')
    return NULL;
  text += length;
  return text + strspn (text, " \t\n");
}

static gboolean
evaluate (const char *expression, TmplScope *scope, GError **error)
{
  GValue value = G_VALUE_INIT;
  g_autoptr (TmplExpr) parsed = tmpl_expr_from_string (expression, error);
  gboolean good = parsed != NULL && tmpl_expr_eval (parsed, scope, &value, error);
  if (G_IS_VALUE (&value))
    g_value_unset (&value);
  return good;
}

/* TAG is what stands between the braces. */
static gboolean
try_tag (const Trial *trial, guint line, const char *tag, GError **error)
{
  g_autoptr (GError) problem = NULL;
  if (skip_word (tag, "for") != NULL || skip_word (tag, "include") != NULL)
    {
      fail (error, LETTER_ERROR_SYNTAX, trial->path, line, "{{%s}}: there is no \"for\" and no \"include\" here", tag);
      return FALSE;
    }
  const char *expression = tag;
  const char *behind = skip_word (expression, "else");
  if (behind != NULL)
    expression = behind;
  if (*expression == '\0' ? behind != NULL : g_str_equal (expression, "end"))
    return TRUE;
  behind = skip_word (expression, "if");
  if (behind != NULL)
    expression = behind;
  if (evaluate (expression, trial->empty, &problem) && evaluate (expression, trial->longest, &problem))
    return TRUE;
  fail (error, LETTER_ERROR_SYNTAX, trial->path, line, "{{%s}}: %s", tag, message_of (problem));
  return FALSE;
}

/* The "}}" that ends the tag that begins at TEXT; strings may hold braces. NULL when there is none. */
static const char *
find_tag_end (const char *text)
{
  gboolean quoted = FALSE;
  for (; *text != '\0'; text++)
    if (*text == '"')
      quoted = !quoted;
    else if (quoted && *text == '\\' && text[1] != '\0')
      text++;
    else if (!quoted && text[0] == '}' && text[1] == '}')
      return text;
  return NULL;
}

/* Tries every tag in TEXT, whose first line is line LINE of the file. */
static gboolean
try_tags (const Trial *trial, guint line, const char *text, GError **error)
{
  for (const char *at = text; *at != '\0'; at++)
    {
      if (*at == '\n')
        line++;
      if (*at == '\\' && at[1] == '{')
        at++; /* an escaped brace */
      else if (at[0] == '{' && at[1] == '{')
        {
          const char *end = find_tag_end (at + 2);
          if (end == NULL)
            {
              fail (error, LETTER_ERROR_SYNTAX, trial->path, line, "\"{{\" is never closed by \"}}\"");
              return FALSE;
            }
          g_autofree char *tag = g_strstrip (g_strndup (at + 2, (gsize) (end - at - 2)));
          if (!try_tag (trial, line, tag, error))
            return FALSE;
          for (; at <= end; at++)
            line += *at == '\n';
        }
    }
  return TRUE;
}

static TmplTemplate *
parse (const Trial *trial, guint line, const char *text, GError **error)
{
  g_autoptr (GError) problem = NULL;
  if (!try_tags (trial, line, text, error))
    return NULL;
  g_autoptr (TmplTemplate) parsed = tmpl_template_new (NULL);
  if (tmpl_template_parse_string (parsed, text, &problem))
    return g_steal_pointer (&parsed);
  fail (error, LETTER_ERROR_SYNTAX, trial->path, 0, "%s (has every {{if}} its {{end}}?)", message_of (problem));
  return NULL;
}

static gboolean
expand_trial (Template *template, TmplScope *scope, GError **error)
{
  g_autofree char *subject = NULL, *body = NULL;
  return expand (template, scope, &subject, &body, error);
}

/* ---- loading ---- */

/* The file as UTF-8 with LF line ends. */
static char *
read_text (const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = NULL;
  GStatBuf status;
  if (g_stat (path, &status) == 0 && (!S_ISREG (status.st_mode) || status.st_size > LIMIT_LETTER))
    {
      fail (error, LETTER_ERROR_READ, path, 0, "not a file of at most %d octets", LIMIT_LETTER);
      return NULL;
    }
  gsize length;
  if (!g_file_get_contents (path, &text, &length, &problem))
    {
      g_set_error_literal (error, LETTER_ERROR, LETTER_ERROR_READ, problem->message);
      return NULL;
    }
  if (!g_utf8_validate (text, (gssize) length, NULL))
    {
      fail (error, LETTER_ERROR_SYNTAX, path, 0, "the text is not UTF-8");
      return NULL;
    }
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
  return g_strjoinv ("\n", lines);
}

/* Cuts TEXT at the empty line behind its one header line. *SUBJECT and *BODY point into it. */
static gboolean
split_text (const char *path, char *text, const char **subject, const char **body, GError **error)
{
  char *end = strchr (text, '\n');
  if (!g_str_has_prefix (text, SUBJECT))
    fail (error, LETTER_ERROR_SYNTAX, path, 1, "the first line must be \"Subject: ...\"");
  else if (end == NULL || end[1] != '\n')
    fail (error, LETTER_ERROR_SYNTAX, path, 2,
          "an empty line must follow the Subject line: other header fields cannot be set here");
  else
    {
      *end = '\0';
      *subject = text + strlen (SUBJECT);
      *body = end + 2;
      return TRUE;
    }
  return FALSE;
}

/* TEXT is the file's. */
static gboolean
read_parts (Template *template, const Trial *trial, char *text, GError **error)
{
  const char *subject, *body = text;
  if (!template->html && !split_text (template->path, text, &subject, &body, error))
    return FALSE;
  template->subject = template->html ? NULL : parse (trial, 1, subject, error);
  if (template->html || template->subject != NULL)
    template->body = parse (trial, template->html ? 1 : 3, body, error);
  return template->body != NULL;
}

Template *
template_load (const char *path, GError **error)
{
  const LetterData no_letter = { 0 };
  const WebData no_page = { 0 };
  g_autofree char *text = read_text (path, error);
  if (text == NULL)
    return NULL;
  g_autoptr (Template) template = g_new0 (Template, 1);
  g_mutex_init (&template->lock);
  template->path = g_strdup (path);
  template->html = g_str_has_suffix (path, HTML);
  g_autoptr (TmplScope) empty = template->html ? scope_new_web (&no_page) : scope_new (&no_letter);
  g_autoptr (TmplScope) longest = template->html ? scope_new_web_longest () : scope_new_longest ();
  const Trial trial = { path, empty, longest };
  if (read_parts (template, &trial, text, error) && expand_trial (template, empty, error) &&
      expand_trial (template, longest, error))
    return g_steal_pointer (&template);
  return NULL;
}

void
template_free (Template *template)
{
  g_clear_object (&template->subject);
  g_clear_object (&template->body);
  g_mutex_clear (&template->lock);
  g_free (template->path);
  g_free (template);
}

/* ---- texts that are no letters ---- */

static TmplScope *
scope_new_for (const GArray *values, gboolean empty)
{
  TmplScope *scope = tmpl_scope_new ();
  for (guint i = 0; i < values->len; i++)
    {
      const TemplateValue *value = &g_array_index (values, TemplateValue, i);
      tmpl_scope_set_string (scope, value->name, empty ? "" : value->value);
    }
  return scope;
}

gboolean
template_fill_text (const char *path, const GArray *values, char **text, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *file = read_text (path, error);
  if (file == NULL)
    return FALSE;
  g_autoptr (TmplScope) empty = scope_new_for (values, TRUE);
  g_autoptr (TmplScope) full = scope_new_for (values, FALSE);
  const Trial trial = { path, empty, full };
  g_autoptr (TmplTemplate) parsed = parse (&trial, 1, file, error);
  if (parsed == NULL)
    return FALSE;
  *text = tmpl_template_expand_string (parsed, full, &problem);
  if (*text == NULL)
    fail (error, LETTER_ERROR_SYNTAX, path, 0, "%s", message_of (problem));
  else if (strlen (*text) > LIMIT_LETTER)
    {
      fail (error, LETTER_ERROR_LENGTH, path, 0, "the text would pass %d octets", LIMIT_LETTER);
      g_clear_pointer (text, g_free);
    }
  return *text != NULL;
}
