/* What an agent does to tickets at once, and tickets that become one or two: all of it or nothing, and nobody comes to read what
 * was not meant for them. */
#include <string.h>

#include "config/limits.h"
#include "delivery/matter.h"

#define NOW 100000
#define ANN "ann@customer.example"
#define BEN "ben@else.example"
#define CLEO "cleo@else.example"

static const Team team = { .name = (char *) "tier1" };
static const Role support = { .name = (char *) "support", .priority = 3, .team = &team };
static const Role billing = { .name = (char *) "billing", .priority = 3, .team = &team };
static char *folder;

typedef struct {
  Store *store;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  static guint serial;
  (void) data;
  g_autofree char *name = g_strdup_printf ("%u.db", serial++);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  place->store = store_open (path, STORE_DAEMON, NULL);
  g_assert_nonnull (place->store);
}

static void
tear_down (Place *place, gconstpointer data)
{
  (void) data;
  store_close (place->store);
}

/* ---- tickets ---- */

typedef struct {
  const Role *role;       /* support when left out */
  const char *from;       /* Ann when left out */
  const char *customer;   /* nullable */
  const char *joining;    /* who takes part from now on and is shown, with blanks between */
  gint64 ticket;          /* 0: a new one */
  gint64 after;           /* it waits for that one */
  IntakeKind kind;        /* INTAKE_OPEN when left out */
  gboolean blind;         /* who writes takes part, and is not shown */
  gboolean emergency;
} Mail;

/* Takes MAIL in, with an acknowledgement that it gets or a notification; its ticket. */
static gint64
take_in (Store *store, Mail mail)
{
  static guint serial;
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) raw = raw_message_new (folder);
  g_autofree char *text = g_strdup_printf ("Subject: x\r\n\r\nbody %u\r\n", serial++);
  raw_message_append (raw, text, strlen (text), NULL);
  g_autoptr (MessageFacts) facts = message_read (raw, "T");
  const char *from = mail.from != NULL ? mail.from : ANN;
  g_autoptr (Envelope) envelope = envelope_new (from);
  facts->from = g_strdup (from);
  facts->message_id = g_strdup_printf ("%u@client.example", serial);
  Decision *decision = decision_new (mail.role != NULL ? mail.role : &support);
  decision->kind = mail.ticket != 0 ? INTAKE_CONTINUE : mail.kind;
  decision->ticket = mail.ticket;
  decision->after = mail.after;
  decision->participant = mail.blind;
  decision->by_person = TRUE;
  decision->key = g_strdup_printf ("%032u", serial);
  decision->reason = g_strdup ("because");
  decision->reply = g_strdup ("250 2.0.0 Ok");
  decision->standing_reason = g_strdup ("known");
  decision->joining = mail.joining != NULL ? g_strsplit (mail.joining, " ", -1) : NULL;
  if (mail.emergency)
    {
      decision->page = TRUE;
      decision->page_reason = g_strdup ("an emergency");
      decision->incident = g_new0 (Incident, 1);
      *decision->incident = (Incident){ .escalation = g_strdup ("noc"), .plan = g_strdup ("{}"), .round = 1, .started_at = NOW, .next_at = NOW };
    }
  Outgoing *letter = outgoing_new (mail.ticket != 0 ? OUTGOING_NOTIFICATION : OUTGOING_ACKNOWLEDGEMENT, from,
                                   mail.ticket != 0 ? "team-message" : "acknowledgement");
  letter->message_id = g_strdup_printf ("ack.%016u@desk.example", serial);
  letter->of_message = mail.ticket != 0;
  g_ptr_array_add (decision->outgoing, letter);
  g_autoptr (GPtrArray) decisions = g_ptr_array_new_with_free_func ((GDestroyNotify) decision_free);
  g_ptr_array_add (decisions, decision);
  Contact contact = { .mail = (char *) from, .customer = (char *) mail.customer };
  Intake intake = { .envelope = envelope, .facts = facts, .raw = raw, .now = NOW + serial, .decisions = decisions,
                    .contact = mail.customer != NULL ? &contact : NULL };
  g_assert_true (store_intake (store, &intake, &error));
  g_assert_no_error (error);
  return decision->ticket;
}

