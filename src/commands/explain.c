/* explain: what would happen to a message, and why, without doing it. The same rules decide as in the daemon. */
#include "commands/moment.h"
#include "commands/output.h"

#include <stdio.h>
#include <string.h>

#include "delivery/delivery.h"
#include "desk/desk.h"
#include "desk/promises.h"
#include "mail/language.h"

typedef struct {
  char *from; /* nullable: read from the message */
  char **to;  /* nullable: read from the message */
  char *auth, *at;
  gint64 now;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->from);
  g_strfreev (options->to);
  g_free (options->auth);
  g_free (options->at);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
read_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "from", 0, 0, G_OPTION_ARG_STRING, &options->from, "envelope sender; \"\" is the null sender", "A" },
    { "to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->to, "envelope recipient", "A" },
    { "auth", 0, 0, G_OPTION_ARG_STRING, &options->auth, "SMTP AUTH login", "USER" },
    { "at", 0, 0, G_OPTION_ARG_STRING, &options->at, "as if it were TIME", "TIME" },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("FILE - what would happen to this message");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  if (!moment_read (options->at, zone, &options->now, error))
    return FALSE;
  if (*argc == 2)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "one FILE is needed; \"-\" is standard input");
  return FALSE;
}

static Envelope *
make_envelope (const Config *config, const Options *options, const RawMessage *raw)
{
  g_autoptr (MessageFacts) facts = message_read (raw, config->tag);
  const char *from = options->from != NULL ? options->from : facts->from;
  g_autofree char *sender = envelope_bare_address (from != NULL ? from : "");
  Envelope *envelope = envelope_new (sender);
  envelope->auth_user = g_strdup (options->auth);
  envelope->queue_id = g_strdup ("explain");
  g_auto (GStrv) named = options->to == NULL ? message_read_recipients (raw) : NULL;
  char **to = options->to != NULL ? options->to : named;
  for (guint i = 0; to[i] != NULL; i++)
    envelope_add_recipient (envelope, config, to[i]);
  return envelope;
}

static const Outgoing *
find_acknowledgement (const Decision *decision)
{
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      const Outgoing *outgoing = g_ptr_array_index (decision->outgoing, i);
      if (outgoing->kind == OUTGOING_ACKNOWLEDGEMENT)
        return outgoing;
    }
  return NULL;
}

/* The message, as it would be received. */
typedef struct {
  const Desk *desk;
  const Reception *reception;
  gint64 now;
  const char *written; /* the language of its text, nullable */
  const char *because; /* what tells it, static, nullable */
} Case;

/* One of TAGS (nullable comma list) is of LANGUAGE, as templates call it. */
static gboolean
is_of_language (const char *tags, const char *language)
{
  g_auto (GStrv) list = g_strsplit (tags != NULL ? tags : "", ",", -1);
  gsize length = strlen (language);
  for (guint i = 0; list[i] != NULL; i++)
    {
      const char *tag = g_strdelimit (g_strstrip (list[i]), "_", '-');
      if (g_ascii_strncasecmp (tag, language, length) == 0 && !g_ascii_isalnum (tag[length]))
        return TRUE;
    }
  return FALSE;
}

/* Why an acknowledgement of ROLE is in LANGUAGE. The caller's. */
static char *
describe_language (const Case *about, const Role *role, const char *language)
{
  const Contact *contact = about->reception->contact;
  if (is_of_language (contact != NULL ? contact->language : NULL, language))
    return g_strdup ("the directory says so");
  if (is_of_language (about->reception->facts->language, language))
    return g_strdup ("the message's Content-Language");
  if (is_of_language (about->written, language))
    return g_strdup_printf ("the message's text is in it, %s", about->because);
  return g_strdup (is_of_language (role->language, language) ? "the role's language" : "the default language");
}

