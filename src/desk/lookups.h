/* lookups: what the rules ask the store about a message, gathered before they decide. */
#pragma once

#include "desk/desk.h"
#include "desk/door.h"

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

void lookups_clear (Lookups *lookups);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lookups, lookups_clear)

/* Fills LOOKUPS, but for the acknowledgements that have gone out. Errors: STORE_ERROR. */
gboolean lookups_read (const Desk *desk, const Envelope *envelope, const RawMessage *raw, const Reception *reception, gint64 now,
                       Lookups *lookups, GError **error);

/* Counts these, for who only wants to know: the commit counts them itself. Errors: STORE_ERROR. */
gboolean lookups_count_acknowledgements (const Desk *desk, const Envelope *envelope, const Reception *reception, gint64 now,
                                         Lookups *lookups, GError **error);

/* Most policies ask nothing about the customer's other tickets. */
gboolean lookups_ask_for_earlier (const Policy *policy);

/* What else one of its roles asks. */
typedef struct {
  StaffDoor door;
  EarlierTickets earlier;
  Ticket *by_signature, *at_door, *reported; /* nullable */
  OutboxRow *page;                           /* nullable */
  char *said; /* what the ticket at the door has from and for customers, nullable */
} RoleLookups;

void role_lookups_clear (RoleLookups *lookups);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RoleLookups, role_lookups_clear)

/* Fills ROLE for RECIPIENT. Errors: STORE_ERROR. */
gboolean role_lookups_read (const Desk *desk, const Envelope *envelope, const Reception *reception, const Recipient *recipient,
                            const Lookups *lookups, RoleLookups *role, GError **error);
