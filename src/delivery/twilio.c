/* Pages by Twilio: an SMS, or a call that reads the text out. A call that was answered is no acknowledgement. */
#include "delivery/twilio.h"

#include <jansson.h>
#include <string.h>

#include "config/limits.h"
#include "config/mobile.h"
#include "config/secret.h"
#include "delivery/delivery.h"
#include "delivery/http.h"
#include "delivery/phone_text.h"

#define BODY 1600 /* octets; Twilio takes as many characters */
#define SID 34

static void
add_field (GString *form, const char *name, const char *value)
{
  g_autofree char *escaped = g_uri_escape_string (value, NULL, FALSE);
  g_string_append_printf (form, "%s%s=%s", form->len > 0 ? "&" : "", name, escaped);
}

static char *
hook_url (const Channel *channel, const char *hook)
{
  g_autofree char *name = g_uri_escape_string (channel->name, NULL, FALSE);
  return g_strconcat (channel->web_url, "/hooks/twilio/", name, "/", hook, NULL);
}

char *
twilio_write_call (const Channel *channel, const PageNotice *notice)
{
  g_autofree char *text = phone_text_cut (notice->text, LIMIT_SPOKEN);
  g_autofree char *said = g_markup_escape_text (text, -1);
  gboolean asks = channel->web_url != NULL && notice->token != NULL && g_str_equal (notice->event, "trigger");
  if (!asks)
    return g_strdup_printf ("<Response><Say loop=\"3\">%s</Say></Response>", said);
  g_autofree char *token = g_uri_escape_string (notice->token, NULL, FALSE);
  g_autofree char *hook = hook_url (channel, "digits?page=");
  g_autofree char *url = g_strconcat (hook, token, NULL);
  g_autofree char *action = g_markup_escape_text (url, -1);
  return g_strdup_printf ("<Response><Gather numDigits=\"1\" timeout=\"10\" method=\"POST\" action=\"%s\"><Say loop=\"3\">%s. "
                          "Press 1 to acknowledge.</Say></Gather></Response>",
                          action, said);
}

char *
twilio_write_form (const Channel *channel, const PageNotice *notice)
{
  GString *form = g_string_new (NULL);
  add_field (form, "To", notice->agent_mobile);
  add_field (form, !channel->call && g_str_has_prefix (channel->from, "MG") ? "MessagingServiceSid" : "From", channel->from);
  g_autofree char *text = channel->call ? twilio_write_call (channel, notice) : phone_text_write (notice, BODY);
  add_field (form, channel->call ? "Twiml" : "Body", text);
  if (channel->web_url != NULL)
    {
      g_autofree char *status = hook_url (channel, "status");
      add_field (form, "StatusCallback", status);
    }
  static const char *const events[] = { "initiated", "ringing", "answered", "completed" };
  for (guint i = 0; channel->call && channel->web_url != NULL && i < G_N_ELEMENTS (events); i++)
    add_field (form, "StatusCallbackEvent", events[i]);
  return g_string_free (form, FALSE);
}

static gboolean
is_sid (const char *text)
{
  return text != NULL && strlen (text) == SID && g_ascii_isupper (text[0]) && g_ascii_isupper (text[1]) &&
         strspn (text + 2, "0123456789abcdef") == SID - 2;
}

char *
twilio_read_sid (const char *answer)
{
  json_t *object = json_loads (answer, 0, NULL);
  const char *sid = json_string_value (json_object_get (object, "sid"));
  char *copy = is_sid (sid) ? g_strdup (sid) : NULL;
  json_decref (object);
  return copy;
}

/* Errors of a message after which another try may arrive: the queue was full, the phone was off, or nobody knows. */
static gboolean
may_pass (json_int_t code)
{
  return code == 30001 || code == 30003 || code == 30008;
}

static PageFate
fate_of (const char *status, json_int_t code)
{
  static const char *const reached[] = { "delivered", "read", "completed", NULL };
  static const char *const failed[] = { "undelivered", "failed", "canceled", NULL };
  static const char *const failed_for_now[] = { "busy", "no-answer", NULL };
  if (g_strv_contains (reached, status))
    return PAGE_FATE_REACHED;
  if (g_strv_contains (failed_for_now, status))
    return PAGE_FATE_FAILED_FOR_NOW;
  if (g_strv_contains (failed, status))
    return may_pass (code) ? PAGE_FATE_FAILED_FOR_NOW : PAGE_FATE_FAILED;
  return PAGE_FATE_UNKNOWN;
}

PageFate
twilio_read_fate (const char *answer, char **detail)
{
  json_t *object = json_loads (answer, 0, NULL);
  const char *status = json_string_value (json_object_get (object, "status"));
  json_int_t code = json_integer_value (json_object_get (object, "error_code"));
  PageFate fate = status != NULL ? fate_of (status, code) : PAGE_FATE_UNKNOWN;
  if (fate != PAGE_FATE_UNKNOWN)
    *detail = code != 0 ? g_strdup_printf ("%s, error %" JSON_INTEGER_FORMAT, status, code) : g_strdup (status);
  json_decref (object);
  return fate;
}

/* WHAT is "Messages", or "Calls/SID" and the like. */
static char *
resource_url (const Channel *channel, const char *what)
{
  g_autofree char *account = g_uri_escape_string (channel->account, NULL, FALSE);
  return g_strconcat (channel->url, "/2010-04-01/Accounts/", account, "/", what, ".json", NULL);
}

gboolean
channel_send_twilio (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  g_auto (HttpAnswer) answer = { 0 };
  g_autofree char *mobile = channel_fill_mobile (channel, "{mobile}", notice, error);
  g_autoptr (Secret) token = mobile != NULL ? secret_read (channel, "token-file", channel->token_file, error) : NULL;
  if (token == NULL)
    return FALSE;
  g_autofree char *url = resource_url (channel, channel->call ? "Calls" : "Messages");
  g_autofree char *form = twilio_write_form (channel, notice);
  const HttpRequest request = { .method = "POST", .url = url, .content_type = "application/x-www-form-urlencoded", .body = form,
                                .length = strlen (form), .user = channel->account, .secret = token };
  if (!http_send (channel, &request, &answer, &receipt->retry_after, error))
    return FALSE;
  receipt->provider_id = twilio_read_sid (answer.body->str);
  if (receipt->provider_id == NULL)
    return http_disbelieve (channel, &answer, "the answer names no sid", error);
  receipt->answer = g_strdup_printf ("HTTP %ld %s", answer.status, receipt->provider_id);
  return TRUE;
}

PageFate
channel_ask_twilio (const Channel *channel, const char *provider_id, char **detail)
{
  g_auto (HttpAnswer) answer = { 0 };
  gint64 retry_after = 0;
  if (channel->web_url != NULL || !is_sid (provider_id)) /* it calls back */
    return PAGE_FATE_UNKNOWN;
  g_autoptr (Secret) token = secret_read (channel, "token-file", channel->token_file, NULL);
  if (token == NULL)
    return PAGE_FATE_UNKNOWN;
  g_autofree char *what = g_strconcat (g_str_has_prefix (provider_id, "CA") ? "Calls/" : "Messages/", provider_id, NULL);
  g_autofree char *url = resource_url (channel, what);
  const HttpRequest request = { .method = "GET", .url = url, .user = channel->account, .secret = token };
  if (!http_send (channel, &request, &answer, &retry_after, NULL))
    return PAGE_FATE_UNKNOWN;
  return twilio_read_fate (answer.body->str, detail);
}
