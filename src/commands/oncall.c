/* oncall: who is on call now or at another time, and the shifts of a span. */
#include "commands/moment.h"
#include "commands/output.h"
#include "commands/override.h"

#include <stdio.h>
#include <string.h>

#include "config/limits.h"
#include "config/zone.h"
#include "desk/desk.h"
#include "desk/schedule.h"

typedef struct {
  char *schedule, *at, *from, *to, *feed;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->schedule);
  g_free (options->at);
  g_free (options->from);
  g_free (options->to);
  g_free (options->feed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
read_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "schedule", 0, 0, G_OPTION_ARG_STRING, &options->schedule, "this schedule only", "S" },
    { "at", 0, 0, G_OPTION_ARG_STRING, &options->at, "the moment; now without it", "TIME" },
    { "from", 0, 0, G_OPTION_ARG_STRING, &options->from, "the shifts from then", "TIME" },
    { "to", 0, 0, G_OPTION_ARG_STRING, &options->to, "until then", "TIME" },
    { "feed", 0, 0, G_OPTION_ARG_STRING, &options->feed, "the address of an agent's own calendar", "AGENT" },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- who is on call");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  gboolean other = options->schedule != NULL || options->at != NULL || options->from != NULL || options->to != NULL;
  if (*argc == 1 && options->feed != NULL && !other)
    return TRUE;
  if (*argc == 1 && options->feed == NULL && (options->from == NULL) == (options->to == NULL) &&
      (options->at == NULL || options->from == NULL))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               "usage: frontdesk oncall [--schedule S] [--at TIME] | [--schedule S] --from TIME --to TIME | "
               "--feed AGENT");
  return FALSE;
}

/* A time that calendars and rotations reach to, by SCHEDULE's clock where it has no offset. */
static gboolean
read_time (const char *text, const Schedule *schedule, gint64 *at, GError **error)
{
  if (!moment_read (text, schedule->zone, at, error))
    return FALSE;
  if (*at >= 0 && *at < LIMIT_CALENDAR_DATE * ZONE_DAY)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "\"%s\" is too far away", text);
  return FALSE;
}

static json_t *
end_to_json (gint64 end)
{
  return output_time (end == G_MAXINT64 ? 0 : end);
}

static gboolean
add_now (const Roster *roster, const Schedule *schedule, const Options *options, json_t *document, GError **error)
{
  gint64 at;
  if (!read_time (options->at, schedule, &at, error))
    return FALSE;
  json_t *rows = json_object_get (document, "schedules");
  g_autoptr (GArray) duties = schedule_find (roster, schedule, at);
  for (guint i = 0; i < duties->len; i++)
    {
      const Duty *duty = &g_array_index (duties, Duty, i);
      g_autofree char *because = schedule_describe (schedule, duty);
      json_array_append_new (rows,
                             json_pack ("{s:s, s:s, s:o, s:s}", "schedule", schedule->name, "agent", duty->agent->name,
                                        "until", end_to_json (duty->time.to), "because", because));
    }
  if (duties->len == 0)
    json_array_append_new (rows, json_pack ("{s:s, s:n, s:o, s:s}", "schedule", schedule->name, "agent", "until",
                                            end_to_json (schedule_next_change (roster, schedule, at)), "because",
                                            "nobody is on call"));
  return TRUE;
}

static gboolean
read_span (const Options *options, const Schedule *schedule, Interval *span, GError **error)
{
  if (!read_time (options->from, schedule, &span->from, error) || !read_time (options->to, schedule, &span->to, error))
    return FALSE;
  if (span->from < span->to && span->to - span->from <= LIMIT_CALENDAR_DAYS * ZONE_DAY)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--to must be later than --from, by at most %d days",
               LIMIT_CALENDAR_DAYS);
  return FALSE;
}

static gboolean
add_span (const Roster *roster, const Schedule *schedule, const Options *options, json_t *document, GError **error)
{
  Interval span;
  if (!read_span (options, schedule, &span, error))
    return FALSE;
  g_autoptr (GArray) duties = schedule_list (roster, schedule, span);
  for (guint i = 0; i < duties->len; i++)
    {
      const Duty *duty = &g_array_index (duties, Duty, i);
      g_autofree char *because = schedule_describe (schedule, duty);
      json_array_append_new (json_object_get (document, "shifts"),
                             json_pack ("{s:s, s:s, s:o, s:o, s:s}", "schedule", schedule->name, "agent",
                                        duty->agent->name, "start", output_time (duty->time.from), "end",
                                        end_to_json (duty->time.to), "because", because));
    }
  g_autoptr (GArray) gaps = schedule_find_gaps (roster, schedule, span);
  for (guint i = 0; i < gaps->len; i++)
    {
      const Interval *gap = &g_array_index (gaps, Interval, i);
      json_array_append_new (json_object_get (document, "gaps"),
                             json_pack ("{s:s, s:o, s:o}", "schedule", schedule->name, "start", output_time (gap->from),
                                        "end", output_time (gap->to)));
    }
  return TRUE;
}

