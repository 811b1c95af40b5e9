#include "desk/desk.h"

#include <string.h>

#include "config/limits.h"
#include "desk/decision.h"
#include "desk/lookups.h"
#include "desk/staff.h"
#include "mail/attachments.h"
#include "mail/hash.h"
#include "mail/removal.h"

Desk *
desk_open (Config *config, Store *store, const Seal *seal, GError **error)
{
  g_autoptr (Templates) templates = templates_load (config->templates, config->language, error);
  if (templates == NULL)
    return NULL;
  g_autoptr (Directory) directory = directory_new (config, store, error);
  if (directory == NULL)
    return NULL;
  Desk *desk = g_atomic_rc_box_new0 (Desk);
  *desk = (Desk){ .config = config_ref (config),
                  .directory = g_steal_pointer (&directory),
                  .templates = g_steal_pointer (&templates),
                  .store = store,
                  .seal = seal };
  return desk;
}

Desk *
desk_renew (const Desk *desk, Config *config)
{
  Desk *renewed = g_atomic_rc_box_new0 (Desk);
  *renewed = (Desk){ .config = config_ref (config),
                     .directory = directory_ref (desk->directory),
                     .templates = templates_ref (desk->templates),
                     .store = desk->store,
                     .seal = desk->seal };
  return renewed;
}

Desk *
desk_ref (Desk *desk)
{
  return g_atomic_rc_box_acquire (desk);
}

static void
desk_clear (Desk *desk)
{
  directory_unref (desk->directory);
  templates_unref (desk->templates);
  config_unref (desk->config);
}

void
desk_unref (Desk *desk)
{
  g_atomic_rc_box_release_full (desk, (GDestroyNotify) desk_clear);
}

char *
desk_secret_path (const Config *config)
{
  return g_strconcat (config->database, ".d/secret", NULL);
}

void
reception_free (Reception *reception)
{
  message_facts_free (reception->facts);
  g_clear_pointer (&reception->contact, contact_free);
  g_clear_pointer (&reception->decisions, g_ptr_array_unref);
  g_clear_pointer (&reception->forged_results, g_array_unref);
  g_free (reception);
}

/* The role, the envelope sender, the Message-ID and the content: what makes two deliveries the same one. */
static char *
idempotency_key (const Role *role, const Envelope *envelope, const MessageFacts *facts)
{
  g_autofree char *normal = address_normalise (envelope->plain_sender);
  const char *parts[] = { role->name, normal != NULL ? normal : envelope->plain_sender, facts->message_id, facts->digest };
  g_autoptr (Hash) hash = hash_new ();
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      const char *part = parts[i] != NULL ? parts[i] : "";
      hash_add (hash, part, strlen (part) + 1);
    }
  return hash_to_hex (hash);
}

/* Gives each letter and page its Message-ID: the same message always gives the same ids. */
static void
sign_all (const Desk *desk, const Decision *decision, const char *what, GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    {
      Outgoing *outgoing = g_ptr_array_index (list, i);
      gboolean copy = outgoing->kind == OUTGOING_LETTER && outgoing->of_message; /* of an answer: all are one */
      g_autofree char *key = copy ? g_strdup (decision->key) : g_strdup_printf ("%s %s%u %s", decision->key, what, i, outgoing->recipient);
      outgoing->message_id = seal_message_id (desk->seal, outgoing_kind_to_string (outgoing->kind), key,
                                              desk->config->hostname);
    }
}

static void
sign_outgoing (const Desk *desk, Decision *decision)
{
  sign_all (desk, decision, "", decision->outgoing);
  sign_all (desk, decision, "flood ", decision->flood_notices);
}

