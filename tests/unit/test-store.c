/* The store on real files: what is committed is there, once, whoever asks at the same time. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/limits.h"
#include "mail/message.h"
#include "store/store.h"

#define THREADS 50
#define EACH 10
#define NOW 1000
#define MINUTE (G_GINT64_CONSTANT (60) * G_USEC_PER_SEC)
#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)

static char *folder;
static const Team team = { .name = (char *) "t" };
static const Escalation escalation = { .name = (char *) "noc" };
static const Role support = { .name = (char *) "support", .priority = 3, .team = &team };
static const Role emergency = { .name = (char *) "emergency", .priority = 1, .team = &team, .page = &escalation };

static Store *
open_store (const char *name, StoreMode mode)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  Store *store = store_open (path, mode, &error);
  g_assert_no_error (error);
  return store;
}

static Decision *
make_decision (const Role *role, IntakeKind kind, const char *key)
{
  Decision *decision = decision_new (role);
  decision->kind = kind;
  decision->key = g_strdup_printf ("%32s", key);
  decision->reason = g_strdup ("because");
  decision->reply = g_strdup (kind == INTAKE_REFUSE ? "550 5.7.1 No" : "250 2.0.0 Ok");
  decision->standing_reason = g_strdup ("known");
  return decision;
}

static void
add_outgoing (Decision *decision, OutgoingKind kind, const char *recipient)
{
  Outgoing *outgoing = outgoing_new (kind, recipient, "letter");
  outgoing->channel = kind == OUTGOING_PAGE ? g_strdup ("sms") : NULL;
  outgoing->message_id = g_strdup_printf ("%s.%s.%s@desk", outgoing_kind_to_string (kind), recipient, g_strstrip (decision->key));
  g_ptr_array_add (decision->outgoing, outgoing);
}

static guint more_lines; /* in the mails that are taken in */

typedef gboolean (*TakeIn) (Store *store, Intake *intake, GError **error);

/* Takes DECISION in by TAKE_IN as one message, with at most LIMIT acknowledgements to one address and TOTAL to all. */
static gboolean
take_in_by (TakeIn take_in, Store *store, Decision *decision, int limit, int total, GError **error)
{
  g_autoptr (RawMessage) raw = raw_message_new (folder);
  raw_message_append (raw, "Subject: x\r\n\r\nbody\r\n", 20, NULL);
  for (guint i = 0; i < more_lines; i++)
    raw_message_append (raw, "more\r\n", 6, NULL);
  g_autoptr (MessageFacts) facts = message_read (raw, "T");
  g_autoptr (Envelope) envelope = envelope_new ("ann@customer.example");
  facts->from = g_strdup ("ann@customer.example");
  facts->message_id = g_strdup_printf ("%s@customer.example", g_strstrip (decision->key));
  g_autoptr (GPtrArray) decisions = g_ptr_array_new ();
  g_ptr_array_add (decisions, decision);
  Intake intake = { .envelope = envelope,
                    .facts = facts,
                    .raw = raw,
                    .now = NOW,
                    .acknowledge_limit = limit,
                    .acknowledge_limit_total = total,
                    .decisions = decisions };
  return take_in (store, &intake, error);
}

static gboolean
take_in_limited (Store *store, Decision *decision, int limit, int total, GError **error)
{
  return take_in_by (store_intake, store, decision, limit, total, error);
}

/* The same without limits. 0 when the store fails. The decision is freed; its ticket is returned. */
static gint64
take_in (Store *store, Decision *decision, IntakeKind *kind, GError **error)
{
  gboolean stored = take_in_limited (store, decision, 0, 0, error);
  gint64 ticket = decision->ticket;
  if (kind != NULL)
    *kind = decision->kind;
  decision_free (decision);
  return stored ? ticket : 0;
}

static gint64
open_ticket (Store *store, const char *key)
{
  g_autoptr (GError) error = NULL;
  gint64 number = take_in (store, make_decision (&support, INTAKE_OPEN, key), NULL, &error);
  g_assert_no_error (error);
  return number;
}