static Ticket *
find (Store *store, gint64 number)
{
  g_autoptr (GError) error = NULL;
  Ticket *ticket = store_find_ticket (store, number, &error);
  g_assert_no_error (error);
  return ticket;
}

static char *
describe_people (Store *store, gint64 number)
{
  g_autoptr (Ticket) ticket = find (store, number);
  g_autofree char *all = g_strjoinv (" ", ticket->participants), *shown = g_strjoinv (" ", ticket->shown);
  return g_strdup_printf ("%s|%s", all, shown);
}

static void
assert_people (Store *store, gint64 number, const char *want)
{
  g_autofree char *got = describe_people (store, number);
  g_assert_cmpstr (got, ==, want);
}

/* All that there is about NUMBER, in a line. */
static char *
describe (Store *store, gint64 number)
{
  g_autoptr (Ticket) ticket = find (store, number);
  g_autoptr (GPtrArray) messages = store_list_messages (store, number, NULL), outbox = store_list_outbox (store, number, NULL),
                        events = store_list_events (store, number, NULL);
  g_autofree char *people = describe_people (store, number);
  return g_strdup_printf ("%s p%d %s %s %s m%u o%u e%u %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, ticket->state, ticket->priority, ticket->team,
                          ticket->assignee, people, messages->len, outbox->len, events->len, ticket->responded_at, ticket->merged);
}

static gint64
id_of_message (Store *store, gint64 number, guint index)
{
  g_autoptr (GPtrArray) messages = store_list_messages (store, number, NULL);
  g_assert_cmpuint (index, <, messages->len);
  return ((const Message *) messages->pdata[index])->id;
}

static void
assert_merged (Store *store, gint64 from, gint64 into)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (store_merge_ticket (store, from, into, "alice", NOW, &error));
  g_assert_no_error (error);
}

/* ---- an agent's work ---- */

static GPtrArray *
answer_to (const char *people)
{
  GPtrArray *outgoing = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  g_auto (GStrv) list = g_strsplit (people, " ", -1);
  for (guint i = 0; list[i] != NULL; i++)
    {
      Outgoing *letter = outgoing_new (OUTGOING_LETTER, list[i], "reply");
      letter->message_id = g_strdup ("letter.abcdefghijklmnop@desk.example");
      letter->of_message = TRUE;
      g_ptr_array_add (outgoing, letter);
    }
  return outgoing;
}

static StaffWork *
answer_of (const char *text)
{
  StaffWork *work = staff_work_new ("alice");
  work->use = STAFF_TEXT_ANSWER;
  work->text = g_strdup (text);
  return work;
}

/* An answer has one id, however many copies go out, and is the message that they have the text of. */
static void
test_answer (Place *place, gconstpointer data)
{
  (void) data;
  gint64 number = take_in (place->store, (Mail){ .joining = BEN });
  g_autoptr (StaffWork) work = answer_of ("Turn it off and on.");
  g_autoptr (GPtrArray) outgoing = answer_to (ANN " " BEN " " CLEO);
  work->joining = g_strsplit (CLEO, " ", -1);
  work->cc = g_strsplit (BEN " " CLEO, " ", -1);
  g_assert_true (store_do_staff_work (place->store, number, work, outgoing, NOW + 500, NULL));
  g_autoptr (GPtrArray) messages = store_list_messages (place->store, number, NULL), outbox = store_list_outbox (place->store, number, NULL);
  const Message *answer = messages->pdata[messages->len - 1];
  g_assert_cmpstr (answer->direction, ==, "out");
  g_assert_cmpstr (answer->text, ==, "Turn it off and on.");
  g_assert_cmpstr (answer->cc, ==, BEN " " CLEO);
  guint copies = 0;
  for (guint i = 0; i < outbox->len; i++)
    {
      const OutboxRow *row = outbox->pdata[i];
      if (!g_str_equal (row->template, "reply"))
        continue;
      copies++;
      g_assert_cmpint (row->message, ==, answer->id);
      g_assert_cmpstr (row->message_id, ==, answer->message_id);
    }
  g_assert_cmpuint (copies, ==, 3);
  g_autoptr (Ticket) ticket = find (place->store, number);
  g_assert_cmpint (ticket->responded_at, ==, NOW + 500);
  assert_people (place->store, number, BEN " " CLEO "|" BEN " " CLEO);
}

