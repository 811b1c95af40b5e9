/* The store's plain data: names, making and freeing. */
#include <string.h>

#include "store/incident.h"
#include "store/intake.h"
#include "store/promise.h"
#include "store/ticket.h"

const char *
intake_kind_to_string (IntakeKind kind)
{
  static const char *const names[] = { "open", "continue", "refuse", "duplicate", "file", "defer" };
  return names[kind];
}

const char *
outgoing_kind_to_string (OutgoingKind kind)
{
  static const char *const names[] = { "acknowledgement", "letter", "notification", "page" };
  return names[kind];
}

Outgoing *
outgoing_new (OutgoingKind kind, const char *recipient, const char *template)
{
  Outgoing *outgoing = g_new0 (Outgoing, 1);
  outgoing->kind = kind;
  outgoing->recipient = g_strdup (recipient);
  outgoing->template = g_strdup (template);
  return outgoing;
}

void
outgoing_free (Outgoing *outgoing)
{
  g_free (outgoing->channel);
  g_free (outgoing->recipient);
  g_free (outgoing->template);
  g_free (outgoing->languages);
  g_free (outgoing->reason);
  g_free (outgoing->message_id);
  g_free (outgoing);
}

const char *
incident_state_to_string (IncidentState state)
{
  static const char *const names[] = { "triggered", "acknowledged", "resolved" };
  return names[state];
}

const char *
page_action_to_string (PageAction action)
{
  return action == PAGE_RESOLVE ? "resolve" : "acknowledge";
}

void
incident_free (Incident *incident)
{
  g_free (incident->escalation);
  g_free (incident->plan);
  g_free (incident->acknowledged_by);
  g_free (incident);
}

void
taking_free (Taking *taking)
{
  g_clear_pointer (&taking->incident, incident_free);
  g_free (taking);
}

Decision *
decision_new (const Role *role)
{
  Decision *decision = g_new0 (Decision, 1);
  decision->role = role;
  decision->priority = role->priority;
  decision->team = role->team;
  decision->escalation = role->page;
  decision->outgoing = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  decision->flood_notices = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  decision->promises = g_array_new (FALSE, FALSE, sizeof (Promise));
  return decision;
}

void
decision_free (Decision *decision)
{
  g_free (decision->key);
  g_free (decision->reason);
  g_free (decision->standing_reason);
  g_free (decision->automatic_reason);
  g_free (decision->acknowledge_reason);
  g_free (decision->acknowledge_to);
  g_free (decision->page_reason);
  g_free (decision->reply);
  g_free (decision->rules);
  g_free (decision->taker);
  g_strfreev (decision->joining);
  g_clear_pointer (&decision->staff, staff_work_free);
  g_free (decision->reachable);
  g_free (decision->forward);
  g_clear_pointer (&decision->addresses, g_ptr_array_unref);
  g_clear_pointer (&decision->kept, raw_message_free);
  g_free (decision->kept_file);
  g_strfreev (decision->removed);
  g_clear_pointer (&decision->incident, incident_free);
  g_ptr_array_unref (decision->outgoing);
  g_ptr_array_unref (decision->flood_notices);
  g_array_unref (decision->promises);
  g_clear_pointer (&decision->candidates, g_ptr_array_unref);
  g_free (decision);
}

gboolean
decision_heeds_pause (const Decision *decision)
{
  return decision->standing < STANDING_KNOWN && decision->role->page == NULL;
}

void
decision_withhold_acknowledgement (Decision *decision, const char *reason)
{
  decision->acknowledge = FALSE;
  g_free (decision->acknowledge_reason);
  decision->acknowledge_reason = g_strdup (reason);
  g_clear_pointer (&decision->acknowledge_to, g_free);
  for (guint i = decision->outgoing->len; i > 0; i--)
    if (((const Outgoing *) g_ptr_array_index (decision->outgoing, i - 1))->kind == OUTGOING_ACKNOWLEDGEMENT)
      g_ptr_array_remove_index (decision->outgoing, i - 1);
  for (guint i = decision->promises->len; i > 0; i--)
    if (g_array_index (decision->promises, Promise, i - 1).target == TARGET_ACKNOWLEDGE)
      g_array_remove_index (decision->promises, i - 1);
}

