/* thread: which ticket does a message belong to, and who may say so. Pure. */
#pragma once

#include "directory/contact.h"
#include "mail/message.h"
#include "store/ticket.h"

typedef enum { THREAD_NONE, THREAD_SIGNED, THREAD_LETTER, THREAD_REFERENCE, THREAD_TAG } ThreadVia;

/* What the message points at, as found in the store. */
typedef struct {
  const Ticket *by_signature; /* the ticket of a valid signed address, nullable */
  const GPtrArray *by_letter; /* (element-type Ticket) of letters of ours among them, nearest first; nullable */
  const GPtrArray *by_reference; /* (element-type Ticket) of In-Reply-To and References, nearest first; nullable */
  const Ticket *by_tag;       /* the ticket whose number the subject bears, nullable */
} ThreadPointers;

typedef struct {
  ThreadVia via;
  const Ticket *ticket;  /* the one that it continues, or NULL */
  const Ticket *related; /* the one that it points to without belonging to it, or NULL */
  gboolean requester;    /* the sender is the ticket's requester */
  gboolean same_customer; /* the sender belongs only by being of the same customer */
} ThreadMatch;

/* A signed address is trusted by itself, and so is the Message-ID of a letter of ours: both have a MAC in them, and whoever knows
 * them has our letter. Another reference or a subject tag counts only from a sender who is requester or participant of that ticket,
 * or of the same (non-empty) customer; a tag can be typed by anybody. The ticket must be of ROLE. */
ThreadMatch thread_match (const ThreadPointers *pointers, const char *role, const char *sender, const Contact *contact);
