/* Pages by PagerDuty's Events API, version 2. All pages of an incident have one dedup_key, so that it is one incident there,
 * too, and a page that is sent again is dropped. */
#include "delivery/pagerduty.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "config/secret.h"
#include "delivery/delivery.h"
#include "delivery/http.h"
#include "delivery/phone_text.h"

#define SUMMARY 1024 /* octets; PagerDuty takes as many characters */

static const char *
severity (const PageNotice *notice)
{
  static const char *const names[] = { "critical", "error", "warning", "info" };
  guint priority = notice->priority[0] == 'p' ? (guint) (notice->priority[1] - '1') : 0;
  return names[MIN (priority, G_N_ELEMENTS (names) - 1)];
}

static json_t *
make_payload (const PageNotice *notice)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (notice->created_at / G_USEC_PER_SEC);
  g_autofree char *timestamp = g_date_time_format_iso8601 (date);
  g_autofree char *summary = phone_text_cut (notice->text, SUMMARY);
  json_t *details = json_pack ("{s:I, s:s?, s:s?, s:s?, s:s?, s:b, s:i, s:s?}", "ticket", (json_int_t) notice->ticket, "subject",
                               notice->subject, "requester", notice->requester, "customer", notice->customer, "agent",
                               notice->agent, "test", notice->test, "count", notice->count, "list", notice->list);
  return json_pack ("{s:s, s:s, s:s, s:s, s:s?, s:s, s:o}", "summary", summary, "source", notice->company, "severity",
                    severity (notice), "timestamp", timestamp, "group", notice->role, "class", notice->test ? "test" : "emergency",
                    "custom_details", details);
}

/* An incident that is acknowledged or resolved is named by its key alone. */
char *
pagerduty_write_event (const PageNotice *notice, const char *key)
{
  json_t *event = json_pack ("{s:s, s:s, s:s}", "routing_key", key, "event_action", notice->event, "dedup_key", notice->incident_key);
  if (g_str_equal (notice->event, "trigger"))
    {
      json_object_set_new (event, "payload", make_payload (notice));
      json_object_set_new (event, "client", json_string (notice->company));
      if (notice->acknowledge_url != NULL)
        {
          json_object_set_new (event, "client_url", json_string (notice->acknowledge_url));
          json_object_set_new (event, "links",
                               json_pack ("[{s:s, s:s}]", "href", notice->acknowledge_url, "text", "Acknowledge"));
        }
    }
  char *text = json_dumps (event, JSON_COMPACT), *copy = g_strdup (text);
  if (text != NULL)
    explicit_bzero (text, strlen (text));
  free (text);
  json_decref (event);
  return copy;
}

gboolean
channel_send_pagerduty (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  g_auto (HttpAnswer) answer = { 0 };
  g_autoptr (Secret) key = secret_read (channel, "key-file", channel->key_file, error);
  if (key == NULL)
    return FALSE;
  g_autoptr (Secret) body = pagerduty_write_event (notice, key);
  if (body == NULL)
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "channel %s: key-file %s is not UTF-8", channel->name,
                   channel->key_file);
      return FALSE;
    }
  const HttpRequest request = { .method = "POST", .url = channel->url, .content_type = "application/json", .body = body,
                                .length = strlen (body), .secret = key };
  gboolean sent = http_send (channel, &request, &answer, &receipt->retry_after, error);
  if (sent && answer.status != 202)
    sent = http_disbelieve (channel, &answer, "PagerDuty takes an event with 202", error);
  if (!sent)
    return FALSE;
  receipt->answer = g_strdup_printf ("HTTP %ld", answer.status);
  receipt->provider_id = g_strdup (notice->incident_key);
  return TRUE;
}
