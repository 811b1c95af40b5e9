/* staff: what an agent's mail does to a customer's ticket. Pure.
 *
 * Who writes is decided by authentication alone: SMTP AUTH, or believed results for their From address. A ticket's staff address is
 * the same for all of staff and proves nothing. What is wrong with such a mail is told in the session, and then nothing of it
 * goes on to anybody.
 */
#pragma once

#include "desk/decision.h"

#define STAFF_ERROR (staff_error_quark ())
GQuark staff_error_quark (void);
typedef enum {
  STAFF_ERROR_POLICY, /* the policy wants other words */
  STAFF_ERROR_TEXT,   /* there is none, or too much */
  STAFF_ERROR_TICKET, /* the ticket's state, team or requester does not allow it */
} StaffError;

/* The agent who is authenticated as the writer, or NULL. */
const Agent *staff_find_agent (const Config *config, const Envelope *envelope, const MessageFacts *facts);

/* TRUE when AGENT is of the team that has TICKET. */
gboolean staff_may_work (const Agent *agent, const Ticket *ticket);

/* The mail came to a ticket's staff or note address: decides what becomes of it. */
void staff_decide_door (const IntakeCase *intake, gboolean by_machine, Decision *decision);

/* The mail points to the ticket in MATCH: when an agent of its team wrote it, who is not its requester, it is an answer that went to
 * the customer directly, or a note. FALSE when it is none. */
gboolean staff_decide_ticket (const IntakeCase *intake, const ThreadMatch *match, Decision *decision);

/* DECISION, an agent's work that cannot be done because of PROBLEM, becomes a refusal that says so. */
void staff_refuse (Decision *decision, const char *problem);

/* What an agent wrote about a ticket, by mail or at a terminal. */
typedef struct {
  const Config *config;
  const Ticket *ticket;
  const Role *role;
  const char *text;   /* newly written, command lines first */
  const char *said;   /* between us and the customers so far: TEXT quotes nothing else to them; NULL: it may */
  gboolean note;      /* it stays inside */
  char **recipients;  /* to whom it was addressed; people outside among them take part from now on; nullable */
  char **unseen;      /* who gets a copy that nobody is shown, nullable */
  gint64 now;
} StaffMail;

/* Makes WORK of MAIL, and adds the letters that go out by it to OUTGOING; their Message-IDs are not set, and all copies of the answer
 * have one. Errors: STAFF_ERROR, DIRECTIVES_ERROR; what OUTGOING has then is of no use. */
gboolean staff_prepare (const StaffMail *mail, StaffWork *work, GPtrArray *outgoing, GError **error);
