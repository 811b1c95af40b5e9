/* The letter of an outbox row: from the ticket and the template, at the moment it is sent. */
#include <string.h>

#include "delivery/delivery.h"
#include "mail/dates.h"

/* NULL when the role has no policy. */
static const Calendar *
find_calendar (const Role *role, int priority)
{
  return role->policy != NULL ? role->policy->priority[priority - 1].calendar : NULL;
}

/* The subject without our tag and without "Re:", so that an answer's answer does not grow. */
static char *
plain_subject (const Config *config, const char *subject)
{
  g_autofree char *tag = g_strdup_printf ("[%s #", config->tag);
  g_autoptr (GString) plain = g_string_new (subject);
  for (char *at = strstr (plain->str, tag); at != NULL; at = strstr (plain->str, tag))
    {
      const char *end = strchr (at, ']');
      if (end == NULL)
        break;
      g_string_erase (plain, at - plain->str, end - at + 1);
    }
  g_strstrip (plain->str);
  const char *text = plain->str;
  while (g_ascii_strncasecmp (text, "re:", 3) == 0)
    for (text += 3; *text == ' '; text++)
      ;
  return g_strdup (text);
}

/* Customers answer to the ticket's signed address; staff to the one that only staff are given. */
static char *
reply_address (const Seal *seal, const Role *role, const OutboxRow *row, gint64 number)
{
  char kind = g_str_equal (row->kind, outgoing_kind_to_string (OUTGOING_ACKNOWLEDGEMENT)) ? 't' : 'a';
  return seal_address (seal, role->address[0], kind, number);
}

static const char *
recipient_address (const Config *config, const OutboxRow *row)
{
  const Agent *agent = g_str_equal (row->kind, "page") ? config_find_agent (config, row->recipient) : NULL;
  return agent != NULL ? agent->mail : row->recipient;
}

gboolean
delivery_write (const Config *config, const Templates *templates, const Seal *seal, const OutboxRow *row, const Ticket *ticket,
                const char *excerpt, char **subject, char **body, GBytes **message, GError **error)
{
  const Role *role = config_find_role_by_name (config, ticket->role);
  if (role == NULL)
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "the configuration has no role \"%s\" any more",
                   ticket->role);
      return FALSE;
    }
  gboolean answer = g_str_equal (row->kind, "acknowledgement");
  g_autofree char *tag = g_strdup_printf ("[%s #%" G_GINT64_FORMAT "]", config->tag, ticket->number);
  g_autofree char *plain = plain_subject (config, ticket->subject);
  const Calendar *calendar = find_calendar (role, ticket->priority);
  g_autofree char *language = templates_find_language (templates, row->template, row->languages);
  g_autofree char *hours = calendar != NULL ? dates_hours (language, calendar) : NULL;
  g_autofree char *opened =
    dates_moment (language, calendar != NULL ? calendar->timezone : "UTC", ticket->opened_at, row->created_at);
  g_autofree char *priority = g_strdup_printf ("p%d", ticket->priority);
  const LetterData data = { .number = ticket->number,
                            .tag = tag,
                            .subject = plain,
                            .name = ticket->requester_name,
                            .requester = ticket->requester,
                            .customer = ticket->customer,
                            .company = config->company,
                            .phone = config->phone,
                            .role = role->name,
                            .role_address = role->address[0],
                            .team = ticket->team,
                            .assignee = ticket->assignee,
                            .priority = priority,
                            .standing = ticket->standing,
                            .hours = hours,
                            .opened = opened,
                            .reason = row->reason,
                            .excerpt = excerpt,
                            .detail = row->reason };
  if (!templates_fill (templates, row->template, row->languages, &data, subject, body, error))
    return FALSE;
  g_autofree char *reply_to = reply_address (seal, role, row, ticket->number);
  g_auto (GStrv) references = g_strsplit (ticket->references != NULL ? ticket->references : "", " ", -1);
  const Letter letter = { .from_name = config->company,
                          .from = role->address[0],
                          .to_name = answer ? ticket->requester_name : NULL,
                          .to = recipient_address (config, row),
                          .reply_to = reply_to,
                          .subject = *subject,
                          .body = *body,
                          .message_id = row->message_id,
                          .in_reply_to = answer ? ticket->message_id : NULL,
                          .references = (const char *const *) references,
                          .auto_submitted = answer ? "auto-replied" : "auto-generated",
                          .loop = config->hostname,
                          .language = language,
                          .date = row->created_at };
  *message = letter_compose (&letter);
  return TRUE;
}
