/* What is promised: policies. */
#include <string.h>

#include "config/build.h"

static const char *const names[TARGETS] = { "acknowledge", "respond", "update", "resolve" };

const char *
target_to_string (TargetKind kind)
{
  return names[kind];
}

const TicketKind *
policy_find_kind (const Policy *policy, const char *name)
{
  for (guint i = 0; name != NULL && policy->kinds[i] != NULL; i++)
    if (g_str_equal (policy->kinds[i]->name, name))
      return policy->kinds[i];
  return NULL;
}

const Target *
policy_find_target (const Policy *policy, int priority, const TicketKind *kind, TargetKind target)
{
  return kind != NULL && kind->target[target].span.kind != SPAN_NONE ? &kind->target[target]
                                                                     : &policy->priority[priority - 1][target];
}

/* Reads the targets that SECTION sets over those that TARGETS has already. */
static gboolean
read_targets (Build *build, cfg_t *section, Target *targets)
{
  const GPtrArray *calendars = build->config->calendars;
  const Calendar *common;
  if (!build_resolve (build, section, "calendar", calendars, &common))
    return FALSE;
  for (guint i = 0; i < TARGETS; i++)
    {
      const Calendar *own;
      g_autofree char *option = g_strconcat (names[i], "-calendar", NULL);
      if (!build_resolve (build, section, option, calendars, &own))
        return FALSE;
      if (own != NULL || common != NULL)
        targets[i].calendar = own != NULL ? own : common;
      build_span (section, names[i], &targets[i].span);
    }
  return TRUE;
}

static gboolean
read_priorities (Build *build, cfg_t *section, Policy *policy)
{
  for (unsigned int i = 0; i < cfg_size (section, "priority"); i++)
    {
      cfg_t *priority = cfg_getnsec (section, "priority", i);
      const char *title = cfg_title (priority);
      if (strlen (title) != 2 || title[0] != 'p' || title[1] < '1' || title[1] > '4')
        {
          options_set_error (build->error, priority, NULL, "a priority is p1, p2, p3 or p4");
          return FALSE;
        }
      if (!read_targets (build, priority, policy->priority[title[1] - '1']))
        return FALSE;
      policy->root_cause[title[1] - '1'] = cfg_getbool (priority, "root-cause");
    }
  return TRUE;
}

