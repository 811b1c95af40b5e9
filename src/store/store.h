/* store: what must not be lost.
 *
 * Callers use operations in the desk's words, never SQL. The engine is SQLite: WAL, synchronous=FULL, foreign
 * keys. One writer thread commits for all that wait (group commit): a call that changes something returns after
 * the commit that holds it is on disk. Reads go through a bounded pool of connections. Everything here may be
 * called from any thread. All times are microseconds since 1970.
 *
 * Raw messages beyond LIMIT_STORED_INLINE are files in "DATABASE.d/raw/", on disk before the commit that names them.
 */
#pragma once

#include "store/address.h"
#include "store/incident.h"
#include "store/intake.h"
#include "store/journal.h"
#include "store/override.h"
#include "store/promise.h"
#include "store/report.h"
#include "store/ticket.h"

#define STORE_ERROR (store_error_quark ())
GQuark store_error_quark (void);
typedef enum {
  STORE_ERROR_UNAVAILABLE, /* locked, full, damaged, read-only: try again later; the message says what to do */
  STORE_ERROR_NOT_FOUND,   /* no such ticket or override */
  STORE_ERROR_STATE,       /* the ticket's state does not allow it */
  STORE_ERROR_VERSION,     /* the file was written by a newer Frontdesk */
} StoreError;

typedef enum {
  STORE_DAEMON, /* creates and migrates; sweeps strays; claims of an earlier run are released; only one at a time */
  STORE_WRITE,  /* for commands that change something; creates and migrates */
  STORE_READ,   /* for commands that only look; a missing database reads as an empty one */
} StoreMode;

Store *store_open (const char *path, StoreMode mode, GError **error);
void store_close (Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_close)

/* TRUE unless the last write failed and none has succeeded since; tries a small write itself, at most once a
 * second, to find out that the cause is gone. For RCPT: 451 early is kinder than 451 late. */
gboolean store_is_writable (Store *store, GError **error);

/* Returns when the writer has answered, be it that it cannot write now: for the watchdog. */
void store_await_writer (Store *store);

/* PRAGMA quick_check, for `doctor`. */
gboolean store_check (Store *store, GError **error);

/* ---- reading messages ---- */

/* This thread reads the message that MARK names until store_end_reading(). FALSE: it must not, see journal.h; a command always may. */
gboolean store_begin_reading (Store *store, guint64 mark, JournalReading *reading);
void store_end_reading (Store *store, const JournalReading *reading);

/* ---- what the store asks the desk while it changes a ticket ---- */

/* What follows when the time of a promise or an incident has come. Everything is freed by the store. */
typedef struct {
  GPtrArray *outgoing;     /* (element-type Outgoing) */
  char *event, *detail;    /* "warned", "breached", "extended"; one sentence */
  const char *team;        /* the ticket is given to it, nullable */
  int priority;            /* the new one, 0: stays */
  Incident *incident;      /* it begins, and the pages of OUTGOING are its; nullable */
} Reaction;

typedef struct {
  void (*change) (gpointer data, const PromiseTerms *terms, GArray *promises, const Change *change);
  /* DUE, one of PROMISES, is to be warned of, extended or found missed at NOW; marks it so that it is not due again.
   * OVERRIDES (element-type Override) are those that have not ended. */
  void (*react) (gpointer data, const Ticket *ticket, const PromiseTerms *terms, GArray *promises, Promise *due,
                 const GPtrArray *overrides, gint64 now, Reaction *reaction);
  /* What is next for INCIDENT of TICKET has come: changes it, so that it is not due again at NOW; the pages of REACTION are its.
   * UPDATED_AT: when the customer was last answered. */
  void (*escalate) (gpointer data, const Ticket *ticket, Incident *incident, const GPtrArray *overrides, gint64 updated_at,
                    gint64 now, Reaction *reaction);
  /* INCIDENT has just been acknowledged or resolved; PAGES (element-type OutboxRow) are those that got out. */
  void (*settle) (gpointer data, const Ticket *ticket, Incident *incident, const GPtrArray *pages, gint64 now,
                  Reaction *reaction);
  /* PAGES of INCIDENT got out only after it was acknowledged or resolved. */
  void (*follow) (gpointer data, const Incident *incident, const GPtrArray *pages, gint64 now, Reaction *reaction);
  /* AGENT gave an order by mail about TICKET, and is told what came of it. (element-type Taking) */
  void (*answer) (gpointer data, const Ticket *ticket, const GPtrArray *takings, const char *agent, gint64 now, Reaction *reaction);
  /* A further mail came on INCIDENT, which nobody has acknowledged: whether its step is paged anew. */
  gboolean (*pages_again) (gpointer data, const Incident *incident);
  /* The version of what ROLE's deadlines are computed from, 0: nothing is promised. */
  gint64 (*version) (gpointer data, const char *role);
} StoreRules;

