/* Pages by ntfy: a notification with a button that acknowledges. */
#include "delivery/ntfy.h"

#include <gmime/gmime.h>
#include <jansson.h>
#include <string.h>

#include "config/limits.h"
#include "config/secret.h"
#include "delivery/delivery.h"
#include "delivery/http.h"
#include "delivery/phone_text.h"
#include "mail/gmime.h"
#include "mail/message.h"

#define BODY 4096 /* octets; a longer one becomes an attachment */

char *
ntfy_encode (const char *text)
{
  g_autofree char *clean = text_clean (text, LIMIT_SUBJECT);
  gmime_start ();
  char *encoded = g_mime_utils_header_encode_text (NULL, clean, "utf-8");
  return g_strdelimit (encoded, "\r\n", ' ');
}

static struct curl_slist *
add_header (struct curl_slist *headers, const char *name, const char *value)
{
  g_autofree char *line = g_strconcat (name, ": ", value, NULL);
  return curl_slist_append (headers, line);
}

/* 5 rings through "do not disturb" where the phone's owner allows it. */
static const char *
find_priority (const PageNotice *notice)
{
  static const char *const of[] = { "5", "4", "3", "2" };
  guint priority = notice->priority[0] == 'p' ? (guint) (notice->priority[1] - '1') : 0;
  return g_str_equal (notice->event, "trigger") ? of[MIN (priority, G_N_ELEMENTS (of) - 1)] : "3";
}

static struct curl_slist *
list_headers (const PageNotice *notice, const char *token)
{
  gboolean trigger = g_str_equal (notice->event, "trigger");
  g_autofree char *several = notice->count > 1 ? g_strdup_printf (": %d emergencies, the first is", notice->count) : g_strdup ("");
  g_autofree char *title =
    g_strdup_printf ("%s%s #%" G_GINT64_FORMAT ": %s", notice->company, several, notice->ticket, notice->subject);
  g_autofree char *encoded = ntfy_encode (title);
  struct curl_slist *headers = add_header (NULL, "Title", encoded);
  headers = add_header (headers, "Priority", find_priority (notice));
  headers = add_header (headers, "Tags", trigger ? "rotating_light" : "white_check_mark");
  if (trigger && notice->acknowledge_url != NULL)
    {
      g_autofree char *action = g_strdup_printf ("http, Acknowledge, %s, method=POST, clear=true", notice->acknowledge_url);
      headers = add_header (headers, "Actions", action);
      headers = add_header (headers, "Click", notice->acknowledge_url);
    }
  if (token != NULL)
    {
      g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);
      headers = add_header (headers, "Authorization", bearer);
    }
  return headers;
}

static char *
read_id (const char *answer)
{
  json_t *object = json_loads (answer, 0, NULL);
  char *id = g_strdup (json_string_value (json_object_get (object, "id")));
  json_decref (object);
  return id;
}

static char *
write_body (const PageNotice *notice)
{
  PageNotice plain = *notice;
  plain.acknowledge_url = NULL; /* a button has it */
  return phone_text_write (&plain, BODY);
}

gboolean
channel_send_ntfy (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  g_auto (HttpAnswer) answer = { 0 };
  g_autoptr (Secret) token = NULL;
  if (channel->token_file != NULL && (token = secret_read (channel, "token-file", channel->token_file, error)) == NULL)
    return FALSE;
  g_autofree char *body = write_body (notice);
  struct curl_slist *headers = list_headers (notice, token);
  const HttpRequest request = { .method = "POST", .url = channel->url, .content_type = "text/plain; charset=utf-8", .body = body,
                                .length = strlen (body), .headers = headers, .secret = token };
  gboolean sent = http_send (channel, &request, &answer, &receipt->retry_after, error);
  curl_slist_free_all (headers);
  receipt->provider_id = sent ? read_id (answer.body->str) : NULL;
  if (sent && receipt->provider_id == NULL)
    return http_disbelieve (channel, &answer, "the answer names no id", error);
  if (sent)
    receipt->answer = g_strdup_printf ("HTTP %ld %s", answer.status, receipt->provider_id);
  return sent;
}