/* The acknowledgement as it would be sent about a ticket with that NUMBER. */
static json_t *
acknowledgement_to_json (const Case *about, const Decision *decision, gint64 number, GError **error)
{
  const Outgoing *outgoing = find_acknowledgement (decision);
  if (outgoing == NULL)
    return json_null ();
  const Desk *desk = about->desk;
  const Reception *reception = about->reception;
  const MessageFacts *facts = reception->facts;
  gint64 now = about->now;
  g_autofree char *languages = language_fill_in (outgoing->languages, about->written);
  Ticket ticket = { .number = number,
                          .role = decision->role->name,
                          .state = (char *) "open",
                          .subject = facts->subject,
                          .requester = facts->from,
                          .requester_name = facts->from_name,
                          .customer = reception->contact != NULL ? reception->contact->customer : NULL,
                          .standing = decision->standing_reason,
                          .team = decision->team->name,
                          .priority = decision->priority,
                          .opened_at = now,
                          .message_id = facts->message_id };
  for (TargetKind target = 0; target < TARGETS; target++)
    {
      const Promise *promise = promises_find_open (decision->promises, target);
      ticket.due[target] = promise != NULL ? promise->due_at : 0;
    }
  const OutboxRow row = { .kind = (char *) outgoing_kind_to_string (outgoing->kind),
                          .recipient = outgoing->recipient,
                          .template = outgoing->template,
                           .languages = languages,
                           .reason = outgoing->reason,
                          .message_id = outgoing->message_id,
                          .created_at = now };
  g_autofree char *subject = NULL, *body = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GPtrArray) overrides = store_list_overrides (desk->store, now, error);
  const LetterOrder order = { .config = desk->config, .templates = desk->templates, .seal = desk->seal, .row = &row, .ticket = &ticket,
                              .overrides = overrides };
  if (overrides == NULL || !delivery_write (&order, &subject, &body, &message, error))
    return NULL;
  g_autofree char *language = templates_find_language (desk->templates, outgoing->template, languages);
  g_autofree char *reason = describe_language (about, decision->role, language);
  return json_pack ("{s:s, s:s, s:s, s:s, s:s}", "to", outgoing->recipient, "subject", subject, "text", body, "language",
                    language, "language_reason", reason);
}

static json_t *
pages_to_json (const Decision *decision)
{
  json_t *pages = json_array ();
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      const Outgoing *outgoing = g_ptr_array_index (decision->outgoing, i);
      if (outgoing->kind == OUTGOING_PAGE)
        json_array_append_new (pages, json_pack ("{s:s, s:s}", "agent", outgoing->recipient, "channel", outgoing->channel));
    }
  return pages;
}

static json_t *
due_to_json (const Decision *decision)
{
  json_t *due = json_object ();
  for (TargetKind target = 0; target < TARGETS; target++)
    {
      const Promise *promise = promises_find_open (decision->promises, target);
      json_object_set_new (due, target_to_string (target), output_time (promise != NULL ? promise->due_at : 0));
    }
  return due;
}

static json_t *
number_to_json (gint64 number)
{
  return number != 0 ? json_integer (number) : json_null ();
}

static json_t *
decision_to_json (const Case *about, const Decision *decision, gint64 number, GError **error)
{
  const Reception *reception = about->reception;
  json_t *letter = acknowledgement_to_json (about, decision, number, error);
  if (letter == NULL)
    return NULL;
  g_autofree char *priority = g_strdup_printf ("p%d", decision->priority != 0 ? decision->priority : decision->role->priority);
  g_autofree char *removed = decision->removed != NULL ? g_strjoinv (", ", decision->removed) : NULL;
  return json_pack ("{s:s, s:s?, s:s, s:s, s:s, s:s, s:o, s:o, s:b, s:s?, s:b, s:s, s:b, s:s?, s:o, s:o, s:o, s:s, "
                    "s:s, s:s, s:s, s:s?, s:s?}",
                    "role", decision->role->name, "sender", reception->facts->from, "standing",
                    standing_to_string (decision->standing), "standing_reason", decision->standing_reason, "decision",
                    intake_kind_to_string (decision->kind), "reason", decision->reason, "ticket",
                    number_to_json (decision->ticket), "related", number_to_json (decision->related), "automatic",
                    decision->automatic, "automatic_reason", decision->automatic_reason, "acknowledge",
                    decision->acknowledge, "acknowledge_reason", decision->acknowledge_reason, "page", decision->page,
                    "page_reason", decision->page_reason, "pages", pages_to_json (decision), "due",
                    due_to_json (decision), "acknowledgement", letter, "reply", decision->reply, "priority", priority,
                    "kind", decision->ticket_kind != NULL ? decision->ticket_kind->name : "standard", "team",
                    decision->team != NULL ? decision->team->name : decision->role->team->name, "rules",
                    decision->rules, "not_kept", removed);
}