/* Each of these fails at its last step. */
static void
test_all_or_nothing (Place *place, gconstpointer data)
{
  (void) data;
  const struct {
    gint64 merge_into;
    gboolean close, demanded, pending, ended;
  } cases[] = { { .merge_into = 999 }, { .merge_into = 1 }, { .merge_into = 2 }, { .close = TRUE, .demanded = TRUE }, { .pending = TRUE, .ended = TRUE },
                { .close = TRUE, .ended = TRUE } };
  gint64 number = take_in (place->store, (Mail){ .joining = BEN }), other = take_in (place->store, (Mail){ .from = "wes@other.example" });
  g_assert_cmpint (number, ==, 1);
  g_assert_cmpint (other, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (StaffWork) work = answer_of ("Hello.");
      g_autoptr (GPtrArray) outgoing = answer_to (ANN);
      g_autoptr (GError) error = NULL;
      work->joining = g_strsplit (CLEO, " ", -1);
      work->root_cause = cases[i].demanded ? NULL : g_strdup ("a worn cable");
      work->team = g_strdup ("billing");
      work->assignee = g_strdup ("bob");
      work->priority = 1;
      work->merge_into = cases[i].merge_into;
      work->close = cases[i].close;
      work->root_cause_demanded = cases[i].demanded;
      work->pending = cases[i].pending;
      if (cases[i].ended)
        store_close_ticket (place->store, number, FALSE, NULL, "alice", NOW + 900, NOW, NULL);
      g_autofree char *before = describe (place->store, number), *before_other = describe (place->store, other);
      g_assert_false (store_do_staff_work (place->store, number, work, outgoing, NOW, &error));
      g_assert_true (error->domain == STORE_ERROR);
      g_autofree char *after = describe (place->store, number), *after_other = describe (place->store, other);
      g_assert_cmpstr (after, ==, before);
      g_assert_cmpstr (after_other, ==, before_other);
    }
}

/* ---- who takes part ---- */

static void
test_bound (Place *place, gconstpointer data)
{
  (void) data;
  g_autoptr (GString) many = g_string_new (NULL);
  for (guint i = 0; i < LIMIT_PARTICIPANTS + 10; i++)
    g_string_append_printf (many, "%sc%u@else.example", i > 0 ? " " : "", i);
  gint64 number = take_in (place->store, (Mail){ .joining = many->str });
  gint64 other = take_in (place->store, (Mail){ .joining = "x@else.example y@else.example" });
  g_autoptr (Ticket) full = find (place->store, number);
  g_assert_cmpuint (g_strv_length (full->participants), ==, LIMIT_PARTICIPANTS);
  g_assert_cmpstr (full->participants[0], ==, "c0@else.example");
  assert_merged (place->store, other, number);
  g_autoptr (Ticket) merged = find (place->store, number);
  g_assert_cmpuint (g_strv_length (merged->participants), ==, LIMIT_PARTICIPANTS);
}

static void
test_shown (Place *place, gconstpointer data)
{
  (void) data;
  gint64 number = take_in (place->store, (Mail){ .joining = BEN });
  take_in (place->store, (Mail){ .ticket = number, .from = CLEO, .blind = TRUE });
  assert_people (place->store, number, BEN " " CLEO "|" BEN);
  take_in (place->store, (Mail){ .ticket = number, .from = BEN, .blind = TRUE });
  assert_people (place->store, number, BEN " " CLEO "|" BEN);
  take_in (place->store, (Mail){ .ticket = number, .joining = "CLEO@else.example" });
  assert_people (place->store, number, BEN " " CLEO "|" BEN " " CLEO);
}

