/* What doctor says of those who are to be called: a line for each thing that is to be mended. */
#include "commands/doctor.h"

#include "desk/lookahead.h"

void
doctor_check_oncall (Report *list, const Config *config, const GPtrArray *overrides, gint64 now)
{
  const Roster roster = { .config = config, .overrides = overrides };
  g_autoptr (GPtrArray) findings = lookahead_find (&roster, now);
  for (guint i = 0; i < findings->len; i++)
    report (list, "oncall", "warn", ((const Finding *) g_ptr_array_index (findings, i))->text);
  if (findings->len == 0)
    report (list, "oncall", "ok",
            config->escalations->len > 0 ? "somebody is reached at any time of the next 30 days" : "no escalations");
}
