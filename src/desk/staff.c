#include "desk/staff.h"

#include <string.h>

#include "config/limits.h"
#include "desk/directives.h"
#include "desk/order.h"
#include "desk/outgoing.h"
#include "desk/participants.h"
#include "mail/quotation.h"

G_DEFINE_QUARK (frontdesk-staff-error-quark, staff_error)

/* ---- who ---- */

static const Agent *
find_by_login (const Config *config, const char *login)
{
  for (guint i = 0; i < config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (config->agents, i);
      if (address_equal (agent->mail, login))
        return agent;
      for (guint j = 0; agent->login != NULL && agent->login[j] != NULL; j++)
        if (g_ascii_strcasecmp (agent->login[j], login) == 0)
          return agent;
    }
  return NULL;
}

/* Who has logged in is who writes, whatever From says. */
const Agent *
staff_find_agent (const Config *config, const Envelope *envelope, const MessageFacts *facts)
{
  if (envelope->auth_user != NULL)
    return find_by_login (config, envelope->auth_user);
  const Agent *agent = config_find_agent_by_mail (config, facts->from);
  return agent != NULL && standing_is_authenticated (config, envelope, facts) ? agent : NULL;
}

gboolean
staff_may_work (const Agent *agent, const Ticket *ticket)
{
  for (guint i = 0; i < agent->teams->len; i++)
    if (g_strcmp0 (((const Team *) g_ptr_array_index (agent->teams, i))->name, ticket->team) == 0)
      return TRUE;
  return FALSE;
}

/* ---- what may be answered ---- */

/* Whether TEXT may go to the customer of TICKET by POLICY (nullable), which may demand its first and last words. */
static gboolean
check_answer (const Ticket *ticket, const Policy *policy, const char *text, GError **error)
{
  if (ticket->requester == NULL || *ticket->requester == '\0')
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_TICKET, "ticket #%" G_GINT64_FORMAT " has nobody to answer", ticket->number);
  else if (*text == '\0')
    g_set_error_literal (error, STAFF_ERROR, STAFF_ERROR_TEXT, "there is no text");
  else if (g_utf8_strlen (text, -1) > LIMIT_ANSWER)
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_TEXT, "the text is longer than %d characters", LIMIT_ANSWER);
  else if (policy != NULL && policy->greeting != NULL && !g_str_has_prefix (text, policy->greeting))
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_POLICY, "policy \"%s\" has every answer begin with \"%s\"", policy->name,
                 policy->greeting);
  else if (policy != NULL && policy->closing != NULL && !g_str_has_suffix (text, policy->closing))
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_POLICY, "policy \"%s\" has every answer end with \"%s\"", policy->name,
                 policy->closing);
  else
    return TRUE;
  return FALSE;
}

static gboolean
is_ended (const Ticket *ticket)
{
  return g_str_equal (ticket->state, "resolved") || g_str_equal (ticket->state, "closed");
}

static gboolean
has_team (const Agent *agent, const char *team)
{
  for (guint i = 0; i < agent->teams->len; i++)
    if (g_str_equal (((const Team *) g_ptr_array_index (agent->teams, i))->name, team))
      return TRUE;
  return FALSE;
}

/* Whether TICKET is in a state for WORK. */
static gboolean
check_work (const Ticket *ticket, const Config *config, const StaffWork *work, GError **error)
{
  const char *team = work->team != NULL ? work->team : ticket->team;
  const Agent *assignee = work->assignee != NULL ? config_find_agent (config, work->assignee) : NULL;
  if ((work->close || work->pending) && is_ended (ticket))
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_TICKET, "ticket #%" G_GINT64_FORMAT " is %s", ticket->number, ticket->state);
  else if (assignee != NULL && team != NULL && !has_team (assignee, team))
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_TICKET, "agent %s is not of team %s, which has ticket #%" G_GINT64_FORMAT, assignee->name,
                 team, ticket->number);
  else
    return TRUE;
  return FALSE;
}

