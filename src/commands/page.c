/* page: paging by hand: which incidents there are, taking and ending one, and trying an agent's channels. */
#include "commands/output.h"
#include "commands/ticket_json.h"
#include "commands/work.h"

#include <stdio.h>
#include <string.h>

#include "delivery/delivery.h"

static int
usage (void)
{
  fputs ("usage: frontdesk page list [--all]\n"
         "       frontdesk page ack|resolve INCIDENT [--as AGENT]\n"
         "       frontdesk page test AGENT [--channel CHANNEL]\n",
         stderr);
  return COMMAND_USAGE;
}

static int
print_incidents (const CommandContext *context, const GPtrArray *incidents)
{
  json_t *list = json_array ();
  for (guint i = 0; i < incidents->len; i++)
    json_array_append_new (list, incident_to_json (g_ptr_array_index (incidents, i)));
  if (context->json)
    {
      output_json (json_pack ("{s:o}", "incidents", list));
      return COMMAND_OK;
    }
  const char *const keys[] = { "id", "ticket", "state", "acknowledged_by", "escalation", "step", "round", "started_at", "next_at", NULL };
  const char *const titles[] = { "ID", "TICKET", "STATE", "BY", "ESCALATION", "STEP", "ROUND", "SINCE", "NEXT", NULL };
  output_table (list, keys, titles);
  json_decref (list);
  return COMMAND_OK;
}

static int
list (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean all = argc == 3 && strcmp (argv[2], "--all") == 0;
  if (argc != 2 && !all)
    return usage ();
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  g_autoptr (GPtrArray) incidents = store != NULL ? store_list_incidents (store, all, &error) : NULL;
  return incidents != NULL ? print_incidents (context, incidents) : output_error ("page", error);
}

/* Whoever is at the terminal, as the configuration knows them: by name, or by login. */
static const Agent *
find_self (const Config *config)
{
  const char *user = g_get_user_name ();
  const Agent *agent = config_find_agent (config, user);
  for (guint i = 0; agent == NULL && i < config->agents->len; i++)
    {
      const Agent *other = g_ptr_array_index (config->agents, i);
      if (g_strv_contains ((const char *const *) other->login, user))
        agent = other;
    }
  return agent;
}

static const Agent *
find_actor (const Config *config, const char *name)
{
  const Agent *agent = name != NULL ? config_find_agent (config, name) : find_self (config);
  if (agent == NULL && name != NULL)
    fprintf (stderr, "frontdesk page: the configuration has no agent \"%s\"\n", name);
  else if (agent == NULL)
    fprintf (stderr, "frontdesk page: %s is no agent of the configuration; say for whom: --as AGENT\n", g_get_user_name ());
  return agent;
}

/* Who was late is told who was first, and that is no failure. */
static void
print_taking (const Taking *taking, PageAction action, const char *agent)
{
  const Incident *incident = taking->incident;
  if (taking->done)
    printf ("incident %" G_GINT64_FORMAT " of ticket #%" G_GINT64_FORMAT ": %s\n", incident->id, incident->ticket,
            action == PAGE_RESOLVE ? "resolved" : "acknowledged");
  else if (incident->state == INCIDENT_RESOLVED)
    printf ("incident %" G_GINT64_FORMAT " is resolved already\n", incident->id);
  else
    printf ("%s incident %" G_GINT64_FORMAT " already\n", g_strcmp0 (incident->acknowledged_by, agent) == 0 ? "you have" : "somebody has",
            incident->id);
  if (!taking->done && incident->state == INCIDENT_ACKNOWLEDGED)
    {
      g_autoptr (GDateTime) since = g_date_time_new_from_unix_local (incident->acknowledged_at / G_USEC_PER_SEC);
      g_autofree char *time = g_date_time_format (since, "%Y-%m-%d %H:%M");
      printf ("it is %s's since %s\n", incident->acknowledged_by, time);
    }
}