static void
print (const CommandContext *context, json_t *document)
{
  static const char *const now_keys[] = { "schedule", "agent", "until", "because", NULL };
  static const char *const now_titles[] = { "SCHEDULE", "AGENT", "UNTIL", "BECAUSE", NULL };
  static const char *const span_keys[] = { "schedule", "agent", "start", "end", "because", NULL };
  static const char *const span_titles[] = { "SCHEDULE", "AGENT", "START", "END", "BECAUSE", NULL };
  json_t *now = json_object_get (document, "schedules"), *gaps = json_object_get (document, "gaps");
  if (context->json)
    output_json (document);
  else
    {
      output_table (now != NULL ? now : json_object_get (document, "shifts"), now != NULL ? now_keys : span_keys,
                    now != NULL ? now_titles : span_titles);
      if (json_array_size (gaps) > 0)
        {
          puts ("\nNobody is on call:");
          output_table (gaps, (const char *const[]){ "schedule", "start", "end", NULL },
                        (const char *const[]){ "SCHEDULE", "START", "END", NULL });
        }
      json_decref (document);
    }
}

static int
show (CommandContext *context, const Options *options)
{
  g_autoptr (GError) error = NULL;
  const GPtrArray *schedules = context->config->schedules;
  if (options->schedule != NULL && config_find_schedule (context->config, options->schedule) == NULL)
    {
      fprintf (stderr, "frontdesk oncall: the configuration has no schedule \"%s\"\n", options->schedule);
      return COMMAND_DATA;
    }
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  g_autoptr (GPtrArray) overrides = store != NULL ? store_list_overrides (store, 0, &error) : NULL;
  if (overrides == NULL)
    return output_error ("oncall", error);
  const Roster roster = { .config = context->config, .overrides = overrides };
  json_t *document =
      options->from != NULL ? json_pack ("{s:[], s:[]}", "shifts", "gaps") : json_pack ("{s:[]}", "schedules");
  gboolean good = TRUE;
  for (guint i = 0; good && i < schedules->len; i++)
    {
      const Schedule *schedule = g_ptr_array_index (schedules, i);
      if (options->schedule == NULL || g_str_equal (schedule->name, options->schedule))
        good = (options->from != NULL ? add_span : add_now) (&roster, schedule, options, document, &error);
    }
  if (good)
    {
      print (context, document);
      return COMMAND_OK;
    }
  json_decref (document);
  fprintf (stderr, "frontdesk oncall: %s\n", error->message);
  return COMMAND_USAGE;
}

/* Where AGENT's duties can be subscribed to; the web pages know the key again. */
static char *
make_feed_url (const Config *config, const Agent *agent, GError **error)
{
  g_autofree char *path = desk_secret_path (config);
  g_autoptr (Seal) seal = seal_open (path, FALSE, error);
  if (seal == NULL)
    return NULL;
  g_autofree char *token = seal_token (seal, "oncall", agent->name);
  g_autofree char *name = g_uri_escape_string (agent->name, NULL, FALSE);
  g_autofree char *key = g_uri_escape_string (token, NULL, FALSE);
  return g_strdup_printf ("%s/oncall.ics?agent=%s&key=%s", config->web_url, name, key);
}

static int
show_feed (CommandContext *context, const char *name)
{
  g_autoptr (GError) error = NULL;
  const Agent *agent = config_find_agent (context->config, name);
  if (agent == NULL)
    {
      fprintf (stderr, "frontdesk oncall: the configuration has no agent \"%s\"\n", name);
      return COMMAND_DATA;
    }
  if (context->config->web_url == NULL)
    {
      fputs ("frontdesk oncall: the configuration does not say what links begin with: set web-url\n", stderr);
      return COMMAND_CONFIG;
    }
  g_autofree char *url = make_feed_url (context->config, agent, &error);
  if (url == NULL)
    return output_error ("oncall", error);
  if (context->json)
    output_json (json_pack ("{s:s, s:s}", "agent", agent->name, "feed", url));
  else
    puts (url);
  return COMMAND_OK;
}

int
command_oncall (CommandContext *context, int argc, char **argv)
{
  static const struct { const char *name; CommandFunc run; } words[] = {
    { "override", override_make }, { "overrides", override_list }, { "remove", override_remove },
  };
  g_autoptr (GError) error = NULL;
  g_auto (Options) options = { 0 };
  for (guint i = 0; argc > 1 && i < G_N_ELEMENTS (words); i++)
    if (strcmp (argv[1], words[i].name) == 0)
      return words[i].run (context, argc - 1, argv + 1);
  if (read_options (&argc, &argv, &options, &error))
    return options.feed != NULL ? show_feed (context, options.feed) : show (context, &options);
  fprintf (stderr, "frontdesk oncall: %s\n", error->message);
  return COMMAND_USAGE;
}
