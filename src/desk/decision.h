/* decision: what is done with a message at one role. Pure: everything it depends on is an argument, so a table can
 * test it and `frontdesk explain` can show it. */
#pragma once

#include "desk/door.h"
#include "desk/schedule.h"
#include "desk/standing.h"
#include "desk/thread.h"
#include "store/store.h"

typedef struct {
  const Config *config;
  const Envelope *envelope;
  const Recipient *recipient; /* the role's; its extension may be a signed address */
  const MessageFacts *facts;
  DirectoryStatus directory;
  const Contact *contact;     /* with DIRECTORY_FOUND */
  ThreadPointers pointers;
  const Ticket *reported;     /* the ticket whose letter a report answers, nullable */
  const GPtrArray *bounced;   /* (element-type BounceRecipient) of whom a delivery report tells, nullable */
  const AddressState *address_state; /* of the address that an acknowledgement would go to, nullable */
  gboolean alone;             /* nobody else would have to wait for a 451 of this role */
  int acknowledged_to_sender; /* acknowledgements in the last hour to where this one would go */
  int acknowledged_in_all;    /* and to anybody */
  gint64 size;                /* of the message, octets */
  gboolean acknowledged_lately; /* one of them, so that there is no other now */
  const char *text;           /* of the message, where the policy's rules or an order ask for words; "" else */
  const char *fresh;          /* what of it was newly written */
  const char *said;           /* on the ticket at whose door it came, by customers and to them; NULL: it quotes nothing */
  StaffDoor door;
  const Ticket *at_door;      /* the ticket of that address, nullable: there is none */
  EarlierTickets earlier;     /* of the same customer */
  const OutboxRow *page;      /* of whose signed address RECIPIENT is, nullable */
  const GPtrArray *overrides; /* (element-type Override) of schedules, that have not ended; nullable */
  gint64 now;
  const char *key;            /* idempotency key */
} IntakeCase;

/* The decision; its Message-IDs and `outgoing` are filled in by the caller from intake_outgoing(). */
Decision *intake_decide (const IntakeCase *intake);

/* Whether a message of SIZE octets is beyond what ROLE takes, and the SMTP answer to it, the caller's. */
gboolean intake_is_too_large (const Role *role, gint64 size);
char *intake_too_large_reply (const Role *role);

/* Sets what becomes of the message, the SMTP answer and the reason in one sentence. */
void intake_settle (Decision *decision, IntakeKind kind, const char *reply, const char *reason);

/* Where an acknowledgement may go: the envelope sender with SRS and BATV undone or, where that differs from a verified
 * From, the From address. NULL: nowhere. The caller's. */
char *intake_acknowledgement_address (const Envelope *envelope, const MessageFacts *facts, Standing standing);

/* TEXT made fit for an SMTP answer: printable ASCII, one line, at most LIMIT_SMTP_REPLY octets. The caller's. */
char *intake_reply_text (const char *text);