/* Whether the octets are in the database or in a file, the text of a mail is there, and that of a note. */
static void
test_texts (void)
{
  g_autoptr (Store) store = open_store ("texts.db", STORE_DAEMON);
  for (more_lines = 0; more_lines <= LIMIT_STORED_INLINE / 2; more_lines += LIMIT_STORED_INLINE / 2)
    {
      g_autofree char *key = g_strdup_printf ("text-%u", more_lines);
      gint64 ticket = open_ticket (store, key);
      g_assert_true (store_add_note (store, ticket, "alice", "called back", NOW, NULL));
      g_autoptr (GPtrArray) messages = store_list_messages (store, ticket, NULL);
      g_assert_cmpuint (messages->len, ==, 2);
      const Message *mail = messages->pdata[0], *note = messages->pdata[1];
      g_assert_cmpint (mail->size, ==, 20 + 6 * (gint64) more_lines);
      g_assert_true (g_str_has_prefix (mail->text, more_lines > 0 ? "body\nmore\nmore\n" : "body\n"));
      g_assert_cmpstr (note->text, ==, "called back");
    }
  more_lines = 0;
}

static gint64
answered (Store *store, const char *id)
{
  const char *const ids[] = { id, NULL };
  g_autoptr (GPtrArray) by_mail = store_find_tickets_by_message_id (store, ids, NULL);
  g_autoptr (GPtrArray) by_letter = store_find_tickets_by_letter (store, ids, NULL);
  g_assert_cmpuint (by_mail->len + by_letter->len, <=, 1);
  const GPtrArray *found = by_mail->len > 0 ? by_mail : by_letter;
  return found->len > 0 ? ((const Ticket *) found->pdata[0])->number : 0;
}

/* An answer is found by the mail or the acknowledgement that it names, not by the team's notification. */
static void
test_answers (void)
{
  g_autoptr (Store) store = open_store ("answers.db", STORE_DAEMON);
  open_ticket (store, "first");
  Decision *decision = make_decision (&support, INTAKE_OPEN, "second");
  add_outgoing (decision, OUTGOING_ACKNOWLEDGEMENT, "ann@customer.example");
  add_outgoing (decision, OUTGOING_NOTIFICATION, "team@desk.example");
  gint64 ticket = take_in (store, decision, NULL, NULL);
  g_autoptr (GPtrArray) rows = store_list_outbox (store, ticket, NULL);
  g_assert_cmpuint (rows->len, ==, 2);
  for (guint i = 0; i < rows->len; i++)
    {
      const OutboxRow *row = rows->pdata[i];
      g_assert_cmpint (answered (store, row->message_id), ==, g_str_equal (row->kind, "acknowledgement") ? ticket : 0);
    }
  g_assert_cmpint (answered (store, "second@customer.example"), ==, ticket);
  g_autofree char *forged = g_strdup_printf ("acknowledgement.%" G_GINT64_FORMAT ".x@desk", ticket);
  g_assert_cmpint (answered (store, forged), ==, 0);
}

static gpointer
open_many (gpointer data)
{
  for (int i = 0; i < EACH; i++)
    {
      g_autofree char *key = g_strdup_printf ("%p-%d", (void *) g_thread_self (), i);
      g_assert_cmpint (open_ticket (data, key), >, 0);
    }
  return NULL;
}

static void
test_many_at_once (void)
{
  g_autoptr (Store) store = open_store ("many.db", STORE_DAEMON);
  GThread *threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("client", open_many, store);
  for (int i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  TicketQuery query = { .limit = 10000 };
  g_autoptr (GPtrArray) tickets = store_list_tickets (store, &query, NULL);
  g_assert_cmpuint (tickets->len, ==, THREADS * EACH);
}

static gpointer
open_same (gpointer data)
{
  return GINT_TO_POINTER ((int) open_ticket (data, "same"));
}

static void
test_duplicates_at_once (void)
{
  g_autoptr (Store) store = open_store ("same.db", STORE_DAEMON);
  GThread *threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("client", open_same, store);
  for (int i = 0; i < THREADS; i++)
    g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (threads[i])), ==, 1);
  IntakeKind kind;
  g_assert_cmpint (take_in (store, make_decision (&support, INTAKE_REFUSE, "same"), &kind, NULL), ==, 1);
  g_assert_cmpint (kind, ==, INTAKE_DUPLICATE);
}

