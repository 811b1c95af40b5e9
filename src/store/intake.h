/* intake: what has been decided about one message, ready to be made durable. Plain data: the desk fills it, the
 * store writes it in one transaction and fills in the ticket numbers. */
#pragma once

#include "config/config.h"
#include "directory/contact.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "store/address.h"
#include "store/incident.h"
#include "store/staff_work.h"

typedef enum {
  INTAKE_OPEN,      /* a new ticket */
  INTAKE_CONTINUE,  /* a further message of a ticket */
  INTAKE_REFUSE,    /* told so in the session; kept as refused when the mail itself is accepted for others */
  INTAKE_DUPLICATE, /* seen before: nothing is done twice, the answer is the first one's */
  INTAKE_FILE,      /* kept, with a ticket or with none, changing no state and no clock */
  INTAKE_DEFER,     /* 451: cannot be decided now */
} IntakeKind;

/* "open", "continue", "refuse", "duplicate", "file", "defer" */
const char *intake_kind_to_string (IntakeKind kind);

typedef enum {
  OUTGOING_ACKNOWLEDGEMENT,
  OUTGOING_LETTER,       /* any other mail to the customer */
  OUTGOING_NOTIFICATION, /* to staff */
  OUTGOING_PAGE,
} OutgoingKind;
const char *outgoing_kind_to_string (OutgoingKind kind); /* "acknowledgement", "letter", "notification", "page" */

/* One thing that must go out. The letter itself is made when it is sent, from the ticket and the template. */
typedef struct {
  OutgoingKind kind;
  char *channel;    /* a channel's name; NULL: the relay */
  char *recipient;  /* mail address; for pages the agent's name */
  char *template;   /* template's name; "page" for pages */
  char *languages;  /* preferred, comma list, nullable */
  char *reason;     /* for notifications and pages, nullable */
  char *message_id; /* without brackets, fixed now: a repeat can be dropped by the receiver */
  gint64 due_at;    /* not before; 0: at once */
  gboolean of_message; /* it is about the message that it is written with, or has its text */
  gint64 window;    /* of pages, microseconds: within it further ones to this recipient by this channel become one; 0: never */
} Outgoing;

Outgoing *outgoing_new (OutgoingKind kind, const char *recipient, const char *template);
void outgoing_free (Outgoing *outgoing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Outgoing, outgoing_free)

