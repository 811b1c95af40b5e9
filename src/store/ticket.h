/* ticket: tickets and what belongs to them, as read from the store. Plain data; the caller frees. */
#pragma once

#include <glib.h>

/* All times are microseconds since 1970, 0: not yet. */
typedef struct {
  gint64 number;
  char *role, *state, *subject, *requester, *requester_name, *customer, *standing, *team, *assignee, *language;
  char *kind;   /* nullable: "standard" */
  int priority; /* 1..4 */
  gint64 related;
  gint64 opened_at, acknowledged_at, responded_at, resolved_at;
  gint64 due[4];       /* by TargetKind: of the open promise, 0: none */
  guint breached;      /* bits 1 << TargetKind: a promise was not kept */
  char **participants; /* addresses, the requester not among them */
  char **shown;        /* those of them whom the requester has let the others see */
  gint64 merged;       /* the ticket that it has become a part of, 0: none */
  char *message_id;    /* of the message that opened it, nullable: letters answer it */
  char *incident;      /* state of the one that is not over, nullable */
  char *references;    /* its References, Message-IDs with blanks between, oldest first, nullable */
} Ticket;

typedef struct {
  gint64 id, ticket;
  char *kind;       /* "message", "automatic", "refused", "note" */
  char *direction;  /* "in", "out", "internal" */
  char *message_id, *sender, *subject, *text, *queue_id;
  char *cc;         /* who is shown as reading an answer, with blanks between, nullable */
  char *unread;     /* why it was not fully read, nullable */
  gint64 size, at;
} Message;

typedef struct {
  gint64 id, ticket, incident, message; /* 0: none; MESSAGE is the one that it is about, or whose text it has */
  char *kind;       /* outgoing_kind_to_string() */
  char *channel;    /* nullable */
  char *recipient, *template, *languages, *reason, *message_id;
  char *state;      /* "due", "sending", "sent", "failed", "dropped" */
  int attempts;
  gint64 created_at, due_at, sent_at;
  char *last_error; /* nullable */
  gboolean held;    /* a page that waits to be one with others */
  char *provider_id; /* what the gateway calls it, nullable */
  char *fate;        /* what the gateway has told of it since: "reached", "failed", nullable */
} OutboxRow;

typedef struct {
  gint64 at;
  char *kind;       /* "opened", "continued", "acknowledged", "refused", "assigned", ... */
  char *actor;      /* address, agent or "frontdesk" */
  char *detail;     /* one sentence */
} Event;

void ticket_free (Ticket *ticket);
void message_free (Message *message);
void outbox_row_free (OutboxRow *row);
void event_free (Event *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ticket, ticket_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OutboxRow, outbox_row_free)
