#include "delivery/delivery.h"

#include <curl/curl.h>
#include <string.h>

#include "config/limits.h"
#include "delivery/clock.h"
#include "delivery/failure.h"
#include "delivery/lane.h"
#include "delivery/matter.h"
#include "delivery/page.h"
#include "delivery/watch.h"
#include "desk/bounces.h"

#define RECORD_PAUSE G_USEC_PER_SEC /* between tries to record an outcome while the store fails */

G_DEFINE_QUARK (frontdesk-delivery-error-quark, delivery_error)

struct Delivery {
  Store *store;
  const Seal *seal;
  GMutex lock; /* guards the two below */
  Config *config;
  Templates *templates;
  Lane *pages, *letters;
  Clock *clock;
  Watch *watch;
  gint stopping; /* atomic */
};

/* What one row is sent with: a reload in between changes nothing. */
typedef struct {
  const Delivery *delivery;
  Config *config;
  Templates *templates;
  const OutboxRow *row;
  Ticket *ticket; /* NULL: it could not be read */
  GPtrArray *overrides; /* (element-type Override); NULL without schedules, or when they could not be read */
} Sending;

/* A person's answer can be told that it could not be delivered; what we write by ourselves cannot (RFC 3834). */
static char *
return_address (const Sending *sending)
{
  const Role *role = config_find_role_by_name (sending->config, sending->ticket->role);
  if (role == NULL || !matter_is_answer (sending->row))
    return g_strdup ("");
  return seal_address (sending->delivery->seal, role->address[0], 'b', sending->ticket->number);
}

static LetterOrder
order_letter (const Sending *sending, const char *text)
{
  return (LetterOrder){ .config = sending->config,
                        .templates = sending->templates,
                        .seal = sending->delivery->seal,
                        .row = sending->row,
                        .ticket = sending->ticket,
                        .overrides = sending->overrides,
                        .text = text };
}

static gboolean
send_letter (const Sending *sending, char **answer, GError **error)
{
  OutboxRow row = *sending->row;
  g_auto (Matter) matter = { 0 };
  g_autofree char *subject = NULL, *body = NULL, *from = return_address (sending);
  g_autoptr (GBytes) message = NULL;
  if (!matter_gather (&matter, sending->delivery->store, sending->row, sending->ticket, error))
    return FALSE;
  row.languages = matter.languages;
  LetterOrder order = order_letter (sending, matter.text);
  order.row = &row;
  order.cc = matter.message != NULL ? matter.message->cc : NULL;
  order.answered = matter.answered;
  order.attachments = matter.attachments;
  if (!delivery_write (&order, &subject, &body, &message, error))
    return FALSE;
  return channel_send_mail (&sending->config->relay, from, row.recipient, message, answer, error);
}

/* What a page tells of that has taken others along. */
typedef struct {
  int count;
  GString *list;     /* a line for each */
  int left_out;      /* for which there was no room in the list */
  const char *limit; /* nullable */
} Group;

static gboolean
group_add (Group *group, Store *store, gint64 number, GError **error)
{
  group->count++;
  g_autoptr (Ticket) ticket = group->left_out == 0 ? store_find_ticket (store, number, error) : NULL;
  if (ticket == NULL && group->left_out == 0)
    return FALSE;
  gsize before = group->list->len;
  if (ticket != NULL)
    g_string_append_printf (group->list, "%s#%" G_GINT64_FORMAT " %s (%s)", before > 0 ? "\n" : "", number, ticket->subject,
                            ticket->requester);
  if (ticket == NULL || group->list->len > LIMIT_PAGE_LIST)
    {
      g_string_truncate (group->list, before);
      group->left_out++;
    }
  return TRUE;
}

/* Of ROWS; a ticket that has several is one emergency. */
static gboolean
group_fill (Group *group, Store *store, const GPtrArray *rows, GError **error)
{
  gint64 last = 0;
  for (guint i = 0; i < rows->len; i++)
    {
      const OutboxRow *row = g_ptr_array_index (rows, i);
      group->limit = group->limit != NULL ? group->limit : page_find_limit (row->reason);
      if (row->ticket != last && !group_add (group, store, row->ticket, error))
        return FALSE;
      last = row->ticket;
    }
  if (group->left_out > 0)
    g_string_append_printf (group->list, "\nand %d more", group->left_out);
  return TRUE;
}

/* Who has acknowledged, as people call them; in the row of such a page. */
static const char *
find_holder (const Sending *sending)
{
  const OutboxRow *row = sending->row;
  const Agent *agent = row->reason != NULL ? config_find_agent (sending->config, row->reason) : NULL;
  return !g_str_equal (row->template, "page-acknowledged") ? NULL : agent != NULL ? agent->full_name : row->reason;
}

static gboolean
send_page (const Sending *sending, PageReceipt *receipt, GError **error)
{
  const OutboxRow *row = sending->row;
  Store *store = sending->delivery->store;
  g_autoptr (GPtrArray) rows = row->held ? store_list_page_rows (store, row->id, error) : NULL;
  g_autoptr (GString) list = g_string_new (NULL);
  Group group = { .list = list, .limit = page_find_limit (row->reason) };
  if (row->held && (rows == NULL || !group_fill (&group, store, rows, error)))
    return FALSE;
  const PageSource source = { .letter = order_letter (sending, NULL),
                              .by = find_holder (sending),
                              .limit = group.limit,
                              .count = group.count > 1 ? group.count : 0,
                              .list = group.count > 1 ? list->str : NULL };
  return page_send (&source, receipt, error);
}

