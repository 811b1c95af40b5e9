/* Mail out by libcurl. Each thread keeps one handle, and with it its connection to the relay. */
#include <curl/curl.h>
#include <string.h>

#include "config/limits.h"
#include "delivery/channel.h"
#include "delivery/delivery.h"
#include "mail/message.h"

/* What is remembered of one SMTP conversation: enough to say who refused what. */
typedef struct {
  GBytes *message;
  gsize sent;
  char *last_command; /* its verb, upper case */
  char *last_answer;
  gboolean leaving; /* libcurl has said QUIT: what comes now is no answer to the letter */
} Conversation;

static void
conversation_clear (Conversation *conversation)
{
  g_free (conversation->last_command);
  g_free (conversation->last_answer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Conversation, conversation_clear)

static GPrivate thread_handle = G_PRIVATE_INIT (curl_easy_cleanup);

static CURL *
borrow_handle (void)
{
  CURL *handle = g_private_get (&thread_handle);
  if (handle == NULL)
    {
      handle = curl_easy_init ();
      g_private_set (&thread_handle, handle);
    }
  curl_easy_reset (handle); /* keeps its connections */
  return handle;
}

static size_t
give_message (char *buffer, size_t size, size_t count, void *data)
{
  Conversation *conversation = data;
  gsize length;
  const char *octets = g_bytes_get_data (conversation->message, &length);
  gsize part = MIN (size * count, length - conversation->sent);
  memcpy (buffer, octets + conversation->sent, part);
  conversation->sent += part;
  return part;
}

static int
listen_in (CURL *handle, curl_infotype type, char *text, size_t length, void *data)
{
  Conversation *conversation = data;
  (void) handle;
  g_autofree char *line = g_strndup (text, length);
  conversation->leaving |= type == CURLINFO_HEADER_OUT && g_ascii_strncasecmp (line, "QUIT", 4) == 0;
  if (conversation->leaving)
    return 0;
  if (type == CURLINFO_HEADER_OUT)
    {
      line[strcspn (line, " :\r\n")] = '\0';
      g_free (conversation->last_command);
      conversation->last_command = g_ascii_strup (line, -1);
    }
  else if (type == CURLINFO_HEADER_IN)
    {
      g_free (conversation->last_answer);
      conversation->last_answer = text_clean (line, LIMIT_ERROR_TEXT);
    }
  return 0;
}

/* A refusal counts as final only when it is of this letter: of its sender, recipient or content. What a relay says to a
 * greeting or a login is about us. */
static gboolean
is_final (const Conversation *conversation, long code)
{
  static const char *const about_letter[] = { "MAIL", "RCPT", "DATA", NULL };
  return code >= 500 && code < 600 && conversation->last_command != NULL &&
         g_strv_contains (about_letter, conversation->last_command);
}

static gboolean
set_login (CURL *handle, const RelaySettings *relay, GError **error)
{
  g_autofree char *password = NULL;
  if (relay->user == NULL)
    return TRUE;
  if (relay->password_file != NULL)
    {
      g_autoptr (GError) failure = NULL;
      if (!g_file_get_contents (relay->password_file, &password, NULL, &failure))
        {
          g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "relay password-file: %s", failure->message);
          return FALSE;
        }
      password[strcspn (password, "\r\n")] = '\0';
    }
  curl_easy_setopt (handle, CURLOPT_USERNAME, relay->user);
  curl_easy_setopt (handle, CURLOPT_PASSWORD, password != NULL ? password : "");
  return TRUE;
}

static gboolean
set_relay (CURL *handle, const RelaySettings *relay, Conversation *conversation, GError **error)
{
  gboolean secret = relay->user != NULL || relay->ca_file != NULL;
  curl_easy_setopt (handle, CURLOPT_URL, relay->url);
  curl_easy_setopt (handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt (handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (handle, CURLOPT_TIMEOUT, (long) relay->timeout);
  curl_easy_setopt (handle, CURLOPT_USE_SSL, secret ? (long) CURLUSESSL_ALL : (long) CURLUSESSL_NONE);
  if (relay->ca_file != NULL)
    curl_easy_setopt (handle, CURLOPT_CAINFO, relay->ca_file);
  curl_easy_setopt (handle, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt (handle, CURLOPT_DEBUGFUNCTION, listen_in);
  curl_easy_setopt (handle, CURLOPT_DEBUGDATA, conversation);
  return set_login (handle, relay, error);
}

static gboolean
finish (CURL *handle, CURLcode result, const RelaySettings *relay, Conversation *conversation, char **answer, GError **error)
{
  long code = 0;
  curl_easy_getinfo (handle, CURLINFO_RESPONSE_CODE, &code);
  const char *said = conversation->last_answer != NULL ? conversation->last_answer : "";
  if (result == CURLE_OK)
    {
      if (answer != NULL)
        *answer = g_strdup (said);
      return TRUE;
    }
  g_set_error (error, DELIVERY_ERROR, is_final (conversation, code) ? DELIVERY_ERROR_PERMANENT : DELIVERY_ERROR_TEMPORARY,
               "relay %s: %s%s%s", relay->url, code >= 400 ? said : curl_easy_strerror (result),
               conversation->last_command != NULL && code >= 400 ? " after " : "",
               conversation->last_command != NULL && code >= 400 ? conversation->last_command : "");
  return FALSE;
}

gboolean
channel_send_mail (const RelaySettings *relay, const char *from, const char *to, GBytes *message, char **answer, GError **error)
{
  g_autofree char *valid = address_normalise (to);
  g_auto (Conversation) conversation = { .message = message };
  if (valid == NULL)
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "\"%s\" is no address that mail can be sent to", to);
      return FALSE;
    }
  CURL *handle = borrow_handle ();
  if (!set_relay (handle, relay, &conversation, error))
    return FALSE;
  struct curl_slist *recipients = curl_slist_append (NULL, to);
  if (*from != '\0') /* not set, libcurl sends the null sender */
    curl_easy_setopt (handle, CURLOPT_MAIL_FROM, from);
  curl_easy_setopt (handle, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt (handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt (handle, CURLOPT_READFUNCTION, give_message);
  curl_easy_setopt (handle, CURLOPT_READDATA, &conversation);
  CURLcode result = curl_easy_perform (handle);
  gboolean sent = finish (handle, result, relay, &conversation, answer, error);
  curl_easy_reset (handle);
  curl_slist_free_all (recipients);
  return sent;
}

static size_t
let_go (char *data, size_t size, size_t count, void *user)
{
  (void) data;
  (void) user;
  return size * count;
}

gboolean
channel_check_relay (const RelaySettings *relay, GError **error)
{
  g_auto (Conversation) conversation = { 0 };
  CURL *handle = curl_easy_init (); /* asked once in a process: nothing to keep */
  gboolean good = set_relay (handle, relay, &conversation, error);
  if (good)
    {
      curl_easy_setopt (handle, CURLOPT_CUSTOMREQUEST, "NOOP");
      curl_easy_setopt (handle, CURLOPT_WRITEFUNCTION, let_go);
      good = finish (handle, curl_easy_perform (handle), relay, &conversation, NULL, error);
    }
  curl_easy_cleanup (handle);
  return good;
}
