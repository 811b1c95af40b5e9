/* matter: what a letter is about, gathered from the store when it is sent: a message's text, its attachments, the mail that it
 * answers, and the language that its reader understands. */
#pragma once

#include "mail/letter.h"
#include "store/store.h"

typedef struct {
  GPtrArray *messages;     /* (element-type Message) of the ticket, nullable: the letter needs none */
  const Message *message;  /* the one that it is about, nullable */
  const Message *answered; /* of an answer: the customer's last mail before it, nullable */
  char *text;              /* an answer's whole; of what staff are told of, what is new in it, and of that the beginning; nullable */
  GPtrArray *attachments;  /* (element-type LetterAttachment) of an answer, nullable */
  char *languages;         /* comma list */
} Matter;

/* What ROW, of TICKET, is about. Errors: STORE_ERROR, DELIVERY_ERROR. */
gboolean matter_gather (Matter *matter, Store *store, const OutboxRow *row, const Ticket *ticket, GError **error);
void matter_clear (Matter *matter);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Matter, matter_clear)

/* TRUE when ROW is a person's answer to a customer. */
gboolean matter_is_answer (const OutboxRow *row);
