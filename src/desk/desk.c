#include "desk/desk.h"

#include <string.h>

#include "config/limits.h"
#include "desk/bounces.h"
#include "desk/decision.h"
#include "desk/staff.h"
#include "desk/triage.h"
#include "mail/attachments.h"
#include "mail/hash.h"
#include "mail/quotation.h"
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

/* What the rules ask the store about a message: read once for all its roles. */
typedef struct {
  GPtrArray *by_letter;    /* (element-type Ticket), of references to letters of ours */
  GPtrArray *by_reference; /* (element-type Ticket) */
  GPtrArray *by_report;    /* (element-type Ticket), of the Message-IDs inside a report */
  Ticket *by_tag;
  GPtrArray *bounced;      /* (element-type BounceRecipient); NULL: it is no delivery report */
  AddressState *address_state; /* of the address that an acknowledgement would go to, nullable */
  int acknowledged_to_sender, acknowledged_in_all;
  gboolean acknowledged_lately;
  char *text; /* of the message; "" when no rule asks for words */
  char *fresh; /* what of it was newly written */
  GPtrArray *overrides; /* (element-type Override); NULL without schedules */
} Lookups;

static void
lookups_clear (Lookups *lookups)
{
  g_clear_pointer (&lookups->by_letter, g_ptr_array_unref);
  g_clear_pointer (&lookups->by_reference, g_ptr_array_unref);
  g_clear_pointer (&lookups->by_report, g_ptr_array_unref);
  g_clear_pointer (&lookups->bounced, g_ptr_array_unref);
  g_clear_pointer (&lookups->address_state, address_state_free);
  g_clear_pointer (&lookups->by_tag, ticket_free);
  g_clear_pointer (&lookups->overrides, g_ptr_array_unref);
  g_free (lookups->text);
  g_free (lookups->fresh);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lookups, lookups_clear)

