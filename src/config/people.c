/* Who works on tickets and how they are reached: teams, agents, escalations. */
#include <string.h>

#include "config/build.h"

/* "none", "rotation", "least" or "schedule NAME" */
static gboolean
read_assign (Build *build, cfg_t *section, Team *team)
{
  static const char prefix[] = "schedule ";
  const char *text = cfg_getstr (section, "assign");
  if (g_str_has_prefix (text, prefix))
    {
      team->assign = ASSIGN_SCHEDULE;
      team->schedule = config_find_named (build->config->schedules, text + strlen (prefix));
    }
  else
    team->assign = g_str_equal (text, "rotation") ? ASSIGN_ROTATION : g_str_equal (text, "least") ? ASSIGN_LEAST : ASSIGN_NONE;
  if (team->schedule != NULL || (team->assign != ASSIGN_NONE && team->assign != ASSIGN_SCHEDULE) || g_str_equal (text, "none"))
    return TRUE;
  options_set_error (build->error, section, "assign", "\"%s\" is none of: none, rotation, least, \"schedule NAME\"%s", text,
                     team->assign == ASSIGN_SCHEDULE ? " with a schedule that is there" : "");
  return FALSE;
}

static gboolean
build_teams (Build *build)
{
  GPtrArray *teams = build->config->teams;
  for (unsigned int i = 0; i < cfg_size (build->root, "team"); i++)
    {
      cfg_t *section = cfg_getnsec (build->root, "team", i);
      Team *team = NEW (build, Team);
      team->name = g_string_chunk_insert (build->strings, cfg_title (section));
      team->notify = build_list (build, section, "notify");
      g_ptr_array_add (teams, team);
      if (!read_assign (build, section, team))
        return FALSE;
    }
  for (guint i = 0; i < teams->len; i++)
    {
      Team *team = g_ptr_array_index (teams, i);
      if (!build_resolve (build, cfg_getnsec (build->root, "team", i), "escalate-to", teams, &team->escalate_to))
        return FALSE;
    }
  return TRUE;
}

static gboolean
build_agent (Build *build, cfg_t *section)
{
  Agent *agent = NEW (build, Agent);
  agent->name = g_string_chunk_insert (build->strings, cfg_title (section));
  agent->full_name = cfg_getstr (section, "name") != NULL ? build_text (build, section, "name") : agent->name;
  agent->mail = build_text (build, section, "mail");
  agent->mobile = build_some_text (build, section, "mobile");
  agent->language = build_some_text (build, section, "language");
  if (agent->language == NULL)
    agent->language = build->config->language;
  agent->login = build_list (build, section, cfg_size (section, "login") > 0 ? "login" : "mail");
  agent->teams = build_resolve_list (build, section, "teams", build->config->teams);
  g_ptr_array_add (build->config->agents, agent);
  if (agent->teams != NULL && *agent->mail == '\0')
    options_set_error (build->error, section, NULL, "name the agent's address: mail = \"...\"");
  return agent->teams != NULL && *agent->mail != '\0';
}

/* Pages that cannot go out, whoever is on call. */
static void
add_unreachable (Build *build, cfg_t *section, const Step *step)
{
  for (guint i = 0; i < build->config->agents->len; i++)
    for (guint j = 0; j < step->by->len; j++)
      {
        const Agent *agent = g_ptr_array_index (build->config->agents, i);
        const Channel *channel = g_ptr_array_index (step->by, j);
        if (!step_names (step, agent) || channel_can_reach (channel, agent))
          continue;
        g_autofree char *sentence =
          g_strdup_printf ("%s: step \"%s\": agent \"%s\" has no mobile in the form +16045550101, which channel \"%s\" needs",
                           section->comment, step->name, agent->name, channel->name);
        g_strv_builder_add (build->remarks, sentence);
      }
}

static gboolean
build_step (Build *build, cfg_t *section, Escalation *escalation)
{
  Step *step = NEW (build, Step);
  g_ptr_array_add (escalation->steps, step);
  step->name = g_string_chunk_insert (build->strings, cfg_title (section));
  step->wait = build_seconds (section, "wait");
  step->agents = build_resolve_list (build, section, "agents", build->config->agents);
  step->by = step->agents != NULL ? build_resolve_list (build, section, "by", build->config->channels) : NULL;
  if (step->by == NULL || !build_resolve (build, section, "schedule", build->config->schedules, &step->schedule) ||
      !build_resolve (build, section, "team", build->config->teams, &step->team))
    return FALSE;
  if (step->by->len == 0)
    options_set_error (build->error, section, "by", "name at least one channel");
  else if (step->agents->len == 0 && step->schedule == NULL && step->team == NULL)
    options_set_error (build->error, section, NULL, "name a schedule, agents or a team to page");
  else
    {
      add_unreachable (build, section, step);
      return TRUE;
    }
  return FALSE;
}

gboolean
step_names (const Step *step, const Agent *agent)
{
  return g_ptr_array_find (step->agents, agent, NULL) ||
         (step->team != NULL && g_ptr_array_find (agent->teams, step->team, NULL));
}

/* What pages by ESCALATION promises that somebody is reached, whoever is on call. */
static gboolean
check_reach (Build *build, cfg_t *section, const Escalation *escalation)
{
  const Step *empty = NULL;
  for (guint i = 0; i < escalation->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (escalation->steps, i);
      for (guint j = 0; j < build->config->agents->len; j++)
        if (step_names (step, g_ptr_array_index (build->config->agents, j)))
          return TRUE;
      if (step->team != NULL)
        empty = step;
    }
  if (empty != NULL)
    options_set_error (build->error, section, NULL,
                       "step \"%s\" reaches nobody, as no agent is in team \"%s\"; name the team in an agent's teams, or "
                       "agents in the step",
                       empty->name, empty->team->name);
  else
    options_set_error (build->error, section, NULL,
                       "all its steps are schedules, and when nobody is on call it would reach nobody; add a step that "
                       "names agents or a team");
  return FALSE;
}

static gboolean
build_escalation (Build *build, cfg_t *section)
{
  Escalation *escalation = NEW (build, Escalation);
  escalation->name = g_string_chunk_insert (build->strings, cfg_title (section));
  escalation->repeat = (int) cfg_getint (section, "repeat");
  escalation->page_again = cfg_getbool (section, "page-again") == cfg_true;
  escalation->steps = g_ptr_array_new ();
  g_ptr_array_add (build->config->escalations, escalation);
  for (unsigned int i = 0; i < cfg_size (section, "step"); i++)
    if (!build_step (build, cfg_getnsec (section, "step", i), escalation))
      return FALSE;
  if (escalation->steps->len > 0)
    return check_reach (build, section, escalation);
  options_set_error (build->error, section, NULL, "an escalation needs a step \"NAME\" { ... }");
  return FALSE;
}

gboolean
build_people (Build *build)
{
  return build_teams (build) && build_each (build, "agent", build_agent) && build_channels (build);
}

gboolean
build_escalations (Build *build)
{
  return build_each (build, "escalation", build_escalation);
}
