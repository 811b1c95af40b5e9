/* The intake decision, step by step: who wrote, was it a machine, which ticket, what becomes of it, what goes out. */
#include "desk/decision.h"

#include <string.h>

#include "config/limits.h"
#include "desk/automatic.h"
#include "desk/bounces.h"
#include "desk/order.h"
#include "desk/outgoing.h"
#include "desk/participants.h"
#include "desk/promises.h"
#include "desk/staff.h"
#include "desk/triage.h"

static const char REPLY_OK[] = "250 2.0.0 Ok";

char *
intake_reply_text (const char *text)
{
  g_autofree char *ascii = g_str_to_ascii (text, "C");
  GString *reply = g_string_new (NULL);
  for (const char *c = ascii; *c != '\0' && reply->len < LIMIT_SMTP_REPLY; c++)
    g_string_append_c (reply, g_ascii_isprint (*c) ? *c : ' ');
  return g_string_free (reply, FALSE);
}

void
intake_settle (Decision *decision, IntakeKind kind, const char *reply, const char *reason)
{
  decision->kind = kind;
  g_free (decision->reply);
  decision->reply = g_strdup (reply);
  g_free (decision->reason);
  decision->reason = g_strdup (reason);
}

static void
refuse (Decision *decision, const char *reason)
{
  g_autofree char *text = intake_reply_text (decision->role->refuse);
  g_autofree char *reply = g_strconcat ("550 5.7.1 ", text, NULL);
  intake_settle (decision, INTAKE_REFUSE, reply, reason);
}

/* Mail that the role's `accept` is never asked about: a null sender cannot be answered with a refusal, what is our own is filed, and
 * of what was not opened nobody knows who wrote it. */
static gboolean
is_beyond_refusal (const IntakeCase *intake)
{
  return *intake->envelope->sender == '\0' || intake->facts->unopened || automatic_is_own_mark (intake->facts, intake->config);
}

gboolean
intake_is_too_large (const Role *role, gint64 size)
{
  return role->max_size > 0 && size > role->max_size;
}

char *
intake_too_large_reply (const Role *role)
{
  return g_strdup_printf ("552 5.3.4 %s takes messages of at most %" G_GINT64_FORMAT " octets", role->name,
                          role->max_size);
}

/* A size that was not declared, or was less, shows at the end. TRUE when the message is refused. */
static gboolean
decide_size (const IntakeCase *intake, Decision *decision)
{
  if (!intake_is_too_large (decision->role, intake->size))
    return FALSE;
  g_autofree char *reply = intake_too_large_reply (decision->role);
  g_autofree char *reason =
      g_strdup_printf ("it has %" G_GINT64_FORMAT " octets, and the role takes %" G_GINT64_FORMAT " at most",
                       intake->size, decision->role->max_size);
  intake_settle (decision, INTAKE_REFUSE, reply, reason);
  return TRUE;
}

/* Refuses, defers or lets pass by size and by the sender's standing. TRUE when it is decided. */
static gboolean
decide_admission (const IntakeCase *intake, const ThreadMatch *match, Decision *decision)
{
  const Role *role = decision->role;
  if (is_beyond_refusal (intake))
    return FALSE;
  if (decide_size (intake, decision))
    return TRUE;
  if (decision->standing == STANDING_BARRED)
    {
      if (role->page == NULL)
        refuse (decision, "the sender is barred (suspended in the directory)");
      return role->page == NULL;
    }
  if (match->via == THREAD_SIGNED || match->via == THREAD_LETTER || decision->standing >= role->accept)
    return FALSE;
  if (intake->directory == DIRECTORY_UNAVAILABLE && intake->facts->from != NULL)
    {
      /* A page is never held back by a directory that is down, and other recipients' mail is not held back either. */
      if (role->page != NULL || !intake->alone)
        return FALSE;
      intake_settle (decision, INTAKE_DEFER, "451 4.3.0 The customer directory cannot be asked now. Please try again later.",
              "the directory is unavailable and this role takes mail from known senders only");
      return TRUE;
    }
  g_autofree char *reason = g_strdup_printf ("the role accepts %s senders only, and this one is %s",
                                             standing_to_string (role->accept), decision->standing_reason);
  refuse (decision, reason);
  return TRUE;
}