/* Finds ticket NUMBER, or the one that it has become a part of; a ticket that is not there is no error. FALSE when the store fails. */
static gboolean
find_ticket (Store *store, gint64 number, Ticket **ticket, GError **error)
{
  g_autoptr (GError) failure = NULL;
  *ticket = number > 0 ? store_follow_ticket (store, number, &failure) : NULL;
  if (failure == NULL || g_error_matches (failure, STORE_ERROR, STORE_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
find_by_ids (Store *store, GPtrArray *(*find) (Store *, const char *const *, GError **), char **ids, GPtrArray **tickets, GError **error)
{
  if (ids == NULL || ids[0] == NULL)
    return TRUE;
  *tickets = find (store, (const char *const *) ids, error);
  return *tickets != NULL;
}

/* Where an acknowledgement would go, or NULL. The caller's. */
static char *
acknowledgement_address (const Desk *desk, const Envelope *envelope, const Reception *reception)
{
  g_autofree char *reason = NULL;
  Standing standing =
    standing_of_sender (desk->config, envelope, reception->facts, reception->directory, reception->contact, &reason);
  return intake_acknowledgement_address (envelope, reception->facts, standing);
}

static gboolean
find_address_state (const Desk *desk, const Envelope *envelope, const Reception *reception, Lookups *lookups, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *address = acknowledgement_address (desk, envelope, reception);
  if (address != NULL)
    lookups->address_state = store_find_address_state (desk->store, address, &failure);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
count_acknowledgements (const Desk *desk, const Envelope *envelope, const Reception *reception, gint64 now,
                        Lookups *lookups, GError **error)
{
  const Config *config = desk->config;
  g_autofree char *address = acknowledgement_address (desk, envelope, reception);
  if (address == NULL)
    return TRUE;
  g_autoptr (GError) failure = NULL;
  lookups->acknowledged_lately = store_acknowledged_lately (desk->store, address, reception->facts->subject,
                                                            config->acknowledge_pause * G_USEC_PER_SEC, now, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (config->acknowledge_limit > 0)
    lookups->acknowledged_to_sender =
      store_count_acknowledgements (desk->store, address, now, config->acknowledge_limit, error);
  if (lookups->acknowledged_to_sender >= 0 && config->acknowledge_limit_total > 0)
    lookups->acknowledged_in_all =
      store_count_acknowledgements (desk->store, NULL, now, config->acknowledge_limit_total, error);
  return lookups->acknowledged_to_sender >= 0 && lookups->acknowledged_in_all >= 0;
}

/* The number that the signed address of KIND bears which RECIPIENT is, or 0. */
static gint64
signed_number (const Desk *desk, const Recipient *recipient, char kind)
{
  if (recipient->extension == NULL)
    return 0;
  return seal_open_extension (desk->seal, recipient->role->address[0], recipient->extension, kind);
}

/* "note.1042": the address of notes on ticket 1042, which proves nothing. 0: it is none. */
static gint64
note_number (const Recipient *recipient)
{
  static const char prefix[] = "note.";
  guint64 number = 0;
  if (recipient->extension == NULL || g_ascii_strncasecmp (recipient->extension, prefix, strlen (prefix)) != 0 ||
      !g_ascii_string_to_unsigned (recipient->extension + strlen (prefix), 10, 1, G_MAXINT64 / 10, &number, NULL))
    return 0;
  return (gint64) number;
}

/* Which address for staff RECIPIENT is, also when it is of no ticket: what is sent there is not for customers. */
static StaffDoor
find_door (const Recipient *recipient)
{
  if (recipient->extension == NULL)
    return STAFF_DOOR_NONE;
  if (g_ascii_strncasecmp (recipient->extension, "note.", 5) == 0)
    return STAFF_DOOR_NOTE;
  return seal_looks_signed (recipient->extension, 'a') ? STAFF_DOOR_ANSWER : STAFF_DOOR_NONE;
}

/* Most policies have no rules that look for words, and most mail is not an agent's. */
static char *
read_text (const Desk *desk, const Envelope *envelope, const RawMessage *raw, const MessageFacts *facts)
{
  gboolean wanted = staff_find_agent (desk->config, envelope, facts) != NULL;
  for (guint i = 0; i < envelope->recipients->len && !wanted; i++)
    {
      const Recipient *recipient = g_ptr_array_index (envelope->recipients, i);
      const Policy *policy = recipient->role->policy;
      wanted = (policy != NULL && triage_asks_words (policy)) || find_door (recipient) != STAFF_DOOR_NONE ||
               signed_number (desk, recipient, 'p') != 0;
    }
  return wanted ? message_read_text (raw) : g_strdup ("");
}

static gboolean
look_up (const Desk *desk, const Envelope *envelope, const RawMessage *raw, const Reception *reception, gint64 now,
         Lookups *lookups, GError **error)
{
  const MessageFacts *facts = reception->facts;
  lookups->text = read_text (desk, envelope, raw, facts);
  lookups->fresh = quotation_cut (lookups->text, NULL);
  lookups->bounced = bounces_is_report (facts) ? bounce_read (raw) : NULL;
  if (desk->config->schedules->len > 0 && (lookups->overrides = store_list_overrides (desk->store, now, error)) == NULL)
    return FALSE;
  return find_by_ids (desk->store, store_find_tickets_by_letter, facts->references, &lookups->by_letter, error) &&
         find_by_ids (desk->store, store_find_tickets_by_message_id, facts->references, &lookups->by_reference, error) &&
         find_by_ids (desk->store, store_find_tickets_by_letter, facts->embedded_ids, &lookups->by_report, error) &&
         find_address_state (desk, envelope, reception, lookups, error) &&
         find_ticket (desk->store, facts->tag, &lookups->by_tag, error);
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

/* Most policies ask nothing about the customer's other tickets. */
static gboolean
asks_for_earlier (const Policy *policy)
{
  return policy != NULL && (triage_asks_again (policy) || policy->next_within.kind != SPAN_NONE);
}

gboolean
desk_prepare (const Desk *desk, GError **error)
{
  for (guint i = 0; i < desk->config->policies->len; i++)
    if (asks_for_earlier (g_ptr_array_index (desk->config->policies, i)))
      return store_prepare_earlier (desk->store, error);
  return TRUE;
}

static gboolean
find_earlier (const Desk *desk, const Envelope *envelope, const Reception *reception, const Role *role,
              EarlierTickets *earlier, GError **error)
{
  const Policy *policy = role->policy;
  const Contact *contact = reception->contact;
  if (!asks_for_earlier (policy))
    return TRUE;
  const char *requester = reception->facts->from != NULL ? reception->facts->from : envelope->sender;
  const char *key = contact != NULL && contact->customer != NULL ? contact->customer : requester;
  return store_find_earlier (desk->store, key, role->name, reception->facts->subject, earlier, error);
}

/* The page whose signed address RECIPIENT is, NULL: of none. FALSE when the store fails. */
static gboolean
find_page (const Desk *desk, const Recipient *recipient, OutboxRow **page, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gint64 number = signed_number (desk, recipient, 'p');
  *page = number > 0 ? store_find_page (desk->store, number, &failure) : NULL;
  if (failure == NULL || g_error_matches (failure, STORE_ERROR, STORE_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* The ticket whose letter a report answers: the one of the return address that it came to, else of a letter's Message-ID in it;
 * *REPORTED is NULL when it answers none. FALSE when the store fails. */
static gboolean
find_reported (const Desk *desk, const Recipient *recipient, const Lookups *lookups, Ticket **reported, GError **error)
{
  gint64 number = signed_number (desk, recipient, 'b');
  const GPtrArray *letters = lookups->by_report;
  if (number == 0 && letters != NULL && letters->len > 0)
    number = ((const Ticket *) letters->pdata[0])->number;
  return find_ticket (desk->store, number, reported, error);
}

static Decision *
decide_role (const Desk *desk, const Envelope *envelope, const Reception *reception, const Recipient *recipient,
             const Lookups *lookups, gboolean alone, gint64 now, GError **error)
{
  EarlierTickets earlier = { 0 };
  if (!find_earlier (desk, envelope, reception, recipient->role, &earlier, error))
    return NULL;
  g_autoptr (Ticket) by_signature = NULL, at_door = NULL;
  g_autoptr (OutboxRow) page = NULL;
  g_autoptr (Ticket) reported = NULL;
  StaffDoor door = find_door (recipient);
  gint64 behind = door == STAFF_DOOR_NOTE ? note_number (recipient) : signed_number (desk, recipient, 'a');
  if (!find_reported (desk, recipient, lookups, &reported, error) || !find_page (desk, recipient, &page, error) ||
      !find_ticket (desk->store, signed_number (desk, recipient, 't'), &by_signature, error) ||
      !find_ticket (desk->store, behind, &at_door, error))
    return NULL;
  g_autofree char *key = idempotency_key (recipient->role, envelope, reception->facts);
  IntakeCase intake = {
    .config = desk->config,
    .envelope = envelope,
    .recipient = recipient,
    .facts = reception->facts,
    .directory = reception->directory,
    .contact = reception->contact,
    .pointers = { .by_signature = by_signature,
                  .by_letter = lookups->by_letter,
                  .by_reference = lookups->by_reference,
                  .by_tag = lookups->by_tag },
    .reported = reported,
    .bounced = lookups->bounced,
    .address_state = lookups->address_state,
    .alone = alone,
    .acknowledged_to_sender = lookups->acknowledged_to_sender,
    .acknowledged_in_all = lookups->acknowledged_in_all,
    .size = reception->size,
    .acknowledged_lately = lookups->acknowledged_lately,
    .text = lookups->text,
    .fresh = lookups->fresh,
    .door = door,
    .at_door = at_door,
    .earlier = earlier,
    .page = page,
    .overrides = lookups->overrides,
    .now = now,
    .key = key,
  };
  Decision *decision = intake_decide (&intake);
  sign_outgoing (desk, decision);
  return decision;
}

/* How much RECIPIENT tells: what is for staff comes first, as nothing of it may go on. */
static guint
weight (const Desk *desk, const Recipient *recipient)
{
  if (find_door (recipient) != STAFF_DOOR_NONE)
    return 3;
  if (signed_number (desk, recipient, 'p') > 0)
    return 2;
  return signed_number (desk, recipient, 't') > 0 || signed_number (desk, recipient, 'b') > 0 ? 1 : 0;
}

/* One recipient a role: the one that tells the most, else the first. */
static const Recipient *
spokesman (const Desk *desk, const Envelope *envelope, const Role *role)
{
  const Recipient *found = NULL;
  for (guint i = 0; i < envelope->recipients->len; i++)
    {
      const Recipient *recipient = g_ptr_array_index (envelope->recipients, i);
      if (recipient->role == role && (found == NULL || weight (desk, recipient) > weight (desk, found)))
        found = recipient;
    }
  return found;
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
      Decision *decision = decide_role (desk, envelope, reception, spokesman (desk, envelope, recipient->role), lookups,
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

/* What is known about a message before anything is decided. */
static Reception *
read_message (const Desk *desk, const Envelope *envelope, const RawMessage *raw)
{
  Reception *reception = g_new0 (Reception, 1);
  reception->facts = message_read (raw, desk->config->tag);
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
  for (guint i = 0; i < reception->decisions->len; i++)
    if (!remove_forbidden (raw, folder, g_ptr_array_index (reception->decisions, i), error))
      return FALSE;
  return TRUE;
}

Reception *
desk_consider (const Desk *desk, const Envelope *envelope, const RawMessage *raw, gint64 now, GError **error)
{
  g_autoptr (Reception) reception = read_message (desk, envelope, raw);
  g_auto (Lookups) lookups = { 0 };
  if (!look_up (desk, envelope, raw, reception, now, &lookups, error) ||
      !count_acknowledgements (desk, envelope, reception, now, &lookups, error) ||
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

Reception *
desk_receive (const Desk *desk, const Envelope *envelope, const RawMessage *raw, gint64 now, GError **error)
{
  g_autoptr (Reception) reception = read_message (desk, envelope, raw);
  g_autoptr (GError) failure = NULL;
  g_auto (Lookups) lookups = { 0 };
  if (!look_up (desk, envelope, raw, reception, now, &lookups, error) ||
      !decide (desk, envelope, raw, reception, &lookups, now, error))
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