static gboolean
record_failure (const Sending *sending, const PageReceipt *receipt, const GError *failure, GError **error)
{
  const OutboxRow *row = sending->row;
  const Config *config = sending->config;
  Store *store = sending->delivery->store;
  gint64 now = g_get_real_time ();
  if (!failure_is_final (row, failure, config->give_up, now))
    return store_outbox_retry (store, row->id, failure->message,
                               failure_due_again (row, failure, receipt->retry_after, now, g_random_double ()), error);
  const Role *role = sending->ticket != NULL ? config_find_role_by_name (config, sending->ticket->role) : NULL;
  g_autoptr (GPtrArray) notices =
    failure_plan_notices (role, row, failure->message, sending->delivery->seal, config->hostname);
  gboolean refused = g_error_matches (failure, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT);
  g_autoptr (GPtrArray) addresses = refused ? bounces_judge_refusal (row, failure->message) : NULL;
  return store_outbox_fail (store, row->id, failure->message, addresses, notices, now, error);
}

static gboolean
record (const Sending *sending, const PageReceipt *receipt, const GError *failure, GError **error)
{
  if (failure != NULL)
    return record_failure (sending, receipt, failure, error);
  return store_outbox_sent (sending->delivery->store, sending->row->id, receipt->answer, receipt->provider_id, g_get_real_time (),
                            error);
}

/* What was sent must be recorded, or it is sent again: keeps trying while the store fails. */
static void
record_until_done (const Sending *sending, const PageReceipt *receipt, const GError *failure)
{
  g_autoptr (GError) trouble = NULL;
  while (!record (sending, receipt, failure, &trouble))
    {
      g_warning ("ticket #%" G_GINT64_FORMAT ": the outcome of a %s cannot be recorded yet: %s", sending->row->ticket,
                 sending->row->kind, trouble->message);
      if (g_atomic_int_get (&sending->delivery->stopping))
        return;
      g_clear_error (&trouble);
      g_usleep (RECORD_PAUSE);
    }
}

static void
send_row (OutboxRow *row, gpointer data)
{
  Delivery *delivery = data;
  g_autoptr (GError) failure = NULL;
  g_auto (PageReceipt) receipt = { 0 };
  g_mutex_lock (&delivery->lock);
  Sending sending = { .delivery = delivery,
                      .config = config_ref (delivery->config),
                      .templates = templates_ref (delivery->templates),
                      .row = row };
  g_mutex_unlock (&delivery->lock);
  sending.ticket = store_find_ticket (delivery->store, row->ticket, &failure);
  if (sending.ticket != NULL && sending.config->schedules->len > 0)
    sending.overrides = store_list_overrides (delivery->store, row->created_at, &failure);
  gboolean sent = failure == NULL && sending.ticket != NULL &&
                  (g_str_equal (row->kind, "page") ? send_page (&sending, &receipt, &failure)
                                                   : send_letter (&sending, &receipt.answer, &failure));
  g_info ("ticket #%" G_GINT64_FORMAT ": %s to %s: %s", row->ticket, row->kind, row->recipient,
          sent ? receipt.answer : failure->message);
  record_until_done (&sending, &receipt, failure);
  g_clear_pointer (&sending.overrides, g_ptr_array_unref);
  g_clear_pointer (&sending.ticket, ticket_free);
  templates_unref (sending.templates);
  config_unref (sending.config);
}

static void
wake (guint due, gpointer data)
{
  Delivery *delivery = data;
  if (due & STORE_DUE_PAGE)
    lane_wake (delivery->pages);
  if (due & STORE_DUE_LETTER)
    lane_wake (delivery->letters);
}

/* Told now, and not when the page that is not sent would have been needed. */
static void
warn_of_channels (const Config *config)
{
  for (guint i = 0; i < config->channels->len; i++)
    {
      g_autoptr (GError) error = NULL;
      if (!channel_check (g_ptr_array_index (config->channels, i), &error))
        g_warning ("%s", error->message);
    }
}

Delivery *
delivery_start (Store *store, const Seal *seal, Config *config, Templates *templates)
{
  static gsize initialised;
  if (g_once_init_enter (&initialised))
    {
      curl_global_init (CURL_GLOBAL_DEFAULT);
      g_once_init_leave (&initialised, 1);
    }
  Delivery *delivery = g_new0 (Delivery, 1);
  delivery->store = store;
  delivery->seal = seal;
  delivery->config = config_ref (config);
  delivery->templates = templates_ref (templates);
  warn_of_channels (config);
  g_mutex_init (&delivery->lock);
  delivery->pages = lane_start (store, TRUE, send_row, delivery);
  delivery->letters = lane_start (store, FALSE, send_row, delivery);
  delivery->clock = clock_start (store);
  delivery->watch = watch_start (store, seal, config, templates);
  store_on_due (store, wake, delivery);
  return delivery;
}

void
delivery_reload (Delivery *delivery, Config *config, Templates *templates)
{
  warn_of_channels (config);
  g_mutex_lock (&delivery->lock);
  Config *old_config = delivery->config;
  Templates *old_templates = delivery->templates;
  delivery->config = config_ref (config);
  delivery->templates = templates_ref (templates);
  g_mutex_unlock (&delivery->lock);
  clock_refresh (delivery->clock);
  watch_reload (delivery->watch, config, templates);
  config_unref (old_config);
  templates_unref (old_templates);
}

char *
delivery_find_trouble (Delivery *delivery)
{
  return watch_find_trouble (delivery->watch);
}

void
delivery_stop (Delivery *delivery)
{
  g_atomic_int_set (&delivery->stopping, TRUE);
  store_on_due (delivery->store, NULL, NULL);
  lane_stop (delivery->pages);
  lane_stop (delivery->letters);
  clock_stop (delivery->clock);
  watch_stop (delivery->watch);
  config_unref (delivery->config);
  templates_unref (delivery->templates);
  g_mutex_clear (&delivery->lock);
  g_free (delivery);
}
