#include "delivery/page.h"

/* What is worked out for a notice. */
typedef struct {
  char *priority, *text, *incident_key, *token, *acknowledge_url;
} Values;

static void
values_clear (Values *values)
{
  g_free (values->priority);
  g_free (values->text);
  g_free (values->incident_key);
  g_free (values->token);
  g_free (values->acknowledge_url);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Values, values_clear)

/* What has happened to the incident that the page is about. */
static const char *
find_event (const OutboxRow *row)
{
  return g_str_equal (row->template, "page-acknowledged") ? "acknowledge"
         : g_str_equal (row->template, "page-resolved")   ? "resolve"
                                                          : "trigger";
}

/* One line: what a phone shows of it first must do. */
static char *
write_text (const PageSource *source, const char *event)
{
  const Ticket *ticket = source->letter.ticket;
  gboolean taken = g_str_equal (event, "acknowledge"), trigger = g_str_equal (event, "trigger");
  GString *text = g_string_new (source->test ? "TEST " : NULL);
  if (source->letter.row->attempts > 1)
    g_string_append (text, "(possibly again) ");
  if (g_str_equal (source->letter.row->template, "page-reminder"))
    g_string_append (text, "REMINDER ");
  g_string_append (text, source->letter.config->company);
  if (source->count > 1)
    g_string_append_printf (text, ": %d emergencies, the first is", source->count);
  g_string_append_printf (text, " #%" G_GINT64_FORMAT " %s", ticket->number, ticket->role);
  if (!trigger)
    g_string_append (text, taken ? ", acknowledged" : ", resolved");
  if (taken && source->by != NULL)
    g_string_append_printf (text, " by %s", source->by);
  g_string_append_printf (text, ": %s (%s)", ticket->subject, ticket->requester);
  if (source->limit != NULL)
    g_string_append_printf (text, "; %s", source->limit);
  return g_string_free (text, FALSE);
}

static void
work_out (const PageSource *source, const char *event, Values *values)
{
  g_autofree char *incident = g_strdup_printf ("%" G_GINT64_FORMAT, source->letter.row->incident);
  values->priority = g_strdup_printf ("p%d", source->letter.ticket->priority);
  values->text = write_text (source, event);
  values->incident_key = seal_message_id (source->letter.seal, "incident", incident, source->letter.config->hostname);
  if (source->letter.config->web_url == NULL || source->letter.row->id == 0)
    return;
  g_autofree char *page = g_strdup_printf ("%" G_GINT64_FORMAT, source->letter.row->id);
  values->token = seal_token (source->letter.seal, "page", page);
  values->acknowledge_url = g_strconcat (source->letter.config->web_url, "/ack/", values->token, NULL);
}

static gboolean
send_by_mail (const PageSource *source, const Channel *channel, PageNotice *notice, PageReceipt *receipt, GError **error)
{
  g_autoptr (GBytes) message = NULL;
  const Agent *agent = config_find_agent (source->letter.config, notice->agent);
  g_autofree char *to = channel_fill_mobile (channel, channel->to != NULL ? channel->to : agent->mail, notice, error);
  if (to == NULL || !page_write_letter (source, channel, notice, to, &message, error))
    return FALSE;
  const PageLetter letter = { .relay = &source->letter.config->relay, .to = to, .message = message };
  notice->letter = &letter;
  gboolean sent = channel_send_page (channel, notice, receipt, error);
  notice->letter = NULL;
  return sent;
}

gboolean
page_send (const PageSource *source, PageReceipt *receipt, GError **error)
{
  const OutboxRow *row = source->letter.row;
  const Ticket *ticket = source->letter.ticket;
  const Channel *channel = config_find_channel (source->letter.config, row->channel);
  const Agent *agent = config_find_agent (source->letter.config, row->recipient);
  if (channel == NULL || agent == NULL)
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "the configuration has no agent \"%s\" or no channel \"%s\"",
                   row->recipient, row->channel);
      return FALSE;
    }
  g_auto (Values) values = { 0 };
  const char *event = find_event (row);
  work_out (source, event, &values);
  PageNotice notice = { .page = row->id,
                        .incident = row->incident,
                        .ticket = ticket->number,
                        .created_at = row->created_at,
                        .event = event,
                        .test = source->test,
                        .possible_repeat = row->attempts > 1,
                        .key = row->message_id,
                        .incident_key = values.incident_key,
                        .agent = agent->name,
                        .agent_name = agent->full_name,
                        .agent_mobile = agent->mobile,
                        .role = ticket->role,
                        .priority = values.priority,
                        .subject = ticket->subject,
                        .requester = ticket->requester,
                        .customer = ticket->customer,
                        .phone = source->letter.config->phone,
                        .company = source->letter.config->company,
                        .by = source->by,
                        .count = source->count,
                        .list = source->list,
                        .limit = source->limit,
                        .acknowledge_url = values.acknowledge_url,
                        .token = values.token,
                        .text = values.text };
  return channel->type == CHANNEL_MAIL ? send_by_mail (source, channel, &notice, receipt, error)
                                       : channel_send_page (channel, &notice, receipt, error);
}

/* A role whose mail pages, or any. */
static const Role *
find_role_to_try (const Config *config)
{
  const Role *role = config->roles->len > 0 ? g_ptr_array_index (config->roles, 0) : NULL;
  for (guint i = 0; i < config->roles->len; i++)
    if (((const Role *) g_ptr_array_index (config->roles, i))->page != NULL)
      role = g_ptr_array_index (config->roles, i);
  return role;
}

gboolean
page_send_news (const PageNews *news, char **answer, GError **error)
{
  g_auto (PageReceipt) receipt = { 0 };
  const Role *role = find_role_to_try (news->config);
  if (role == NULL)
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "the configuration has no role");
      return FALSE;
    }
  g_autofree char *key = g_strdup_printf ("news %s %s %" G_GINT64_FORMAT, news->agent->name, news->channel->name, news->at);
  g_autofree char *message_id = seal_message_id (news->seal, "news", key, news->config->hostname);
  const Ticket ticket = { .role = role->name, .state = (char *) "open", .subject = (char *) news->subject, .priority = 1,
                          .requester = role->address[0], .standing = (char *) "frontdesk", .opened_at = news->at };
  const OutboxRow row = { .kind = (char *) "page", .channel = news->channel->name, .recipient = news->agent->name,
                          .template = (char *) "page", .languages = news->agent->language, .message_id = message_id, .attempts = 1,
                          .created_at = news->at };
  const PageSource source = { .letter = { .config = news->config, .templates = news->templates, .seal = news->seal, .row = &row,
                                          .ticket = &ticket },
                              .test = news->test };
  gboolean sent = page_send (&source, &receipt, error);
  *answer = g_steal_pointer (&receipt.answer);
  return sent;
}

gboolean
delivery_test_page (const Config *config, const Templates *templates, const Seal *seal, const Agent *agent, const Channel *channel,
                    char **answer, GError **error)
{
  const PageNews news = { .config = config, .templates = templates, .seal = seal, .agent = agent, .channel = channel,
                          .subject = "Test of your channel", .test = TRUE, .at = g_get_real_time () };
  return page_send_news (&news, answer, error);
}
