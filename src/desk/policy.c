#include "desk/policy.h"

#include "desk/calendar.h"

static gboolean
find_deadline (const Calendar *calendar, Span span, gint64 from, gint64 *deadline)
{
  switch (span.kind)
    {
    case SPAN_BUSINESS:
      return calendar_add (calendar, from, span.amount * G_USEC_PER_SEC, NULL, deadline);
    case SPAN_BUSINESS_DAYS:
      return calendar_closing (calendar, from, (int) span.amount, deadline);
    case SPAN_ELAPSED:
      *deadline = from + span.amount * G_USEC_PER_SEC;
      return TRUE;
    default:
      *deadline = 0;
      return TRUE;
    }
}

gboolean
policy_deadlines (const Targets *targets, gint64 opened, Deadlines *deadlines, const char **failed)
{
  const struct {
    const char *name;
    Span span;
    gint64 *deadline;
  } all[] = { { "acknowledge", targets->acknowledge, &deadlines->acknowledge },
              { "respond", targets->respond, &deadlines->respond },
              { "update", targets->update, &deadlines->update },
              { "resolve", targets->resolve, &deadlines->resolve } };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (!find_deadline (targets->calendar, all[i].span, opened, all[i].deadline))
      {
        *failed = all[i].name;
        return FALSE;
      }
  return TRUE;
}
