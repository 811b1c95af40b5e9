#include "commands/override.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "commands/moment.h"
#include "commands/output.h"

typedef struct {
  char *from, *until, *instead;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->from);
  g_free (options->until);
  g_free (options->instead);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static int
usage (const char *text)
{
  fprintf (stderr, "usage: frontdesk oncall %s\n", text);
  return COMMAND_USAGE;
}

/* What is changed on call is in the system's log, too. */
static void
log_change (const char *what, const Override *override)
{
  openlog ("frontdesk", LOG_PID, LOG_MAIL);
  syslog (LOG_NOTICE, "override %" G_GINT64_FORMAT " %s by %s: %s is on call by schedule \"%s\"%s%s", override->id,
          what, g_get_user_name (), override->agent, override->schedule,
          override->instead != NULL ? " instead of " : "", override->instead != NULL ? override->instead : "");
  closelog ();
}

static json_t *
to_json (const Override *override)
{
  return json_pack ("{s:I, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "id", (json_int_t) override->id, "schedule",
                    override->schedule, "agent", override->agent, "instead", output_string (override->instead), "from",
                    output_time (override->from), "until", output_time (override->to), "by", override->actor, "at",
                    output_time (override->at), "removed_by", output_string (override->removed_by), "removed_at",
                    output_time (override->removed_at));
}

static void
print (const CommandContext *context, json_t *list)
{
  static const char *const keys[] = { "id", "schedule", "agent", "instead", "from", "until", "by", "removed_by", NULL };
  static const char *const titles[] = { "ID",    "SCHEDULE", "AGENT",      "INSTEAD OF", "FROM",
                                        "UNTIL", "BY",       "REMOVED BY", NULL };
  if (context->json)
    output_json (json_pack ("{s:O}", "overrides", list));
  else
    output_table (list, keys, titles);
  json_decref (list);
}

static gboolean
read_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "from", 0, 0, G_OPTION_ARG_STRING, &options->from, "when it begins", "TIME" },
    { "until", 0, 0, G_OPTION_ARG_STRING, &options->until, "when it ends", "TIME" },
    { "instead", 0, 0, G_OPTION_ARG_STRING, &options->instead, "in place of this agent alone", "AGENT" },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("SCHEDULE AGENT - be on call in place of others");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc == 3 && options->from != NULL && options->until != NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               "usage: frontdesk oncall override SCHEDULE AGENT --from TIME --until TIME [--instead AGENT]");
  return FALSE;
}

/* Names that the configuration does not have would change nothing. */
static gboolean
check_names (const Config *config, const char *schedule, const char *agent, const char *instead)
{
  const char *missing = config_find_schedule (config, schedule) == NULL ? schedule
                        : config_find_agent (config, agent) == NULL     ? agent
                        : instead != NULL && config_find_agent (config, instead) == NULL ? instead
                                                                                         : NULL;
  if (missing != NULL)
    fprintf (stderr, "frontdesk oncall: the configuration has no %s \"%s\"\n",
             missing == schedule ? "schedule" : "agent", missing);
  return missing == NULL;
}

static gboolean
read_times (const Options *options, const Schedule *schedule, Override *override, GError **error)
{
  if (!moment_read (options->from, schedule->zone, &override->from, error) ||
      !moment_read (options->until, schedule->zone, &override->to, error))
    return FALSE;
  if (override->from < override->to)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--until must be later than --from");
  return FALSE;
}

static int
keep (CommandContext *context, Override *override)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = store_open (context->config->database, STORE_WRITE, &error);
  if (store == NULL || !store_add_override (store, override, &error))
    return output_error ("oncall", error);
  log_change ("made", override);
  json_t *list = json_array ();
  json_array_append_new (list, to_json (override));
  print (context, list);
  return COMMAND_OK;
}

int
override_make (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (Options) options = { 0 };
  g_autoptr (Override) override = g_new0 (Override, 1);
  if (!read_options (&argc, &argv, &options, &error))
    {
      fprintf (stderr, "frontdesk oncall: %s\n", error->message);
      return COMMAND_USAGE;
    }
  if (!check_names (context->config, argv[1], argv[2], options.instead))
    return COMMAND_DATA;
  override->schedule = g_strdup (argv[1]);
  override->agent = g_strdup (argv[2]);
  override->instead = g_strdup (options.instead);
  override->actor = g_strdup (g_get_user_name ());
  override->at = g_get_real_time ();
  if (read_times (&options, config_find_schedule (context->config, argv[1]), override, &error))
    return keep (context, override);
  fprintf (stderr, "frontdesk oncall: %s\n", error->message);
  return COMMAND_USAGE;
}

int
override_list (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean all = argc == 2 && strcmp (argv[1], "--all") == 0;
  if (argc != 1 && !all)
    return usage ("overrides [--all]");
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  g_autoptr (GPtrArray) overrides = store == NULL ? NULL
                                    : all         ? store_list_override_records (store, &error)
                                                  : store_list_overrides (store, g_get_real_time (), &error);
  if (overrides == NULL)
    return output_error ("oncall", error);
  json_t *list = json_array ();
  for (guint i = 0; i < overrides->len; i++)
    json_array_append_new (list, to_json (g_ptr_array_index (overrides, i)));
  print (context, list);
  return COMMAND_OK;
}

static const Override *
find_override (const GPtrArray *overrides, gint64 id)
{
  for (guint i = 0; i < overrides->len; i++)
    if (((const Override *) g_ptr_array_index (overrides, i))->id == id)
      return g_ptr_array_index (overrides, i);
  return NULL;
}

int
override_remove (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gint64 id;
  if (argc != 2 || !g_ascii_string_to_signed (argv[1], 10, 1, G_MAXINT64, &id, NULL))
    return usage ("remove NUMBER");
  g_autoptr (Store) store = store_open (context->config->database, STORE_WRITE, &error);
  g_autoptr (GPtrArray) overrides = store != NULL ? store_list_overrides (store, 0, &error) : NULL;
  if (overrides == NULL || !store_remove_override (store, id, g_get_user_name (), g_get_real_time (), &error))
    return output_error ("oncall", error);
  const Override *removed = find_override (overrides, id);
  if (removed != NULL)
    log_change ("removed", removed);
  json_t *list = json_array ();
  if (removed != NULL)
    json_array_append_new (list, to_json (removed));
  print (context, list);
  return COMMAND_OK;
}