/* The first decision for this message stands: the same answer, and nothing twice. */
static void
become_duplicate (Decision *decision, gint64 ticket, const char *reply)
{
  intake_settle (decision, INTAKE_DUPLICATE, reply, "this message was here before; nothing is done twice");
  decision->ticket = ticket;
  decision->related = 0;
  decision->page = FALSE;
  g_clear_pointer (&decision->page_reason, g_free);
  decision_withhold_acknowledgement (decision, "it was decided when the message came first");
  decision->page_again = FALSE;
  g_clear_pointer (&decision->staff, staff_work_free);
  g_clear_pointer (&decision->incident, incident_free);
  g_ptr_array_set_size (decision->outgoing, 0);
}

static gboolean
recall_duplicates (const Desk *desk, const Reception *reception, GError **error)
{
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      Decision *decision = g_ptr_array_index (reception->decisions, i);
      g_autoptr (GError) failure = NULL;
      g_autofree char *reply = NULL;
      gint64 ticket = 0;
      if (store_find_seen (desk->store, decision->key, &ticket, &reply, &failure))
        become_duplicate (decision, ticket, reply);
      if (failure != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
desk_prepare (const Desk *desk, GError **error)
{
  for (guint i = 0; i < desk->config->policies->len; i++)
    if (lookups_ask_for_earlier (g_ptr_array_index (desk->config->policies, i)))
      return store_prepare_earlier (desk->store, error);
  return TRUE;
}

static Decision *
decide_role (const Desk *desk, const Envelope *envelope, const Reception *reception, const Recipient *recipient,
             const Lookups *lookups, gboolean alone, gint64 now, GError **error)
{
  g_auto (RoleLookups) role = { 0 };
  if (!role_lookups_read (desk, envelope, reception, recipient, lookups, &role, error))
    return NULL;
  g_autofree char *key = idempotency_key (recipient->role, envelope, reception->facts);
  IntakeCase intake = {
    .config = desk->config,
    .envelope = envelope,
    .recipient = recipient,
    .facts = reception->facts,
    .directory = reception->directory,
    .contact = reception->contact,
    .pointers = { .by_signature = role.by_signature,
                  .by_letter = lookups->by_letter,
                  .by_reference = lookups->by_reference,
                  .by_tag = lookups->by_tag },
    .reported = role.reported,
    .bounced = lookups->bounced,
    .address_state = lookups->address_state,
    .alone = alone,
    .acknowledged_to_sender = lookups->acknowledged_to_sender,
    .acknowledged_in_all = lookups->acknowledged_in_all,
    .size = reception->size,
    .acknowledged_lately = lookups->acknowledged_lately,
    .text = lookups->text,
    .fresh = lookups->fresh,
    .said = role.said,
    .door = role.door,
    .at_door = role.at_door,
    .earlier = role.earlier,
    .page = role.page,
    .overrides = lookups->overrides,
    .now = now,
    .key = key,
  };
  Decision *decision = intake_decide (&intake);
  sign_outgoing (desk, decision);
  return decision;
}

/* Whether a 451 would keep nobody else waiting: every recipient is a role that takes known senders only. */
static gboolean
is_alone (const Envelope *envelope)
{
  if (envelope->others)
    return FALSE;
  for (guint i = 0; i < envelope->recipients->len; i++)
    {
      const Recipient *recipient = g_ptr_array_index (envelope->recipients, i);
      if (recipient->role->accept <= STANDING_UNKNOWN || recipient->role->page != NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
decide_roles (const Desk *desk, const Envelope *envelope, Reception *reception, const Lookups *lookups, gint64 now,
              GError **error)
{
  gboolean alone = is_alone (envelope);
  for (guint i = 0; i < envelope->recipients->len; i++)
    {
      const Recipient *recipient = g_ptr_array_index (envelope->recipients, i);
      if (reception_find (reception, recipient) != NULL)
        continue;
      Decision *decision = decide_role (desk, envelope, reception, door_spokesman (desk->seal, envelope, recipient->role), lookups,
                                        alone, now, error);
      if (decision == NULL)
        return FALSE;
      g_ptr_array_add (reception->decisions, decision);
    }
  return TRUE;
}

static void
ask_directory (const Desk *desk, const Envelope *envelope, Reception *reception)
{
  g_autoptr (GError) failure = NULL;
  reception->directory = DIRECTORY_NOT_FOUND;
  if (reception->facts->from == NULL)
    return;
  reception->directory = directory_find_contact (desk->directory, reception->facts->from, &reception->contact, &failure);
  if (failure != NULL)
    g_info ("%s: the directory cannot say who the sender is: %s", envelope->queue_id, failure->message);
}

/* Names RAW before anything of it is read: by its sender and the beginning of its body, as filters on the way add fields to the
 * header, and others the next time. */
static guint64
mark_message (const Envelope *envelope, const RawMessage *raw)
{
  enum { PEEK = 16 * 1024 };
  char buffer[PEEK];
  gsize length;
  const char *head = raw_message_peek (raw, buffer, PEEK, &length);
  const char *end = memmem (head, length, "\r\n\r\n", 4);
  const char *body = end != NULL ? end : head;
  gint64 size = raw_message_length (raw) - (body - head);
  guint64 mark = journal_mark (JOURNAL_MARK, envelope->sender, strlen (envelope->sender) + 1);
  mark = journal_mark (mark, &size, sizeof size);
  return journal_mark (mark, body, length - (gsize) (body - head));
}

/* What is known about a message before anything is decided. FACTS are taken. */
static Reception *
begin_reception (const Desk *desk, const Envelope *envelope, const RawMessage *raw, MessageFacts *facts)
{
  Reception *reception = g_new0 (Reception, 1);
  reception->facts = facts;
  reception->size = raw_message_length (raw);
  reception->decisions = g_ptr_array_new_with_free_func ((GDestroyNotify) decision_free);
  AuthTrust trust = { .authserv_id = (const char *const *) desk->config->authserv_id,
                      .methods = (const char *const *) desk->config->authserv_methods,
                      .hops = (guint) desk->config->authserv_hops,
                      .authenticated = envelope->auth_user != NULL || envelope->local };
  auth_results_believe (reception->facts, &trust);
  reception->forged_results = auth_results_forged (reception->facts, &trust);
  ask_directory (desk, envelope, reception);
  return reception;
}

/* The acknowledgement tells the sender what was not kept. A name in it is a few characters of a file's name: nobody shall send text to
 * third persons by it. */
static void
tell_removed (Decision *decision, const GPtrArray *removed)
{
  enum { MOST = 5, CHARACTERS = 60 };
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < removed->len && i < MOST; i++)
    {
      g_autofree char *safe = attachments_safe_name (((const Removed *) g_ptr_array_index (removed, i))->name);
      g_autofree char *cut = text_clean (safe, CHARACTERS);
      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", cut);
    }
  if (removed->len > MOST)
    g_string_append (names, ", ...");
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      Outgoing *outgoing = g_ptr_array_index (decision->outgoing, i);
      if (outgoing->kind == OUTGOING_ACKNOWLEDGEMENT)
        outgoing->reason = g_strdup (names->str);
    }
}

/* What the ticket of DECISION keeps is without what its role forbids; it is spooled below FOLDER. */
static gboolean
remove_forbidden (const RawMessage *raw, const char *folder, Decision *decision, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GPtrArray) removed = NULL;
  if (decision->role->forbid[0] == NULL || decision->kind == INTAKE_DEFER || decision->kind == INTAKE_DUPLICATE ||
      decision->staff != NULL) /* what an agent sends is not left out behind their back */
    return TRUE;
  decision->kept = removal_apply (raw, (const char *const *) decision->role->forbid, folder, &removed, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (decision->kept == NULL)
    return TRUE;
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  for (guint i = 0; i < removed->len; i++)
    g_strv_builder_add (list, ((const Removed *) g_ptr_array_index (removed, i))->what);
  decision->removed = g_strv_builder_end (list);
  tell_removed (decision, removed);
  return TRUE;
}

static gboolean
remove_all_forbidden (const RawMessage *raw, const char *folder, Reception *reception, GError **error)
{
  for (guint i = 0; !reception->facts->unopened && i < reception->decisions->len; i++)
    if (!remove_forbidden (raw, folder, g_ptr_array_index (reception->decisions, i), error))
      return FALSE;
  return TRUE;
}

Reception *
desk_consider (const Desk *desk, const Envelope *envelope, const RawMessage *raw, gint64 now, GError **error)
{
  g_autoptr (Reception) reception = begin_reception (desk, envelope, raw, message_read (raw, desk->config->tag));
  g_auto (Lookups) lookups = { 0 };
  if (!lookups_read (desk, envelope, raw, reception, now, &lookups, error) ||
      !lookups_count_acknowledgements (desk, envelope, reception, now, &lookups, error) ||
      !decide_roles (desk, envelope, reception, &lookups, now, error) ||
      !remove_all_forbidden (raw, g_get_tmp_dir (), reception, error) || !recall_duplicates (desk, reception, error))
    return NULL;
  return g_steal_pointer (&reception);
}

/* Makes RECEPTION's decisions durable by STORE. The commit itself counts acknowledgements and knows duplicates. */
static gboolean
keep (const Desk *desk, const Envelope *envelope, const RawMessage *raw, const Reception *reception, gint64 now,
      gboolean (*store) (Store *, Intake *, GError **), GError **error)
{
  Intake intake = { .envelope = envelope,
                    .facts = reception->facts,
                    .raw = raw,
                    .contact = reception->contact,
                    .now = now,
                    .acknowledge_limit = desk->config->acknowledge_limit,
                    .acknowledge_limit_total = desk->config->acknowledge_limit_total,
                    .acknowledge_pause = desk->config->acknowledge_pause * G_USEC_PER_SEC,
                    .flood_limit = desk->config->flood_limit,
                    .flood_limit_ticket = desk->config->flood_limit_ticket,
                    .flood_limit_total = desk->config->flood_limit_total,
                    .page_limit = desk->config->page_limit,
                    .page_limit_total = desk->config->page_limit_total,
                    .decisions = reception->decisions };
  if (!store (desk->store, &intake, error))
    return FALSE;
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      Decision *decision = g_ptr_array_index (reception->decisions, i);
      g_autofree char *reply = g_strdup (decision->reply);
      if (decision->kind == INTAKE_DUPLICATE)
        become_duplicate (decision, decision->ticket, reply);
    }
  return TRUE;
}

/* Decides about RECEPTION's message for each role; what is not taken now may have been taken before. */
static gboolean
decide (const Desk *desk, const Envelope *envelope, const RawMessage *raw, Reception *reception, const Lookups *lookups,
        gint64 now, GError **error)
{
  g_autofree char *folder = g_strconcat (desk->config->database, ".d", NULL); /* as the gateway's */
  g_ptr_array_set_size (reception->decisions, 0);
  return decide_roles (desk, envelope, reception, lookups, now, error) &&
         remove_all_forbidden (raw, folder, reception, error) &&
         (reception_verdict (reception, envelope) == VERDICT_ACCEPT || recall_duplicates (desk, reception, error));
}

/* What an agent wanted is not possible, as the commit found: FAILURE becomes the refusal. FALSE when it is about something else. */
static gboolean
refuse_staff (const Reception *reception, const GError *failure)
{
  gboolean refused = FALSE;
  if (!g_error_matches (failure, STORE_ERROR, STORE_ERROR_STATE) && !g_error_matches (failure, STORE_ERROR, STORE_ERROR_NOT_FOUND))
    return FALSE;
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      Decision *decision = g_ptr_array_index (reception->decisions, i);
      refused = refused || decision->staff != NULL;
      if (decision->staff != NULL)
        staff_refuse (decision, failure->message);
    }
  return refused;
}

/* Reads RAW, looks up what is asked about it, and decides. A message that has ended the process before is not opened. */
static Reception *
read_and_decide (const Desk *desk, const Envelope *envelope, const RawMessage *raw, gint64 now, Lookups *lookups, GError **error)
{
  JournalReading reading;
  guint64 mark = mark_message (envelope, raw);
  gboolean opened = store_begin_reading (desk->store, mark, &reading);
  MessageFacts *facts = opened ? message_read (raw, desk->config->tag) : message_leave_unopened (g_strdup_printf ("%016" G_GINT64_MODIFIER "x", mark));
  g_autoptr (Reception) reception = begin_reception (desk, envelope, raw, facts);
  gboolean decided = lookups_read (desk, envelope, raw, reception, now, lookups, error) &&
                     decide (desk, envelope, raw, reception, lookups, now, error);
  if (opened)
    store_end_reading (desk->store, &reading);
  return decided ? g_steal_pointer (&reception) : NULL;
}

Reception *
desk_receive (const Desk *desk, const Envelope *envelope, const RawMessage *raw, gint64 now, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_auto (Lookups) lookups = { 0 };
  g_autoptr (Reception) reception = read_and_decide (desk, envelope, raw, now, &lookups, error);
  if (reception == NULL)
    return NULL;
  if (reception_verdict (reception, envelope) != VERDICT_ACCEPT ||
      keep (desk, envelope, raw, reception, now, store_intake_shared, NULL))
    return g_steal_pointer (&reception);
  if (!decide (desk, envelope, raw, reception, &lookups, now, error))
    return NULL;
  if (keep (desk, envelope, raw, reception, now, store_intake, &failure) || refuse_staff (reception, failure))
    return g_steal_pointer (&reception);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

const Decision *
reception_find (const Reception *reception, const Recipient *recipient)
{
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      const Decision *decision = g_ptr_array_index (reception->decisions, i);
      if (decision->role == recipient->role)
        return decision;
    }
  return NULL;
}

gboolean
decision_refuses (const Decision *decision)
{
  return decision->kind == INTAKE_REFUSE ||
         (decision->kind == INTAKE_DUPLICATE && decision->reply != NULL && decision->reply[0] == '5');
}

Verdict
reception_verdict (const Reception *reception, const Envelope *envelope)
{
  guint refused = 0;
  for (guint i = 0; i < envelope->recipients->len; i++)
    {
      const Decision *decision = reception_find (reception, g_ptr_array_index (envelope->recipients, i));
      if (decision != NULL && decision->kind == INTAKE_DEFER)
        return VERDICT_DEFER;
      if (decision != NULL && decision->kind == INTAKE_REFUSE && decision->refuse_all)
        return VERDICT_REFUSE;
      if (decision != NULL && decision_refuses (decision))
        refused++;
    }
  return refused > 0 && refused == envelope->recipients->len && !envelope->others ? VERDICT_REFUSE : VERDICT_ACCEPT;
}

/* The envelope sender is barred: only told here where the role would refuse it anyway, and never to mail submitted on
 * this machine, for which Postfix cannot hand a refusal of one recipient on. */
static char *
screen_sender (const Desk *desk, const Envelope *envelope, const Role *role)
{
  if (envelope->local || role->page != NULL)
    return NULL;
  const char *sender = envelope->plain_sender;
  g_autoptr (Contact) contact = NULL;
  if (*sender == '\0' || directory_find_contact (desk->directory, sender, &contact, NULL) != DIRECTORY_FOUND ||
      !contact->suspended)
    return NULL;
  g_autofree char *text = intake_reply_text (role->refuse);
  return g_strconcat ("550 5.7.1 ", text, NULL);
}

char *
desk_screen_recipient (const Desk *desk, const Envelope *envelope, const Recipient *recipient, gint64 size)
{
  g_autoptr (GError) failure = NULL;
  if (intake_is_too_large (recipient->role, size))
    return intake_too_large_reply (recipient->role);
  if (!store_is_writable (desk->store, &failure))
    return g_strdup ("451 4.3.0 Tickets cannot be written now. Please try again later.");
  return screen_sender (desk, envelope, recipient->role);
}
