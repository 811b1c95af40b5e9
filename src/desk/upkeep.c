#include "desk/upkeep.h"

#include "config/zone.h"
#include "desk/escalation.h"
#include "desk/order.h"
#include "desk/outgoing.h"
#include "desk/promises.h"

typedef struct {
  Config *config;
  const Seal *seal;
} Upkeep;

static const Policy *
find_policy (const Upkeep *upkeep, const char *role_name)
{
  const Role *role = config_find_role_by_name (upkeep->config, role_name);
  return role != NULL ? role->policy : NULL;
}

static void
change (gpointer data, const PromiseTerms *terms, GArray *promises, const Change *made)
{
  promises_change (find_policy (data, terms->role), terms, promises, made);
}

static gint64
version (gpointer data, const char *role)
{
  const Policy *policy = find_policy (data, role);
  return policy != NULL ? policy->version : 0;
}

/* ---- what follows ---- */

/* One promise whose time has come. */
typedef struct {
  const Upkeep *upkeep;
  const Role *role;
  const Policy *policy;
  const Team *team;       /* nullable: the configuration has it no more */
  const Ticket *ticket;
  const Promise *promise;
  const GPtrArray *overrides;
  gint64 now;
  Reaction *reaction;
} Occasion;

/* Has LETTER go out; it finds target and time in its reason. */
static void
add_letter (const Occasion *occasion, Outgoing *letter, gint64 due)
{
  const Promise *promise = occasion->promise;
  const char *target = target_to_string (promise->target);
  g_autofree char *key = g_strdup_printf ("%" G_GINT64_FORMAT " %s %d %s %s %u", occasion->ticket->number, target, promise->cycle,
                                          letter->template, letter->recipient, occasion->reaction->outgoing->len);
  letter->reason = g_strdup_printf ("%s %" G_GINT64_FORMAT, target, due);
  letter->message_id = seal_message_id (occasion->upkeep->seal, outgoing_kind_to_string (letter->kind), key,
                                        occasion->upkeep->config->hostname);
  g_ptr_array_add (occasion->reaction->outgoing, letter);
}

static void
tell (const Occasion *occasion, const char *address, const char *template)
{
  Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, address, template);
  letter->languages = g_strdup (occasion->role->language);
  add_letter (occasion, letter, occasion->promise->due_at);
}

static void
tell_team (const Occasion *occasion, const Team *team, const char *template)
{
  for (guint i = 0; team != NULL && team->notify[i] != NULL; i++)
    tell (occasion, team->notify[i], template);
}

static void
tell_assignee (const Occasion *occasion, const char *template)
{
  const Agent *agent = occasion->ticket->assignee != NULL ? config_find_agent (occasion->upkeep->config, occasion->ticket->assignee) : NULL;
  if (agent != NULL)
    tell (occasion, agent->mail, template);
}

static void
tell_customer (const Occasion *occasion, const char *template, gint64 due)
{
  const Ticket *ticket = occasion->ticket;
  if (ticket->requester != NULL && *ticket->requester != '\0')
    add_letter (occasion, outgoing_to_requester (ticket, occasion->role, template), due);
}

static void
note (const Occasion *occasion, const char *event, const char *what, gint64 at)
{
  enum { LATE = 60 }; /* s; what is noticed within is on time */
  g_autofree char *time = zone_describe (occasion->policy->calendar->zone, at);
  gint64 late = (occasion->now - at) / G_USEC_PER_SEC;
  occasion->reaction->event = g_strdup (event);
  occasion->reaction->detail =
    late > LATE ? g_strdup_printf ("%s %s %s; noticed %" G_GINT64_FORMAT " min late", target_to_string (occasion->promise->target), what, time, late / 60)
                : g_strdup_printf ("%s %s %s", target_to_string (occasion->promise->target), what, time);
}

static void
warn (const Occasion *occasion)
{
  const char *template = occasion->promise->target == TARGET_UPDATE ? "team-reminder" : "team-warning";
  note (occasion, "warned", "is due", occasion->promise->due_at);
  if (occasion->promise->target == TARGET_UPDATE && occasion->ticket->assignee != NULL)
    tell_assignee (occasion, template);
  else
    {
      tell_team (occasion, occasion->team, template);
      tell_assignee (occasion, template);
    }
}