/* ---- what is sent ---- */

static void
add_copy (const Ticket *ticket, const Role *role, const char *to, GPtrArray *outgoing)
{
  Outgoing *letter = outgoing_to_requester (ticket, role, "reply");
  g_free (letter->recipient);
  letter->recipient = g_strdup (to);
  letter->of_message = TRUE;
  g_ptr_array_add (outgoing, letter);
}

/* To the requester, to each participant, and to those who are shown to nobody. */
static void
plan_answer (const StaffMail *mail, StaffWork *work, GPtrArray *outgoing)
{
  const Ticket *ticket = mail->ticket;
  g_autoptr (GStrvBuilder) shown = g_strv_builder_new ();
  add_copy (ticket, mail->role, ticket->requester, outgoing);
  for (guint i = 0; ticket->participants[i] != NULL; i++)
    add_copy (ticket, mail->role, ticket->participants[i], outgoing);
  g_strv_builder_addv (shown, (const char **) ticket->shown);
  for (guint i = 0; work->joining != NULL && work->joining[i] != NULL; i++)
    {
      if (!g_strv_contains ((const char *const *) ticket->participants, work->joining[i]))
        add_copy (ticket, mail->role, work->joining[i], outgoing);
      if (!g_strv_contains ((const char *const *) ticket->shown, work->joining[i]))
        g_strv_builder_add (shown, work->joining[i]);
    }
  for (guint i = 0; mail->unseen != NULL && mail->unseen[i] != NULL; i++)
    if (!participants_has (ticket, mail->unseen[i]))
      add_copy (ticket, mail->role, mail->unseen[i], outgoing);
  work->cc = g_strv_builder_end (shown);
}

/* The customer is told of the end by the last answer, else by a letter of its own; who was never written to is not told. */
static void
plan_end (const StaffMail *mail, const StaffWork *work, GPtrArray *outgoing)
{
  const Ticket *ticket = mail->ticket;
  gboolean told = ticket->acknowledged_at != 0 || ticket->responded_at != 0;
  if (work->close && work->use != STAFF_TEXT_ANSWER && told && ticket->requester != NULL && *ticket->requester != '\0')
    g_ptr_array_add (outgoing, outgoing_to_requester (ticket, mail->role, "resolved"));
}

static void
tell (const char *address, const char *language, const char *reason, GPtrArray *outgoing)
{
  Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, address, "team-given");
  letter->languages = g_strdup (language);
  letter->reason = g_strdup (reason);
  g_ptr_array_add (outgoing, letter);
}

/* Whoever is given the ticket is told, unless they have taken it themselves. */
static void
plan_handing_over (const StaffMail *mail, const StaffWork *work, GPtrArray *outgoing)
{
  const Config *config = mail->config;
  const Agent *assignee = work->assignee != NULL ? config_find_agent (config, work->assignee) : NULL;
  const Team *team = work->team != NULL ? config_find_team (config, work->team) : NULL;
  g_autofree char *reason = g_strdup_printf ("%s has given it to %s", work->agent, assignee != NULL ? assignee->name : work->team);
  if (assignee != NULL && !g_str_equal (assignee->name, work->agent))
    tell (assignee->mail, assignee->language, reason, outgoing);
  for (guint i = 0; assignee == NULL && team != NULL && team->notify[i] != NULL; i++)
    tell (team->notify[i], mail->role->language, reason, outgoing);
}

/* ---- what is not meant for customers ---- */

/* The first place of WHAT in TEXT, without case; NULL: there is none. */
static char *
find_text (char *text, const char *what)
{
  gsize length = strlen (what);
  for (; *text != '\0'; text++)
    if (g_ascii_strncasecmp (text, what, length) == 0)
      return text;
  return NULL;
}

