#include "config/options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/hours.h"
#include "config/line_number.h"

/* libConfuse's scanner and its error callback are global: one parse at a time, and the first error of it. */
static GMutex parse_lock;
static char *first_error;

static void
on_error (cfg_t *cfg, const char *format, va_list arguments)
{
  if (first_error != NULL)
    return;
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  first_error = g_strdup_printf ("%s:%d: %s", cfg != NULL && cfg->filename != NULL ? cfg->filename : "configuration",
                                 cfg != NULL ? line_number_true (cfg->filename, cfg->line) : 0, text);
}

/* VALUE as a path, against the folder of the file that is being read. Interned: libConfuse keeps a copy. */
static int
parse_path (cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
  (void) option;
  const char **path = result;
  g_autofree char *folder = g_path_get_dirname (cfg->filename);
  g_autofree char *full = *value == '\0' ? g_strdup ("") : g_canonicalize_filename (value, folder);
  *path = g_intern_string (full);
  return 0;
}

static int
include_file (cfg_t *cfg, cfg_opt_t *option, int count, const char **arguments)
{
  (void) option;
  if (count != 1)
    {
      cfg_error (cfg, "include takes one file name");
      return 1;
    }
  g_autofree char *folder = g_path_get_dirname (cfg->filename);
  g_autofree char *path = g_canonicalize_filename (arguments[0], folder);
  const char *full = path;
  if (access (path, R_OK) != 0)
    {
      cfg_error (cfg, "cannot include %s: %s", path, g_strerror (errno));
      return 1;
    }
  return cfg_include (cfg, option, 1, &full);
}

static int
check_span (cfg_t *cfg, cfg_opt_t *option)
{
  Span span;
  const char *text = cfg_opt_getnstr (option, 0);
  if (text == NULL || span_parse (text, &span))
    return 0;
  cfg_error (cfg, "%s: \"%s\" is no duration; write 90s, 15m, 4h, \"24h elapsed\" or 7bd", cfg_opt_name (option), text);
  return -1;
}

static int
check_clock_span (cfg_t *cfg, cfg_opt_t *option)
{
  Span span;
  const char *text = cfg_opt_getnstr (option, 0);
  if (text == NULL || (span_parse (text, &span) && span.kind != SPAN_BUSINESS_DAYS))
    return 0;
  cfg_error (cfg, "%s: \"%s\" is no duration of clock time; write 30s, 15m, 4h, 2d or 1w", cfg_opt_name (option), text);
  return -1;
}

static int
check_hours (cfg_t *cfg, cfg_opt_t *option)
{
  for (unsigned int i = 0; i < cfg_opt_size (option); i++)
    {
      const char *text = cfg_opt_getnstr (option, i);
      if (hours_are_valid (text))
        continue;
      cfg_error (cfg, "hours: \"%s\" is not understood; write \"mon-fri 08:00-12:00\"", text);
      return -1;
    }
  return 0;
}

static int
check_timezone (cfg_t *cfg, cfg_opt_t *option)
{
  const char *name = cfg_opt_getnstr (option, 0);
  g_autoptr (GTimeZone) zone = name != NULL ? g_time_zone_new_identifier (name) : NULL;
  if (name == NULL || zone != NULL)
    return 0;
  cfg_error (cfg, "timezone: there is no zone \"%s\"; write one like America/Vancouver or UTC", name);
  return -1;
}

static int
check_not_negative (cfg_t *cfg, cfg_opt_t *option)
{
  long value = cfg_opt_getnint (option, 0);
  if (value >= 0)
    return 0;
  cfg_error (cfg, "%s: %ld is negative", cfg_opt_name (option), value);
  return -1;
}

/* Refuses a value that is not one of WORDS, which are separated by blanks. */
static int
check_word (cfg_t *cfg, cfg_opt_t *option, const char *words)
{
  const char *value = cfg_opt_getnstr (option, 0);
  g_auto (GStrv) list = g_strsplit (words, " ", -1);
  if (value == NULL || g_strv_contains ((const char *const *) list, value))
    return 0;
  cfg_error (cfg, "%s: \"%s\" is none of: %s", cfg_opt_name (option), value, words);
  return -1;
}

static int
check_priority (cfg_t *cfg, cfg_opt_t *option)
{
  return check_word (cfg, option, "p1 p2 p3 p4");
}

static int
check_standing (cfg_t *cfg, cfg_opt_t *option)
{
  return check_word (cfg, option, "anyone known verified");
}

static int
check_acknowledge (cfg_t *cfg, cfg_opt_t *option)
{
  return check_word (cfg, option, "anyone known verified never");
}

static int
check_deliver (cfg_t *cfg, cfg_opt_t *option)
{
  return check_word (cfg, option, "pass take");
}

static int
check_channel_type (cfg_t *cfg, cfg_opt_t *option)
{
  return check_word (cfg, option, "mail webhook command");
}

