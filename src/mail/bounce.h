/* bounce: what a delivery report says about each recipient, read from RFC 3464 and RFC 6533 fields, from
 * X-Failed-Recipients, or from the words of mail servers that follow no RFC.
 *
 * Bounded and linear in the message's length, without recursion. What it says is a claim: anybody can write a report.
 */
#pragma once

#include "mail/raw.h"

typedef enum {
  BOUNCE_FAILED,
  BOUNCE_DELAYED,
  BOUNCE_DELIVERED,
  BOUNCE_RELAYED,
  BOUNCE_EXPANDED,
} BounceAction;

typedef enum {
  BOUNCE_OTHER,    /* network, time-outs, a server's own trouble, or not told */
  BOUNCE_ADDRESS,  /* there is no such address */
  BOUNCE_HOST,     /* its domain does not exist, or takes no mail */
  BOUNCE_DISABLED, /* the mailbox is there, but closed */
  BOUNCE_FULL,
  BOUNCE_REFUSED,  /* policy, reputation, spam, content, size */
} BounceCause;

typedef struct {
  char *address;     /* the one that was written to, else the one that it became; NULL: not told */
  char *final;       /* the one that it became by forwarding, where that is another; nullable */
  char *status;      /* RFC 3463: "5.1.1", nullable */
  int smtp;          /* the reply code, 0: not told */
  BounceAction action;
  BounceCause cause;
  gboolean permanent; /* it failed because there is no such address: trying again, or other mail, fails alike */
  char *diagnostic;   /* the server's words, cleaned, one line; "" when it gave none */
} BounceRecipient;

/* (element-type BounceRecipient), in their order, at most LIMIT_BOUNCE_RECIPIENTS; empty when it reports on none. The caller's. */
GPtrArray *bounce_read (const RawMessage *raw);

/* Status, reply code and cause of RECIPIENT from its diagnostic, where it does not have them: for what a relay answered. */
void bounce_judge (BounceRecipient *recipient, const char *words);

BounceRecipient *bounce_recipient_new (void);
void bounce_recipient_free (BounceRecipient *recipient);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BounceRecipient, bounce_recipient_free)