/* Whether the host's name that has been read up to END is the beginning of another one only. */
static gboolean
is_longer_host (const char *end)
{
  return g_ascii_isalnum (*end) || *end == '-' || ((*end == '.' || *end == ':') && g_ascii_isalnum (end[1]));
}

/* The address of ours around MARK ("+a.") in TEXT: begins at *BEGIN, and its end is returned; NULL when there is none. */
static const char *
find_address (char *text, const char *mark, const char *role_address, const char **begin)
{
  const char *domain = strrchr (role_address, '@');
  for (char *at = find_text (text, mark); at != NULL; at = find_text (at + 1, mark))
    {
      const char *end = at + strlen (mark);
      for (*begin = at; *begin > text && (g_ascii_isalnum ((*begin)[-1]) || strchr ("._-", (*begin)[-1]) != NULL);)
        (*begin)--;
      while (g_ascii_isalnum (*end) || *end == '.')
        end++;
      if (g_ascii_strncasecmp (end, domain, strlen (domain)) == 0 && !is_longer_host (end + strlen (domain)))
        return end + strlen (domain);
    }
  return NULL;
}

static void
replace_addresses (GString *text, const char *mark, const char *role_address)
{
  const char *begin;
  for (const char *end; (end = find_address (text->str, mark, role_address, &begin)) != NULL;)
    {
      gssize offset = begin - text->str;
      g_string_erase (text, offset, end - begin);
      g_string_insert (text, offset, role_address);
    }
}

/* TEXT without links that begin with URL. */
static void
cut_links (GString *text, const char *url)
{
  char *at = find_text (text->str, url);
  while (at != NULL)
    {
      gssize offset = at - text->str;
      if (is_longer_host (at + strlen (url)))
        offset++;
      else
        g_string_erase (text, offset, (gssize) strcspn (at, " \t\r\n>)\"'"));
      at = find_text (text->str + offset, url);
    }
}

/* TEXT without what only staff may know: the addresses that are theirs, and links to pages of ours. The caller's. */
static char *
cut_internals (const Config *config, const Role *role, const char *written)
{
  static const char *const marks[] = { "+a.", "+p.", "+b.", "+note." };
  GString *text = g_string_new (written);
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    replace_addresses (text, marks[i], role->address[0]);
  if (config->web_url != NULL)
    cut_links (text, config->web_url);
  return g_string_free (text, FALSE);
}

/* ---- the decision ---- */

static void
refuse (Decision *decision, const char *code, const char *text)
{
  g_autofree char *printable = intake_reply_text (text);
  g_autofree char *reply = g_strdup_printf ("550 %s %s", code, printable);
  intake_settle (decision, INTAKE_REFUSE, reply, text);
  decision->refuse_all = TRUE;
}

void
staff_refuse (Decision *decision, const char *problem)
{
  g_autofree char *text = g_strdup_printf ("Nothing was done about ticket #%" G_GINT64_FORMAT ": %s.", decision->ticket, problem);
  g_ptr_array_set_size (decision->outgoing, 0);
  g_clear_pointer (&decision->staff, staff_work_free);
  refuse (decision, "5.6.0", text);
}

static void
accept (Decision *decision, const Ticket *ticket, StaffWork *work)
{
  g_autofree char *what = staff_work_describe (work);
  g_autofree char *reason = g_strdup_printf ("agent %s: %s", work->agent, *what != '\0' ? what : "nothing");
  g_autofree char *reply = g_strdup_printf ("250 2.0.0 Ok: #%" G_GINT64_FORMAT, ticket->number);
  intake_settle (decision, INTAKE_CONTINUE, reply, reason);
  decision->ticket = ticket->number;
  decision->staff = work;
}