static int
take (CommandContext *context, PageAction action, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean as = argc == 5 && strcmp (argv[3], "--as") == 0;
  gint64 incident = argc == 3 || as ? ticket_number_parse (argv[2]) : 0;
  if (incident == 0)
    return usage ();
  const Agent *agent = find_actor (context->config, as ? argv[4] : NULL);
  if (agent == NULL)
    return COMMAND_DATA;
  g_autoptr (Seal) seal = NULL;
  g_autoptr (Store) store = work_open_store (context, &seal, &error);
  g_autoptr (GPtrArray) takings = NULL;
  if (store == NULL || !store_take_incident (store, incident, action, agent->name, "command", g_get_real_time (), &takings, &error))
    return output_error ("page", error);
  const Taking *taking = g_ptr_array_index (takings, 0);
  if (context->json)
    output_json (incident_to_json (taking->incident));
  else
    print_taking (taking, action, agent->name);
  return COMMAND_OK;
}

/* ---- test ---- */

/* The channels by which some step pages. (element-type Channel) */
static GPtrArray *
find_channels (const Config *config, const char *name)
{
  GPtrArray *channels = g_ptr_array_new ();
  for (guint i = 0; i < config->escalations->len; i++)
    {
      const Escalation *escalation = g_ptr_array_index (config->escalations, i);
      for (guint j = 0; j < escalation->steps->len; j++)
        {
          const Step *step = g_ptr_array_index (escalation->steps, j);
          for (guint k = 0; k < step->by->len; k++)
            {
              Channel *channel = g_ptr_array_index (step->by, k);
              if ((name == NULL || g_str_equal (channel->name, name)) && !g_ptr_array_find (channels, channel, NULL))
                g_ptr_array_add (channels, channel);
            }
        }
    }
  return channels;
}

typedef struct {
  const CommandContext *context;
  Store *store;
  const Seal *seal;
  Templates *templates;
  const Agent *agent;
  json_t *results;
  gboolean failed;
} Test;

static gboolean
try_channel (Test *test, const Channel *channel, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *answer = NULL;
  gboolean well = delivery_test_page (test->context->config, test->templates, test->seal, test->agent, channel, &answer, &failure);
  const PageTest result = { .agent = test->agent->name,
                            .channel = channel->name,
                            .at = g_get_real_time (),
                            .well = well,
                            .answer = well ? answer : failure->message };
  json_array_append_new (test->results, json_pack ("{s:s, s:s, s:b, s:s, s:o}", "agent", result.agent, "channel", result.channel, "ok",
                                                   well, "answer", result.answer, "at", output_time (result.at)));
  test->failed |= !well;
  return store_record_test (test->store, &result, error);
}

static int
print_results (const Test *test)
{
  const char *const keys[] = { "channel", "ok", "answer", NULL }, *const titles[] = { "CHANNEL", "OK", "ANSWER", NULL };
  if (test->context->json)
    output_json (json_pack ("{s:O}", "tests", test->results));
  else
    output_table (test->results, keys, titles);
  return test->failed ? COMMAND_UNAVAILABLE : COMMAND_OK;
}

static int
run_test (Test *test, const char *channel_name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) channels = find_channels (test->context->config, channel_name);
  if (channels->len == 0)
    {
      fputs ("frontdesk page: no step of an escalation pages by that channel, or there is none\n", stderr);
      return COMMAND_DATA;
    }
  for (guint i = 0; i < channels->len; i++)
    if (!try_channel (test, g_ptr_array_index (channels, i), &error))
      return output_error ("page", error);
  return print_results (test);
}

static int
test (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean one = argc == 5 && strcmp (argv[3], "--channel") == 0;
  if (argc != 3 && !one)
    return usage ();
  const Agent *agent = find_actor (context->config, argv[2]);
  if (agent == NULL)
    return COMMAND_DATA;
  g_autoptr (Seal) seal = NULL;
  g_autoptr (Store) store = work_open_store (context, &seal, &error);
  g_autoptr (Templates) templates = store != NULL ? templates_load (context->config->templates, context->config->language, &error) : NULL;
  if (templates == NULL)
    return output_error ("page", error);
  Test run = { .context = context, .store = store, .seal = seal, .templates = templates, .agent = agent, .results = json_array () };
  int status = run_test (&run, one ? argv[4] : NULL);
  json_decref (run.results);
  return status;
}

int
command_page (CommandContext *context, int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp (what, "list") == 0)
    return list (context, argc, argv);
  if (strcmp (what, "ack") == 0)
    return take (context, PAGE_ACKNOWLEDGE, argc, argv);
  if (strcmp (what, "resolve") == 0)
    return take (context, PAGE_RESOLVE, argc, argv);
  return strcmp (what, "test") == 0 ? test (context, argc, argv) : usage ();
}