static void
append_reason (char **text, const char *reason)
{
  char *longer = g_strconcat (*text, "; ", reason, NULL);
  g_free (*text);
  *text = longer;
}

static const char limit_of_sender[] = "this sender's further emergencies of this hour page nobody";
static const char limit_of_all[] = "further emergencies of this hour page nobody, whoever writes";

void
decision_note_limit (Decision *decision, gboolean of_sender)
{
  const char *note = of_sender ? limit_of_sender : limit_of_all;
  append_reason (&decision->page_reason, note);
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      Outgoing *outgoing = g_ptr_array_index (decision->outgoing, i);
      if (outgoing->kind == OUTGOING_PAGE)
        append_reason (&outgoing->reason, note);
    }
}

const char *
page_find_limit (const char *reason)
{
  const char *note = reason != NULL ? strstr (reason, limit_of_sender) : NULL;
  return note != NULL || reason == NULL ? note : strstr (reason, limit_of_all);
}

void
decision_withhold_page (Decision *decision, const char *reason)
{
  decision->page = FALSE;
  g_clear_pointer (&decision->incident, incident_free);
  g_free (decision->page_reason);
  decision->page_reason = g_strdup (reason);
  for (guint i = decision->outgoing->len; i > 0; i--)
    {
      Outgoing *outgoing = g_ptr_array_index (decision->outgoing, i - 1);
      if (outgoing->kind == OUTGOING_PAGE)
        g_ptr_array_remove_index (decision->outgoing, i - 1);
      else if (outgoing->kind == OUTGOING_NOTIFICATION)
        {
          g_free (outgoing->template);
          outgoing->template = g_strdup ("team-unverified");
          g_free (outgoing->reason);
          outgoing->reason = g_strdup (reason);
        }
    }
}

gboolean
promise_is_open (const Promise *promise)
{
  return promise->met_at == 0 && promise->dropped_at == 0;
}

gint64
promise_next (const Promise *promise)
{
  gint64 next = 0;
  const struct {
    gint64 at, done;
  } steps[] = { { promise->warn_at, promise->warned_at },
                { promise->extend_at, promise->extended_at },
                { promise->due_at, promise->breached_at } };
  if (!promise_is_open (promise) || promise->breached_at != 0)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i].at != 0 && steps[i].done == 0 && (next == 0 || steps[i].at < next))
      next = steps[i].at;
  return next;
}

void
ticket_free (Ticket *ticket)
{
  g_free (ticket->role);
  g_free (ticket->state);
  g_free (ticket->subject);
  g_free (ticket->requester);
  g_free (ticket->requester_name);
  g_free (ticket->customer);
  g_free (ticket->standing);
  g_free (ticket->team);
  g_free (ticket->assignee);
  g_free (ticket->kind);
  g_free (ticket->language);
  g_free (ticket->message_id);
  g_free (ticket->references);
  g_free (ticket->incident);
  g_strfreev (ticket->participants);
  g_strfreev (ticket->shown);
  g_free (ticket);
}

void
message_free (Message *message)
{
  g_free (message->kind);
  g_free (message->direction);
  g_free (message->message_id);
  g_free (message->sender);
  g_free (message->subject);
  g_free (message->text);
  g_free (message->queue_id);
  g_free (message->cc);
  g_free (message->unread);
  g_free (message);
}

void
outbox_row_free (OutboxRow *row)
{
  g_free (row->kind);
  g_free (row->channel);
  g_free (row->recipient);
  g_free (row->template);
  g_free (row->languages);
  g_free (row->reason);
  g_free (row->message_id);
  g_free (row->state);
  g_free (row->last_error);
  g_free (row->provider_id);
  g_free (row->fate);
  g_free (row);
}

void
event_free (Event *event)
{
  g_free (event->kind);
  g_free (event->actor);
  g_free (event->detail);
  g_free (event);
}
