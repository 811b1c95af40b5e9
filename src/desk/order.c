#include "desk/order.h"

#include <string.h>

#include "config/limits.h"
#include "config/zone.h"
#include "mail/quotation.h"

#define DAY (G_GINT64_CONSTANT (86400) * G_USEC_PER_SEC)

static gboolean
read_word (const char *line, PageAction *action)
{
  static const struct {
    const char *word;
    PageAction action;
  } words[] = {
    { "ack", PAGE_ACKNOWLEDGE }, { "acknowledge", PAGE_ACKNOWLEDGE }, { "acknowledged", PAGE_ACKNOWLEDGE },
    { "resolve", PAGE_RESOLVE }, { "resolved", PAGE_RESOLVE },
  };
  const char *begin = line, *end;
  while (*begin != '\0' && !g_unichar_isalpha (g_utf8_get_char (begin)))
    begin = g_utf8_next_char (begin);
  for (end = begin; g_unichar_isalpha (g_utf8_get_char (end)); end = g_utf8_next_char (end))
    ;
  g_autofree char *word = g_ascii_strdown (begin, end - begin);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i].word))
      {
        *action = words[i].action;
        return TRUE;
      }
  return FALSE;
}

gboolean
order_read (const char *text, PageAction *action)
{
  g_autofree char *own = quotation_own_words (text);
  own[strcspn (own, "\n")] = '\0'; /* it begins with a line that is not blank */
  return read_word (own, action);
}

static void
file_order (Decision *decision, gint64 ticket, const Agent *agent, const char *what)
{
  g_autofree char *reason = g_strdup_printf ("an answer of %s to a page: %s", agent->name, what);
  intake_settle (decision, INTAKE_FILE, "250 2.0.0 Ok", reason);
  decision->ticket = ticket;
  decision->take = TRUE;
}

/* Silence would be taken for success. */
static void
tell_not_understood (const Agent *agent, Decision *decision)
{
  Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, agent->mail, "page-answer");
  letter->languages = g_strdup (agent->language);
  letter->reason = g_strdup ("Nothing was done: the first word of an answer to a page is \"ack\", to take the emergency, or \"resolve\", "
                             "to end it.");
  g_ptr_array_add (decision->outgoing, letter);
}

void
order_decide_page (const IntakeCase *intake, gboolean by_machine, Decision *decision)
{
  const OutboxRow *page = intake->page;
  const Agent *agent = config_find_agent (intake->config, page->recipient);
  if (agent == NULL || intake->now - page->created_at > LIMIT_PAGE_LINK_DAYS * DAY)
    {
      intake_settle (decision, INTAKE_REFUSE, "550 5.7.1 This address of a page is not good any more.",
                     agent == NULL ? "it answers a page of an agent who is none any more" : "it answers a page of long ago");
      return;
    }
  if (by_machine)
    file_order (decision, page->ticket, agent, "a machine's, which does nothing");
  else if (!order_read (intake->text, &decision->action))
    {
      file_order (decision, page->ticket, agent, "no order");
      tell_not_understood (agent, decision);
    }
  else
    {
      file_order (decision, page->ticket, agent, page_action_to_string (decision->action));
      decision->taker = g_strdup (agent->name);
      decision->page_taken = page->id;
    }
}

gboolean
order_decide_ticket (const IntakeCase *intake, const ThreadMatch *match, Decision *decision)
{
  const Agent *agent = config_find_agent_by_mail (intake->config, intake->facts->from);
  const Ticket *ticket = match->ticket != NULL ? match->ticket : match->related;
  if (agent == NULL || ticket == NULL || ticket->incident == NULL || !order_read (intake->text, &decision->action) ||
      !standing_is_authenticated (intake->config, intake->envelope, intake->facts))
    return FALSE;
  file_order (decision, ticket->number, agent, page_action_to_string (decision->action));
  decision->taker = g_strdup (agent->name);
  return TRUE;
}

/* ---- what came of it ---- */

static void
describe_taking (GString *text, const Taking *taking, const char *agent, GTimeZone *zone)
{
  const Incident *incident = taking->incident;
  gboolean over = incident->state == INCIDENT_RESOLVED;
  g_autofree char *since = zone_describe (zone, over ? incident->resolved_at : incident->acknowledged_at);
  g_string_append_printf (text, "%s#%" G_GINT64_FORMAT ": ", text->len > 0 ? "\n" : "", incident->ticket);
  if (taking->done)
    g_string_append (text, over ? "it is resolved, and nobody is paged for it any more." : "you have it.");
  else if (over)
    g_string_append_printf (text, "it was resolved before, at %s.", since);
  else
    g_string_append_printf (text, "%s since %s.", g_strcmp0 (incident->acknowledged_by, agent) == 0 ? "you have had it" : "somebody else has it", since);
  if (!taking->done && !over && g_strcmp0 (incident->acknowledged_by, agent) != 0)
    g_string_append_printf (text, " It is %s's.", incident->acknowledged_by);
}

char *
order_describe (const GPtrArray *takings, const char *agent, GTimeZone *zone)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < takings->len && text->len < LIMIT_EXCERPT; i++)
    describe_taking (text, g_ptr_array_index (takings, i), agent, zone);
  return g_string_free (text, FALSE);
}
