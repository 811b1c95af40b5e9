#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/limits.h"
#include "config/source.h"
#include "config/values.h"

/* libConfuse's scanner and its error callback are global: one parse at a time, and this is it. */
static GMutex parse_lock;
static struct {
  const char *file; /* being read; libConfuse knows none for sections without a title */
  GHashTable *sources;
  guint depth;      /* of includes */
  GError *error;    /* the first one */
} parse;

static void
on_error (cfg_t *section, const char *format, va_list arguments)
{
  if (parse.error != NULL)
    return;
  g_autofree char *given = g_strdup_vprintf (format, arguments);
  g_autofree char *text = g_utf8_make_valid (given, -1); /* a name can be written with "\xHH" */
  parse.error = g_error_new (CONFIG_ERROR, CONFIG_ERROR_SYNTAX, "%s:%d: %s", parse.file, section->line, text);
}

/* VALUE as a path, against the folder of the file that is being read. Interned: libConfuse keeps a copy. */
static int
parse_path (cfg_t *section, cfg_opt_t *option, const char *value, void *result)
{
  (void) section;
  (void) option;
  const char **path = result;
  g_autofree char *folder = g_path_get_dirname (parse.file);
  g_autofree char *full = *value == '\0' ? g_strdup ("") : g_canonicalize_filename (value, folder);
  *path = g_intern_string (full);
  return 0;
}

/* The text of PATH as it is, or was when it was read before. */
static const char *
find_text (const char *path)
{
  const char *known = g_hash_table_lookup (parse.sources, path);
  char *text = known == NULL ? source_read (path, parse.error == NULL ? &parse.error : NULL) : NULL;
  if (text != NULL)
    g_hash_table_insert (parse.sources, g_strdup (path), text);
  return known != NULL ? known : text;
}

static gboolean
parse_file (cfg_t *root, const char *path)
{
  const char *text = find_text (path);
  if (text == NULL)
    return FALSE;
  g_autofree char *lines = g_strconcat (text, "\n", NULL);
  const char *outer = parse.file;
  FILE *stream = fmemopen (lines, strlen (lines), "r");
  if (stream == NULL)
    g_error ("out of memory");
  parse.file = path;
  int status = cfg_parse_fp (root, stream);
  if (status != CFG_SUCCESS && parse.error == NULL) /* libConfuse says nothing of it */
    parse.error = g_error_new (CONFIG_ERROR, CONFIG_ERROR_SYNTAX, "%s:%d: here, or in the section that begins here, stands no name",
                               path, root->line);
  parse.file = outer;
  fclose (stream);
  return status == CFG_SUCCESS && parse.error == NULL;
}

/* libConfuse's own include leaves its stack as it is when an included file is wrong, and counts that against later
 * parses. A parse within the parse does not. */
static int
include_file (cfg_t *section, cfg_opt_t *option, int count, const char **arguments)
{
  (void) option;
  int line = section->line;
  if (count != 1)
    cfg_error (section, "include takes one file name");
  else if (parse.depth == LIMIT_INCLUDE_DEPTH)
    cfg_error (section, "include: %s is nested too deeply; do the files include each other?", arguments[0]);
  if (parse.error != NULL)
    return 1;
  g_autofree char *folder = g_path_get_dirname (parse.file);
  g_autofree char *path = g_canonicalize_filename (arguments[0], folder);
  parse.depth++;
  gboolean parsed = parse_file (section, path);
  parse.depth--;
  section->line = line;
  if (!parsed && g_error_matches (parse.error, CONFIG_ERROR, CONFIG_ERROR_READ))
    g_prefix_error (&parse.error, "%s:%d: include: ", parse.file, line);
  return parsed ? 0 : 1;
}

#define PATH(name, value) CFG_STR_CB (name, value, CFGF_NONE, parse_path)
#define OPTIONAL(name) CFG_STR (name, NULL, CFGF_NODEFAULT)
#define OPTIONAL_PATH(name) CFG_STR_CB (name, NULL, CFGF_NODEFAULT, parse_path)
#define NAMED (CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES)

static cfg_opt_t relay_options[] = {
  CFG_STR ("url", "smtp://127.0.0.1:25", CFGF_NONE),
  CFG_STR ("timeout", "30s", CFGF_NONE),
  OPTIONAL ("user"),
  OPTIONAL_PATH ("password-file"),
  OPTIONAL_PATH ("ca-file"),
  CFG_END (),
};

