/* due: the deadlines that a policy gives a ticket opened at a moment. Needs the configuration only. */
#include "commands/moment.h"
#include "commands/output.h"

#include <stdio.h>

#include "desk/promises.h"

typedef struct {
  char *policy, *priority, *kind, *at;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->policy);
  g_free (options->priority);
  g_free (options->kind);
  g_free (options->at);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
read_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "policy", 0, 0, G_OPTION_ARG_STRING, &options->policy, "the policy", "P" },
    { "priority", 0, 0, G_OPTION_ARG_STRING, &options->priority, "p1 to p4; p3 without it", "N" },
    { "kind", 0, 0, G_OPTION_ARG_STRING, &options->kind, "the kind; standard without it", "K" },
    { "at", 0, 0, G_OPTION_ARG_STRING, &options->at, "when the ticket is opened", "TIME" },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the deadlines of a ticket opened at TIME");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc == 1 && options->policy != NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "usage: frontdesk due --policy P [--priority N] [--kind K] [--at TIME]");
  return FALSE;
}

/* "p2" or "2"; NULL is p3. */
static gboolean
read_priority (const char *text, int *priority, GError **error)
{
  const char *digit = text != NULL ? text + (*text == 'p') : "3";
  *priority = digit[0] - '0';
  if (*priority >= 1 && *priority <= 4 && digit[1] == '\0')
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--priority: \"%s\" is none of p1, p2, p3, p4", text);
  return FALSE;
}

static void
print (const CommandContext *context, const GArray *promises)
{
  json_t *object = json_object (), *rows = json_array ();
  for (TargetKind target = 0; target < TARGETS; target++)
    {
      const Promise *promise = promises_find_open (promises, target);
      json_t *time = output_time (promise != NULL ? promise->due_at : 0);
      json_object_set (object, target_to_string (target), time);
      json_array_append_new (rows, json_pack ("{s:s, s:o}", "target", target_to_string (target), "due", time));
    }
  if (context->json)
    output_json (json_pack ("{s:O}", "due", object));
  else
    output_table (rows, (const char *const[]){ "target", "due", NULL }, (const char *const[]){ "TARGET", "DUE", NULL });
  json_decref (object);
  json_decref (rows);
}

/* What is promised has a time, unless its calendar has no open time for years. */
static gboolean
check_times (const GArray *promises)
{
  for (guint i = 0; i < promises->len; i++)
    {
      const Promise *promise = &g_array_index (promises, Promise, i);
      if (promise->due_at != 0)
        continue;
      fprintf (stderr, "frontdesk due: %s: its calendar has no open time in the ten years after that\n",
               target_to_string (promise->target));
      return FALSE;
    }
  return TRUE;
}

int
command_due (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (Options) options = { 0 };
  int priority = 0;
  gint64 at;
  if (!read_options (&argc, &argv, &options, &error) || !read_priority (options.priority, &priority, &error))
    {
      fprintf (stderr, "frontdesk due: %s\n", error->message);
      return COMMAND_USAGE;
    }
  const Policy *policy = config_find_policy (context->config, options.policy);
  const TicketKind *kind = policy != NULL ? policy_find_kind (policy, options.kind) : NULL;
  if (policy == NULL || (kind == NULL && g_strcmp0 (options.kind, "standard") != 0 && options.kind != NULL))
    {
      fprintf (stderr, "frontdesk due: the configuration has no policy \"%s\"%s%s\n", options.policy,
               policy != NULL ? " with a kind " : "", policy != NULL ? options.kind : "");
      return COMMAND_DATA;
    }
  if (!moment_read (options.at, policy->calendar->zone, &at, &error))
    {
      fprintf (stderr, "frontdesk due: %s\n", error->message);
      return COMMAND_USAGE;
    }
  g_autoptr (GArray) promises = promises_open (policy, priority, kind, at, TRUE, FALSE);
  if (!check_times (promises))
    return COMMAND_DATA;
  print (context, promises);
  return COMMAND_OK;
}
