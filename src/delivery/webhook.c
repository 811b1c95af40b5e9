/* Pages by HTTP, to whatever takes them: as JSON, as a form, as chat programs want it, or as a template says. */
#include <jansson.h>
#include <string.h>

#include "config/limits.h"
#include "config/secret.h"
#include "delivery/delivery.h"
#include "delivery/http.h"
#include "delivery/notice.h"
#include "delivery/phone_text.h"
#include "mail/hash.h"

/* Slack reads "&", "<" and ">" as its own: "<!channel>" in a subject would wake everybody. */
static char *
write_slack (const PageNotice *notice)
{
  g_autofree char *text = phone_text_write (notice, LIMIT_LETTER);
  g_autoptr (GString) escaped = g_string_new (text);
  g_string_replace (escaped, "&", "&amp;", 0);
  g_string_replace (escaped, "<", "&lt;", 0);
  g_string_replace (escaped, ">", "&gt;", 0);
  json_t *object = json_pack ("{s:s}", "text", escaped->str);
  char *json = json_dumps (object, JSON_COMPACT);
  char *copy = g_strdup (json);
  free (json);
  json_decref (object);
  return copy;
}

/* A template for JSON that makes something else would be refused with words that are hard to understand. */
static gboolean
check_json (const Channel *channel, const char *text, GError **error)
{
  json_error_t problem;
  json_t *json = strstr (channel->content_type, "json") != NULL ? json_loads (text, JSON_DECODE_ANY, &problem) : json_null ();
  if (json == NULL)
    g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "channel %s: template %s makes no JSON: line %d: %s", channel->name,
                 channel->template, problem.line, problem.text);
  json_decref (json);
  return json != NULL;
}

static char *
write_template (const Channel *channel, const PageNotice *notice, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;
  if (!notice_fill (notice, channel->template, channel->content_type, &text, &failure))
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "channel %s: %s", channel->name, failure->message);
      return NULL;
    }
  return check_json (channel, text, error) ? g_steal_pointer (&text) : NULL;
}

gboolean
channel_check_template (const Channel *channel, GError **error)
{
  static const PageNotice example = { .event = "trigger", .key = "key", .agent = "agent", .subject = "subject", .text = "text" };
  g_autofree char *text = channel->template != NULL ? write_template (channel, &example, error) : g_strdup ("");
  return text != NULL;
}

/* The body, or NULL. *TYPE belongs to the channel. */
static char *
write_body (const Channel *channel, const PageNotice *notice, const char **type, GError **error)
{
  *type = "application/json";
  if (channel->template != NULL)
    {
      *type = channel->content_type;
      return write_template (channel, notice, error);
    }
  if (g_str_equal (channel->body, "slack"))
    return write_slack (notice);
  if (!g_str_equal (channel->body, "form"))
    return notice_to_json (notice);
  *type = "application/x-www-form-urlencoded";
  return notice_to_form (notice);
}

static gboolean
add_signature (const Channel *channel, const char *body, struct curl_slist **headers, GError **error)
{
  if (channel->secret_file == NULL)
    return TRUE;
  g_autoptr (Secret) secret = secret_read (channel, "secret-file", channel->secret_file, error);
  if (secret == NULL)
    return FALSE;
  g_autofree char *now = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_real_time () / G_USEC_PER_SEC);
  g_autofree char *signature = hash_sign_dated (secret, now, body, strlen (body));
  g_autofree char *first = g_strconcat ("X-Frontdesk-Timestamp: ", now, NULL);
  g_autofree char *second = g_strconcat ("X-Frontdesk-Signature: ", signature, NULL);
  *headers = curl_slist_append (curl_slist_append (*headers, first), second);
  return TRUE;
}

/* Slack and Mattermost answer "ok"; their other interfaces, and what copies them, JSON with "ok". */
static gboolean
check_slack (const Channel *channel, const HttpAnswer *answer, GError **error)
{
  g_autofree char *body = g_strstrip (g_strdup (answer->body->str));
  if (g_ascii_strcasecmp (body, "ok") == 0)
    return TRUE;
  json_t *object = json_loads (body, 0, NULL);
  const json_t *ok = json_object_get (object, "ok");
  gboolean taken = json_is_true (ok), refused = json_is_false (ok);
  if (refused)
    {
      const char *reason = json_string_value (json_object_get (object, "error"));
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "channel %s: HTTP %ld, but not taken: %.100s", channel->name,
                   answer->status, reason != NULL ? reason : "no reason is given");
    }
  else if (!taken)
    http_disbelieve (channel, answer, "the answer is not \"ok\"", error);
  json_decref (object);
  return taken;
}

static struct curl_slist *
list_headers (const Channel *channel, const PageNotice *notice)
{
  g_autofree char *key = g_strconcat ("Idempotency-Key: ", notice->key, NULL);
  struct curl_slist *headers = curl_slist_append (NULL, key);
  for (guint i = 0; channel->headers[i] != NULL; i++)
    headers = curl_slist_append (headers, channel->headers[i]);
  return headers;
}

gboolean
channel_send_webhook (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  const char *type;
  g_auto (HttpAnswer) answer = { 0 };
  g_autofree char *body = write_body (channel, notice, &type, error);
  if (body == NULL)
    return FALSE;
  struct curl_slist *headers = list_headers (channel, notice);
  gboolean sent = add_signature (channel, body, &headers, error);
  const HttpRequest request = { .method = channel->method, .url = channel->url, .content_type = type, .body = body,
                                .length = strlen (body), .headers = headers };
  sent = sent && http_send (channel, &request, &answer, &receipt->retry_after, error);
  curl_slist_free_all (headers);
  if (sent && channel->template == NULL && g_str_equal (channel->body, "slack"))
    sent = check_slack (channel, &answer, error);
  if (sent)
    receipt->answer = g_strdup_printf ("HTTP %ld", answer.status);
  return sent;
}