/* Those of the other recipients who are people outside and in no header field: they were meant to get it unseen. */
static char **
list_unseen (const IntakeCase *intake)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < intake->envelope->strangers->len; i++)
    {
      const Recipient *stranger = g_ptr_array_index (intake->envelope->strangers, i);
      gboolean seen = participants_is_staff (intake->config, stranger->address);
      for (guint j = 0; intake->facts->recipients != NULL && intake->facts->recipients[j] != NULL && !seen; j++)
        seen = address_equal (intake->facts->recipients[j], stranger->address);
      if (!seen)
        g_strv_builder_add (builder, stranger->address);
    }
  return g_strv_builder_end (builder);
}

static gboolean
is_directed (const StaffWork *work)
{
  return work->root_cause != NULL || work->team != NULL || work->assignee != NULL || work->priority != 0 || work->pending ||
         work->close || work->merge_into != 0;
}

static gboolean
prepare_answer (const StaffMail *mail, StaffWork *work, GPtrArray *outgoing, GError **error)
{
  g_autofree char *written = g_steal_pointer (&work->text);
  g_autofree char *answer = mail->said != NULL ? quotation_keep_known (written, mail->said) : g_strdup (written);
  work->text = cut_internals (mail->config, mail->role, answer);
  if (!check_answer (mail->ticket, mail->role->policy, work->text, error))
    return FALSE;
  work->use = STAFF_TEXT_ANSWER;
  work->joining = participants_choose (mail->config, mail->recipients, mail->ticket->requester);
  plan_answer (mail, work, outgoing);
  return TRUE;
}

gboolean
staff_prepare (const StaffMail *mail, StaffWork *work, GPtrArray *outgoing, GError **error)
{
  const Ticket *ticket = mail->ticket;
  const Policy *policy = mail->role->policy;
  if (!directives_read (mail->text, mail->config, mail->now, work, error) || !check_work (ticket, mail->config, work, error))
    return FALSE;
  if (*work->text == '\0' && !is_directed (work))
    {
      g_set_error_literal (error, STAFF_ERROR, STAFF_ERROR_TEXT, "there is nothing new in it");
      return FALSE;
    }
  if (*work->text == '\0')
    work->use = STAFF_TEXT_NONE;
  else if (mail->note)
    work->use = STAFF_TEXT_NOTE;
  else if (work->use != STAFF_TEXT_NOTE && !prepare_answer (mail, work, outgoing, error))
    return FALSE;
  work->close_at = mail->now + mail->config->close_after * G_USEC_PER_SEC;
  work->root_cause_demanded = policy != NULL && policy->root_cause[ticket->priority - 1];
  plan_end (mail, work, outgoing);
  plan_handing_over (mail, work, outgoing);
  return TRUE;
}

/* Whether FRESH is all of TEXT above the last lines of a notification of ours, which then is in it, too: the mail program
 * has a way to quote that is not known. Its last lines have "frontdesk show NUMBER", see frontdesk-templates(5). */
static gboolean
has_notification (const char *text, const char *fresh)
{
  static const char mark[] = "frontdesk show ";
  const char *at = g_strrstr (text, mark);
  if (at == NULL || !g_ascii_isdigit (at[strlen (mark)]))
    return FALSE;
  const char *end = g_strrstr_len (text, at - text, "\n--");
  g_autofree char *above = g_strstrip (g_strndup (text, end != NULL ? (gsize) (end - text) : 0));
  g_autofree char *answer = g_strstrip (g_strdup (fresh));
  return g_str_equal (above, answer);
}

