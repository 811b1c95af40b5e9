/* delivery: gets due outbox rows out.
 *
 * One dispatcher waits for the next due row and hands claimed rows to two bounded pools of workers, pages and
 * letters, so that a slow relay never holds up a page. A row that fails comes back with growing, jittered pauses
 * until it is delivered or, for letters, given up. No provider call happens inside a transaction.
 */
#pragma once

#include "config/config.h"
#include "mail/letter.h"
#include "mail/seal.h"
#include "store/store.h"

#define DELIVERY_ERROR (delivery_error_quark ())
GQuark delivery_error_quark (void);
typedef enum {
  DELIVERY_ERROR_TEMPORARY, /* try again */
  DELIVERY_ERROR_PERMANENT, /* refused for good; not tried again */
} DeliveryError;

typedef struct Delivery Delivery;

/* STORE and SEAL must outlive it. Takes references to CONFIG and TEMPLATES. Starts its threads. */
Delivery *delivery_start (Store *store, const Seal *seal, Config *config, Templates *templates);

/* From the next row on, CONFIG and TEMPLATES count: for reload. */
void delivery_reload (Delivery *delivery, Config *config, Templates *templates);

/* What the last audit of paging found, in one line; NULL when it was clean. The caller's. From any thread. */
char *delivery_find_trouble (Delivery *delivery);

/* Stops after the rows in hand, each of which is bounded by its channel's time-out. Frees. */
void delivery_stop (Delivery *delivery);

/* Sends AGENT a page by CHANNEL that says that it is a test. *ANSWER (the caller's) is what CHANNEL said. Errors: DELIVERY_ERROR,
 * LETTER_ERROR. */
gboolean delivery_test_page (const Config *config, const Templates *templates, const Seal *seal, const Agent *agent,
                             const Channel *channel, char **answer, GError **error);

/* What a letter is made of. All belongs to the caller. */
typedef struct {
  const Config *config;
  const Templates *templates;
  const Seal *seal;
  const OutboxRow *row;
  const Ticket *ticket;
  const GPtrArray *overrides; /* (element-type Override) that have not ended, nullable */
  const char *text;           /* what it is about, to staff, or an answer's own; nullable */
  const char *cc;             /* who else is shown as reading an answer, with blanks between; nullable */
  const GPtrArray *attachments; /* (element-type LetterAttachment) of an answer, nullable */
  const Message *answered;    /* the customer's last mail before the answer; nullable: it is the ticket's first */
} LetterOrder;

/* The letter as it would be sent: subject and text, for `explain` too. Errors: DELIVERY_ERROR, LETTER_ERROR. */
gboolean delivery_write (const LetterOrder *order, char **subject, char **body, GBytes **message, GError **error);