static gboolean
read_kinds (Build *build, cfg_t *section, Policy *policy)
{
  unsigned int count = cfg_size (section, "kind");
  policy->kinds = build_keep (build, g_new0 (TicketKind *, count + 1));
  for (unsigned int i = 0; i < count; i++)
    {
      cfg_t *part = cfg_getnsec (section, "kind", i);
      TicketKind *kind = policy->kinds[i] = NEW (build, TicketKind);
      kind->name = g_string_chunk_insert (build->strings, cfg_title (part));
      for (guint j = 0; j < TARGETS; j++)
        kind->target[j].calendar = policy->calendar;
      if (!read_targets (build, part, kind->target))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_breaches (Build *build, cfg_t *section, Policy *policy)
{
  policy->breach[TARGET_RESPOND].reassign = policy->breach[TARGET_RESOLVE].reassign = TRUE;
  for (unsigned int i = 0; i < cfg_size (section, "breach"); i++)
    {
      cfg_t *part = cfg_getnsec (section, "breach", i);
      guint target = 0;
      while (target < TARGETS && !g_str_equal (names[target], cfg_title (part)))
        target++;
      if (target == TARGETS)
        {
          options_set_error (build->error, part, NULL, "a target is acknowledge, respond, update or resolve");
          return FALSE;
        }
      Breach *breach = &policy->breach[target];
      breach->reassign = cfg_getbool (part, "reassign");
      breach->raise = cfg_getbool (part, "raise");
      if (!build_resolve (build, part, "page", build->config->escalations, &breach->page))
        return FALSE;
    }
  return TRUE;
}

static WordList *
read_words (Build *build, cfg_t *section)
{
  unsigned int count = cfg_size (section, "words");
  WordList *lists = build_keep (build, g_new0 (WordList, count + 1));
  for (unsigned int i = 0; i < count; i++)
    {
      cfg_t *part = cfg_getnsec (section, "words", i);
      lists[i].language = g_string_chunk_insert (build->strings, cfg_title (part));
      lists[i].any = build_list (build, part, "any");
    }
  return lists;
}

static gboolean
read_rule (Build *build, cfg_t *section, const Policy *policy, PolicyRule *rule)
{
  const char *priority = cfg_getstr (section, "priority"), *kind = cfg_getstr (section, "kind");
  rule->name = g_string_chunk_insert (build->strings, cfg_title (section));
  rule->words = read_words (build, section);
  rule->important = cfg_getbool (section, "important");
  rule->level = build_list (build, section, "level");
  for (unsigned int i = 0; i < cfg_size (section, "at-priority"); i++)
    rule->at_priority |= 1u << (cfg_getnstr (section, "at-priority", i)[1] - '0');
  if (cfg_getstr (section, "again-within") != NULL)
    rule->again_within = build_seconds (section, "again-within");
  rule->priority = priority != NULL ? priority[1] - '0' : 0;
  rule->kind = policy_find_kind (policy, kind);
  rule->escalate = cfg_getbool (section, "escalate");
  rule->root_cause = cfg_getbool (section, "root-cause");
  if (!build_resolve (build, section, "team", build->config->teams, &rule->team) ||
      !build_resolve (build, section, "page", build->config->escalations, &rule->page))
    return FALSE;
  if (kind != NULL && rule->kind == NULL)
    options_set_error (build->error, section, "kind", "the policy has no kind \"%s\" { ... }", kind);
  else if (rule->words[0].language == NULL && !rule->important && rule->level[0] == NULL && rule->again_within == 0)
    options_set_error (build->error, section, NULL,
                       "it would apply to every mail; give it words, important, level or again-within");
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_rules (Build *build, cfg_t *section, Policy *policy)
{
  unsigned int count = cfg_size (section, "rule");
  policy->rules = build_keep (build, g_new0 (PolicyRule *, count + 1));
  for (unsigned int i = 0; i < count; i++)
    if (!read_rule (build, cfg_getnsec (section, "rule", i), policy, policy->rules[i] = NEW (build, PolicyRule)))
      return FALSE;
  return TRUE;
}

static void
read_goals (cfg_t *section, Policy *policy)
{
  for (guint i = 0; i < TARGETS; i++)
    {
      g_autofree char *option = g_strconcat ("goal-", names[i], NULL);
      policy->goal[i] = (int) cfg_getint (section, option);
    }
  policy->goal_first_contact = (int) cfg_getint (section, "goal-first-contact");
  policy->goal_escalation = (int) cfg_getint (section, "goal-escalation");
}

static gboolean
build_policy (Build *build, cfg_t *section)
{
  Policy *policy = NEW (build, Policy);
  Target common[TARGETS] = { 0 };
  policy->name = g_string_chunk_insert (build->strings, cfg_title (section));
  policy->warn = (int) cfg_getint (section, "warn");
  build_span (section, "acknowledge-after", &policy->acknowledge_after);
  build_span (section, "next-within", &policy->next_within);
  build_span (section, "extend", &policy->extend);
  policy->extend_at = (int) cfg_getint (section, "extend-at");
  policy->holding_update = cfg_getbool (section, "holding-update");
  policy->arrival_order = g_str_equal (cfg_getstr (section, "order"), "arrival");
  policy->greeting = build_some_text (build, section, "greeting");
  policy->closing = build_some_text (build, section, "closing");
  read_goals (section, policy);
  if (!build_resolve (build, section, "calendar", build->config->calendars, &policy->calendar) ||
      !read_targets (build, section, common))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (policy->priority); i++)
    memcpy (policy->priority[i], common, sizeof common);
  if (!read_priorities (build, section, policy) || !read_kinds (build, section, policy) ||
      !read_breaches (build, section, policy) || !read_rules (build, section, policy))
    return FALSE;
  policy->version = policy_version (policy);
  g_ptr_array_add (build->config->policies, policy);
  return TRUE;
}

gboolean
build_policies (Build *build)
{
  return build_each (build, "policy", build_policy);
}