/* What the agent wrote in INTAKE's mail. */
static gboolean
prepare_mail (const IntakeCase *intake, StaffWork *work, Decision *decision, GError **error)
{
  g_auto (GStrv) unseen = list_unseen (intake);
  const StaffMail mail = { .config = intake->config,
                           .ticket = intake->at_door,
                           .role = decision->role,
                           .text = intake->fresh,
                           .said = intake->said,
                           .note = intake->door == STAFF_DOOR_NOTE,
                           .recipients = intake->facts->recipients,
                           .unseen = unseen,
                           .now = intake->now };
  if (intake->envelope->strangers->len == LIMIT_STRANGERS)
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_TEXT, "it goes to %d others or more", LIMIT_STRANGERS);
  else if (intake->size > LIMIT_ANSWER_OCTETS)
    g_set_error (error, STAFF_ERROR, STAFF_ERROR_TEXT, "it is larger than %d octets", LIMIT_ANSWER_OCTETS);
  else if (!staff_prepare (&mail, work, decision->outgoing, error))
    return FALSE;
  else if (work->use == STAFF_TEXT_ANSWER && has_notification (intake->text, intake->fresh))
    g_set_error_literal (error, STAFF_ERROR, STAFF_ERROR_TEXT,
                         "our notification is still in it, which is for staff; delete it from your answer");
  else
    return TRUE;
  return FALSE;
}

static void
decide_agent (const IntakeCase *intake, const Agent *agent, Decision *decision)
{
  const Ticket *ticket = intake->at_door;
  g_autoptr (GError) problem = NULL;
  g_autoptr (StaffWork) work = staff_work_new (agent->name);
  if (!staff_may_work (agent, ticket))
    {
      g_autofree char *text = g_strdup_printf ("Ticket #%" G_GINT64_FORMAT " belongs to team %s, of which agent %s is not.", ticket->number,
                                               ticket->team, agent->name);
      refuse (decision, "5.7.1", text);
    }
  else if (prepare_mail (intake, work, decision, &problem))
    {
      accept (decision, ticket, g_steal_pointer (&work));
      decision->take = decision->take_all = TRUE;
    }
  else
    {
      decision->ticket = ticket->number;
      staff_refuse (decision, problem->message);
    }
}

static void
file (const IntakeCase *intake, Decision *decision)
{
  g_autofree char *reason = g_strdup_printf ("filed at a staff address: %s", decision->automatic_reason);
  intake_settle (decision, INTAKE_FILE, "250 2.0.0 Ok", reason);
  decision->ticket = intake->at_door != NULL ? intake->at_door->number : 0;
  decision->take = TRUE;
}

void
staff_decide_door (const IntakeCase *intake, gboolean by_machine, Decision *decision)
{
  const Agent *agent = staff_find_agent (intake->config, intake->envelope, intake->facts);
  if (by_machine)
    file (intake, decision);
  else if (agent == NULL)
    refuse (decision, "5.7.1",
            "This address is for staff: log in to send (SMTP AUTH), or write from an agent's address with dkim, spf or dmarc that passes.");
  else if (intake->at_door == NULL || !g_str_equal (intake->at_door->role, decision->role->name)) /* whose policy counts */
    refuse (decision, "5.1.1", "There is no such ticket, or this address of it is not good any more: answer a newer notification.");
  else
    decide_agent (intake, agent, decision);
}

static gboolean
goes_to_customer (const IntakeCase *intake, const Ticket *ticket)
{
  char **recipients = intake->facts->recipients;
  for (guint i = 0; recipients != NULL && recipients[i] != NULL; i++)
    if (participants_has (ticket, recipients[i]))
      return TRUE;
  return FALSE;
}

gboolean
staff_decide_ticket (const IntakeCase *intake, const ThreadMatch *match, Decision *decision)
{
  const Ticket *ticket = match->ticket != NULL ? match->ticket : match->related;
  const Agent *agent = ticket != NULL ? staff_find_agent (intake->config, intake->envelope, intake->facts) : NULL;
  if (agent == NULL || address_equal (ticket->requester, intake->facts->from) || !staff_may_work (agent, ticket) ||
      !g_str_equal (ticket->role, decision->role->name) || g_str_equal (ticket->state, "refused") || *intake->fresh == '\0')
    return FALSE;
  StaffWork *work = staff_work_new (agent->name);
  work->use = goes_to_customer (intake, ticket) ? STAFF_TEXT_SENT : STAFF_TEXT_NOTE;
  work->text = g_strdup (intake->fresh);
  accept (decision, ticket, work);
  return TRUE;
}