/* Every other one continues a ticket that is not there, which no commit can take. */
static gpointer
open_or_fail (gpointer data)
{
  static gint serial; /* atomic */
  for (int i = 0; i < EACH; i++)
    {
      int number = g_atomic_int_add (&serial, 1);
      g_autofree char *key = g_strdup_printf ("shared-%d", number);
      Decision *decision = make_decision (&support, number % 2 == 0 ? INTAKE_OPEN : INTAKE_CONTINUE, key);
      decision->ticket = number % 2 == 0 ? 0 : 999999;
      gboolean stored = take_in_by (store_intake_shared, data, decision, 0, 0, NULL);
      decision_free (decision);
      if (number % 2 != 0)
        g_assert_false (stored);
      else if (!stored)
        g_assert_cmpint (open_ticket (data, key), >, 0);
    }
  return NULL;
}

static void
test_shared_fate (void)
{
  g_autoptr (Store) store = open_store ("shared.db", STORE_DAEMON);
  GThread *threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("client", open_or_fail, store);
  for (int i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  TicketQuery query = { .limit = 10000 };
  g_autoptr (GPtrArray) tickets = store_list_tickets (store, &query, NULL);
  g_assert_cmpuint (tickets->len, ==, THREADS * EACH / 2);
  g_assert_true (store_is_writable (store, NULL));
}

/* What many ask for at once: each opens a ticket that is to be acknowledged to ann, in one spelling or another. */
typedef struct {
  Store *store;
  int limit, total;
  gint acknowledged; /* atomic: decisions that kept their acknowledgement */
  gint next;         /* atomic: the next thread's number */
} Burst;

static gpointer
open_acknowledged (gpointer data)
{
  g_autoptr (GError) error = NULL;
  Burst *burst = data;
  int number = g_atomic_int_add (&burst->next, 1);
  g_autofree char *key = g_strdup_printf ("burst-%d", number);
  Decision *decision = make_decision (&support, INTAKE_OPEN, key);
  const char *to = number % 2 == 0 ? "ann@customer.example" : "Ann@Customer.Example";
  decision->acknowledge = TRUE;
  decision->acknowledge_reason = g_strdup ("a new ticket from a person");
  decision->acknowledge_to = g_strdup (to);
  add_outgoing (decision, OUTGOING_ACKNOWLEDGEMENT, to);
  add_outgoing (decision, OUTGOING_NOTIFICATION, "team@desk.example");
  g_assert_true (take_in_limited (burst->store, decision, burst->limit, burst->total, &error));
  g_assert_no_error (error);
  g_assert_cmpint (decision->ticket, >, 0);
  if (decision->acknowledge)
    g_atomic_int_inc (&burst->acknowledged);
  else
    g_assert_nonnull (strstr (decision->acknowledge_reason, burst->limit > 0 ? "acknowledge-limit ack" : "acknowledge-limit-total"));
  g_assert_cmpuint (decision->outgoing->len, ==, decision->acknowledge ? 2 : 1);
  decision_free (decision);
  return NULL;
}

static void
check_burst (const char *name, int limit, int total, int expected)
{
  g_autoptr (Store) store = open_store (name, STORE_DAEMON);
  Burst burst = { .store = store, .limit = limit, .total = total };
  GThread *threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    threads[i] = g_thread_new ("client", open_acknowledged, &burst);
  for (int i = 0; i < THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (burst.acknowledged, ==, expected);
  g_assert_cmpint (store_count_acknowledgements (store, NULL, NOW, 1000, NULL), ==, expected);
  g_autoptr (GPtrArray) waiting = store_list_outbox (store, 0, NULL);
  g_assert_cmpuint (waiting->len, ==, (guint) expected + THREADS); /* the team hears of every ticket */
}

static void
test_acknowledge_limits_at_once (void)
{
  check_burst ("limit.db", 3, 0, 3);
  check_burst ("limit-total.db", 0, 5, 5);
  check_burst ("no-limit.db", 0, 0, THREADS);
}

static void
test_outbox (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = open_store ("outbox.db", STORE_DAEMON);
  Decision *decision = make_decision (&emergency, INTAKE_OPEN, "one");
  decision->page = TRUE;
  decision->incident = g_new0 (Incident, 1);
  *decision->incident = (Incident){ .escalation = g_strdup ("noc"), .plan = g_strdup ("{}"), .round = 1, .next_at = HOUR };
  add_outgoing (decision, OUTGOING_PAGE, "alice");
  add_outgoing (decision, OUTGOING_ACKNOWLEDGEMENT, "ann@customer.example");
  gint64 ticket = take_in (store, decision, NULL, &error), next_due;
  g_assert_no_error (error);
  g_assert_cmpint (store_count_acknowledgements (store, "Ann@Customer.example", NOW, 10, NULL), ==, 1);
  g_assert_cmpint (store_count_acknowledgements (store, "ann@customer.example", NOW + HOUR + 1, 10, NULL), ==, 0);
  g_autoptr (GPtrArray) pages = store_claim_due (store, TRUE, 1000, 10, &next_due, &error);
  g_assert_cmpuint (pages->len, ==, 1);
  g_assert_cmpint (next_due, ==, G_MAXINT64);
  g_autoptr (GPtrArray) again = store_claim_due (store, TRUE, 1000, 10, &next_due, &error);
  g_assert_cmpuint (again->len, ==, 0); /* claimed once */
  const OutboxRow *page = g_ptr_array_index (pages, 0);
  g_assert_true (store_outbox_retry (store, page->id, "451 no", 5000, &error));
  g_autoptr (GPtrArray) early = store_claim_due (store, TRUE, 4999, 10, &next_due, &error);
  g_assert_cmpuint (early->len, ==, 0);
  g_assert_cmpint (next_due, ==, 5000);
  g_autoptr (GPtrArray) letters = store_claim_due (store, FALSE, 1000, 10, &next_due, &error);
  const OutboxRow *letter = g_ptr_array_index (letters, 0);
  g_assert_true (store_outbox_sent (store, letter->id, "250 ok", NULL, 7000, &error));
  g_autoptr (Ticket) found = store_find_ticket (store, ticket, &error);
  g_assert_cmpint (found->acknowledged_at, ==, 7000);
  /* A ticket that is closed pages nobody any more. */
  g_assert_true (store_close_ticket (store, ticket, FALSE, NULL, "alice", 9000, 8000, &error));
  g_autoptr (GPtrArray) late = store_claim_due (store, TRUE, 9000, 10, &next_due, &error);
  g_assert_cmpuint (late->len, ==, 0);
}

/* Opens the ticket of an emergency that pages alice, whose further pages wait for each other. */
static void
open_emergency (Store *store, const char *key)
{
  g_autoptr (GError) error = NULL;
  Decision *decision = make_decision (&emergency, INTAKE_OPEN, key);
  decision->page = TRUE;
  decision->incident = g_new0 (Incident, 1);
  *decision->incident = (Incident){ .escalation = g_strdup ("noc"), .plan = g_strdup ("{}"), .round = 1, .next_at = HOUR };
  add_outgoing (decision, OUTGOING_PAGE, "alice");
  ((Outgoing *) g_ptr_array_index (decision->outgoing, 0))->window = MINUTE;
  take_in (store, decision, NULL, &error);
  g_assert_no_error (error);
}

/* Claims the one page that is due at NOW, which tells of COUNT; its id. */
static gint64
claim_page (Store *store, gint64 now, guint count)
{
  gint64 next_due;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) pages = store_claim_due (store, TRUE, now, 10, &next_due, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pages->len, ==, 1);
  gint64 id = ((const OutboxRow *) g_ptr_array_index (pages, 0))->id;
  g_autoptr (GPtrArray) rows = store_list_page_rows (store, id, &error);
  g_assert_cmpuint (rows->len, ==, count);
  return id;
}

/* What its gateway tells later of a page of several is true for all of them. */
static void
test_page_of_several (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = open_store ("several.db", STORE_DAEMON);
  const char *const keys[] = { "one", "two", "three", "four" };
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    open_emergency (store, keys[i]);
  g_assert_true (store_outbox_sent (store, claim_page (store, NOW, 1), "HTTP 201", "SM1", NOW, &error));
  gint64 page = claim_page (store, NOW + MINUTE, 3);
  g_assert_true (store_outbox_sent (store, page, "HTTP 201", "SM2", NOW + MINUTE, &error));
  g_assert_true (store_report_page (store, "sms", "SM2", 1, PAGE_FATE_FAILED_FOR_NOW, "not reached", NOW + MINUTE, &error));
  g_assert_no_error (error);
  gint64 again = claim_page (store, NOW + 2 * MINUTE, 3);
  g_assert_true (store_outbox_retry (store, again, "503", NOW + 3 * MINUTE, &error));
  gint64 last = claim_page (store, NOW + 3 * MINUTE, 3);
  /* Whoever takes one of them while the page is on its way takes it out of the next try. */
  g_assert_true (store_take_incident (store, 3, PAGE_ACKNOWLEDGE, "bob", "command", NOW + 3 * MINUTE, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (store_outbox_retry (store, last, "503", NOW + 4 * MINUTE, &error));
  claim_page (store, NOW + 4 * MINUTE, 2);
}

static void
test_claims_of_a_dead_run (void)
{
  g_autoptr (GError) error = NULL;
  gint64 next_due;
  Store *store = open_store ("dead.db", STORE_DAEMON);
  Decision *decision = make_decision (&support, INTAKE_OPEN, "one");
  add_outgoing (decision, OUTGOING_ACKNOWLEDGEMENT, "ann@customer.example");
  take_in (store, decision, NULL, &error);
  g_autoptr (GPtrArray) claimed = store_claim_due (store, FALSE, 1000, 10, &next_due, &error);
  g_assert_cmpuint (claimed->len, ==, 1);
  store_close (store);
  store = open_store ("dead.db", STORE_DAEMON);
  g_autoptr (GPtrArray) again = store_claim_due (store, FALSE, 1000, 10, &next_due, &error);
  g_assert_cmpuint (again->len, ==, 1);
  store_close (store);
}

/* Those that have not ended, oldest first; one that is taken back is a record and counts no more. */
static void
test_overrides (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = open_store ("overrides.db", STORE_DAEMON);
  Override made[] = {
    { .schedule = (char *) "noc", .agent = (char *) "bob", .instead = (char *) "alice", .from = 30, .to = 40, .actor = (char *) "dora", .at = 1 },
    { .schedule = (char *) "noc", .agent = (char *) "carol", .from = 10, .to = 20, .actor = (char *) "dora", .at = 2 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (made); i++)
    g_assert_true (store_add_override (store, &made[i], &error));
  g_assert_cmpint (made[0].id, <, made[1].id);
  g_autoptr (GPtrArray) both = store_list_overrides (store, 19, &error);
  g_autoptr (GPtrArray) later = store_list_overrides (store, 20, &error);
  g_assert_cmpuint (both->len, ==, 2);
  g_assert_cmpuint (later->len, ==, 1);
  const Override *first = g_ptr_array_index (both, 0), *second = g_ptr_array_index (both, 1);
  g_assert_cmpstr (first->instead, ==, "alice");
  g_assert_cmpint (first->from, ==, 30);
  g_assert_cmpint (first->to, ==, 40);
  g_assert_cmpstr (first->actor, ==, "dora");
  g_assert_cmpstr (second->agent, ==, "carol");
  g_assert_null (second->instead);
  g_assert_true (store_remove_override (store, made[0].id, "erin", 3, &error));
  g_assert_false (store_remove_override (store, made[0].id, "erin", 4, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
  g_autoptr (GPtrArray) rest = store_list_overrides (store, 0, NULL);
  g_assert_cmpuint (rest->len, ==, 1);
  g_autoptr (GPtrArray) records = store_list_override_records (store, NULL);
  g_assert_cmpuint (records->len, ==, 2);
  g_assert_cmpstr (((const Override *) g_ptr_array_index (records, 0))->removed_by, ==, "erin");
  g_assert_cmpint (((const Override *) g_ptr_array_index (records, 0))->removed_at, ==, 3);
  g_assert_null (((const Override *) g_ptr_array_index (records, 1))->removed_by);
}

static void
test_work (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = open_store ("work.db", STORE_DAEMON);
  g_assert_cmpint (store_next_number (store, &error), ==, 1);
  gint64 ticket = open_ticket (store, "one"), next_due;
  g_assert_cmpint (store_next_number (store, &error), ==, ticket + 1);
  g_assert_true (store_add_note (store, ticket, "alice", "called back", 1, &error));
  g_assert_true (store_assign (store, ticket, NULL, "bob", "alice", 2, &error));
  g_assert_true (store_set_priority (store, ticket, 1, "alice", 3, &error));
  g_assert_false (store_reopen_ticket (store, ticket, "alice", 4, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_STATE);
  g_clear_error (&error);
  g_assert_true (store_close_ticket (store, ticket, FALSE, NULL, "alice", 100, 5, &error));
  g_assert_true (store_run_timers (store, 99, &next_due, &error));
  g_assert_cmpint (next_due, ==, 100);
  g_assert_true (store_run_timers (store, 100, &next_due, &error));
  g_autoptr (Ticket) found = store_find_ticket (store, ticket, &error);
  g_assert_cmpstr (found->state, ==, "closed");
  g_assert_cmpstr (found->assignee, ==, "bob");
  g_assert_cmpint (found->priority, ==, 1);
  g_assert_true (store_reopen_ticket (store, ticket, "alice", 200, &error));
  g_autoptr (GPtrArray) events = store_list_events (store, ticket, &error);
  g_assert_cmpuint (events->len, ==, 7); /* opened, noted, assigned, priority, resolved, closed, reopened */
  g_assert_false (store_add_note (store, 999, "alice", "x", 1, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
}

static void
test_import (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = open_store ("import.db", STORE_WRITE);
  Contact ann = { .mail = (char *) "ann@customer.example", .customer = (char *) "C-1" };
  Contact ben = { .mail = (char *) "ben@customer.example" };
  StoreImport *first = store_import_begin (store, &error);
  g_assert_true (store_import_add (first, &ann, &error));
  g_assert_true (store_import_finish (first, &error));
  StoreImport *second = store_import_begin (store, &error);
  g_assert_true (store_import_add (second, &ben, &error));
  g_autoptr (Contact) before = store_find_customer (store, "ben@customer.example", &error);
  g_assert_null (before); /* nothing of it counts until it is whole */
  store_import_abandon (second);
  g_assert_cmpint (store_count_customers (store, NULL), ==, 1);
  StoreImport *third = store_import_begin (store, &error);
  g_assert_true (store_import_add (third, &ben, &error));
  g_assert_true (store_import_finish (third, &error));
  g_autoptr (Contact) gone = store_find_customer (store, "ann@customer.example", &error);
  g_autoptr (Contact) found = store_find_customer (store, "ben@customer.example", &error);
  g_assert_null (gone);
  g_assert_nonnull (found);
  g_assert_no_error (error);
}

/* Two at once: the one that began last is the one that counts, and the other is told. */
static void
test_two_imports (void)
{
  enum { ROWS = 1000 };
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) here = open_store ("imports.db", STORE_WRITE);
  g_autoptr (Store) there = open_store ("imports.db", STORE_WRITE);
  Contact ann = { .mail = (char *) "ann@customer.example" };
  StoreImport *first = store_import_begin (here, &error);
  for (int i = 0; i < ROWS; i++)
    {
      g_autofree char *mail = g_strdup_printf ("c%d@customer.example", i);
      Contact contact = { .mail = mail };
      g_assert_true (store_import_add (first, &contact, &error));
    }
  StoreImport *second = store_import_begin (there, &error);
  g_assert_false (store_import_finish (first, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  g_assert_true (store_import_add (second, &ann, &error));
  g_assert_true (store_import_finish (second, &error));
  g_assert_no_error (error);
  g_assert_cmpint (store_count_customers (here, NULL), ==, 1);
}

typedef struct {
  gint64 ticket;
  guint written; /* atomic */
  gint done;     /* atomic */
} Noting;

/* Writes notes as a program of its own would, all the time. */
static gpointer
write_notes (gpointer data)
{
  Noting *noting = data;
  g_autoptr (Store) store = open_store ("large-import.db", STORE_WRITE);
  while (!g_atomic_int_get (&noting->done))
    {
      g_autoptr (GError) error = NULL;
      store_add_note (store, noting->ticket, "alice", "meanwhile", NOW, &error);
      g_assert_no_error (error);
      g_atomic_int_inc (&noting->written);
      g_usleep (2000); /* the other side looks every millisecond whether it can go on */
    }
  return NULL;
}

static void
import_rows (Store *store, int count)
{
  g_autoptr (GError) error = NULL;
  StoreImport *import = store_import_begin (store, &error);
  g_assert_no_error (error);
  for (int i = 0; i < count; i++)
    {
      char mail[32];
      g_snprintf (mail, sizeof mail, "user%d@customer.example", i);
      Contact contact = { .mail = mail, .customer = (char *) "C-1" };
      store_import_add (import, &contact, &error);
      g_assert_no_error (error);
    }
  store_import_finish (import, &error);
  g_assert_no_error (error);
  g_assert_cmpint (store_count_customers (store, NULL), ==, count);
}

/* Neither the rows of an import nor the deletion of those before it keep others from writing: they get a turn many times for
 * each 10,000 rows, whatever the speed of the machine. */
static void
test_large_import (void)
{
  enum { ROWS = 100000, TURNS = ROWS / 1000 };
  g_autoptr (Store) store = open_store ("large-import.db", STORE_WRITE);
  Noting noting = { .ticket = open_ticket (store, "one") };
  g_autoptr (GThread) other = g_thread_new ("other", write_notes, &noting);
  import_rows (store, ROWS);
  guint added = g_atomic_int_get (&noting.written);
  import_rows (store, 1);
  guint deleted = g_atomic_int_get (&noting.written) - added;
  g_atomic_int_set (&noting.done, TRUE);
  g_thread_join (g_steal_pointer (&other));
  g_test_message ("%u and %u writes meanwhile", added, deleted);
  g_assert_cmpuint (added, >=, TURNS);
  g_assert_cmpuint (deleted, >=, TURNS);
}

static void
test_trouble (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *damaged = g_build_filename (folder, "damaged.db", NULL);
  g_file_set_contents (damaged, "this is no database, however long it may be", -1, NULL);
  g_assert_null (store_open (damaged, STORE_DAEMON, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, "damaged"));
  g_clear_error (&error);
  g_assert_null (store_open ("/nowhere/frontdesk.db", STORE_DAEMON, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE);
  g_autofree char *missing = g_build_filename (folder, "missing.db", NULL);
  g_clear_error (&error);
  g_autoptr (Store) empty = store_open (missing, STORE_READ, &error);
  TicketQuery query = { 0 };
  g_autoptr (GPtrArray) tickets = store_list_tickets (empty, &query, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (tickets->len, ==, 0);
  g_assert_false (g_file_test (missing, G_FILE_TEST_EXISTS));
}

/* In the child: opens tickets for ever and says each number once it is committed. */
static void
work_until_killed (const char *name, int out)
{
  Store *store = open_store (name, STORE_DAEMON);
  for (int i = 0;; i++)
    {
      g_autofree char *key = g_strdup_printf ("%d-%d", (int) getpid (), i);
      gint64 number = open_ticket (store, key);
      if (write (out, &number, sizeof number) < 0)
        _exit (1);
    }
}

static void
test_kill (void)
{
  gint64 number, last = 0;
  for (int round = 0; round < 5; round++)
    {
      int ends[2];
      g_assert_cmpint (pipe (ends), ==, 0);
      pid_t child = fork ();
      if (child == 0)
        work_until_killed ("kill.db", ends[1]);
      close (ends[1]);
      for (int i = 0; i < 20 + round * 7; i++)
        g_assert_cmpint (read (ends[0], &number, sizeof number), ==, sizeof number);
      kill (child, SIGKILL);
      waitpid (child, NULL, 0);
      while (read (ends[0], &number, sizeof number) == sizeof number)
        ;
      close (ends[0]);
      g_assert_cmpint (number, >, last);
      last = number;
      g_autoptr (GError) error = NULL;
      g_autoptr (Store) store = open_store ("kill.db", STORE_DAEMON);
      g_assert_true (store_check (store, &error));
      g_autoptr (Ticket) found = store_find_ticket (store, last, &error); /* what was said to be committed is there */
      g_assert_no_error (error);
      g_assert_cmpint (found->number, ==, last);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("frontdesk-store-XXXXXX", NULL);
  g_test_add_func ("/store/kill", test_kill); /* first: it forks */
  g_test_add_func ("/store/many-at-once", test_many_at_once);
  g_test_add_func ("/store/duplicates-at-once", test_duplicates_at_once);
  g_test_add_func ("/store/shared-fate", test_shared_fate);
  g_test_add_func ("/store/acknowledge-limits-at-once", test_acknowledge_limits_at_once);
  g_test_add_func ("/store/outbox", test_outbox);
  g_test_add_func ("/store/page-of-several", test_page_of_several);
  g_test_add_func ("/store/claims-of-a-dead-run", test_claims_of_a_dead_run);
  g_test_add_func ("/store/work", test_work);
  g_test_add_func ("/store/overrides", test_overrides);
  g_test_add_func ("/store/import", test_import);
  g_test_add_func ("/store/two-imports", test_two_imports);
  g_test_add_func ("/store/texts", test_texts);
  g_test_add_func ("/store/answers", test_answers);
  g_test_add_func ("/store/large-import", test_large_import);
  g_test_add_func ("/store/trouble", test_trouble);
  int status = g_test_run ();
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (folder);
  return status;
}
