#include "desk/bounces.h"

#include <string.h>

#include "config/limits.h"

gboolean
bounces_is_report (const MessageFacts *facts)
{
  static const char *const daemons[] = { "mailer-daemon@", "mail-daemon@", "mailerdaemon@", "maildaemon@", "postmaster@" };
  if (facts->has_delivery_status || message_header (facts, "X-Failed-Recipients") != NULL)
    return TRUE;
  for (guint i = 0; facts->from != NULL && i < G_N_ELEMENTS (daemons); i++)
    if (g_ascii_strncasecmp (facts->from, daemons[i], strlen (daemons[i])) == 0)
      return TRUE;
  return FALSE;
}

/* Codes for ever, whatever the words: a closed mailbox, and lists and groups that take mail from their own people only. */
static gboolean
is_dead (const BounceRecipient *recipient)
{
  static const char *const codes[] = { "5.2.1", "5.7.129", "5.7.133", NULL };
  if (recipient->action != BOUNCE_FAILED || recipient->cause == BOUNCE_FULL)
    return FALSE;
  return recipient->permanent || (recipient->status != NULL && g_strv_contains (codes, recipient->status));
}

static AddressState *
note_new (const char *address, const BounceRecipient *recipient)
{
  AddressState *note = g_new0 (AddressState, 1);
  note->address = address_normalise (address);
  note->hard = is_dead (recipient);
  note->status = g_strdup (recipient->status);
  note->detail = text_clean (*recipient->diagnostic != '\0' ? recipient->diagnostic : "the report does not say why", LIMIT_ERROR_TEXT);
  return note;
}

static GPtrArray *
notes_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) address_state_free);
}

static const BounceRecipient *
find_recipient (const GPtrArray *reported, const char *address)
{
  for (guint i = 0; i < reported->len; i++)
    {
      const BounceRecipient *recipient = g_ptr_array_index (reported, i);
      if (address_equal (recipient->address, address) || address_equal (recipient->final, address))
        return recipient;
    }
  return NULL;
}

static void
judge_address (const GPtrArray *reported, const char *address, GPtrArray *notes)
{
  const BounceRecipient *recipient = find_recipient (reported, address);
  if (recipient != NULL && recipient->action == BOUNCE_FAILED)
    g_ptr_array_add (notes, note_new (address, recipient));
}

GPtrArray *
bounces_judge (const GPtrArray *reported, const Ticket *ticket)
{
  GPtrArray *notes = notes_new ();
  judge_address (reported, ticket->requester, notes);
  for (guint i = 0; ticket->participants != NULL && ticket->participants[i] != NULL; i++)
    judge_address (reported, ticket->participants[i], notes);
  return notes;
}

GPtrArray *
bounces_judge_refusal (const OutboxRow *row, const char *answer)
{
  GPtrArray *notes = notes_new ();
  g_autofree char *address = address_normalise (row->recipient);
  if (address == NULL || (!g_str_equal (row->kind, "acknowledgement") && !g_str_equal (row->kind, "letter")))
    return notes;
  g_autoptr (BounceRecipient) recipient = bounce_recipient_new ();
  g_free (recipient->diagnostic);
  recipient->diagnostic = text_clean (answer, LIMIT_BOUNCE_WORDS);
  bounce_judge (recipient, "");
  g_ptr_array_add (notes, note_new (address, recipient));
  return notes;
}

static void
plan_one (const char *to, const char *language, const AddressState *note, GPtrArray *outgoing)
{
  Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, to, "team-bounce");
  letter->languages = g_strdup (language);
  letter->reason = g_strdup_printf ("%s: %s", note->address, note->detail);
  g_ptr_array_add (outgoing, letter);
}

void
bounces_plan (const Config *config, const Ticket *ticket, const GPtrArray *notes, GPtrArray *outgoing)
{
  const Role *role = config_find_role_by_name (config, ticket->role);
  const Team *team = config_find_team (config, ticket->team);
  const Agent *agent = ticket->assignee != NULL ? config_find_agent (config, ticket->assignee) : NULL;
  const char *language = role != NULL ? role->language : NULL;
  for (guint i = 0; i < notes->len; i++)
    {
      const AddressState *note = g_ptr_array_index (notes, i);
      if (!note->hard)
        continue;
      if (agent != NULL)
        plan_one (agent->mail, agent->language != NULL ? agent->language : language, note, outgoing);
      for (guint j = 0; agent == NULL && team != NULL && team->notify[j] != NULL; j++)
        plan_one (team->notify[j], language, note, outgoing);
      return; /* one letter for a report; the ticket has them all */
    }
}

char *
bounces_obstacle (const AddressState *state, gint64 now)
{
  if (state == NULL || !state->hard || now - state->last_at >= ADDRESS_HELD)
    return NULL;
  return g_strdup_printf ("mail to this address came back: %s", state->detail);
}