static void
extend (const Occasion *occasion, const PromiseTerms *terms, Promise *promise)
{
  gint64 old = promise->due_at;
  if (!promises_extend (occasion->policy, terms, promise, occasion->now))
    return;
  note (occasion, "extended", "is put off; it was due", old);
  tell_customer (occasion, "extension", old);
  tell_team (occasion, occasion->team, "team-warning");
  tell_assignee (occasion, "team-warning");
}

/* Gives the pages that were added to REACTION from FIRST on their Message-IDs; what is sent of the same KEY is the same. */
static void
sign_pages (const Upkeep *upkeep, Reaction *reaction, guint first, const char *key)
{
  for (guint i = first; i < reaction->outgoing->len; i++)
    {
      Outgoing *page = g_ptr_array_index (reaction->outgoing, i);
      g_autofree char *own = g_strdup_printf ("%s %u", key, i);
      page->message_id = seal_message_id (upkeep->seal, "page", own, upkeep->config->hostname);
    }
}

static void
page (const Occasion *occasion, const Escalation *escalation)
{
  Reaction *reaction = occasion->reaction;
  guint first = reaction->outgoing->len;
  const Roster roster = { .config = occasion->upkeep->config, .overrides = occasion->overrides };
  g_autofree char *key = g_strdup_printf ("%" G_GINT64_FORMAT " %s %d", occasion->ticket->number,
                                          target_to_string (occasion->promise->target), occasion->promise->cycle);
  reaction->incident = escalation_start (&roster, escalation, occasion->now, reaction->detail, reaction->outgoing);
  sign_pages (occasion->upkeep, reaction, first, key);
}

/* Somebody is being paged for it, and goes on being so. */
static gboolean
is_ringing (const Ticket *ticket)
{
  return g_strcmp0 (ticket->incident, incident_state_to_string (INCIDENT_TRIGGERED)) == 0;
}

static void
miss (const Occasion *occasion)
{
  const Breach *breach = &occasion->policy->breach[occasion->promise->target];
  const Team *next = occasion->team != NULL ? occasion->team->escalate_to : NULL;
  note (occasion, "breached", "was due", occasion->promise->due_at);
  if (occasion->promise->target == TARGET_UPDATE && occasion->policy->holding_update)
    tell_customer (occasion, "update", occasion->promise->due_at);
  tell_assignee (occasion, "team-breach");
  tell_team (occasion, occasion->team, "team-breach");
  tell_team (occasion, next, "team-breach");
  if (breach->reassign && next != NULL)
    occasion->reaction->team = next->name;
  if (breach->raise && occasion->ticket->priority > 1)
    occasion->reaction->priority = occasion->ticket->priority - 1;
  if (breach->page != NULL && !is_ringing (occasion->ticket))
    page (occasion, breach->page);
}

/* After an outage a warning whose promise is missed by now is not sent any more. */
static void
react (gpointer data, const Ticket *ticket, const PromiseTerms *terms, GArray *promises, Promise *due,
       const GPtrArray *overrides, gint64 now, Reaction *reaction)
{
  const Upkeep *upkeep = data;
  const Role *role = config_find_role_by_name (upkeep->config, ticket->role);
  const Occasion occasion = { .upkeep = upkeep,
                              .role = role,
                              .policy = role != NULL ? role->policy : NULL,
                              .team = config_find_team (upkeep->config, ticket->team),
                              .ticket = ticket,
                              .promise = due,
                              .overrides = overrides,
                              .now = now,
                              .reaction = reaction };
  const Change none = { .kind = CHANGE_TERMS, .at = now };
  if (occasion.policy == NULL)
    promises_change (NULL, terms, promises, &none);
  else if (due->due_at <= now)
    {
      due->breached_at = now;
      miss (&occasion);
      if (due->target == TARGET_UPDATE)
        promises_begin_update (occasion.policy, terms, promises, due, now);
    }
  else if (due->extend_at != 0 && due->extend_at <= now && due->extended_at == 0)
    extend (&occasion, terms, due);
  else
    {
      due->warned_at = now;
      warn (&occasion);
    }
}

