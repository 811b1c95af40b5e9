#include "delivery/http.h"

#include <string.h>

#include "config/limits.h"
#include "delivery/delivery.h"
#include "mail/message.h"

void
http_answer_clear (HttpAnswer *answer)
{
  if (answer->body != NULL)
    g_string_free (answer->body, TRUE);
}

/* Keeps the first octets of the answer's body and lets the rest go. */
static size_t
keep_body (char *data, size_t size, size_t count, void *user)
{
  GString *body = user;
  if (body->len < LIMIT_GATEWAY_ANSWER)
    g_string_append_len (body, data, (gssize) MIN (size * count, LIMIT_GATEWAY_ANSWER - body->len));
  return size * count;
}

static gboolean
is_temporary (long status)
{
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* Seconds or a date; libcurl reads both. */
static void
read_retry_after (CURL *handle, long status, gint64 *retry_after)
{
  curl_off_t seconds = 0;
  if ((status == 429 || status == 503) && curl_easy_getinfo (handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK)
    *retry_after = CLAMP ((gint64) seconds, 0, LIMIT_RETRY_AFTER);
}

/* What a gateway says when it refuses may repeat what it was sent. */
static char *
describe_body (const HttpAnswer *answer, const char *secret)
{
  g_autoptr (GString) text = g_string_new_len (answer->body->str, (gssize) answer->body->len);
  if (secret != NULL && *secret != '\0')
    g_string_replace (text, secret, "***", 0);
  return text_clean (text->str, LIMIT_ERROR_TEXT);
}

static gboolean
judge (const Channel *channel, CURLcode result, const HttpAnswer *answer, const char *secret, GError **error)
{
  if (result == CURLE_OK && answer->status >= 200 && answer->status < 300)
    return TRUE;
  if (result != CURLE_OK)
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "channel %s: %s", channel->name, curl_easy_strerror (result));
      return FALSE;
    }
  g_autofree char *said = describe_body (answer, secret);
  g_set_error (error, DELIVERY_ERROR, is_temporary (answer->status) ? DELIVERY_ERROR_TEMPORARY : DELIVERY_ERROR_PERMANENT,
               "channel %s: HTTP %ld%s%s", channel->name, answer->status, *said != '\0' ? " " : "", said);
  return FALSE;
}

static struct curl_slist *
list_headers (const HttpRequest *request)
{
  struct curl_slist *headers = NULL;
  if (request->content_type != NULL)
    {
      g_autofree char *type = g_strconcat ("Content-Type: ", request->content_type, NULL);
      headers = curl_slist_append (headers, type);
    }
  for (const struct curl_slist *item = request->headers; item != NULL; item = item->next)
    headers = curl_slist_append (headers, item->data);
  return curl_slist_append (headers, "Expect:"); /* no round trip before the body */
}

static void
set_request (CURL *handle, const Channel *channel, const HttpRequest *request, struct curl_slist *headers, HttpAnswer *answer)
{
  curl_easy_setopt (handle, CURLOPT_URL, request->url);
  curl_easy_setopt (handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (handle, CURLOPT_TIMEOUT, (long) channel->timeout);
  curl_easy_setopt (handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt (handle, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt (handle, CURLOPT_WRITEDATA, answer->body);
  if (!g_str_equal (request->method, "GET"))
    {
      curl_easy_setopt (handle, CURLOPT_POSTFIELDSIZE, (long) request->length);
      curl_easy_setopt (handle, CURLOPT_POSTFIELDS, request->body);
      curl_easy_setopt (handle, CURLOPT_CUSTOMREQUEST, request->method);
    }
  if (request->user != NULL)
    {
      curl_easy_setopt (handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      curl_easy_setopt (handle, CURLOPT_USERNAME, request->user);
      curl_easy_setopt (handle, CURLOPT_PASSWORD, request->secret);
    }
}

gboolean
http_send (const Channel *channel, const HttpRequest *request, HttpAnswer *answer, gint64 *retry_after, GError **error)
{
  CURL *handle = curl_easy_init ();
  struct curl_slist *headers = list_headers (request);
  answer->body = g_string_new (NULL);
  set_request (handle, channel, request, headers, answer);
  CURLcode result = curl_easy_perform (handle);
  curl_easy_getinfo (handle, CURLINFO_RESPONSE_CODE, &answer->status);
  read_retry_after (handle, answer->status, retry_after);
  curl_easy_cleanup (handle);
  curl_slist_free_all (headers);
  return judge (channel, result, answer, request->secret, error);
}

gboolean
http_disbelieve (const Channel *channel, const HttpAnswer *answer, const char *what, GError **error)
{
  g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "channel %s: HTTP %ld, but %s", channel->name, answer->status, what);
  return FALSE;
}
