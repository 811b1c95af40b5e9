/* /hooks/twilio/CHANNEL/...: what Twilio tells: an agent's SMS, what became of a message or call, a digit that was
 * pressed. It signs what it sends by the channel's token. A call that was merely answered acknowledges nothing. */
#include <string.h>

#include "config/limits.h"
#include "config/zone.h"
#include "web/form.h"
#include "web/hook.h"
#include "web/link.h"
#include "web/request.h"
#include "web/signature.h"
#include "web/view.h"
#include "web/words.h"

#define TOLD 3 /* incidents of one page in an SMS */

/* ---- who calls ---- */

static gboolean
is_signed_by (const Request *request, const Channel *channel, const char *key, const char *path, const GPtrArray *form)
{
  g_autofree char *given = request_header (request, "X-Twilio-Signature");
  g_autofree char *url = g_strconcat (request->config->web_url, request->target, NULL);
  g_autoptr (Secret) token = given != NULL ? hook_read_secret (channel, key, path) : NULL;
  if (token == NULL)
    return FALSE;
  g_autofree char *right = signature_twilio (token, url, form);
  return signature_equal (right, given);
}

/* The posted form, when Twilio has signed it; else NULL with ANSWER filled in. The caller's. */
static GPtrArray *
open_form (const Request *request, Answer *answer, const Channel **channel)
{
  g_autoptr (GPtrArray) form = form_parse (request->body->str, request->body->len);
  *channel = hook_find_channel (request, CHANNEL_TWILIO);
  if (*channel == NULL || request->config->web_url == NULL)
    answer_line (answer, 404, "There is nothing here.");
  else if (form == NULL)
    answer_line (answer, 400, "That is no form.");
  else if (!is_signed_by (request, *channel, "token-file", (*channel)->token_file, form) &&
           !is_signed_by (request, *channel, "old-token-file", (*channel)->old_token_file, form))
    answer_line (answer, 403, "The signature is not right.");
  else
    return g_steal_pointer (&form);
  return NULL;
}

/* ---- answers ---- */

static void
answer_twiml (Answer *answer, const char *verb)
{
  answer->status = 200;
  answer->type = "text/xml; charset=utf-8";
  g_string_printf (answer->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>%s</Response>\n", verb);
}

/* TEXT is escaped already, as templates of pages are. */
static void
answer_message (Answer *answer, const char *text)
{
  g_autofree char *line = g_strstrip (g_strdup (text));
  g_autofree char *verb = g_strdup_printf ("<Message>%s</Message>", line);
  answer_twiml (answer, *line != '\0' ? verb : "");
}

/* In a voice for the language, where Twilio has one. */
static char *
say (const View *view, const char *text)
{
  static const struct {
    const char *tag, *voice;
  } voices[] = { { "en", "en-US" }, { "fr", "fr-FR" }, { "vi", "vi-VN" } };
  g_autofree char *line = g_strstrip (g_strdup (text));
  g_autofree char *tag = templates_find_language (view->request->templates, "web-sentence.html", view_language (view));
  for (guint i = 0; i < G_N_ELEMENTS (voices); i++)
    if (g_strcmp0 (tag, voices[i].tag) == 0)
      return g_strdup_printf ("<Say language=\"%s\">%s</Say>", voices[i].voice, line);
  return g_strdup_printf ("<Say>%s</Say>", line);
}

/* A sentence for each of TAKINGS. */
static gboolean
add_takings (const View *view, const GPtrArray *takings, PageAction action, GString *text, GError **error)
{
  gboolean good = TRUE;
  for (guint i = 0; good && i < takings->len && i < TOLD; i++)
    {
      const Taking *taking = g_ptr_array_index (takings, i);
      good = view_add_incident (view, "web-sentence", taking->incident,
                                taking->done ? page_action_to_string (action) : NULL, text, error);
    }
  return good;
}

static void
add_problem (const View *view, const char *problem, GString *text)
{
  g_autofree char *sentence = view_write_problem (view, "web-sentence", problem);
  g_string_append (text, sentence != NULL ? sentence : "");
}

/* ---- an SMS ---- */

static const Agent *
find_sender (const Config *config, const char *number)
{
  for (guint i = 0; number != NULL && i < config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (config->agents, i);
      if (g_strcmp0 (agent->mobile, number) == 0)
        return agent;
    }
  return NULL;
}

/* The incident of the last page about TICKET to the agent; 0 when there is none. */
static gint64
find_incident (const View *view, gint64 ticket, gint64 since, GError **error)
{
  gint64 incident = 0;
  g_autoptr (GPtrArray) rows = store_list_outbox (view->request->rooms->store, ticket, error);
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const OutboxRow *row = g_ptr_array_index (rows, i);
      if (row->incident != 0 && g_str_equal (row->recipient, view->agent->name) && row->created_at > since)
        incident = row->incident;
    }
  return incident;
}

