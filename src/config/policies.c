/* What is promised: policies. */
#include <string.h>

#include "config/build.h"

/* Reads the targets that SECTION sets over those that TARGETS has already. */
static gboolean
read_targets (Build *build, cfg_t *section, Targets *targets)
{
  const Calendar *calendar;
  if (!build_resolve (build, section, "calendar", build->config->calendars, &calendar))
    return FALSE;
  if (calendar != NULL)
    targets->calendar = calendar;
  build_span (section, "acknowledge", &targets->acknowledge);
  build_span (section, "respond", &targets->respond);
  build_span (section, "update", &targets->update);
  build_span (section, "resolve", &targets->resolve);
  return TRUE;
}

static gboolean
build_policy (Build *build, cfg_t *section)
{
  Policy *policy = NEW (build, Policy);
  Targets common = { 0 };
  policy->name = g_string_chunk_insert (build->strings, cfg_title (section));
  policy->warn = (int) cfg_getint (section, "warn");
  if (!read_targets (build, section, &common))
    return FALSE;
  policy->calendar = common.calendar;
  for (guint i = 0; i < G_N_ELEMENTS (policy->priority); i++)
    policy->priority[i] = common;
  for (unsigned int i = 0; i < cfg_size (section, "priority"); i++)
    {
      cfg_t *priority = cfg_getnsec (section, "priority", i);
      const char *title = cfg_title (priority);
      if (strlen (title) != 2 || title[0] != 'p' || title[1] < '1' || title[1] > '4')
        {
          options_set_error (build->error, priority, NULL, "a priority is p1, p2, p3 or p4");
          return FALSE;
        }
      if (!read_targets (build, priority, &policy->priority[title[1] - '1']))
        return FALSE;
    }
  g_ptr_array_add (build->config->policies, policy);
  return TRUE;
}

gboolean
build_policies (Build *build)
{
  return build_each (build, "policy", build_policy);
}