static void
print_text (const char *key, const json_t *value)
{
  if (!json_is_string (value))
    return;
  g_autofree char *text = text_clean (json_string_value (value), 400);
  printf ("  %-18s %s\n", key, text);
}

static void
print_decision (const json_t *decision)
{
  static const char *const keys[] = { "sender", "standing_reason", "decision", "reason", "automatic_reason", "acknowledge_reason",
                                      "page_reason", "rules", "not_kept", "priority", "kind", "team", "reply" };
  printf ("%s\n", json_string_value (json_object_get (decision, "role")));
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    print_text (keys[i], json_object_get (decision, keys[i]));
  for (TargetKind target = 0; target < TARGETS; target++)
    {
      g_autofree char *key = g_strconcat (target_to_string (target), " by", NULL);
      print_text (key, json_object_get (json_object_get (decision, "due"), target_to_string (target)));
    }
  size_t index;
  const json_t *page, *letter = json_object_get (decision, "acknowledgement");
  json_array_foreach (json_object_get (decision, "pages"), index, page)
    printf ("  %-18s %s by %s\n", "page", json_string_value (json_object_get (page, "agent")),
            json_string_value (json_object_get (page, "channel")));
  if (!json_is_object (letter))
    return;
  print_text ("to", json_object_get (letter, "to"));
  print_text ("subject", json_object_get (letter, "subject"));
  print_text ("language", json_object_get (letter, "language"));
  print_text ("language_reason", json_object_get (letter, "language_reason"));
  printf ("\n%s\n", json_string_value (json_object_get (letter, "text")));
}

static json_t *
explain (const Desk *desk, const Options *options, const RawMessage *raw, GError **error)
{
  g_autoptr (Envelope) envelope = make_envelope (desk->config, options, raw);
  g_autoptr (Reception) reception = desk_consider (desk, envelope, raw, options->now, error);
  if (reception == NULL)
    return NULL;
  gint64 number = store_next_number (desk->store, error);
  if (number == 0)
    return NULL;
  Case about = { .desk = desk, .reception = reception, .now = options->now };
  g_autofree char *text = message_read_text (raw);
  g_autofree char *written = language_detect (text, &about.because);
  about.written = written;
  json_t *decisions = json_array ();
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      const Decision *made = g_ptr_array_index (reception->decisions, i);
      json_t *decision = decision_to_json (&about, made, number, error);
      if (decision == NULL)
        {
          json_decref (decisions);
          return NULL;
        }
      json_array_append_new (decisions, decision);
      number += made->kind == INTAKE_OPEN || made->kind == INTAKE_REFUSE; /* a refusal is kept under a number, too */
    }
  return decisions;
}

static void
print_decisions (json_t *decisions, gboolean json)
{
  size_t index;
  const json_t *decision;
  if (json)
    {
      output_json (json_pack ("{s:o}", "decisions", decisions));
      return;
    }
  if (json_array_size (decisions) == 0)
    puts ("No recipient belongs to a role: the mail passes untouched.");
  json_array_foreach (decisions, index, decision)
    print_decision (decision);
  json_decref (decisions);
}

/* A seal that signs like the daemon's, or, where this user may not read its key or none is made yet, like nobody's. */
static Seal *
open_seal (const Config *config)
{
  g_autofree char *path = desk_secret_path (config);
  Seal *seal = seal_open (path, FALSE, NULL);
  return seal != NULL ? seal : seal_new ();
}

int
command_explain (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (Options) options = { 0 };
  if (!read_options (&argc, &argv, &options, &error))
    {
      fprintf (stderr, "frontdesk explain: %s\n", error->message);
      return COMMAND_USAGE;
    }
  g_autoptr (Seal) seal = open_seal (context->config);
  g_autoptr (RawMessage) raw = raw_message_load (argv[1], g_get_tmp_dir (), &error);
  g_autoptr (Store) store = raw != NULL ? store_open (context->config->database, STORE_READ, &error) : NULL;
  g_autoptr (Desk) desk = store != NULL ? desk_open (context->config, store, seal, &error) : NULL;
  json_t *decisions = desk != NULL ? explain (desk, &options, raw, &error) : NULL;
  if (decisions == NULL)
    return output_error ("explain", error);
  print_decisions (decisions, context->json);
  return COMMAND_OK;
}