/* *TAKINGS stays NULL when there is nothing that the agent was paged for. */
static gboolean
take_ticket (const View *view, gint64 ticket, gint64 since, PageAction action, GPtrArray **takings, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gint64 incident = find_incident (view, ticket, since, &problem);
  if (incident != 0)
    return store_take_incident (view->request->rooms->store, incident, action, view->agent->name, "sms",
                                view->request->now, takings, error);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
take_last (const View *view, gint64 since, PageAction action, GPtrArray **takings, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Store *store = view->request->rooms->store;
  g_autoptr (OutboxRow) row = store_find_last_page (store, view->agent->name, since, &problem);
  if (row != NULL)
    return store_take_page (store, row->id, action, view->agent->name, "sms", view->request->now, takings, error);
  if (problem == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* Does what BODY says, and writes what came of it. */
static void
obey (const View *view, const char *body, GString *text)
{
  PageAction action;
  gint64 ticket, since = view->request->now - LIMIT_PAGE_LINK_DAYS * ZONE_DAY;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) takings = NULL;
  if (!words_read (body, &action, &ticket))
    {
      add_problem (view, "help", text);
      return;
    }
  gboolean good = ticket != 0 ? take_ticket (view, ticket, since, action, &takings, &error)
                              : take_last (view, since, action, &takings, &error);
  if (good && takings == NULL)
    add_problem (view, "none", text);
  else if (!good || !add_takings (view, takings, action, text, &error))
    {
      g_warning ("web: an SMS of %s: %s", view->agent->name, error->message);
      g_string_truncate (text, 0);
      add_problem (view, "unavailable", text);
    }
}

void
twilio_answer_sms (const Request *request, Answer *answer)
{
  const Channel *channel;
  g_autoptr (GPtrArray) form = open_form (request, answer, &channel);
  if (form == NULL)
    return;
  const char *from = form_find (form, "From"), *body = form_find (form, "Body");
  const View view = { request, find_sender (request->config, from) };
  answer_twiml (answer, "");
  if (view.agent == NULL)
    return;
  g_autoptr (GString) text = g_string_new (NULL);
  obey (&view, body != NULL ? body : "", text);
  /* Two machines that answer each other would never end. */
  if (rates_take (request->rooms->replies, from, g_get_monotonic_time ()))
    answer_message (answer, text->str);
}

/* ---- what became of it ---- */

/* The states of a message or call, in the order in which they come, where Twilio numbers them not. */
static const struct {
  const char *name;
  int order;
  PageFate fate;
} states[] = {
  { "accepted", 0, PAGE_FATE_UNKNOWN },  { "scheduled", 0, PAGE_FATE_UNKNOWN },  { "queued", 1, PAGE_FATE_UNKNOWN },
  { "initiated", 1, PAGE_FATE_UNKNOWN }, { "sending", 2, PAGE_FATE_UNKNOWN },    { "ringing", 2, PAGE_FATE_UNKNOWN },
  { "sent", 3, PAGE_FATE_UNKNOWN },      { "in-progress", 3, PAGE_FATE_UNKNOWN }, { "answered", 3, PAGE_FATE_UNKNOWN },
  { "delivered", 4, PAGE_FATE_REACHED }, { "read", 5, PAGE_FATE_REACHED },       { "completed", 4, PAGE_FATE_REACHED },
  { "undelivered", 4, PAGE_FATE_FAILED }, { "failed", 4, PAGE_FATE_FAILED },     { "canceled", 4, PAGE_FATE_FAILED },
  { "busy", 4, PAGE_FATE_FAILED_FOR_NOW }, { "no-answer", 4, PAGE_FATE_FAILED_FOR_NOW },
};

/* Errors of a message after which another try may arrive: the queue was full, the phone was off, or nobody knows. */
static gboolean
may_pass (const char *code)
{
  static const char *const codes[] = { "30001", "30003", "30008", NULL };
  return code != NULL && g_strv_contains (codes, code);
}

static gboolean
report (const Request *request, const Channel *channel, const GPtrArray *form, const char *sid, const char *status,
        GError **error)
{
  const char *code = form_find (form, "ErrorCode"), *number = form_find (form, "SequenceNumber");
  guint i = 0;
  while (i < G_N_ELEMENTS (states) && !g_str_equal (states[i].name, status))
    i++;
  if (i == G_N_ELEMENTS (states))
    return TRUE;
  gint64 sequence = states[i].order;
  if (number != NULL)
    g_ascii_string_to_signed (number, 10, 0, G_MAXINT64, &sequence, NULL);
  PageFate fate = states[i].fate == PAGE_FATE_FAILED && may_pass (code) ? PAGE_FATE_FAILED_FOR_NOW : states[i].fate;
  gboolean coded = code != NULL && *code != '\0';
  g_autofree char *detail = coded ? g_strdup_printf ("%s, error %.5s", status, code) : g_strdup (status);
  return store_report_page (request->rooms->store, channel->name, sid, sequence, fate, detail, request->now, error);
}

void
twilio_answer_status (const Request *request, Answer *answer)
{
  const Channel *channel;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) form = open_form (request, answer, &channel);
  if (form == NULL)
    return;
  const char *sid = form_find (form, "MessageSid"), *status = form_find (form, "MessageStatus");
  if (sid == NULL || status == NULL)
    {
      sid = form_find (form, "CallSid");
      status = form_find (form, "CallStatus");
    }
  if (sid == NULL || status == NULL)
    answer_line (answer, 400, "It names no message and no call.");
  else if (report (request, channel, form, sid, status, &error))
    answer_twiml (answer, "");
  else
    {
      g_warning ("web: channel %s: %s", channel->name, error->message);
      answer_line (answer, 503, "Try again.");
    }
}

/* ---- a digit ---- */

/* The same question once more. */
static void
ask_again (const View *view, Answer *answer)
{
  g_autoptr (GString) text = g_string_new (NULL);
  add_problem (view, "press", text);
  g_autofree char *said = say (view, text->str);
  g_autofree char *url = g_strconcat (view->request->config->web_url, view->request->target, NULL);
  g_autofree char *action = g_markup_escape_text (url, -1);
  g_autofree char *verb =
    g_strdup_printf ("<Gather numDigits=\"1\" timeout=\"10\" method=\"POST\" action=\"%s\">%s</Gather>", action, said);
  answer_twiml (answer, verb);
}

void
twilio_answer_digits (const Request *request, Answer *answer)
{
  const Channel *channel;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) form = open_form (request, answer, &channel), takings = NULL;
  if (form == NULL)
    return;
  Link link = link_open (request, form_find (request->query, "page"));
  const View view = { request, link.agent };
  g_autoptr (GString) text = g_string_new (NULL);
  if (link.state == LINK_GOOD && g_strcmp0 (form_find (form, "Digits"), "1") != 0)
    {
      ask_again (&view, answer);
      return;
    }
  if (link.state != LINK_GOOD)
    add_problem (&view, link_problem (link.state), text);
  else if (!store_take_page (request->rooms->store, link.page, PAGE_ACKNOWLEDGE, link.agent->name, "call", request->now,
                             &takings, &error) ||
           !add_takings (&view, takings, PAGE_ACKNOWLEDGE, text, &error))
    {
      g_warning ("web: a call to %s: %s", link.agent->name, error->message);
      g_string_truncate (text, 0);
      add_problem (&view, "unavailable", text);
    }
  g_autofree char *said = say (&view, text->str);
  answer_twiml (answer, said);
}