/* The decision for one role of one message. */
typedef struct {
  const Role *role;
  IntakeKind kind;
  char *key;             /* idempotency key, hex: role, envelope sender, Message-ID and content */
  char *reason;          /* one sentence for explain, event and log */
  Standing standing;
  char *standing_reason; /* "unknown (directory unavailable)" ... as shown */
  gint64 ticket;         /* continue, file: the ticket (0: filed with none); open: filled in by the store */
  gint64 related;        /* open: the ticket that it points to without belonging to it, or 0 */
  gboolean reopen;       /* continue: by its requester, so a resolved or closed ticket is opened again */
  gboolean participant;  /* continue: the sender becomes one */
  char **joining;        /* whom a requester's mail lets take part, nullable */
  StaffWork *staff;      /* continue: an agent's mail does this, nullable */
  gboolean automatic;
  char *automatic_reason; /* nullable */
  gboolean acknowledge;
  char *acknowledge_reason;
  char *acknowledge_to;   /* nullable */
  gboolean page;
  const Escalation *escalation; /* the one to page by */
  gboolean rule_pages;           /* a rule named that escalation, and not the role */
  char *page_reason;      /* nullable */
  Incident *incident;     /* the one that begins with it, nullable */
  gboolean page_again;    /* continue: the running incident's step is paged anew, if its escalation says so */
  int priority;           /* open: 1..4; continue: the higher one that a rule demands, or 0 */
  const TicketKind *ticket_kind; /* nullable: standard, or as before */
  const Team *team;       /* open: never NULL; continue: the one that a rule gives it to, or NULL */
  gboolean escalated, root_cause; /* a rule demands it */
  char *rules;            /* the rules that applied and why, nullable */
  gint64 after;           /* open: the customer's earlier ticket that comes first, or 0 */
  char *taker;            /* file: the agent who takes or ends an emergency by it, nullable */
  PageAction action;      /* of them */
  gint64 page_taken;      /* the page that they answer; 0: it is the ticket's emergency */
  char *forward;          /* file: the message goes on to this address, and not to the role's, nullable */
  gboolean drop;          /* file: nothing is kept, but a count */
  gboolean take;          /* the mail does not go on to the role, whatever its `deliver` says */
  gboolean take_all;      /* nor to anybody else outside: a letter of ours goes to them instead */
  gboolean refuse_all;    /* refuse: for all recipients, as the mail itself shows what is for staff */
  GPtrArray *addresses;   /* file: (element-type AddressState) that mail of ours came back from, nullable */
  char *reachable;        /* the sender's address, from which mail had come back, nullable */
  gboolean by_person;     /* continue: a person on the customer's side wrote */
  GArray *promises;       /* open: (element-type Promise) */
  GPtrArray *candidates;  /* open: (element-type Agent) whom the team's `assign` may give it to, nullable */
  gint64 version;         /* of what the promises are computed from */
  RawMessage *kept;       /* the octets that the ticket keeps, where they are not the message's own, nullable */
  char *kept_file;        /* where the store has put them, nullable */
  char **removed;         /* what KEPT is without: a description each, nullable */
  char *reply;            /* the SMTP answer: "250 2.0.0 ...", "550 5.7.1 ..." */
  GPtrArray *outgoing;    /* (element-type Outgoing) */
  GPtrArray *flood_notices; /* the same, that goes out when a limit on messages begins to hold with it */
} Decision;

Decision *decision_new (const Role *role);
void decision_free (Decision *decision);

/* Whether `acknowledge-pause` counts: who is known writes twice because of two things, and who is in need is always answered. */
gboolean decision_heeds_pause (const Decision *decision);

/* DECISION without its acknowledgement, because of REASON. */
void decision_withhold_acknowledgement (Decision *decision, const char *reason);

/* DECISION's pages are the last ones within the limit for one sender, or for all, and say so: in their reason, too. */
void decision_note_limit (Decision *decision, gboolean of_sender);

/* What a page's REASON (nullable) says of a limit that it is the last one within; NULL: nothing. Part of REASON. */
const char *page_find_limit (const char *reason);

/* DECISION without its page, because of REASON, of which its team is told. */
void decision_withhold_page (Decision *decision, const char *reason);

#define REASON_ACKNOWLEDGE_LIMIT "this address has had acknowledge-limit acknowledgements within the hour"
#define REASON_ACKNOWLEDGE_PAUSE "this address has just been acknowledged, or one of the same subject: a program may be answering"
#define REASON_ACKNOWLEDGE_LIMIT_TOTAL "acknowledge-limit-total acknowledgements went out within the hour"

typedef struct {
  const Envelope *envelope;
  const MessageFacts *facts;
  const RawMessage *raw;
  const Contact *contact;  /* nullable */
  const char *language;    /* of the letters, nullable */
  gint64 now;              /* microseconds since 1970 */
  int acknowledge_limit;   /* acknowledgements to one address within an hour; 0: any number */
  int acknowledge_limit_total; /* to all addresses */
  gint64 acknowledge_pause;    /* microseconds after one to an address without another; 0: none */
  int flood_limit;         /* messages of one sender within an hour; 0: any number */
  int flood_limit_ticket;  /* on one ticket */
  int flood_limit_total;   /* in all */
  int page_limit;          /* incidents begun by one sender within an hour; 0: any number */
  int page_limit_total;    /* by all senders */
  GPtrArray *decisions;    /* (element-type Decision) */
} Intake;