/* A report that is for a postmaster: by the configuration it goes there, or nowhere. FALSE: it is filed as others are. */
static gboolean
decide_report (const IntakeCase *intake, Decision *decision)
{
  const Config *config = intake->config;
  if (config->reports == REPORTS_FILE)
    return FALSE;
  decision->take = TRUE;
  decision->drop = config->reports == REPORTS_DROP;
  decision->forward = config->reports == REPORTS_FORWARD ? g_strdup (config->postmaster) : NULL;
  g_autofree char *reason = g_strdup_printf (decision->drop ? "dropped: %s" : "goes to the postmaster: %s", decision->automatic_reason);
  intake_settle (decision, INTAKE_FILE, REPLY_OK, reason);
  return TRUE;
}

static void
decide_filing (const IntakeCase *intake, const ThreadMatch *match, Decision *decision)
{
  const Ticket *ticket = match->ticket != NULL ? match->ticket : intake->reported;
  decision->ticket = ticket != NULL ? ticket->number : 0;
  g_autofree char *reason = g_strdup_printf ("filed %s: %s", ticket != NULL ? "with its ticket" : "without a ticket",
                                             decision->automatic_reason);
  intake_settle (decision, INTAKE_FILE, REPLY_OK, reason);
  if (intake->reported == NULL || intake->bounced == NULL)
    return;
  decision->ticket = intake->reported->number;
  decision->addresses = bounces_judge (intake->bounced, intake->reported);
  bounces_plan (intake->config, intake->reported, decision->addresses, decision->outgoing);
}

static const char *
via_to_string (ThreadVia via)
{
  switch (via)
    {
    case THREAD_SIGNED:
      return "signed reply address";
    case THREAD_LETTER:
      return "answers a letter of ours";
    case THREAD_REFERENCE:
      return "answers a message of it";
    case THREAD_TAG:
      return "subject tag";
    default:
      return "none";
    }
}

static void
decide_thread (const ThreadMatch *match, gboolean by_machine, Decision *decision)
{
  if (match->ticket != NULL)
    {
      const char *state = match->ticket->state;
      decision->ticket = match->ticket->number;
      decision->participant = match->same_customer;
      decision->reopen = match->requester && !by_machine &&
                         (g_str_equal (state, "resolved") || g_str_equal (state, "closed"));
      g_autofree char *reason = g_strdup_printf ("continues ticket %" G_GINT64_FORMAT " (%s)", decision->ticket,
                                                 via_to_string (match->via));
      intake_settle (decision, INTAKE_CONTINUE, REPLY_OK, reason);
      return;
    }
  decision->related = match->related != NULL ? match->related->number : 0;
  intake_settle (decision, INTAKE_OPEN, REPLY_OK,
                 decision->related == 0 ? "a new ticket"
                                        : "a new ticket: it points to another one that its sender does not belong to");
}

char *
intake_acknowledgement_address (const Envelope *envelope, const MessageFacts *facts, Standing standing)
{
  const char *sender = envelope->plain_sender;
  if (*sender == '\0')
    return NULL;
  const char *address = standing == STANDING_VERIFIED && !address_equal (sender, facts->from) ? facts->from : sender;
  g_autofree char *valid = address_normalise (address);
  return valid != NULL ? g_strdup (address) : NULL;
}

/* Why no acknowledgement may go out, or NULL when one may. Static strings. */
static const char *
acknowledgement_obstacle (const IntakeCase *intake, const Decision *decision, AutomaticClass class)
{
  const Role *role = decision->role;
  if (decision->kind != INTAKE_OPEN)
    return "only a new ticket is acknowledged";
  if (class != AUTOMATIC_NONE)
    return decision->automatic_reason;
  if (role->never_acknowledge)
    return "the role never acknowledges";
  if (decision->standing != STANDING_BARRED && decision->standing < role->acknowledge)
    return "the role acknowledges better known senders only";
  if (decision->acknowledge_to == NULL)
    return "there is no address to send one to";
  if (decision->standing < STANDING_KNOWN && standing_has_result (intake->facts, "spf", "fail"))
    return "the sender is unknown and spf=fail: the address may be forged";
  if (intake->acknowledged_lately && decision_heeds_pause (decision))
    return REASON_ACKNOWLEDGE_PAUSE;
  if (intake->config->acknowledge_limit > 0 && intake->acknowledged_to_sender >= intake->config->acknowledge_limit)
    return REASON_ACKNOWLEDGE_LIMIT;
  if (intake->config->acknowledge_limit_total > 0 &&
      intake->acknowledged_in_all >= intake->config->acknowledge_limit_total)
    return REASON_ACKNOWLEDGE_LIMIT_TOTAL;
  return NULL;
}

