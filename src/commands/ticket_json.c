#include "commands/ticket_json.h"

#include "commands/output.h"

static void
set (json_t *object, const char *key, json_t *value)
{
  json_object_set_new (object, key, value);
}

static json_t *
due_to_json (const Ticket *ticket)
{
  json_t *due = json_object ();
  for (TargetKind target = 0; target < TARGETS; target++)
    set (due, target_to_string (target), output_time (ticket->due[target]));
  return due;
}

static json_t *
breached_to_json (const Ticket *ticket)
{
  json_t *breached = json_array ();
  for (TargetKind target = 0; target < TARGETS; target++)
    if (ticket->breached & 1u << target)
      json_array_append_new (breached, json_string (target_to_string (target)));
  return breached;
}

static json_t *
participants_to_json (const Ticket *ticket)
{
  json_t *array = json_array ();
  for (guint i = 0; ticket->participants != NULL && ticket->participants[i] != NULL; i++)
    json_array_append_new (array, output_string (ticket->participants[i]));
  return array;
}

json_t *
ticket_to_json (const Ticket *ticket)
{
  json_t *object = json_object ();
  g_autofree char *priority = g_strdup_printf ("p%d", ticket->priority);
  set (object, "id", json_integer (ticket->number));
  set (object, "number", json_integer (ticket->number));
  set (object, "role", output_string (ticket->role));
  set (object, "state", output_string (ticket->state));
  set (object, "priority", json_string (priority));
  set (object, "kind", json_string (ticket->kind != NULL ? ticket->kind : "standard"));
  set (object, "subject", output_string (ticket->subject));
  set (object, "requester", output_string (ticket->requester));
  set (object, "requester_name", output_string (ticket->requester_name));
  set (object, "customer", output_string (ticket->customer));
  set (object, "standing", output_string (ticket->standing));
  set (object, "team", output_string (ticket->team));
  set (object, "assignee", output_string (ticket->assignee));
  set (object, "related", ticket->related != 0 ? json_integer (ticket->related) : json_null ());
  set (object, "merged_into", ticket->merged != 0 ? json_integer (ticket->merged) : json_null ());
  set (object, "participants", participants_to_json (ticket));
  set (object, "opened_at", output_time (ticket->opened_at));
  set (object, "acknowledged_at", output_time (ticket->acknowledged_at));
  set (object, "responded_at", output_time (ticket->responded_at));
  set (object, "resolved_at", output_time (ticket->resolved_at));
  set (object, "due", due_to_json (ticket));
  set (object, "breached", breached_to_json (ticket));
  return object;
}

json_t *
outbox_row_to_json (const OutboxRow *row)
{
  json_t *object = json_object ();
  set (object, "id", json_integer (row->id));
  set (object, "ticket", json_integer (row->ticket));
  set (object, "kind", output_string (row->kind));
  set (object, "channel", output_string (row->channel));
  set (object, "recipient", output_string (row->recipient));
  set (object, "template", output_string (row->template));
  set (object, "reason", output_string (row->reason));
  set (object, "message_id", output_string (row->message_id));
  set (object, "state", output_string (row->state));
  set (object, "attempts", json_integer (row->attempts));
  set (object, "created_at", output_time (row->created_at));
  set (object, "due_at", output_time (row->due_at));
  set (object, "sent_at", output_time (row->sent_at));
  set (object, "last_error", output_string (row->last_error));
  if (g_strcmp0 (row->kind, "page") == 0)
    {
      set (object, "incident", json_integer (row->incident));
      set (object, "held", json_boolean (row->held));
      set (object, "provider_id", output_string (row->provider_id));
      set (object, "fate", output_string (row->fate));
    }
  return object;
}

json_t *
incident_to_json (const Incident *incident)
{
  json_t *object = json_object ();
  set (object, "id", json_integer (incident->id));
  set (object, "ticket", json_integer (incident->ticket));
  set (object, "state", json_string (incident_state_to_string (incident->state)));
  set (object, "acknowledged_by", output_string (incident->acknowledged_by));
  set (object, "escalation", output_string (incident->escalation));
  set (object, "step", json_integer (incident->step + 1));
  set (object, "round", json_integer (incident->round));
  set (object, "started_at", output_time (incident->started_at));
  set (object, "next_at", output_time (incident->next_at));
  set (object, "acknowledged_at", output_time (incident->acknowledged_at));
  set (object, "resolved_at", output_time (incident->resolved_at));
  return object;
}

json_t *
address_state_to_json (const AddressState *state)
{
  return json_pack ("{s:s, s:s, s:s?, s:s, s:o, s:o, s:i}", "address", state->address, "state", state->hard ? "hard" : "soft", "status",
                    state->status, "detail", state->detail, "since", output_time (state->since), "last_at",
                    output_time (state->last_at), "count", state->count);
}

gint64
ticket_number_parse (const char *text)
{
  gint64 number = 0;
  if (text == NULL || !g_ascii_string_to_signed (*text == '#' ? text + 1 : text, 10, 1, G_MAXINT32, &number, NULL))
    return 0;
  return number;
}
