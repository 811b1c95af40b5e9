/* /hooks/page/CHANNEL: another program acknowledges or resolves, signed by the channel's secret as what goes out by
 * it is. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "config/limits.h"
#include "mail/hash.h"
#include "web/hook.h"
#include "web/link.h"
#include "web/request.h"
#include "web/signature.h"

/* Takes DOCUMENT. */
static void
answer_json (Answer *answer, guint status, json_t *document)
{
  char *text = json_dumps (document, JSON_COMPACT);
  answer->status = status;
  answer->type = "application/json";
  g_string_printf (answer->body, "%s\n", text);
  free (text);
  json_decref (document);
}

static void
answer_error (Answer *answer, guint status, const char *text)
{
  answer_json (answer, status, json_pack ("{s:s}", "error", text));
}

/* A request that was overheard is good for some minutes, and does nothing twice. */
static gboolean
is_recent (const Request *request, const char *timestamp)
{
  gint64 at;
  return g_ascii_string_to_signed (timestamp, 10, 0, G_MAXINT64 / G_USEC_PER_SEC, &at, NULL) &&
         ABS (request->now / G_USEC_PER_SEC - at) <= LIMIT_WEB_SIGNATURE_AGE;
}

static gboolean
is_signed (const Request *request, const Channel *channel)
{
  g_autofree char *given = request_header (request, "X-Frontdesk-Signature");
  g_autofree char *timestamp = request_header (request, "X-Frontdesk-Timestamp");
  if (given == NULL || timestamp == NULL || !is_recent (request, timestamp))
    return FALSE;
  g_autoptr (Secret) secret = hook_read_secret (channel, "secret-file", channel->secret_file);
  if (secret == NULL)
    return FALSE;
  g_autofree char *right = hash_sign_dated (secret, timestamp, request->body->str, request->body->len);
  return signature_equal (right, given);
}

static json_t *
taking_to_json (const Taking *taking)
{
  const Incident *incident = taking->incident;
  return json_pack ("{s:I, s:I, s:s, s:s?, s:b}", "incident", (json_int_t) incident->id, "ticket",
                    (json_int_t) incident->ticket, "state", incident_state_to_string (incident->state),
                    "acknowledged_by", incident->acknowledged_by, "done", taking->done);
}

static void
take (const Request *request, const Link *link, PageAction action, Answer *answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) takings = NULL;
  if (!store_take_page (request->rooms->store, link->page, action, link->agent->name, "webhook", request->now, &takings,
                        &error))
    {
      g_warning ("web: page %" G_GINT64_FORMAT " of %s: %s", link->page, link->agent->name, error->message);
      answer_error (answer, 503, "try again");
      return;
    }
  json_t *list = json_array ();
  for (guint i = 0; i < takings->len; i++)
    json_array_append_new (list, taking_to_json (g_ptr_array_index (takings, i)));
  answer_json (answer, 200, json_pack ("{s:o}", "incidents", list));
}

static void
obey (const Request *request, Answer *answer)
{
  PageAction action;
  json_t *document = json_loadb (request->body->str, request->body->len, 0, NULL);
  const json_t *wanted = json_object_get (document, "action");
  const char *token = json_string_value (json_object_get (document, "token"));
  if (token == NULL || (wanted != NULL && !json_is_string (wanted)) ||
      !link_read_action (json_string_value (wanted), &action))
    answer_error (answer, 400, "send {\"token\": TOKEN, \"action\": \"acknowledge\" or \"resolve\"}");
  else
    {
      Link link = link_open (request, token);
      if (link.state != LINK_GOOD)
        answer_error (answer, link_status (link.state), link_problem (link.state));
      else
        take (request, &link, action, answer);
    }
  json_decref (document);
}

void
page_answer (const Request *request, Answer *answer)
{
  const Channel *channel = hook_find_channel (request, CHANNEL_WEBHOOK);
  if (channel == NULL || channel->secret_file == NULL)
    answer_error (answer, 404, "no such channel with a secret");
  else if (!is_signed (request, channel))
    answer_error (answer, 403, "the signature is not right");
  else
    obey (request, answer);
}
