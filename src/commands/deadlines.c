#include "commands/deadlines.h"

#include "commands/output.h"
#include "desk/calendar.h"
#include "desk/promises.h"

static json_t *
pauses_to_json (const Promise *promise, const GArray *pauses)
{
  json_t *list = json_array ();
  for (guint i = 0; promises_are_pausable (promise->target) && i < pauses->len; i++)
    {
      const Interval *pause = &g_array_index (pauses, Interval, i);
      gboolean over = pause->to != G_MAXINT64;
      if (pause->to > promise->since)
        json_array_append_new (list, json_pack ("{s:o, s:o}", "from", output_time (pause->from), "to",
                                                over ? output_time (pause->to) : json_null ()));
    }
  return list;
}

/* "2026-11-30" and the seconds that count on it. */
static json_t *
share_to_json (const DayShare *share)
{
  g_autoptr (GDateTime) day = g_date_time_new_from_unix_utc (share->day * 86400);
  g_autofree char *date = g_date_time_format (day, "%Y-%m-%d");
  return json_pack ("{s:s, s:I}", "date", date, "seconds", (json_int_t) (share->time / G_USEC_PER_SEC));
}

static json_t *
days_to_json (const Target *target, const Promise *promise, const GArray *pauses)
{
  json_t *list = json_array ();
  if (promise->due_at == 0 || target->span.kind == SPAN_ELAPSED)
    return list;
  g_autoptr (GArray) shares =
    calendar_shares (target->calendar, promise->since, promise->due_at, promises_are_pausable (promise->target) ? pauses : NULL);
  for (guint i = 0; i < shares->len; i++)
    json_array_append_new (list, share_to_json (&g_array_index (shares, DayShare, i)));
  return list;
}

static const char *
describe_state (const Promise *promise)
{
  if (promise->met_at != 0)
    return promise->breached_at != 0 ? "late" : "kept";
  if (promise->dropped_at != 0)
    return promise->breached_at != 0 ? "missed" : "dropped";
  return promise->breached_at != 0 ? "overdue" : promise->due_at != 0 ? "open" : "waiting";
}

static json_t *
promise_to_json (const Policy *policy, const Ticket *ticket, const Promise *promise, const GArray *pauses)
{
  const TicketKind *kind = policy != NULL ? policy_find_kind (policy, ticket->kind) : NULL;
  const Target *target = policy != NULL ? policy_find_target (policy, ticket->priority, kind, promise->target) : NULL;
  json_t *object =
    json_pack ("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "target", target_to_string (promise->target),
               "cycle", promise->cycle, "state", describe_state (promise), "since", output_time (promise->since), "due",
               output_time (promise->due_at), "warn_at", output_time (promise->warn_at), "met_at",
               output_time (promise->met_at), "breached_at", output_time (promise->breached_at), "moved",
               promise->moved, "pauses", pauses_to_json (promise, pauses));
  if (target == NULL)
    return object;
  g_autofree char *promised = span_to_string (promise->waited ? policy->next_within : target->span);
  json_object_set_new (object, "promised", json_string (promised));
  json_object_set_new (object, "calendar",
                       json_string (target->span.kind == SPAN_ELAPSED ? "always" : target->calendar->name));
  json_object_set_new (object, "days", days_to_json (target, promise, pauses));
  return object;
}

json_t *
deadlines_to_json (const Config *config, Store *store, const Ticket *ticket, GError **error)
{
  const Role *role = config_find_role_by_name (config, ticket->role);
  g_autoptr (GArray) promises = NULL, pauses = NULL;
  if (!store_list_promises (store, ticket->number, &promises, &pauses, error))
    return NULL;
  json_t *list = json_array ();
  for (guint i = 0; i < promises->len; i++)
    json_array_append_new (list, promise_to_json (role != NULL ? role->policy : NULL, ticket,
                                                  &g_array_index (promises, Promise, i), pauses));
  return list;
}