/* ---- incidents ---- */

/* When the customer of TICKET is to be told again how it goes, after FROM; 0: nothing is promised. */
static gint64
next_update (const Upkeep *upkeep, const Ticket *ticket, gint64 from)
{
  const Policy *policy = find_policy (upkeep, ticket->role);
  if (policy == NULL)
    return 0;
  const TicketKind *kind = policy_find_kind (policy, ticket->kind);
  const Target *target = policy_find_target (policy, ticket->priority, kind, TARGET_UPDATE);
  return target->span.kind != SPAN_NONE ? promises_add_span (target->calendar, target->span, from) : 0;
}

static char *
describe_silence (const Upkeep *upkeep, const Ticket *ticket, const Incident *incident, gint64 due)
{
  const Policy *policy = find_policy (upkeep, ticket->role);
  g_autofree char *time = zone_describe (policy->calendar->zone, due);
  return g_strdup_printf ("%s has it, but the customer was to be told by %s how it goes", incident->acknowledged_by, time);
}

/* The holder of an incident tells the customer in time, or is reminded; then others are paged again. */
static void
watch_holder (const Roster *roster, const Upkeep *upkeep, const Ticket *ticket, const Escalation *plan, Incident *incident,
              gint64 updated_at, gint64 now, Reaction *reaction)
{
  gboolean pending = g_str_equal (ticket->state, "pending"); /* it waits for the customer, who need not be told */
  gint64 since = pending ? now : MAX (incident->acknowledged_at, updated_at);
  gint64 due = next_update (upkeep, ticket, since);
  incident->next_at = due > now ? due : 0;
  if (due == 0 || due > now)
    return;
  g_autofree char *reason = describe_silence (upkeep, ticket, incident, due);
  reaction->detail = g_strdup (reason);
  reaction->event = g_strdup (incident->reminded_at <= since ? "reminded" : "paged again");
  if (incident->reminded_at <= since)
    escalation_remind (roster, plan, incident, now, reason, reaction->outgoing);
  else
    escalation_begin_anew (roster, plan, incident, now, reason, reaction->outgoing);
}