/* From now on RULES with DATA count; FREE_DATA is called when others take their place. They are called within transactions,
 * one at a time. Without rules no promise changes. */
void store_set_rules (Store *store, const StoreRules *rules, gpointer data, GDestroyNotify free_data);

/* ---- intake ---- */

/* Makes all of INTAKE's decisions durable in one transaction and fills in the numbers of new tickets. A decision
 * whose key was seen becomes INTAKE_DUPLICATE with the first one's ticket and reply. An acknowledgement beyond INTAKE's
 * limits is withheld: what is decided here holds for however many come at once. */
gboolean store_intake (Store *store, Intake *intake, GError **error);

/* As store_intake(), at less cost, but it may fail for the sake of another message that is committed with it. INTAKE's
 * decisions are of no use then: decide anew, and call store_intake(). */
gboolean store_intake_shared (Store *store, Intake *intake, GError **error);

/* The kind, ticket and reply that KEY was answered with before; FALSE without *ERROR when it is new. */
gboolean store_find_seen (Store *store, const char *key, gint64 *ticket, char **reply, GError **error);

/* Reports for a postmaster that were dropped, ever; 0 also with *ERROR. */
gint64 store_count_dropped (Store *store, GError **error);

/* Acknowledgements committed for RECIPIENT (NULL: for anybody) in the hour before NOW, counted up to LIMIT, or -1 with
 * *ERROR. */
int store_count_acknowledgements (Store *store, const char *recipient, gint64 now, int limit, GError **error);

/* Whether an acknowledgement that is committed for RECIPIENT stands in the way of another for SUBJECT; PAUSE as in Intake. FALSE also
 * with *ERROR. */
gboolean store_acknowledged_lately (Store *store, const char *recipient, const char *subject, gint64 pause, gint64 now, GError **error);

/* ---- reading ---- */

typedef struct {
  const char *role, *state, *team, *assignee, *requester; /* NULL: any */
  gint64 overdue_at;   /* only those with a deadline before it; 0: any */
  gboolean by_arrival; /* and not by the most urgent deadline */
  int limit;           /* at most; 0: 100 */
} TicketQuery;

GPtrArray *store_list_tickets (Store *store, const TicketQuery *query, GError **error); /* (element-type Ticket) */
Ticket *store_find_ticket (Store *store, gint64 number, GError **error);
/* The same, or the ticket that it has become a part of. */
Ticket *store_follow_ticket (Store *store, gint64 number, GError **error);
/* The number that the next ticket gets if none is opened in between, or 0 with *ERROR. */
gint64 store_next_number (Store *store, GError **error);
/* Tickets of which a mail has one of the Message-IDs (without brackets), in the order of IDS. (element-type Ticket) */
GPtrArray *store_find_tickets_by_message_id (Store *store, const char *const *ids, GError **error);
/* The same of what went out about them: nobody else makes or guesses such an id, which has a MAC in it. */
GPtrArray *store_find_tickets_by_letter (Store *store, const char *const *ids, GError **error);
/* What came of mail to ADDRESS; NULL without *ERROR: nothing came back. */
AddressState *store_find_address_state (Store *store, const char *address, GError **error);
GPtrArray *store_list_messages (Store *store, gint64 ticket, GError **error);  /* (element-type Message) */
/* The ticket that a message belongs to now, after merging and splitting; 0 with *ERROR. */
gint64 store_find_message_ticket (Store *store, gint64 message, GError **error);
/* The octets of a message, as they were kept. NULL where it is a note. Errors: STORE_ERROR_NOT_FOUND, G_FILE_ERROR. */
RawMessage *store_read_message (Store *store, gint64 message, GError **error);
GPtrArray *store_list_outbox (Store *store, gint64 ticket, GError **error);    /* all of a ticket; 0: what still waits, of all */
GPtrArray *store_list_events (Store *store, gint64 ticket, GError **error);    /* (element-type Event) */
/* Promises (element-type Promise) and pauses (element-type Interval) of TICKET. */
gboolean store_list_promises (Store *store, gint64 ticket, GArray **promises, GArray **pauses, GError **error);

/* What the rules ask about the customer's other tickets. KEY is the customer, or the requester who belongs to none. */
typedef struct {
  gint64 unended;  /* the latest ticket of ROLE that is open or pending, or 0 */
  gint64 again_at; /* when one of ROLE with the same subject was last opened, of the latest LIMIT_EARLIER_TICKETS; 0: never */
} EarlierTickets;
/* To be called once before. Its index is made only where a policy asks for earlier tickets, as it makes each new one dearer; the
 * first time that takes about a second for a million tickets. */
