#include "desk/outgoing.h"

#include "desk/calendar.h"
#include "desk/escalation.h"
#include "desk/promises.h"
#include "mail/language.h"

/* Who gets it while we are closed is told when the mail will be read. AT: when it goes out. */
static const char *
acknowledgement_template (const Decision *decision, gint64 at)
{
  const Policy *policy = decision->role->policy;
  if (decision->page)
    return "emergency";
  if (decision->role->page != NULL)
    return "emergency-unverified";
  if (policy == NULL || calendar_is_open (policy->calendar, at, NULL))
    return "acknowledgement";
  return calendar_holiday (policy->calendar, at) != NULL ? "holiday" : "after-hours";
}

/* When an acknowledgement that waits for an answer goes out all the same; 0: at once. Who has an emergency is told at once
 * to call. */
static gint64
acknowledgement_time (const Decision *decision, gint64 now)
{
  const Policy *policy = decision->role->policy;
  if (policy == NULL || policy->acknowledge_after.kind == SPAN_NONE || decision->role->page != NULL || decision->page)
    return 0;
  return promises_add_span (policy->calendar, policy->acknowledge_after, now);
}

static void
plan_acknowledgement (const IntakeCase *intake, Decision *decision)
{
  gint64 due = acknowledgement_time (decision, intake->now);
  Outgoing *letter = outgoing_new (OUTGOING_ACKNOWLEDGEMENT, decision->acknowledge_to,
                                   acknowledgement_template (decision, due != 0 ? due : intake->now));
  letter->due_at = due;
  const char *known = intake->contact != NULL ? intake->contact->language : NULL;
  const char *written = intake->facts->language;
  g_autoptr (GStrvBuilder) languages = g_strv_builder_new ();
  if (known != NULL)
    g_strv_builder_add (languages, known);
  if (written != NULL)
    g_strv_builder_add (languages, written);
  g_strv_builder_add (languages, LANGUAGE_OF_TEXT);
  if (decision->role->language != NULL)
    g_strv_builder_add (languages, decision->role->language);
  g_auto (GStrv) list = g_strv_builder_end (languages);
  letter->languages = g_strjoinv (",", list);
  g_ptr_array_add (decision->outgoing, letter);
}

/* Of a further message the one who has the ticket is told, else the team. */
static void
plan_message (const IntakeCase *intake, const Ticket *ticket, Decision *decision)
{
  const Agent *assignee = ticket->assignee != NULL ? config_find_agent (intake->config, ticket->assignee) : NULL;
  const Team *team = config_find_team (intake->config, ticket->team);
  char *one[] = { assignee != NULL ? assignee->mail : NULL, NULL };
  char **addresses = assignee != NULL || team == NULL ? one : team->notify;
  for (guint i = 0; addresses[i] != NULL; i++)
    {
      Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, addresses[i], "team-message");
      letter->languages = g_strdup (assignee != NULL ? assignee->language : decision->role->language);
      letter->reason = g_strdup (decision->reason);
      letter->of_message = TRUE;
      g_ptr_array_add (decision->outgoing, letter);
    }
}

static void
plan_team (Decision *decision)
{
  gboolean unpaged = decision->role->page != NULL && !decision->page;
  for (guint i = 0; decision->team->notify[i] != NULL; i++)
    {
      Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, decision->team->notify[i],
                                       unpaged ? "team-unverified" : "team-new");
      letter->languages = g_strdup (decision->role->language);
      letter->reason = g_strdup (unpaged ? decision->page_reason : decision->reason);
      letter->of_message = TRUE;
      g_ptr_array_add (decision->outgoing, letter);
    }
}

/* Why the pages go to whom they go is the decision's reason, too. */
static void
plan_pages (const IntakeCase *intake, Decision *decision)
{
  const Roster roster = { .config = intake->config, .overrides = intake->overrides };
  decision->incident = escalation_start (&roster, decision->escalation, intake->now, decision->page_reason, decision->outgoing);
  if (decision->outgoing->len == 0)
    return;
  g_free (decision->page_reason);
  decision->page_reason = g_strdup (((const Outgoing *) g_ptr_array_index (decision->outgoing, 0))->reason);
}

/* Goes out only when the store finds, with this message, that a limit on messages begins to hold. TICKET: the one that is continued,
 * nullable. */
static void
plan_flood_notices (const IntakeCase *intake, const Ticket *ticket, Decision *decision)
{
  const Team *team = decision->team != NULL ? decision->team : ticket != NULL ? config_find_team (intake->config, ticket->team) : NULL;
  team = team != NULL ? team : decision->role->team;
  for (guint i = 0; team->notify[i] != NULL; i++)
    {
      Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, team->notify[i], "team-flood");
      letter->languages = g_strdup (decision->role->language);
      g_ptr_array_add (decision->flood_notices, letter);
    }
}

void
outgoing_plan (const IntakeCase *intake, const Ticket *ticket, Decision *decision)
{
  if (decision->kind == INTAKE_OPEN || decision->kind == INTAKE_CONTINUE)
    plan_flood_notices (intake, ticket, decision);
  gboolean moved = decision->kind == INTAKE_CONTINUE && decision->rules != NULL && decision->team != NULL;
  if (decision->kind == INTAKE_CONTINUE && decision->by_person && !moved)
    plan_message (intake, ticket, decision);
  if (decision->kind != INTAKE_OPEN && !moved && !decision->page)
    return;
  if (decision->page)
    plan_pages (intake, decision);
  if (decision->acknowledge)
    plan_acknowledgement (intake, decision);
  if (decision->team != NULL)
    plan_team (decision);
}

Outgoing *
outgoing_to_requester (const Ticket *ticket, const Role *role, const char *template)
{
  Outgoing *letter = outgoing_new (OUTGOING_LETTER, ticket->requester, template);
  letter->languages =
    g_strjoin (",", ticket->language != NULL ? ticket->language : LANGUAGE_OF_TEXT, role->language, NULL);
  return letter;
}