static void
escalate (gpointer data, const Ticket *ticket, Incident *incident, const GPtrArray *overrides, gint64 updated_at, gint64 now,
          Reaction *reaction)
{
  const Upkeep *upkeep = data;
  const Roster roster = { .config = upkeep->config, .overrides = overrides };
  g_autoptr (Escalation) plan = escalation_read_plan (upkeep->config, incident);
  g_autofree char *key = g_strdup_printf ("incident %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, incident->id, now);
  if (incident->state == INCIDENT_TRIGGERED)
    {
      escalation_go_on (&roster, plan, incident, now, reaction->outgoing, &reaction->detail);
      reaction->event = g_strdup ("escalation");
    }
  else
    watch_holder (&roster, upkeep, ticket, plan, incident, updated_at, now, reaction);
  sign_pages (upkeep, reaction, 0, key);
}

/* Who was told that a person would see to it is told when one does. */
static void
tell_taken (const Upkeep *upkeep, const Ticket *ticket, const Incident *incident, Reaction *reaction)
{
  const Role *role = config_find_role_by_name (upkeep->config, ticket->role);
  gboolean first = incident->reminded_at == 0; /* else somebody took it before, and was silent */
  if (role == NULL || !first || ticket->acknowledged_at == 0)
    return;
  g_autofree char *key = g_strdup_printf ("taken %" G_GINT64_FORMAT, incident->id);
  Outgoing *letter = outgoing_to_requester (ticket, role, "taken");
  letter->message_id = seal_message_id (upkeep->seal, outgoing_kind_to_string (letter->kind), key, upkeep->config->hostname);
  g_ptr_array_add (reaction->outgoing, letter);
}

static gboolean
is_told (const Reaction *reaction, const OutboxRow *page)
{
  for (guint i = 0; i < reaction->outgoing->len; i++)
    {
      const Outgoing *outgoing = g_ptr_array_index (reaction->outgoing, i);
      if (g_str_equal (outgoing->recipient, page->recipient) && g_strcmp0 (outgoing->channel, page->channel) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Where a page may go on ringing, or lies in a room where many read, it is told how it ended. */
static void
tell_followers (const Upkeep *upkeep, const Incident *incident, const GPtrArray *pages, Reaction *reaction)
{
  gboolean taken = incident->state == INCIDENT_ACKNOWLEDGED;
  for (guint i = 0; i < pages->len; i++)
    {
      const OutboxRow *page = g_ptr_array_index (pages, i);
      const Channel *channel = config_find_channel (upkeep->config, page->channel);
      if (channel == NULL || !channel->follow || is_told (reaction, page))
        continue;
      Outgoing *outgoing = outgoing_new (OUTGOING_PAGE, page->recipient, taken ? "page-acknowledged" : "page-resolved");
      outgoing->channel = g_strdup (page->channel);
      outgoing->reason = g_strdup (incident->acknowledged_by);
      g_ptr_array_add (reaction->outgoing, outgoing);
    }
}

static void
follow (gpointer data, const Incident *incident, const GPtrArray *pages, gint64 now, Reaction *reaction)
{
  g_autofree char *key = g_strdup_printf ("%s %" G_GINT64_FORMAT " after %" G_GINT64_FORMAT, incident_state_to_string (incident->state),
                                          ((const OutboxRow *) g_ptr_array_index (pages, 0))->id, now);
  tell_followers (data, incident, pages, reaction);
  sign_pages (data, reaction, 0, key);
}

static void
settle (gpointer data, const Ticket *ticket, Incident *incident, const GPtrArray *pages, gint64 now, Reaction *reaction)
{
  const Upkeep *upkeep = data;
  g_autofree char *key = g_strdup_printf ("%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, incident_state_to_string (incident->state),
                                          incident->id, now);
  tell_followers (upkeep, incident, pages, reaction);
  sign_pages (upkeep, reaction, 0, key);
  if (incident->state == INCIDENT_ACKNOWLEDGED)
    {
      incident->next_at = next_update (upkeep, ticket, now);
      tell_taken (upkeep, ticket, incident, reaction);
    }
}

static void
answer (gpointer data, const Ticket *ticket, const GPtrArray *takings, const char *name, gint64 now, Reaction *reaction)
{
  const Upkeep *upkeep = data;
  const Agent *agent = config_find_agent (upkeep->config, name);
  const Policy *policy = find_policy (upkeep, ticket->role);
  if (agent == NULL)
    return;
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autofree char *key = g_strdup_printf ("answer %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, name, ticket->number, now);
  Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, agent->mail, "page-answer");
  letter->languages = g_strdup (agent->language);
  letter->reason = takings->len > 0 ? order_describe (takings, name, policy != NULL ? policy->calendar->zone : utc)
                                    : g_strdup_printf ("#%" G_GINT64_FORMAT ": no emergency of it is running any more.", ticket->number);
  letter->message_id = seal_message_id (upkeep->seal, outgoing_kind_to_string (letter->kind), key, upkeep->config->hostname);
  g_ptr_array_add (reaction->outgoing, letter);
}

/* As its escalation was when it began, whatever a reload has changed. */
static gboolean
pages_again (gpointer data, const Incident *incident)
{
  const Upkeep *upkeep = data;
  g_autoptr (Escalation) plan = escalation_read_plan (upkeep->config, incident);
  return plan != NULL && plan->page_again;
}

static const StoreRules rules = {
  .change = change,
  .react = react,
  .escalate = escalate,
  .settle = settle,
  .follow = follow,
  .answer = answer,
  .pages_again = pages_again,
  .version = version,
};

static void
upkeep_free (gpointer data)
{
  Upkeep *upkeep = data;
  config_unref (upkeep->config);
  g_free (upkeep);
}

void
upkeep_install (Store *store, Config *config, const Seal *seal)
{
  Upkeep *upkeep = g_new0 (Upkeep, 1);
  upkeep->config = config_ref (config);
  upkeep->seal = seal;
  store_set_rules (store, &rules, upkeep, upkeep_free);
}
