/* The letter of an outbox row: from the ticket and the template, at the moment it is sent. */
#include <string.h>

#include "delivery/page.h"
#include "delivery/phone_text.h"
#include "desk/calendar.h"
#include "desk/schedule.h"
#include "mail/dates.h"

/* One letter that is being written. */
typedef struct {
  const Config *config;
  const Role *role;
  const Ticket *ticket;
  const OutboxRow *row;
  const GPtrArray *overrides; /* nullable */
  const Calendar *calendar; /* whose hours the letter gives; nullable */
  const char *language, *zone;
  const char *template;     /* its name */
  const PageNotice *notice; /* nullable: it is no page */
} Writing;

/* What its template may name and is worked out for it. */
typedef struct {
  char *tag, *subject, *hours, *opened, *priority, *promise, *resolution, *next_update, *next_opening, *old_promise, *target, *due;
  char *count, *oncall;
} Values;

static void
values_clear (Values *values)
{
  char **all[] = { &values->tag,        &values->subject,     &values->hours,        &values->opened,
                   &values->priority,   &values->promise,     &values->resolution,   &values->next_update,
                   &values->next_opening, &values->old_promise, &values->target,     &values->due,
                   &values->count,      &values->oncall };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_free (*all[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Values, values_clear)

/* The calendar that the first answer is promised on; NULL when the role has no policy. */
static const Calendar *
find_calendar (const Role *role, const Ticket *ticket)
{
  if (role->policy == NULL)
    return NULL;
  return policy_find_target (role->policy, ticket->priority, policy_find_kind (role->policy, ticket->kind), TARGET_RESPOND)->calendar;
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

static gboolean
is_to_customer (const OutboxRow *row)
{
  return g_str_equal (row->kind, outgoing_kind_to_string (OUTGOING_ACKNOWLEDGEMENT)) ||
         g_str_equal (row->kind, outgoing_kind_to_string (OUTGOING_LETTER));
}

/* Customers answer to the ticket's signed address; staff to the one that only staff are given; who is paged to the page's. */
static char *
reply_address (const Seal *seal, const Role *role, const OutboxRow *row, gint64 number)
{
  if (g_str_equal (row->kind, outgoing_kind_to_string (OUTGOING_PAGE)))
    return row->id > 0 ? seal_address (seal, role->address[0], 'p', row->id) : NULL;
  return seal_address (seal, role->address[0], is_to_customer (row) ? 't' : 'a', number);
}

/* "by 10:15 on Tuesday"; NULL where nothing is promised, or what was is past: nobody is promised yesterday. */
static char *
write_promise (const Writing *writing, gint64 due)
{
  gint64 now = writing->row->created_at;
  return due > now ? dates_promise (writing->language, writing->zone, due, now) : NULL;
}

/* NULL while we are open, or always are. */
static char *
write_next_opening (const Writing *writing)
{
  gint64 now = writing->row->created_at;
  Interval open;
  const Calendar *calendar = writing->role->policy != NULL ? writing->role->policy->calendar : NULL;
  if (calendar == NULL || !calendar_next_open (calendar, now, NULL, &open) || open.from <= now)
    return NULL;
  return dates_moment (writing->language, writing->zone, open.from, now);
}

/* A letter about one promise has "TARGET TIME" as its reason. FALSE for any other reason. */
static gboolean
read_occasion (const Writing *writing, Values *values)
{
  const char *reason = writing->row->reason;
  for (TargetKind target = 0; reason != NULL && target < TARGETS; target++)
    {
      const char *name = target_to_string (target);
      gint64 due;
      if (!g_str_has_prefix (reason, name) || reason[strlen (name)] != ' ' ||
          !g_ascii_string_to_signed (reason + strlen (name) + 1, 10, 0, G_MAXINT64, &due, NULL))
        continue;
      values->target = g_strdup (name);
      values->due = dates_moment (writing->language, writing->zone, due, writing->row->created_at);
      values->old_promise = dates_promise (writing->language, writing->zone, due, writing->row->created_at);
      return TRUE;
    }
  return FALSE;
}

/* Who is on call for the role's emergencies, by name; NULL: nobody, or it has none. */
static char *
write_on_call (const Writing *writing)
{
  const Roster roster = { .config = writing->config, .overrides = writing->overrides };
  const Escalation *escalation = writing->role->page;
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; escalation != NULL && names->len == 0 && i < escalation->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (escalation->steps, i);
      g_autoptr (GPtrArray) agents =
        step->schedule != NULL ? schedule_find_agents (&roster, step->schedule, writing->row->created_at) : g_ptr_array_new ();
      for (guint j = 0; j < agents->len; j++)
        g_string_append_printf (names, "%s%s", j > 0 ? ", " : "", ((const Agent *) g_ptr_array_index (agents, j))->full_name);
    }
  return names->len > 0 ? g_strdup (names->str) : NULL;
}

static void
work_out (const Writing *writing, Values *values)
{
  const Ticket *ticket = writing->ticket;
  values->tag = g_strdup_printf ("[%s #%" G_GINT64_FORMAT "]", writing->config->tag, ticket->number);
  values->subject = plain_subject (writing->config, ticket->subject);
  values->hours = writing->calendar != NULL ? dates_hours (writing->language, writing->calendar) : NULL;
  values->opened = dates_moment (writing->language, writing->zone, ticket->opened_at, writing->row->created_at);
  values->priority = g_strdup_printf ("p%d", ticket->priority);
  values->promise = write_promise (writing, ticket->due[TARGET_RESPOND]);
  values->resolution = write_promise (writing, ticket->due[TARGET_RESOLVE]);
  values->next_update = write_promise (writing, ticket->due[TARGET_UPDATE]);
  values->next_opening = write_next_opening (writing);
  values->oncall = write_on_call (writing);
  if (writing->notice != NULL && writing->notice->count > 1)
    values->count = g_strdup_printf ("%d", writing->notice->count);
}

static void
fill_page (const PageNotice *notice, const Values *values, LetterData *data)
{
  data->event = notice->event;
  data->link = notice->acknowledge_url;
  data->by = notice->by;
  data->count = values->count;
  data->list = notice->list;
  data->limit = notice->limit;
  data->test = notice->test ? "yes" : NULL;
  data->again = notice->possible_repeat ? "yes" : NULL;
}

/* Customers are told the agent's full name. */
static const char *
assignee_name (const Config *config, const Ticket *ticket)
{
  const Agent *agent = ticket->assignee != NULL ? config_find_agent (config, ticket->assignee) : NULL;
  return agent != NULL ? agent->full_name : ticket->assignee;
}

static gboolean
fill (const Writing *writing, const Templates *templates, const char *text, char **subject, char **body, GError **error)
{
  const Config *config = writing->config;
  const Ticket *ticket = writing->ticket;
  const Policy *policy = writing->role->policy;
  g_auto (Values) values = { 0 };
  work_out (writing, &values);
  gboolean acknowledges = g_str_equal (writing->row->kind, "acknowledgement");
  const char *reason = acknowledges || read_occasion (writing, &values) ? NULL : writing->row->reason;
  LetterData data = { .number = ticket->number,
                      .tag = values.tag,
                      .subject = values.subject,
                      .name = ticket->requester_name,
                      .requester = ticket->requester,
                      .customer = ticket->customer,
                      .company = config->company,
                      .phone = config->phone,
                      .role = writing->role->name,
                      .role_address = writing->role->address[0],
                      .team = ticket->team,
                      .assignee = assignee_name (config, ticket),
                      .oncall = values.oncall,
                      .priority = values.priority,
                      .standing = ticket->standing,
                      .hours = values.hours,
                      .promise = values.promise,
                      .resolution = values.resolution,
                      .next_update = values.next_update,
                      .old_promise = values.old_promise,
                      .opened = values.opened,
                      .next_opening = values.next_opening,
                      .target = values.target,
                      .due = values.due,
                      .holiday = policy != NULL ? calendar_holiday (policy->calendar, writing->row->created_at) : NULL,
                      .greeting = policy != NULL ? policy->greeting : NULL,
                      .closing = policy != NULL ? policy->closing : NULL,
                      .reason = reason,
                      .removed = acknowledges ? writing->row->reason : NULL,
                      .excerpt = text,
                      .detail = reason,
                            .text = text };
  if (writing->notice != NULL)
    fill_page (writing->notice, &values, &data);
  return templates_fill (templates, writing->template, writing->row->languages, &data, subject, body, error);
}

/* Who writes automatically says so (RFC 3834); an answer is a person's. */
static const char *
auto_submitted (const OutboxRow *row)
{
  if (g_str_equal (row->template, "reply"))
    return NULL;
  return g_str_equal (row->kind, outgoing_kind_to_string (OUTGOING_ACKNOWLEDGEMENT)) ? "auto-replied" : "auto-generated";
}

/* What is written, and to whom. */
typedef struct {
  const LetterOrder *letter;
  const char *to, *template;
  const PageNotice *notice; /* nullable */
  gboolean brief;           /* the body's first line, as an SMS takes it, and no more */
} Order;

/* Fills the template in. */
static gboolean
write_text (const Order *order, const Role *role, const char *language, char **subject, char **body, GError **error)
{
  const LetterOrder *letter = order->letter;
  const Writing writing = { .config = letter->config,
                            .role = role,
                            .ticket = letter->ticket,
                            .row = letter->row,
                            .overrides = letter->overrides,
                            .calendar = find_calendar (role, letter->ticket),
                            .language = language,
                            .zone = role->policy != NULL ? role->policy->calendar->timezone : "UTC",
                            .template = order->template,
                            .notice = order->notice };
  if (!fill (&writing, letter->templates, letter->text, subject, body, error))
    return FALSE;
  if (order->brief)
    {
      g_autofree char *whole = *body;
      *body = phone_text_shorten (whole);
    }
  return TRUE;
}

/* Of the mail that opened TICKET; and that mail itself, when ANSWERED is a later one. */
static char **
list_references (const Ticket *ticket, const Message *answered)
{
  gboolean later = answered != NULL && ticket->message_id != NULL && !g_str_equal (answered->message_id, ticket->message_id);
  g_autofree char *joined = g_strjoin (" ", ticket->references != NULL ? ticket->references : "", later ? ticket->message_id : NULL, NULL);
  return g_strsplit (g_strstrip (joined), " ", -1);
}

static GBytes *
compose (const Order *order, const Role *role, const char *language, const char *subject, const char *body)
{
  const Config *config = order->letter->config;
  const OutboxRow *row = order->letter->row;
  const Ticket *ticket = order->letter->ticket;
  gboolean customer = is_to_customer (row), answer = g_str_equal (row->template, "reply");
  const Message *answered = order->letter->answered;
  g_autofree char *reply_to = reply_address (order->letter->seal, role, row, ticket->number);
  g_auto (GStrv) references = list_references (ticket, answered);
  g_auto (GStrv) cc = order->letter->cc != NULL ? g_strsplit (order->letter->cc, " ", -1) : NULL;
  const Letter letter = { .from_name = config->company,
                          .from = role->address[0],
                          .to_name = customer ? ticket->requester_name : NULL,
                          .to = answer ? ticket->requester : order->to,
                          .cc = (const char *const *) cc,
                          .reply_to = reply_to,
                          .subject = subject,
                          .body = body,
                          .attachments = order->letter->attachments,
                          .message_id = row->message_id,
                          .in_reply_to = answered != NULL ? answered->message_id : customer ? ticket->message_id : NULL,
                          .references = (const char *const *) references,
                          .auto_submitted = auto_submitted (row),
                          .loop = config->hostname,
                          .language = language,
                          .date = row->created_at };
  return letter_compose (&letter);
}

static gboolean
carry_out (const Order *order, char **subject, char **body, GBytes **message, GError **error)
{
  const LetterOrder *letter = order->letter;
  const Role *role = config_find_role_by_name (letter->config, letter->ticket->role);
  if (role == NULL)
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "the configuration has no role \"%s\" any more",
                   letter->ticket->role);
      return FALSE;
    }
  g_autofree char *language = templates_find_language (letter->templates, order->template, letter->row->languages);
  if (!write_text (order, role, language, subject, body, error))
    return FALSE;
  *message = compose (order, role, language, *subject, *body);
  return TRUE;
}

gboolean
delivery_write (const LetterOrder *letter, char **subject, char **body, GBytes **message, GError **error)
{
  const Order order = { .letter = letter, .to = letter->row->recipient, .template = letter->row->template };
  return carry_out (&order, subject, body, message, error);
}

gboolean
page_write_letter (const PageSource *source, const Channel *channel, const PageNotice *notice, const char *to, GBytes **message,
                   GError **error)
{
  g_autofree char *subject = NULL, *body = NULL;
  const Order order = { .letter = &source->letter, .to = to, .template = channel->brief ? "page-short" : source->letter.row->template,
                        .notice = notice, .brief = channel->brief };
  return carry_out (&order, &subject, &body, message, error);
}