static int
check_directory_type (cfg_t *cfg, cfg_opt_t *option)
{
  return check_word (cfg, option, "table ldap");
}

static int
check_sasl (cfg_t *cfg, cfg_opt_t *option)
{
  return check_word (cfg, option, "external");
}

/* A section without a title has no line of its own: it is checked as a whole when its end is read. */
static int
check_directory (cfg_t *cfg, cfg_opt_t *option)
{
  cfg_t *section = cfg_opt_getnsec (option, 0);
  if (g_str_equal (cfg_getstr (section, "type"), "table"))
    return 0;
  if (cfg_size (section, "uri") == 0)
    cfg_error (cfg, "directory: LDAP needs uri = {\"ldap://...\"}");
  else if (strstr (cfg_getstr (section, "filter"), "%s") == NULL)
    cfg_error (cfg, "directory: filter: %%s, which stands for the address, is missing");
  else
    return 0;
  return -1;
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
  CFG_END (),
};

static cfg_opt_t calendar_options[] = {
  CFG_STR ("timezone", "UTC", CFGF_NONE),
  CFG_STR_LIST ("hours", "{}", CFGF_NONE),
  CFG_STR_LIST_CB ("holidays", "{}", CFGF_NONE, parse_path),
  CFG_STR_LIST ("extra", "{}", CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t priority_options[] = {
  OPTIONAL ("calendar"), OPTIONAL ("acknowledge"), OPTIONAL ("respond"),
  OPTIONAL ("update"),   OPTIONAL ("resolve"),     CFG_END (),
};

static cfg_opt_t policy_options[] = {
  CFG_STR ("calendar", "always", CFGF_NONE),
  OPTIONAL ("acknowledge"),
  OPTIONAL ("respond"),
  OPTIONAL ("update"),
  OPTIONAL ("resolve"),
  CFG_INT ("warn", 75, CFGF_NONE),
  CFG_SEC ("priority", priority_options, NAMED),
  CFG_END (),
};

static cfg_opt_t team_options[] = {
  CFG_STR_LIST ("notify", "{}", CFGF_NONE),
  OPTIONAL ("escalate-to"),
  CFG_END (),
};

static cfg_opt_t agent_options[] = {
  OPTIONAL ("name"),
  CFG_STR ("mail", "", CFGF_NONE),
  CFG_STR_LIST ("teams", "{}", CFGF_NONE),
  OPTIONAL ("mobile"),
  CFG_STR_LIST ("login", "{}", CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t channel_options[] = {
  CFG_STR ("type", "mail", CFGF_NONE),
  OPTIONAL ("url"),
  CFG_STR ("body", "json", CFGF_NONE),
  CFG_STR_LIST ("command", "{}", CFGF_NONE),
  CFG_STR ("timeout", "10s", CFGF_NONE),
  CFG_END (),
};

static cfg_opt_t schedule_options[] = {
  CFG_STR ("timezone", "UTC", CFGF_NONE),
  OPTIONAL_PATH ("calendar"),
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
  CFG_END (),
};

static cfg_opt_t role_options[] = {
  CFG_STR_LIST ("address", "{}", CFGF_NONE),
  OPTIONAL ("policy"),
  CFG_STR ("priority", "p3", CFGF_NONE),
  OPTIONAL ("team"),
  CFG_STR ("accept", "anyone", CFGF_NONE),
  CFG_STR ("deliver", "pass", CFGF_NONE),
  CFG_STR ("refuse", "This address does not take mail from you. Please write from the address on your account.", CFGF_NONE),
  CFG_STR ("acknowledge", "anyone", CFGF_NONE),
  OPTIONAL ("page"),
  CFG_STR ("page-if", "known", CFGF_NONE),
  CFG_STR_LIST ("page-automatic", "{}", CFGF_NONE),
  OPTIONAL ("language"),
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
  CFG_STR_LIST ("own-address", "{}", CFGF_NONE),
  CFG_STR ("give-up", "2d", CFGF_NONE),
  CFG_STR ("close-after", "7d", CFGF_NONE),
  CFG_INT ("acknowledge-limit", 10, CFGF_NONE),
  CFG_INT ("acknowledge-limit-total", 600, CFGF_NONE),
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

/* The checks of single values, made while their line is at hand. */
static const struct {
  const char *option;
  cfg_validate_callback_t check;
} checks[] = {
  { "drain", check_clock_span },
  { "give-up", check_clock_span },
  { "close-after", check_clock_span },
  { "max-in-progress", check_not_negative },
  { "max-size", check_not_negative },
  { "authserv-hops", check_not_negative },
  { "acknowledge-limit", check_not_negative },
  { "acknowledge-limit-total", check_not_negative },
  { "relay|timeout", check_clock_span },
  { "directory", check_directory },
  { "directory|type", check_directory_type },
  { "directory|sasl", check_sasl },
  { "directory|timeout", check_clock_span },
  { "directory|cache", check_clock_span },
  { "calendar|timezone", check_timezone },
  { "calendar|hours", check_hours },
  { "policy|acknowledge", check_span },
  { "policy|respond", check_span },
  { "policy|update", check_span },
  { "policy|resolve", check_span },
  { "policy|priority|acknowledge", check_span },
  { "policy|priority|respond", check_span },
  { "policy|priority|update", check_span },
  { "policy|priority|resolve", check_span },
  { "channel|type", check_channel_type },
  { "channel|timeout", check_clock_span },
  { "schedule|timezone", check_timezone },
  { "escalation|step|wait", check_clock_span },
  { "role|priority", check_priority },
  { "role|accept", check_standing },
  { "role|deliver", check_deliver },
  { "role|acknowledge", check_acknowledge },
  { "role|page-if", check_standing },
};

/* Keys that are read and checked, and that nothing acts upon yet. */
static const char *const without_effect[] = {
  "web", "web-url", "calendar|holidays", "calendar|extra", "policy|acknowledge", "policy|respond", "policy|update",
  "policy|resolve", "policy|warn", "policy|priority|acknowledge", "policy|priority|respond", "policy|priority|update",
  "policy|priority|resolve", "team|escalate-to", "schedule|timezone", "schedule|calendar", "escalation|step|wait",
  "escalation|repeat",
};

void
options_set_error (GError **error, cfg_t *section, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *place = section->title != NULL ? g_strdup_printf ("%s \"%s\": ", section->name, section->title)
                                                  : g_strdup ("");
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s:%d: %s%s",
               section->filename != NULL ? section->filename : "configuration",
               line_number_true (section->filename, section->line), place, text);
}

static gboolean
parse_into (cfg_t *root, const char *path, GError **error)
{
  g_clear_pointer (&first_error, g_free);
  int status = cfg_parse (root, path);
  if (status == CFG_SUCCESS && first_error == NULL)
    return TRUE;
  if (status == CFG_FILE_ERROR)
    g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_READ, "cannot read %s: %s", path, g_strerror (errno));
  else
    g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_SYNTAX, "%s", first_error != NULL ? first_error : path);
  g_clear_pointer (&first_error, g_free);
  return FALSE;
}

cfg_t *
options_parse (const char *path, GError **error)
{
  g_mutex_lock (&parse_lock);
  cfg_t *root = cfg_init (root_options, CFGF_NONE);
  cfg_set_error_function (root, on_error);
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    cfg_set_validate_func (root, checks[i].option, checks[i].check);
  gboolean parsed = parse_into (root, path, error);
  g_mutex_unlock (&parse_lock);
  if (parsed)
    return root;
  cfg_free (root);
  return NULL;
}

/* Adds a sentence for NAME ("priority|respond") of SECTION, and of the sections below that its path leads through. */
static void
add_unused (cfg_t *section, const char *name, GStrvBuilder *sentences)
{
  const char *bar = strchr (name, '|');
  if (bar != NULL)
    {
      g_autofree char *below = g_strndup (name, (gsize) (bar - name));
      for (unsigned int i = 0; i < cfg_size (section, below); i++)
        add_unused (cfg_getnsec (section, below, i), bar + 1, sentences);
      return;
    }
  cfg_opt_t *option = cfg_getopt (section, name);
  if (option == NULL || !(option->flags & CFGF_MODIFIED))
    return;
  g_autofree char *sentence =
    section->title != NULL
      ? g_strdup_printf ("%s:%d: %s in %s \"%s\" has no effect yet", section->filename,
                         line_number_true (section->filename, section->line), name, section->name, section->title)
      : g_strdup_printf ("%s has no effect yet", name);
  g_strv_builder_add (sentences, sentence);
}

/* An escalation is its first step only. */
static void
add_later_steps (cfg_t *root, GStrvBuilder *sentences)
{
  for (unsigned int i = 0; i < cfg_size (root, "escalation"); i++)
    {
      cfg_t *escalation = cfg_getnsec (root, "escalation", i);
      for (unsigned int j = 1; j < cfg_size (escalation, "step"); j++)
        {
          cfg_t *step = cfg_getnsec (escalation, "step", j);
          g_autofree char *sentence = g_strdup_printf ("%s:%d: step \"%s\" of escalation \"%s\" has no effect yet",
                                                       step->filename, line_number_true (step->filename, step->line),
                                                       step->title, escalation->title);
          g_strv_builder_add (sentences, sentence);
        }
    }
}

char **
options_list_unused (cfg_t *root)
{
  g_autoptr (GStrvBuilder) sentences = g_strv_builder_new ();
  for (guint i = 0; i < G_N_ELEMENTS (without_effect); i++)
    add_unused (root, without_effect[i], sentences);
  add_later_steps (root, sentences);
  return g_strv_builder_end (sentences);
}