/* Who took part in the one reads on, but the others come to see nobody whom they were not shown before. */
static void
test_people_of_merged (Place *place, gconstpointer data)
{
  (void) data;
  static const struct {
    const char *from, *from_shown, *from_blind, *into_shown, *into_blind, *want;
  } cases[] = {
    { ANN, "", "", "", "", "|" },
    { ANN, BEN, "", "", "", BEN "|" BEN },
    { ANN, "", BEN, "", "", BEN "|" },
    { ANN, "", BEN, BEN, "", BEN "|" BEN },
    { ANN, BEN, "", "", BEN, BEN "|" BEN },
    /* a colleague's */
    { "amy@customer.example", "", "", "", "", "amy@customer.example|" },
    { "amy@customer.example", BEN, "", CLEO, "", "amy@customer.example " BEN " " CLEO "|" CLEO },
    { "amy@customer.example", BEN, "", "", BEN, "amy@customer.example " BEN "|" },
    { "amy@customer.example", "", "", "amy@customer.example", "", "amy@customer.example|amy@customer.example" },
    { "amy@customer.example", "", ANN, "", "", "amy@customer.example|" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 from = take_in (place->store, (Mail){ .from = cases[i].from, .customer = "C-1", .joining = *cases[i].from_shown != '\0' ? cases[i].from_shown : NULL });
      gint64 into = take_in (place->store, (Mail){ .customer = "C-1", .joining = *cases[i].into_shown != '\0' ? cases[i].into_shown : NULL });
      if (*cases[i].from_blind != '\0')
        take_in (place->store, (Mail){ .ticket = from, .from = cases[i].from_blind, .blind = TRUE });
      if (*cases[i].into_blind != '\0')
        take_in (place->store, (Mail){ .ticket = into, .from = cases[i].into_blind, .blind = TRUE });
      assert_merged (place->store, from, into);
      assert_people (place->store, into, cases[i].want);
    }
}

/* ---- merging ---- */

static void
test_what_is_not_merged (Place *place, gconstpointer data)
{
  (void) data;
  Store *store = place->store;
  gint64 one = take_in (store, (Mail){ .customer = "C-1" }), bare = take_in (store, (Mail){ .from = "dan@else.example" }),
         other = take_in (store, (Mail){ .from = "wes@other.example", .customer = "C-2" }), empty = take_in (store, (Mail){ .from = "eve@evil.example", .customer = "" }),
         empty_too = take_in (store, (Mail){ .from = "zoe@evil.example", .customer = "" }), of_billing = take_in (store, (Mail){ .role = &billing, .customer = "C-1" }),
         refused = take_in (store, (Mail){ .kind = INTAKE_REFUSE, .customer = "C-1" }), emergency = take_in (store, (Mail){ .customer = "C-1", .emergency = TRUE }),
         merged = take_in (store, (Mail){ .customer = "C-1" }), last = take_in (store, (Mail){ .customer = "C-1" });
  assert_merged (store, merged, last);
  const struct {
    gint64 from, into;
    const char *reason;
  } cases[] = {
    { one, one, "cannot become part of #1 itself" }, { one, other, "different customers" },       { other, one, "different customers" },
    { one, bare, "different customers" },            { empty, empty_too, "different customers" }, { one, of_billing, "different roles" },
    { one, merged, "part of another" },              { merged, one, "part of another" },          { emergency, one, "is running" },
    { one, 999, "there is no ticket #999" },         { 999, one, "there is no ticket #999" },     { refused, one, NULL }, { one, refused, NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *before = describe (store, one);
      g_assert_false (store_merge_ticket (store, cases[i].from, cases[i].into, "alice", NOW, &error));
      g_assert_nonnull (error);
      if (cases[i].reason != NULL)
        g_assert_nonnull (strstr (error->message, cases[i].reason));
      g_autofree char *after = describe (store, one);
      g_assert_cmpstr (after, ==, before);
    }
  assert_merged (store, one, emergency); /* where it goes on */
}

/* What the customer waits for an answer to is waited for; what was answered does not begin anew. */
static void
test_unanswered (Place *place, gconstpointer data)
{
  (void) data;
  for (guint answered = 0; answered <= 1; answered++)
    {
      gint64 from = take_in (place->store, (Mail){ 0 }), into = take_in (place->store, (Mail){ 0 });
      g_autoptr (StaffWork) work = answer_of ("Hello.");
      g_autoptr (GPtrArray) outgoing = answer_to (ANN);
      if (answered)
        g_assert_true (store_do_staff_work (place->store, from, work, outgoing, NOW, NULL));
      g_assert_true (store_close_ticket (place->store, into, FALSE, NULL, "alice", NOW + 900, NOW, NULL));
      assert_merged (place->store, from, into);
      g_autoptr (Ticket) gone = find (place->store, from), left = find (place->store, into);
      g_assert_cmpstr (gone->state, ==, "closed");
      g_assert_cmpstr (left->state, ==, answered ? "resolved" : "open");
    }
}

static void
assert_leads_to (Store *store, const char *id, gint64 number, gboolean by_letter)
{
  const char *const ids[] = { id, NULL };
  g_autoptr (GPtrArray) found = by_letter ? store_find_tickets_by_letter (store, ids, NULL) : store_find_tickets_by_message_id (store, ids, NULL);
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpint (((const Ticket *) found->pdata[0])->number, ==, number);
}

/* One into another into a third: what points to any of them leads to the last. */
static void
test_chain (Place *place, gconstpointer data)
{
  (void) data;
  enum { LENGTH = 5 };
  gint64 numbers[LENGTH];
  for (guint i = 0; i < LENGTH; i++)
    numbers[i] = take_in (place->store, (Mail){ 0 });
  for (guint i = 1; i < LENGTH; i++)
    assert_merged (place->store, numbers[i - 1], numbers[i]);
  gint64 last = numbers[LENGTH - 1];
  g_autoptr (GPtrArray) messages = store_list_messages (place->store, last, NULL);
  g_assert_cmpuint (messages->len, ==, LENGTH);
  for (guint i = 0; i < LENGTH; i++)
    {
      g_autoptr (Ticket) followed = store_follow_ticket (place->store, numbers[i], NULL);
      g_autoptr (GPtrArray) outbox = store_list_outbox (place->store, numbers[i], NULL);
      g_assert_cmpint (followed->number, ==, last);
      assert_leads_to (place->store, ((const OutboxRow *) outbox->pdata[0])->message_id, last, TRUE);
      assert_leads_to (place->store, ((const Message *) messages->pdata[i])->message_id, last, FALSE);
    }
}

/* Nobody looks at a ticket that is part of another: nothing can be done to it by mistake. */
static void
test_work_on_merged (Place *place, gconstpointer data)
{
  (void) data;
  Store *store = place->store;
  gint64 from = take_in (store, (Mail){ 0 }), into = take_in (store, (Mail){ 0 });
  assert_merged (store, from, into);
  g_autofree char *before = describe (store, from);
  g_autoptr (StaffWork) work = answer_of ("Hello.");
  g_autoptr (GPtrArray) outgoing = answer_to (ANN);
  g_autoptr (GError) error = NULL;
  g_assert_false (store_add_note (store, from, "alice", "x", NOW, NULL));
  g_assert_false (store_assign (store, from, NULL, "bob", "alice", NOW, NULL));
  g_assert_false (store_set_priority (store, from, 1, "alice", NOW, NULL));
  g_assert_false (store_set_pending (store, from, 0, "alice", NOW, NULL));
  g_assert_false (store_reopen_ticket (store, from, "alice", NOW, NULL));
  g_assert_false (store_do_staff_work (store, from, work, outgoing, NOW, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_STATE);
  g_assert_cmpstr (error->message, ==, "ticket #1 is part of #2 now");
  g_autofree char *after = describe (store, from);
  g_assert_cmpstr (after, ==, before);
}

/* What was decided on before the merging and is written after it. */
static void
test_mail_behind_merging (Place *place, gconstpointer data)
{
  (void) data;
  gint64 from = take_in (place->store, (Mail){ 0 }), into = take_in (place->store, (Mail){ 0 });
  assert_merged (place->store, from, into);
  g_assert_cmpint (take_in (place->store, (Mail){ .ticket = from, .from = BEN, .blind = TRUE }), ==, into);
  g_autoptr (GPtrArray) messages = store_list_messages (place->store, into, NULL), none = store_list_messages (place->store, from, NULL);
  g_assert_cmpuint (messages->len, ==, 3);
  g_assert_cmpuint (none->len, ==, 0);
  assert_people (place->store, into, BEN "|");
}

/* ---- the customer's next ticket, which waits for one ---- */

static gint64 begun[10];
static guint begun_count;

static void
note_begun (gpointer data, const PromiseTerms *terms, GArray *promises, const Change *change)
{
  (void) data;
  (void) promises;
  if (change->kind == CHANGE_BEGAN && begun_count < G_N_ELEMENTS (begun))
    begun[begun_count++] = terms->opened_at;
}

static gint64
no_version (gpointer data, const char *role)
{
  (void) data;
  (void) role;
  return 0;
}

static void
test_waiting (Place *place, gconstpointer data)
{
  (void) data;
  static const StoreRules rules = { .change = note_begun, .version = no_version };
  Store *store = place->store;
  store_set_rules (store, &rules, NULL, NULL);
  begun_count = 0;
  gint64 first = take_in (store, (Mail){ 0 }), waits = take_in (store, (Mail){ .after = first }), into = take_in (store, (Mail){ 0 });
  g_autoptr (Ticket) waiting = find (store, waits);
  assert_merged (store, first, into);
  g_assert_cmpuint (begun_count, ==, 0);
  g_assert_true (store_close_ticket (store, into, FALSE, NULL, "alice", NOW + 900, NOW, NULL));
  g_assert_cmpuint (begun_count, ==, 1);
  g_assert_cmpint (begun[0], ==, waiting->opened_at);
  /* one that becomes part of the one that waits for it */
  gint64 second = take_in (store, (Mail){ 0 }), next = take_in (store, (Mail){ .after = second });
  g_autoptr (Ticket) begins = find (store, next);
  begun_count = 0;
  assert_merged (store, second, next);
  g_assert_cmpuint (begun_count, ==, 1);
  g_assert_cmpint (begun[0], ==, begins->opened_at);
  /* one that becomes part of an ended one, which stays so */
  gint64 third = take_in (store, (Mail){ 0 }), ended = take_in (store, (Mail){ 0 });
  take_in (store, (Mail){ .after = third });
  g_assert_true (store_close_ticket (store, third, FALSE, NULL, "alice", NOW + 900, NOW, NULL));
  g_assert_true (store_close_ticket (store, ended, FALSE, NULL, "alice", NOW + 900, NOW, NULL));
  begun_count = 0;
  assert_merged (store, third, ended);
  g_assert_cmpuint (begun_count, >=, 1);
}

/* ---- what is on its way ---- */

/* The text that OUTBOX row TEMPLATE of NUMBER goes out with. */
static char *
text_of (Store *store, gint64 number, const char *template)
{
  g_autoptr (GPtrArray) outbox = store_list_outbox (store, number, NULL);
  g_autoptr (Ticket) ticket = find (store, number);
  for (guint i = 0; i < outbox->len; i++)
    {
      const OutboxRow *row = outbox->pdata[i];
      g_auto (Matter) matter = { 0 };
      if (!g_str_equal (row->template, template))
        continue;
      g_assert_true (matter_gather (&matter, store, row, ticket, NULL));
      g_assert_nonnull (matter.text);
      return g_strstrip (g_strdup (matter.text));
    }
  return NULL;
}

/* A letter is made when it is sent, and its message may be another ticket's then. */
static void
test_answer_on_its_way (Place *place, gconstpointer data)
{
  (void) data;
  gint64 from = take_in (place->store, (Mail){ 0 }), into = take_in (place->store, (Mail){ 0 });
  g_autoptr (StaffWork) work = answer_of ("Both are one now.");
  g_autoptr (GPtrArray) outgoing = answer_to (ANN);
  work->merge_into = into;
  g_assert_true (store_do_staff_work (place->store, from, work, outgoing, NOW, NULL));
  g_autofree char *text = text_of (place->store, from, "reply");
  g_assert_cmpstr (text, ==, "Both are one now.");
}

static void
test_notification_on_its_way (Place *place, gconstpointer data)
{
  (void) data;
  gint64 number = take_in (place->store, (Mail){ 0 });
  take_in (place->store, (Mail){ .ticket = number });
  g_autofree char *before = text_of (place->store, number, "team-message");
  gint64 message = id_of_message (place->store, number, 1);
  g_autoptr (GArray) promises = g_array_new (FALSE, FALSE, sizeof (Promise));
  g_assert_cmpint (store_split_ticket (place->store, number, &message, 1, promises, 0, "alice", NOW, NULL), >, 0);
  g_autofree char *after = text_of (place->store, number, "team-message");
  g_assert_true (g_str_has_prefix (before, "body "));
  g_assert_cmpstr (after, ==, before);
}

/* ---- splitting ---- */

static void
test_split (Place *place, gconstpointer data)
{
  (void) data;
  Store *store = place->store;
  g_autoptr (GArray) promises = g_array_new (FALSE, FALSE, sizeof (Promise));
  gint64 number = take_in (store, (Mail){ .joining = CLEO }), other = take_in (store, (Mail){ 0 });
  for (guint i = 0; i < 2; i++)
    take_in (store, (Mail){ .ticket = number, .from = BEN, .blind = TRUE });
  g_assert_true (store_add_note (store, number, "alice", "hm", NOW, NULL));
  const gint64 mails[] = { id_of_message (store, number, 0), id_of_message (store, number, 1), id_of_message (store, number, 2),
                           id_of_message (store, number, 3), id_of_message (store, other, 0), 9999 };
  static const guint wrong[][3] = { { 5 }, { 4 }, { 3 }, { 1, 5 }, { 1, 4 }, { 1, 1 }, { 0, 1, 2 } };
  static const guint counts[] = { 1, 1, 1, 2, 2, 2, 3 };
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *before = describe (store, number);
      gint64 next = store_next_number (store, NULL);
      const gint64 chosen[] = { mails[wrong[i][0]], mails[wrong[i][1]], mails[wrong[i][2]] };
      g_assert_cmpint (store_split_ticket (store, number, chosen, counts[i], promises, 0, "alice", NOW, &error), ==, 0);
      g_assert_true (error->domain == STORE_ERROR);
      g_autofree char *after = describe (store, number);
      g_assert_cmpstr (after, ==, before);
      g_assert_cmpint (store_next_number (store, NULL), ==, next);
    }
  gint64 made = store_split_ticket (store, number, mails + 1, 2, promises, 0, "alice", NOW, NULL);
  g_autoptr (Ticket) ticket = find (store, made);
  g_autoptr (GPtrArray) messages = store_list_messages (store, made, NULL), left = store_list_messages (store, number, NULL);
  g_assert_cmpstr (ticket->requester, ==, BEN);
  g_assert_cmpint (ticket->related, ==, number);
  g_assert_cmpuint (messages->len, ==, 2);
  g_assert_cmpuint (left->len, ==, 2);
  assert_people (store, made, "|"); /* Cleo was shown to Ann's readers, and not to Ben's */
  assert_leads_to (store, ((const Message *) messages->pdata[0])->message_id, made, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("frontdesk-merge-XXXXXX", NULL);
#define ADD(path, test) g_test_add (path, Place, NULL, set_up, test, tear_down)
  ADD ("/staff-work/answer", test_answer);
  ADD ("/staff-work/all-or-nothing", test_all_or_nothing);
  ADD ("/participants/bound", test_bound);
  ADD ("/participants/shown", test_shown);
  ADD ("/merge/people", test_people_of_merged);
  ADD ("/merge/refused", test_what_is_not_merged);
  ADD ("/merge/unanswered", test_unanswered);
  ADD ("/merge/chain", test_chain);
  ADD ("/merge/work-on-merged", test_work_on_merged);
  ADD ("/merge/mail-behind-merging", test_mail_behind_merging);
  ADD ("/merge/waiting", test_waiting);
  ADD ("/merge/answer-on-its-way", test_answer_on_its_way);
  ADD ("/split/notification-on-its-way", test_notification_on_its_way);
  ADD ("/split/split", test_split);
  int status = g_test_run ();
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (folder);
  return status;
}
