#include "desk/lookups.h"

#include <string.h>

#include "config/limits.h"
#include "desk/bounces.h"
#include "desk/decision.h"
#include "desk/staff.h"
#include "desk/triage.h"
#include "mail/quotation.h"

void
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

gboolean
lookups_count_acknowledgements (const Desk *desk, const Envelope *envelope, const Reception *reception, gint64 now,
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

/* Most policies have no rules that look for words, and most mail is not an agent's. */
static char *
read_text (const Desk *desk, const Envelope *envelope, const RawMessage *raw, const MessageFacts *facts)
{
  gboolean wanted = staff_find_agent (desk->config, envelope, facts) != NULL;
  if (facts->unopened)
    return g_strdup ("");
  for (guint i = 0; i < envelope->recipients->len && !wanted; i++)
    {
      const Recipient *recipient = g_ptr_array_index (envelope->recipients, i);
      const Policy *policy = recipient->role->policy;
      wanted = (policy != NULL && triage_asks_words (policy)) || door_find (recipient) != STAFF_DOOR_NONE ||
               door_signed_number (desk->seal, recipient, 'p') != 0;
    }
  return wanted ? message_read_text (raw) : g_strdup ("");
}

gboolean
lookups_read (const Desk *desk, const Envelope *envelope, const RawMessage *raw, const Reception *reception, gint64 now,
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

gboolean
lookups_ask_for_earlier (const Policy *policy)
{
  return policy != NULL && (triage_asks_again (policy) || policy->next_within.kind != SPAN_NONE);
}

static gboolean
find_earlier (const Desk *desk, const Envelope *envelope, const Reception *reception, const Role *role,
              EarlierTickets *earlier, GError **error)
{
  const Policy *policy = role->policy;
  const Contact *contact = reception->contact;
  if (!lookups_ask_for_earlier (policy))
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
  gint64 number = door_signed_number (desk->seal, recipient, 'p');
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
  gint64 number = door_signed_number (desk->seal, recipient, 'b');
  const GPtrArray *letters = lookups->by_report;
  if (number == 0 && letters != NULL && letters->len > 0)
    number = ((const Ticket *) letters->pdata[0])->number;
  return find_ticket (desk->store, number, reported, error);
}

/* What customers have written on TICKET (nullable) and been written of late; NULL without a ticket. FALSE when the store
 * fails. */
static gboolean
read_said (const Desk *desk, const Ticket *ticket, char **said, GError **error)
{
  if (ticket == NULL)
    return TRUE;
  g_autoptr (GPtrArray) messages = store_list_messages (desk->store, ticket->number, error);
  if (messages == NULL)
    return FALSE;
  GString *text = g_string_new (NULL);
  for (guint i = messages->len; i > 0 && text->len < LIMIT_SAID; i--)
    {
      const Message *message = g_ptr_array_index (messages, i - 1);
      if (!g_str_equal (message->direction, "internal") && message->text != NULL)
        g_string_append_printf (text, "%s\n", message->text);
    }
  *said = g_string_free (text, FALSE);
  return TRUE;
}

void
role_lookups_clear (RoleLookups *lookups)
{
  g_clear_pointer (&lookups->by_signature, ticket_free);
  g_clear_pointer (&lookups->at_door, ticket_free);
  g_clear_pointer (&lookups->reported, ticket_free);
  g_clear_pointer (&lookups->page, outbox_row_free);
  g_free (lookups->said);
}

gboolean
role_lookups_read (const Desk *desk, const Envelope *envelope, const Reception *reception, const Recipient *recipient,
                   const Lookups *lookups, RoleLookups *role, GError **error)
{
  gboolean quotes = strchr (lookups->fresh, '>') != NULL && staff_find_agent (desk->config, envelope, reception->facts) != NULL;
  role->door = door_find (recipient);
  return find_earlier (desk, envelope, reception, recipient->role, &role->earlier, error) &&
         find_reported (desk, recipient, lookups, &role->reported, error) && find_page (desk, recipient, &role->page, error) &&
         find_ticket (desk->store, door_signed_number (desk->seal, recipient, 't'), &role->by_signature, error) &&
         find_ticket (desk->store, door_ticket (desk->seal, recipient), &role->at_door, error) &&
         read_said (desk, quotes ? role->at_door : NULL, &role->said, error);
}
