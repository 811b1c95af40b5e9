/* Pages by HTTP. */
#include <curl/curl.h>

#include "config/limits.h"
#include "delivery/channel.h"
#include "delivery/delivery.h"
#include "delivery/notice.h"
#include "mail/message.h"

/* Keeps the first octets of the answer's body and lets the rest go. */
static size_t
keep_body (char *data, size_t size, size_t count, void *user)
{
  GString *body = user;
  if (body->len < LIMIT_ERROR_TEXT)
    g_string_append_len (body, data, (gssize) MIN (size * count, LIMIT_ERROR_TEXT - body->len));
  return size * count;
}

static gboolean
is_temporary (long status)
{
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* Seconds or a date; libcurl reads both. */
static void
read_retry_after (CURL *handle, long status, PageReceipt *receipt)
{
  curl_off_t seconds = 0;
  if ((status == 429 || status == 503) && curl_easy_getinfo (handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK)
    receipt->retry_after = CLAMP ((gint64) seconds, 0, LIMIT_RETRY_AFTER);
}

static gboolean
finish (const Channel *channel, CURLcode result, long status, const GString *body, PageReceipt *receipt, GError **error)
{
  g_autofree char *said = text_clean (body->str, LIMIT_ERROR_TEXT);
  if (result == CURLE_OK && status >= 200 && status < 300)
    {
      receipt->answer = g_strdup_printf ("HTTP %ld", status);
      return TRUE;
    }
  if (result != CURLE_OK)
    g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "channel %s: %s", channel->name, curl_easy_strerror (result));
  else
    g_set_error (error, DELIVERY_ERROR, is_temporary (status) ? DELIVERY_ERROR_TEMPORARY : DELIVERY_ERROR_PERMANENT,
                 "channel %s: HTTP %ld %s", channel->name, status, said);
  return FALSE;
}

gboolean
channel_send_webhook (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  CURL *handle = curl_easy_init ();
  g_autoptr (GString) body = g_string_new (NULL);
  g_autofree char *json = notice_to_json (notice);
  g_autofree char *key = g_strconcat ("Idempotency-Key: ", notice->key, NULL);
  struct curl_slist *headers = curl_slist_append (curl_slist_append (NULL, "Content-Type: application/json"), key);
  curl_easy_setopt (handle, CURLOPT_URL, channel->url);
  curl_easy_setopt (handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt (handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (handle, CURLOPT_TIMEOUT, (long) channel->timeout);
  curl_easy_setopt (handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt (handle, CURLOPT_POSTFIELDS, json);
  curl_easy_setopt (handle, CURLOPT_WRITEFUNCTION, keep_body);
  curl_easy_setopt (handle, CURLOPT_WRITEDATA, body);
  long status = 0;
  CURLcode result = curl_easy_perform (handle);
  curl_easy_getinfo (handle, CURLINFO_RESPONSE_CODE, &status);
  read_retry_after (handle, status, receipt);
  curl_easy_cleanup (handle);
  curl_slist_free_all (headers);
  return finish (channel, result, status, body, receipt, error);
}