static void
decide_acknowledgement (const IntakeCase *intake, AutomaticClass class, Decision *decision)
{
  decision->acknowledge_to = intake_acknowledgement_address (intake->envelope, intake->facts, decision->standing);
  g_autofree char *dead = decision->reachable == NULL ? bounces_obstacle (intake->address_state, intake->now) : NULL;
  const char *obstacle = acknowledgement_obstacle (intake, decision, class);
  obstacle = obstacle != NULL ? obstacle : dead;
  decision->acknowledge = obstacle == NULL;
  decision->acknowledge_reason = g_strdup (obstacle != NULL ? obstacle : "a new ticket from a person");
  if (obstacle != NULL)
    g_clear_pointer (&decision->acknowledge_to, g_free);
}

static gboolean
is_listed (char **list, const char *address)
{
  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    if (address_equal (list[i], address))
      return TRUE;
  return FALSE;
}

/* TICKET: the one that is continued, nullable. */
static void
decide_page (const IntakeCase *intake, AutomaticClass class, const Ticket *ticket, Decision *decision)
{
  const Role *role = decision->role;
  decision->page_again = decision->kind == INTAKE_CONTINUE && decision->by_person &&
                         g_strcmp0 (ticket->incident, incident_state_to_string (INCIDENT_TRIGGERED)) == 0;
  if (decision->escalation == NULL)
    return;
  gboolean by_machine = class == AUTOMATIC_MAIL || class == AUTOMATIC_REPORT;
  const char *obstacle = NULL;
  gboolean worse = decision->rule_pages && decision->priority != 0, anew = decision->reopen && role->page != NULL;
  if (decision->kind != INTAKE_OPEN && (decision->kind != INTAKE_CONTINUE || (!worse && !anew)))
    obstacle = "only a new ticket pages, or one that has become more urgent or is reopened";
  else if (decision->kind == INTAKE_CONTINUE && ticket->incident != NULL)
    obstacle = "its incident is running";
  else if (decision->standing == STANDING_BARRED)
    obstacle = "the sender is barred";
  else if (by_machine && !is_listed (role->page_automatic, intake->facts->from))
    obstacle = decision->automatic_reason;
  else if (decision->standing < role->page_if && intake->directory != DIRECTORY_UNAVAILABLE)
    obstacle = decision->standing_reason;
  decision->page = obstacle == NULL;
  decision->page_reason = g_strdup (obstacle != NULL ? obstacle : decision->rule_pages ? decision->rules : "an emergency");
}

/* ---- what the policy makes of it ---- */

/* CONTINUED: the ticket that the message continues, nullable. It did not come again by that. */
static void
apply_rules (const IntakeCase *intake, const Ticket *continued, Decision *decision)
{
  const TriageCase triage = { .policy = decision->role->policy,
                              .facts = intake->facts,
                              .text = intake->text,
                              .contact = intake->contact,
                              .old_subject = continued != NULL ? continued->subject : NULL,
                              .again_at = continued == NULL ? intake->earlier.again_at : 0,
                              .now = intake->now };
  triage_apply (&triage, decision);
}

/* Staff who write on a customer's ticket start no clock. */
static gboolean
is_customer (const IntakeCase *intake, const Decision *decision, const ThreadMatch *match)
{
  return match->requester || decision->standing < STANDING_VERIFIED ||
         config_find_agent_by_mail (intake->config, intake->facts->from) == NULL;
}

/* A further message changes its ticket only towards more: a higher priority, another kind or team. */
static void
decide_further (const IntakeCase *intake, const ThreadMatch *match, Decision *decision)
{
  const Ticket *ticket = match->ticket;
  const Team *team = config_find_team (intake->config, ticket->team);
  decision->by_person = is_customer (intake, decision, match);
  decision->priority = ticket->priority;
  decision->team = team != NULL ? team : decision->role->team;
  const Team *before = decision->team;
  if (decision->by_person && decision->role->policy != NULL)
    apply_rules (intake, ticket, decision);
  if (decision->priority >= ticket->priority)
    decision->priority = 0;
  if (decision->team == before)
    decision->team = NULL;
}

/* Whom the team's new ticket may be given to: any of the team, or those of it who are on call. */
static void
find_candidates (const IntakeCase *intake, Decision *decision)
{
  const Team *team = decision->team;
  const GPtrArray *agents = intake->config->agents;
  if (team->assign == ASSIGN_NONE)
    return;
  g_autoptr (GPtrArray) on_call = NULL;
  if (team->assign == ASSIGN_SCHEDULE)
    agents = on_call =
        schedule_find_agents (&(Roster){ intake->config, intake->overrides }, team->schedule, intake->now);
  decision->candidates = g_ptr_array_new ();
  for (guint i = 0; i < agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (agents, i);
      if (g_ptr_array_find (agent->teams, team, NULL))
        g_ptr_array_add (decision->candidates, (gpointer) agent);
    }
}