gboolean store_prepare_earlier (Store *store, GError **error);
gboolean store_find_earlier (Store *store, const char *key, const char *role, const char *subject,
                             EarlierTickets *earlier, GError **error);

/* ---- work on a ticket; ACTOR is written into the event ---- */

gboolean store_add_note (Store *store, gint64 ticket, const char *actor, const char *text, gint64 now, GError **error);
gboolean store_assign (Store *store, gint64 ticket, const char *team, const char *assignee, const char *actor, gint64 now, GError **error);
gboolean store_set_priority (Store *store, gint64 ticket, int priority, const char *actor, gint64 now, GError **error);
gboolean store_set_kind (Store *store, gint64 ticket, const char *kind, const char *actor, gint64 now, GError **error);
/* The language in which the customer is written to from now on, unless one is known. */
gboolean store_set_language (Store *store, gint64 ticket, const char *language, GError **error);
/* The note on the root cause that a policy may demand before a ticket is closed. */
gboolean store_add_root_cause (Store *store, gint64 ticket, const char *actor, const char *text, gint64 now, GError **error);
/* Waits for the customer: until they write, until UNTIL (0: however long), or until it is reopened. */
gboolean store_set_pending (Store *store, gint64 ticket, gint64 until, const char *actor, gint64 now, GError **error);
/* A new time DUE for TARGET, and LETTER (nullable) that tells the customer so. */
gboolean store_move_promise (Store *store, gint64 ticket, TargetKind target, gint64 due, const Outgoing *letter, const char *actor,
                             gint64 now, GError **error);
/* All of WORK, or nothing; OUTGOING (element-type Outgoing) goes out with it. */
gboolean store_do_staff_work (Store *store, gint64 ticket, const StaffWork *work, const GPtrArray *outgoing, gint64 now, GError **error);
/* Resolves; open incidents of the ticket are resolved with it and their waiting pages dropped. LETTER is nullable.
 * ROOT_CAUSE: a note on it is demanded. */
gboolean store_close_ticket (Store *store, gint64 ticket, gboolean root_cause, const Outgoing *letter, const char *actor,
                             gint64 close_at, gint64 now, GError **error);
gboolean store_reopen_ticket (Store *store, gint64 ticket, const char *actor, gint64 now, GError **error);
/* Ticket FROM becomes part of INTO, and what points to it leads there. Both are of one role and one customer, and no emergency of
 * FROM is running. */
gboolean store_merge_ticket (Store *store, gint64 from, gint64 into, const char *actor, gint64 now, GError **error);
/* Makes a new ticket of COUNT messages of TICKET, with PROMISES (element-type Promise) of VERSION. The first message is a
 * customer's, who is its requester. Its number; 0 with *ERROR. */
gint64 store_split_ticket (Store *store, gint64 ticket, const gint64 *messages, guint count, const GArray *promises, gint64 version,
                           const char *actor, gint64 now, GError **error);

/* ---- outbox ---- */

/* Claims up to LIMIT due rows of pages (PAGES) or of letters, most urgent first; they are "sending" until one of
 * the calls below. Of pages by one channel only a few are in hand at once, others that are due wait for them. *NEXT_DUE is when
 * the next unclaimed one is due, or G_MAXINT64. (element-type OutboxRow) */
GPtrArray *store_claim_due (Store *store, gboolean pages, gint64 now, guint limit, gint64 *next_due, GError **error);
/* Delivered: state, ticket's acknowledged_at (for acknowledgements) and event. PROVIDER_ID: what a gateway calls it, nullable. */
gboolean store_outbox_sent (Store *store, gint64 id, const char *answer, const char *provider_id, gint64 now, GError **error);
/* Not delivered: again at DUE_AT. */
gboolean store_outbox_retry (Store *store, gint64 id, const char *reason, gint64 due_at, GError **error);
/* Given up: state "failed", an event, what that says of its ADDRESSES (element-type AddressState, nullable), and NOTICES (element-type
 * Outgoing, nullable) to the team in one transaction. */
gboolean store_outbox_fail (Store *store, gint64 id, const char *reason, const GPtrArray *addresses, GPtrArray *notices, gint64 now,
                            GError **error);

typedef enum { STORE_DUE_LETTER = 1, STORE_DUE_PAGE = 2 } StoreDue;
typedef void (*StoreOnDue) (guint due, gpointer data);

/* Calls FUNC (on any thread, must not block) after each commit that made something due, with StoreDue flags. */
void store_on_due (Store *store, StoreOnDue func, gpointer data);