static cfg_opt_t directory_options[] = {
  CFG_STR ("type", "table", CFGF_NONE),
  CFG_STR_LIST ("uri", "{}", CFGF_NONE),
  CFG_STR ("base", "", CFGF_NONE),
  CFG_STR ("filter", "(&(objectClass=inetOrgPerson)(mail=%s))", CFGF_NONE),
  OPTIONAL ("domain-filter"),
  OPTIONAL ("bind-dn"),
  OPTIONAL_PATH ("bind-password-file"),
  CFG_BOOL ("starttls", cfg_false, CFGF_NONE),
  CFG_STR ("sasl", "", CFGF_NONE),
  OPTIONAL_PATH ("ca-file"),
  OPTIONAL_PATH ("cert-file"),
  OPTIONAL_PATH ("key-file"),
  CFG_STR ("timeout", "2s", CFGF_NONE),
  CFG_STR ("cache", "5m", CFGF_NONE),
  CFG_INT ("connections", 4, CFGF_NONE),
  CFG_STR ("attribute-name", "cn", CFGF_NONE),
  CFG_STR ("attribute-organization", "o", CFGF_NONE),
  CFG_STR ("attribute-customer", "employeeNumber", CFGF_NONE),
  CFG_STR ("attribute-language", "preferredLanguage", CFGF_NONE),
  CFG_STR ("attribute-status", "employeeType", CFGF_NONE),
  OPTIONAL ("attribute-level"),
  CFG_END (),
};

static cfg_opt_t calendar_options[] = {
  CFG_STR ("timezone", "UTC", CFGF_NONE),
  CFG_STR_LIST ("hours", "{}", CFGF_NONE),
  CFG_STR_LIST_CB ("holidays", "{}", CFGF_NONE, parse_path),
  CFG_STR_LIST ("open-holidays", "{}", CFGF_NONE),
  CFG_STR_LIST ("extra", "{}", CFGF_NONE),
  CFG_STR_LIST ("special", "{}", CFGF_NONE),
  CFG_STR_LIST ("closed", "{}", CFGF_NONE),
  CFG_END (),
};

#define TARGET_OPTIONS                                                                                         \
  OPTIONAL ("acknowledge"), OPTIONAL ("respond"), OPTIONAL ("update"), OPTIONAL ("resolve"),                   \
    OPTIONAL ("acknowledge-calendar"), OPTIONAL ("respond-calendar"), OPTIONAL ("update-calendar"),            \
    OPTIONAL ("resolve-calendar")

static cfg_opt_t priority_options[] = {
  OPTIONAL ("calendar"), TARGET_OPTIONS, CFG_BOOL ("root-cause", cfg_false, CFGF_NONE), CFG_END (),
};

static cfg_opt_t kind_options[] = { OPTIONAL ("calendar"), TARGET_OPTIONS, CFG_END () };

static cfg_opt_t breach_options[] = {
  CFG_BOOL ("reassign", cfg_true, CFGF_NONE),
  CFG_BOOL ("raise", cfg_false, CFGF_NONE),
  OPTIONAL ("page"),
  CFG_END (),
};

static cfg_opt_t words_options[] = { CFG_STR_LIST ("any", "{}", CFGF_NONE), CFG_END () };