static void
decide_terms (const IntakeCase *intake, Decision *decision)
{
  if (decision->role->policy != NULL && !decision->automatic)
    apply_rules (intake, NULL, decision);
  find_candidates (intake, decision);
}

/* Nothing is promised to machines. */
static void
decide_promises (const IntakeCase *intake, Decision *decision)
{
  const Policy *policy = decision->role->policy;
  if (policy == NULL || decision->kind != INTAKE_OPEN || decision->automatic)
    return;
  if (policy->next_within.kind != SPAN_NONE)
    decision->after = intake->earlier.unended;
  g_array_unref (decision->promises);
  decision->promises = promises_open (policy, decision->priority, decision->ticket_kind, intake->now, decision->acknowledge,
                                      decision->after != 0);
  decision->version = policy->version;
}

/* An agent's mail about a customer's ticket. */
static gboolean
decide_as_staff (const IntakeCase *intake, const ThreadMatch *match, Decision *decision)
{
  return order_decide_ticket (intake, match, decision) || staff_decide_ticket (intake, match, decision);
}

/* Whom the requester writes to besides takes part. Anybody can write their address and a tag: who lets others read on has our letter, or
 * is authenticated. */
static void
decide_participants (const IntakeCase *intake, const ThreadMatch *match, Decision *decision)
{
  gboolean open = decision->kind == INTAKE_OPEN;
  gboolean proven = match->via == THREAD_SIGNED || match->via == THREAD_LETTER || decision->standing == STANDING_VERIFIED ||
                    standing_is_authenticated (intake->config, intake->envelope, intake->facts);
  if (open || (decision->kind == INTAKE_CONTINUE && match->requester && proven))
    decision->joining = participants_choose (intake->config, intake->facts->recipients, open ? intake->facts->from : match->ticket->requester);
}

/* Who writes themselves can be written to again. */
static void
decide_reachable (const IntakeCase *intake, Decision *decision)
{
  gboolean taken = decision->kind == INTAKE_OPEN || decision->kind == INTAKE_CONTINUE;
  if (taken && !decision->automatic && decision->standing == STANDING_VERIFIED && intake->address_state != NULL)
    decision->reachable = g_strdup (intake->address_state->address);
}

/* Who is probably somebody else belongs to no ticket by the address in From: what such a mail may do, it may by what it knows. */
static ThreadMatch
find_thread (const IntakeCase *intake, const Role *role)
{
  gboolean forged = standing_has_result (intake->facts, "dmarc", "fail");
  return thread_match (&intake->pointers, role->name, forged ? NULL : intake->facts->from, forged ? NULL : intake->contact);
}

Decision *
intake_decide (const IntakeCase *intake)
{
  Decision *decision = decision_new (intake->recipient->role);
  decision->key = g_strdup (intake->key);
  decision->standing = standing_of_sender (intake->config, intake->envelope, intake->facts, intake->directory,
                                           intake->contact, &decision->standing_reason);
  Automatic automatic = automatic_classify (intake->facts, intake->envelope, decision->role, intake->config,
                                            decision->standing);
  gboolean by_machine = automatic.class == AUTOMATIC_MAIL || automatic.class == AUTOMATIC_REPORT;
  decision->automatic = by_machine;
  decision->automatic_reason = g_strdup (automatic.reason);
  ThreadMatch match = find_thread (intake, decision->role);

  if (intake->page != NULL)
    order_decide_page (intake, by_machine, decision);
  else if (intake->door != STAFF_DOOR_NONE)
    staff_decide_door (intake, by_machine, decision);
  else if (!(!by_machine && decide_as_staff (intake, &match, decision)) && !decide_admission (intake, &match, decision))
    {
      if (automatic.class != AUTOMATIC_REPORT)
        decide_thread (&match, by_machine, decision);
      else if (!automatic_is_for_postmaster (&automatic) || !decide_report (intake, decision))
        decide_filing (intake, &match, decision);
    }
  if (decision->kind == INTAKE_OPEN)
    decide_terms (intake, decision);
  if (decision->kind == INTAKE_CONTINUE && !by_machine && decision->staff == NULL)
    decide_further (intake, &match, decision);
  if (decision->staff == NULL && !by_machine)
    decide_participants (intake, &match, decision);
  decide_reachable (intake, decision);
  decide_acknowledgement (intake, automatic.class, decision);
  decide_page (intake, automatic.class, match.ticket, decision);
  decide_promises (intake, decision);
  if (decision->staff == NULL)
    outgoing_plan (intake, match.ticket, decision);
  return decision;
}