/* ---- incidents and their pages ---- */

/* Those that are not over, the latest first, or with ALL also those that are. (element-type Incident) */
GPtrArray *store_list_incidents (Store *store, gboolean all, GError **error);
GPtrArray *store_list_ticket_incidents (Store *store, gint64 ticket, GError **error);
/* STORE_ERROR_NOT_FOUND when there is none. */
OutboxRow *store_find_page (Store *store, gint64 page, GError **error);
/* The page that last got out to AGENT after SINCE; NULL without *ERROR when there is none. */
OutboxRow *store_find_last_page (Store *store, const char *agent, gint64 since, GError **error);
/* Those that PAGE tells of: one, or several when others were joined to it. (element-type Incident) */
GPtrArray *store_list_page_incidents (Store *store, gint64 page, GError **error);
/* PAGE and those joined to it, by their tickets. (element-type OutboxRow) */
GPtrArray *store_list_page_rows (Store *store, gint64 page, GError **error);

/* AGENT, by VIA ("web", "mail", ...), takes or ends all incidents that PAGE tells of, or the one INCIDENT. The first one has
 * it; an incident only ever goes on. Pages that wait are dropped in the same transaction. *TAKINGS: (element-type Taking) */
gboolean store_take_page (Store *store, gint64 page, PageAction action, const char *agent, const char *via, gint64 now,
                          GPtrArray **takings, GError **error);
gboolean store_take_incident (Store *store, gint64 incident, PageAction action, const char *agent, const char *via, gint64 now,
                              GPtrArray **takings, GError **error);

/* Whether AGENT could be reached by CHANNEL when somebody tried. */
typedef struct {
  const char *agent, *channel;
  gint64 at;
  gboolean well;
  const char *answer;
} PageTest;
gboolean store_record_test (Store *store, const PageTest *test, GError **error);
/* When AGENT was last reached by CHANNEL in a test, 0: never; -1 with *ERROR. */
gint64 store_find_test (Store *store, const char *agent, const char *channel, GError **error);

/* Pages that a gateway took after SINCE, and has told nothing of. (element-type OutboxRow) */
GPtrArray *store_list_pages_out (Store *store, gint64 since, GError **error);

/* Whether paging goes on by itself: *FINDING (the caller's) is one sentence, NULL when all is well. */
gboolean store_audit (Store *store, gint64 now, char **finding, GError **error);

/* A gateway tells what became of a page. What it told before with a higher SEQUENCE stands. A page that failed for now is
 * sent again; when all pages of a step have failed, the next one is taken at once. Unknown ids are let go. */
gboolean store_report_page (Store *store, const char *channel, const char *provider_id, gint64 sequence, PageFate fate,
                            const char *detail, gint64 now, GError **error);

/* ---- timers ---- */

/* Works off what is due at NOW: incidents go on, resolved becomes closed, pending open, promises are warned of, put off or
 * missed; *NEXT_DUE as above. */
gboolean store_run_timers (Store *store, gint64 now, gint64 *next_due, GError **error);

/* Works the promises of open tickets out anew whose inputs have another version than the rules now have. */
gboolean store_refresh_promises (Store *store, gint64 now, GError **error);

/* ---- overrides of on-call schedules ---- */

/* Those that end after SINCE, in the order in which they were made. (element-type Override) */
GPtrArray *store_list_overrides (Store *store, gint64 since, GError **error);
/* All there ever were, also those that count no more. (element-type Override) */
GPtrArray *store_list_override_records (Store *store, GError **error);
/* Keeps OVERRIDE and fills in its id. */
gboolean store_add_override (Store *store, Override *override, GError **error);
/* It counts no more, also for what is past. STORE_ERROR_NOT_FOUND when there is none. */
gboolean store_remove_override (Store *store, gint64 id, const char *actor, gint64 now, GError **error);

/* ---- the embedded customer table ---- */

typedef struct StoreImport StoreImport;
/* All or nothing: rows go into a new generation in small transactions, and finish makes it the one that counts. Of several
 * imports at once the one that began last wins; the others fail with STORE_ERROR_UNAVAILABLE. */
StoreImport *store_import_begin (Store *store, GError **error);
gboolean store_import_add (StoreImport *import, const Contact *contact, GError **error);
gboolean store_import_finish (StoreImport *import, GError **error); /* frees IMPORT */
void store_import_abandon (StoreImport *import);                    /* frees IMPORT */
/* KEY is a normalised address or "@domain". NULL without *ERROR: not there. */
Contact *store_find_customer (Store *store, const char *key, GError **error);
gint64 store_count_customers (Store *store, GError **error);