static cfg_opt_t rule_options[] = {
  CFG_SEC ("words", words_options, NAMED),
  CFG_BOOL ("important", cfg_false, CFGF_NONE),
  CFG_STR_LIST ("level", "{}", CFGF_NONE),
  CFG_STR_LIST ("at-priority", "{}", CFGF_NONE),
  OPTIONAL ("again-within"),
  OPTIONAL ("priority"),
  OPTIONAL ("kind"),
  OPTIONAL ("team"),
  CFG_BOOL ("escalate", cfg_false, CFGF_NONE),
  OPTIONAL ("page"),
  CFG_BOOL ("root-cause", cfg_false, CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t policy_options[] = {
  CFG_STR ("calendar", "always", CFGF_NONE),
  TARGET_OPTIONS,
  CFG_INT ("warn", 75, CFGF_NONE),
  OPTIONAL ("acknowledge-after"),
  OPTIONAL ("next-within"),
  OPTIONAL ("extend"),
  CFG_INT ("extend-at", 90, CFGF_NONE),
  CFG_BOOL ("holding-update", cfg_true, CFGF_NONE),
  CFG_STR ("order", "deadline", CFGF_NONE),
  CFG_STR ("greeting", "", CFGF_NONE),
  CFG_STR ("closing", "", CFGF_NONE),
  CFG_INT ("goal-acknowledge", 0, CFGF_NONE),
  CFG_INT ("goal-respond", 0, CFGF_NONE),
  CFG_INT ("goal-update", 0, CFGF_NONE),
  CFG_INT ("goal-resolve", 0, CFGF_NONE),
  CFG_INT ("goal-first-contact", 0, CFGF_NONE),
  CFG_INT ("goal-escalation", 0, CFGF_NONE),
  CFG_SEC ("priority", priority_options, NAMED),
  CFG_SEC ("kind", kind_options, NAMED),
  CFG_SEC ("breach", breach_options, NAMED),
  CFG_SEC ("rule", rule_options, NAMED),
  CFG_END (),
};

static cfg_opt_t team_options[] = {
  CFG_STR_LIST ("notify", "{}", CFGF_NONE),
  CFG_STR ("assign", "none", CFGF_NONE),
  OPTIONAL ("escalate-to"),
  CFG_END (),
};

static cfg_opt_t agent_options[] = {
  OPTIONAL ("name"),
  CFG_STR ("mail", "", CFGF_NONE),
  CFG_STR_LIST ("teams", "{}", CFGF_NONE),
  OPTIONAL ("mobile"),
  OPTIONAL ("language"),
  CFG_STR_LIST ("login", "{}", CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t channel_options[] = {
  CFG_STR ("type", "mail", CFGF_NONE),
  CFG_STR ("timeout", "10s", CFGF_NONE),
  OPTIONAL ("to"),
  CFG_BOOL ("follow", cfg_false, CFGF_NONE),
  CFG_BOOL ("short", cfg_false, CFGF_NONE),
  OPTIONAL ("url"),
  CFG_STR ("body", "json", CFGF_NONE),
  OPTIONAL_PATH ("template"),
  CFG_STR ("content-type", "application/json", CFGF_NONE),
  CFG_STR ("method", "POST", CFGF_NONE),
  CFG_STR_LIST ("headers", "{}", CFGF_NONE),
  OPTIONAL_PATH ("secret-file"),
  CFG_STR_LIST ("command", "{}", CFGF_NONE),
  OPTIONAL_PATH ("key-file"),
  OPTIONAL ("account"),
  OPTIONAL ("from"),
  OPTIONAL_PATH ("token-file"),
  OPTIONAL_PATH ("old-token-file"),
  CFG_STR ("kind", "sms", CFGF_NONE),
  OPTIONAL_PATH ("spool"),
  OPTIONAL ("technology"),
  OPTIONAL ("channel-pattern"),
  OPTIONAL ("context"),
  OPTIONAL ("extension"),
  OPTIONAL ("application"),
  OPTIONAL ("data"),
  OPTIONAL ("caller-id"),
  CFG_END (),
};

/* Whether URL is fetched by TLS, or from this machine. */
static gboolean
is_secure (const char *url)
{
  static const char *const local[] = { "127.0.0.1", "::1", "localhost", NULL };
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  if (host == NULL || *host == '\0')
    return FALSE;
  return g_str_equal (g_uri_get_scheme (uri), "https") ||
         (g_str_equal (g_uri_get_scheme (uri), "http") && g_strv_contains (local, host));
}

/* As parse_path(), but for a URL, which is not told in full, as it may be a secret. */
static int
parse_calendar (cfg_t *section, cfg_opt_t *option, const char *value, void *result)
{
  if (strstr (value, "://") == NULL)
    return parse_path (section, option, value, result);
  *(const char **) result = value;
  if (is_secure (value))
    return 0;
  cfg_error (section, "calendar: it is fetched by https://SERVER/..., and by http:// from 127.0.0.1 and localhost only");
  return -1;
}

static cfg_opt_t rotation_options[] = {
  CFG_STR_LIST ("agents", "{}", CFGF_NONE),
  CFG_STR ("every", "1w", CFGF_NONE),
  CFG_STR ("start", "2024-01-01T08:00", CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t schedule_options[] = {
  CFG_STR ("timezone", "UTC", CFGF_NONE),
  CFG_STR_CB ("calendar", NULL, CFGF_NODEFAULT, parse_calendar),
  CFG_STR ("calendar-interval", "15m", CFGF_NONE),
  OPTIONAL_PATH ("calendar-password-file"),
  OPTIONAL_PATH ("ca-file"),
  CFG_SEC ("rotation", rotation_options, CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t step_options[] = {
  OPTIONAL ("schedule"),
  CFG_STR_LIST ("agents", "{}", CFGF_NONE),
  OPTIONAL ("team"),
  CFG_STR_LIST ("by", "{}", CFGF_NONE),
  CFG_STR ("wait", "5m", CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t escalation_options[] = {
  CFG_SEC ("step", step_options, NAMED),
  CFG_INT ("repeat", 3, CFGF_NONE),
  CFG_BOOL ("page-again", cfg_false, CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t role_options[] = {
  CFG_STR_LIST ("address", "{}", CFGF_NONE),
  OPTIONAL ("policy"),
  CFG_STR ("priority", "p3", CFGF_NONE),
  OPTIONAL ("team"),
  CFG_STR ("accept", "anyone", CFGF_NONE),
  CFG_STR ("deliver", "pass", CFGF_NONE),
  CFG_STR ("refuse", "This address does not take mail from you. Please write from the address on your account.",
           CFGF_NONE),
  CFG_STR ("acknowledge", "anyone", CFGF_NONE),
  OPTIONAL ("page"),
  CFG_STR ("page-if", "known", CFGF_NONE),
  CFG_STR_LIST ("page-automatic", "{}", CFGF_NONE),
  OPTIONAL ("language"),
  CFG_INT ("max-size", 0, CFGF_NONE),
  CFG_STR_LIST ("forbid", "{}", CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t root_options[] = {
  CFG_STR ("listen", "unix:/run/frontdesk/frontdesk.sock", CFGF_NONE),
  CFG_STR ("socket-mode", "0660", CFGF_NONE),
  OPTIONAL ("socket-group"),
  CFG_INT ("max-in-progress", 200, CFGF_NONE),
  CFG_INT ("max-size", 0, CFGF_NONE),
  CFG_STR ("drain", "20s", CFGF_NONE),
  OPTIONAL ("hostname"),
  CFG_STR_LIST ("authserv-id", "{}", CFGF_NONE),
  CFG_INT ("authserv-hops", 0, CFGF_NONE),
  CFG_STR_LIST ("authserv-methods", "{dmarc}", CFGF_NONE),
  PATH ("database", "/var/lib/frontdesk/frontdesk.db"),
  PATH ("templates", PACKAGE_DATA "/templates"),
  CFG_STR ("tag", "Frontdesk", CFGF_NONE),
  CFG_STR ("company", "Frontdesk", CFGF_NONE),
  CFG_STR ("phone", "", CFGF_NONE),
  CFG_STR ("language", "en", CFGF_NONE),
  CFG_STR ("web", "", CFGF_NONE),
  CFG_STR ("web-url", "", CFGF_NONE),
  CFG_STR_LIST ("web-proxies", "{}", CFGF_NONE),
  CFG_STR_LIST ("own-address", "{}", CFGF_NONE),
  CFG_STR ("reports", "file", CFGF_NONE),
  OPTIONAL ("postmaster"),
  CFG_STR ("give-up", "2d", CFGF_NONE),
  CFG_STR ("close-after", "7d", CFGF_NONE),
  CFG_INT ("acknowledge-limit", 10, CFGF_NONE),
  CFG_INT ("acknowledge-limit-total", 600, CFGF_NONE),
  CFG_STR ("acknowledge-pause", "30s", CFGF_NONE),
  CFG_INT ("flood-limit", 60, CFGF_NONE),
  CFG_INT ("flood-limit-ticket", 60, CFGF_NONE),
  CFG_INT ("flood-limit-total", 3000, CFGF_NONE),
  CFG_STR ("page-window", "30s", CFGF_NONE),
  OPTIONAL ("heartbeat"),
  CFG_INT ("page-limit", 10, CFGF_NONE),
  CFG_INT ("page-limit-total", 200, CFGF_NONE),
  CFG_SEC ("relay", relay_options, CFGF_NONE),
  CFG_SEC ("directory", directory_options, CFGF_NONE),
  CFG_SEC ("calendar", calendar_options, NAMED),
  CFG_SEC ("policy", policy_options, NAMED),
  CFG_SEC ("team", team_options, NAMED),
  CFG_SEC ("agent", agent_options, NAMED),
  CFG_SEC ("channel", channel_options, NAMED),
  CFG_SEC ("schedule", schedule_options, NAMED),
  CFG_SEC ("escalation", escalation_options, NAMED),
  CFG_SEC ("role", role_options, NAMED),
  CFG_FUNC ("include", include_file),
  CFG_END (),
};

/* Where something stands: libConfuse remembers no lines, but a comment for each option and section. */
static void
note_place (cfg_t *section, char **comment)
{
  free (*comment);
  if (asprintf (comment, "%s:%d", parse.file, section->line) < 0)
    g_error ("out of memory");
}

static int
on_value (cfg_t *section, cfg_opt_t *option)
{
  note_place (section, &option->comment);
  int status = values_check (section, option);
  if (status != 0 && parse.error != NULL)
    parse.error->code = CONFIG_ERROR_VALUE;
  return status;
}

static int
on_section (cfg_t *section, cfg_opt_t *option)
{
  cfg_t *added = cfg_opt_getnsec (option, cfg_opt_size (option) - 1);
  note_place (section, &added->comment);
  if (added->title != NULL && !g_utf8_validate (added->title, -1, NULL))
    {
      cfg_error (section, "%s: with its \\x the title is not UTF-8", option->name);
      return -1;
    }
  if (option->comment != NULL && !(option->flags & CFGF_MULTI))
    {
      cfg_error (section, "%s { } stands at %s already", option->name, option->comment);
      return -1;
    }
  note_place (section, &option->comment);
  return 0;
}

/* Has every value noted and checked. Sections without a title are there before they are read, and are copies. */
static void
watch (cfg_opt_t *options)
{
  for (cfg_opt_t *option = options; option->name != NULL; option++)
    {
      if (option->type == CFGT_SEC)
        watch (option->subopts);
      for (unsigned int i = 0; option->type == CFGT_SEC && i < option->nvalues; i++)
        watch (option->values[i]->section->opts);
      if (option->type != CFGT_FUNC)
        option->validcb = option->type == CFGT_SEC ? on_section : on_value;
    }
}

void
options_set_error (GError **error, cfg_t *section, const char *option, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *name = section->title != NULL ? g_strdup_printf ("%s \"%s\": ", section->name, section->title)
                                                 : g_strdup_printf ("%s: ", section->name);
  const char *place = option != NULL ? cfg_getopt (section, option)->comment : NULL;
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: %s%s%s%s",
               place != NULL              ? place
               : section->comment != NULL ? section->comment
                                          : "configuration",
               name, option != NULL ? option : "", option != NULL ? ": " : "", text);
}

static cfg_t *
new_root (void)
{
  cfg_t *root = cfg_init (root_options, CFGF_NONE);
  cfg_set_error_function (root, on_error);
  watch (root->opts);
  return root;
}

cfg_t *
options_new (void)
{
  g_mutex_lock (&parse_lock);
  cfg_t *root = new_root ();
  g_mutex_unlock (&parse_lock);
  return root;
}

void
options_free (cfg_t *root)
{
  g_mutex_lock (&parse_lock);
  cfg_free (root);
  g_mutex_unlock (&parse_lock);
}

cfg_t *
options_parse (const char *path, GHashTable *sources, GError **error)
{
  g_mutex_lock (&parse_lock);
  parse.file = path;
  parse.sources = sources;
  cfg_t *root = new_root ();
  gboolean parsed = parse_file (root, path);
  if (!parsed)
    g_propagate_error (error, g_steal_pointer (&parse.error));
  parse.file = NULL;
  if (!parsed)
    g_clear_pointer (&root, cfg_free);
  g_mutex_unlock (&parse_lock);
  return root;
}
