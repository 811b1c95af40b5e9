/* Emergencies in the store: which pages wait for others and go out as one, who takes an incident and who is late, what gateways
 * tell of their pages, how many a sender may begin, and what many threads and processes make of one at the same time. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "desk/escalation.h"
#include "desk/upkeep.h"

#define NOW (G_GINT64_CONSTANT (1795449600) * G_USEC_PER_SEC)
#define SECOND G_TIME_SPAN_SECOND
#define WINDOW (120 * SECOND)

static const char configuration[] =
  "hostname = \"desk.example\"\n"
  "calendar \"c\" { hours = {\"mon-sun 00:00-24:00\"} }\n"
  "policy \"p\" { calendar = \"c\" priority \"p1\" { update = \"30m\" } }\n"
  "team \"noc\" { }\n"
  "agent \"alice\" { mail = \"alice@desk.example\" teams = {\"noc\"} }\n"
  "agent \"bob\" { mail = \"bob@desk.example\" teams = {\"noc\"} }\n"
  "channel \"pager\" { type = \"command\" command = {\"/bin/true\"} }\n"
  "channel \"mail\" { type = \"mail\" }\n"
  "channel \"pd\" { type = \"pagerduty\" key-file = \"/nowhere\" }\n"
  "escalation \"e\" { step \"first\" { agents = {\"alice\"} by = {\"pager\"} wait = \"5m\" } step \"all\" { team = \"noc\" by = {\"pager\"} wait = \"5m\" } page-again = true }\n"
  "role \"emergency\" { address = {\"emergency@desk.example\"} policy = \"p\" priority = \"p1\" team = \"noc\" page = \"e\" }\n";

static char *folder;
static Config *config;
static Seal *seal;

/* ---- a desk ---- */

static Store *
open_store (const char *name, StoreMode mode)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  Store *store = store_open (path, mode, &error);
  g_assert_no_error (error);
  upkeep_install (store, config, seal);
  return store;
}

static Decision *
make_decision (IntakeKind kind, gint64 ticket)
{
  static gint serial; /* atomic */
  Decision *decision = decision_new (config_find_role_by_name (config, "emergency"));
  decision->kind = kind;
  decision->ticket = ticket;
  decision->key = g_strdup_printf ("%032d", g_atomic_int_add (&serial, 1));
  decision->reason = g_strdup ("because");
  decision->reply = g_strdup ("250 2.0.0 Ok");
  decision->standing_reason = g_strdup ("known");
  decision->page_reason = g_strdup ("an emergency");
  return decision;
}

/* WHOM: "alice:pager bob:mail", each a page that joins others within WINDOW. */
static void
add_pages (Decision *decision, const char *whom, gint64 window)
{
  g_auto (GStrv) pages = g_strsplit (whom, " ", -1);
  for (guint i = 0; pages[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (pages[i], ":", 2);
      Outgoing *page = outgoing_new (OUTGOING_PAGE, parts[0], "page");
      page->channel = g_strdup (parts[1]);
      page->message_id = g_strdup_printf ("page.%s.%u@desk.example", decision->key, i);
      page->window = window;
      g_ptr_array_add (decision->outgoing, page);
    }
}

static void
begin_incident (Decision *decision, const char *whom, gint64 window, gint64 now)
{
  const Roster roster = { .config = config };
  g_autoptr (GPtrArray) planned = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  decision->page = TRUE;
  decision->incident = escalation_start (&roster, g_ptr_array_index (config->escalations, 0), now, "why", planned);
  add_pages (decision, whom, window);
}

typedef struct {
  const char *sender;
  int limit, limit_total;
  gint64 now;
} Mail;

static void
take_in (Store *store, const Mail *mail, Decision *decision)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) raw = raw_message_new (folder);
  raw_message_append (raw, "Subject: x\r\n\r\nbody\r\n", 20, NULL);
  g_autoptr (MessageFacts) facts = message_read (raw, "T");
  g_autoptr (Envelope) envelope = envelope_new (mail->sender);
  facts->from = g_strdup (mail->sender);
  facts->message_id = g_strdup_printf ("%s@customer.example", decision->key);
  g_autoptr (GPtrArray) decisions = g_ptr_array_new ();
  g_ptr_array_add (decisions, decision);
  Intake intake = { .envelope = envelope, .facts = facts, .raw = raw, .now = mail->now, .page_limit = mail->limit,
                    .page_limit_total = mail->limit_total, .decisions = decisions };
  g_assert_true (store_intake (store, &intake, &error));
  g_assert_no_error (error);
}

/* The ticket of a new emergency. */
static gint64
open_emergency (Store *store, const char *whom, gint64 window, gint64 now)
{
  const Mail mail = { .sender = "ann@customer.example", .now = now };
  Decision *decision = make_decision (INTAKE_OPEN, 0);
  begin_incident (decision, whom, window, now);
  take_in (store, &mail, decision);
  gint64 ticket = decision->ticket;
  decision_free (decision);
  return ticket;
}

static Incident *
find_incident (Store *store, gint64 ticket)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) incidents = store_list_ticket_incidents (store, ticket, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (incidents->len, ==, 1);
  return g_ptr_array_steal_index (incidents, 0);
}

/* The pages of TICKET, "1 alice:pager due; ..." */
static char *
describe_pages (Store *store, gint64 ticket)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GPtrArray) rows = store_list_outbox (store, ticket, NULL);
  for (guint i = 0; i < rows->len; i++)
    {
      const OutboxRow *row = g_ptr_array_index (rows, i);
      if (g_str_equal (row->kind, "page"))
        g_string_append_printf (text, "%s%s:%s %s%s", text->len > 0 ? "; " : "", row->recipient, row->channel, row->state,
                                g_str_equal (row->template, "page") ? "" : " end");
    }
  return g_string_free (text, FALSE);
}

static void
assert_pages (Store *store, gint64 ticket, const char *want)
{
  g_autofree char *got = describe_pages (store, ticket);
  g_assert_cmpstr (got, ==, want);
}

static int
count_events (Store *store, gint64 ticket, const char *kind)
{
  int count = 0;
  g_autoptr (GPtrArray) events = store_list_events (store, ticket, NULL);
  for (guint i = 0; i < events->len; i++)
    count += g_str_equal (((const Event *) g_ptr_array_index (events, i))->kind, kind);
  return count;
}

static GPtrArray *
claim (Store *store, gint64 now, guint limit)
{
  g_autoptr (GError) error = NULL;
  gint64 next_due;
  GPtrArray *rows = store_claim_due (store, TRUE, now, limit, &next_due, &error);
  g_assert_no_error (error);
  return rows;
}

/* Claims the one page that is due at NOW. */
static gint64
claim_one (Store *store, gint64 now)
{
  g_autoptr (GPtrArray) rows = claim (store, now, 8);
  g_assert_cmpuint (rows->len, ==, 1);
  return ((const OutboxRow *) g_ptr_array_index (rows, 0))->id;
}

static void
send (Store *store, gint64 page, const char *provider_id, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (store_outbox_sent (store, page, "250 Ok", provider_id, now, &error));
  g_assert_no_error (error);
}

static guint
count_incidents_of (Store *store, gint64 page)
{
  g_autoptr (GPtrArray) incidents = store_list_page_incidents (store, page, NULL);
  return incidents->len;
}

/* TRUE when it was done by this call. */
static gboolean
take (Store *store, gint64 incident, PageAction action, const char *agent, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) takings = NULL;
  g_assert_true (store_take_incident (store, incident, action, agent, "command", now, &takings, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (takings->len, ==, 1);
  const Taking *taking = g_ptr_array_index (takings, 0);
  g_assert_cmpint (taking->incident->state, !=, INCIDENT_TRIGGERED); /* who is late is told how it is */
  return taking->done;
}

static void
run_timers (Store *store, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gint64 next_due;
  g_assert_true (store_run_timers (store, now, &next_due, &error));
  g_assert_no_error (error);
  g_assert_cmpint (next_due, >, now);
}

/* ---- windows ---- */

static const struct {
  gint64 at, due; /* seconds */
  const char *whom;
} window_rows[] = {
  { 1000, 1000, "alice:pager" }, /* the first one at once */
  { 1000, 1120, "alice:pager" }, /* the same moment is within */
  { 1030, 1120, "alice:pager" },
  { 1119, 1120, "alice:pager" },
  { 1060, 1060, "bob:pager" }, /* each agent and channel by itself */
  { 1070, 1070, "alice:mail" },
  { 1120, 1240, "alice:pager" }, /* those that were held went out just now: that begins another window */
  { 1239, 1240, "alice:pager" },
  { 1359, 1360, "alice:pager" },
  { 1480, 1480, "alice:pager" }, /* the last window held none */
  { 1600, 1600, "alice:pager" }, /* nor this one */
  { 1599, 1599, "alice:pager" }, /* the clock was set back: not held */
  { 1600, 1719, "alice:pager" },
  { 500, 500, "alice:pager" }, /* far back, while some wait */
  { 501, 620, "alice:pager" },
  { 9000, 9000, "alice:pager" }, /* and far ahead */
  { 9001, 9120, "alice:pager" },
};

static void
test_windows (void)
{
  g_autoptr (Store) store = open_store ("windows.db", STORE_DAEMON);
  for (guint i = 0; i < G_N_ELEMENTS (window_rows); i++)
    {
      gint64 ticket = open_emergency (store, window_rows[i].whom, WINDOW, window_rows[i].at * SECOND);
      g_autoptr (GPtrArray) rows = store_list_outbox (store, ticket, NULL);
      g_assert_cmpuint (rows->len, ==, 1);
      const OutboxRow *row = g_ptr_array_index (rows, 0);
      gboolean held = window_rows[i].due > window_rows[i].at;
      if (row->due_at != window_rows[i].due * SECOND || row->held != held || count_events (store, ticket, "held") != held)
        g_error ("row %u: due at %" G_GINT64_FORMAT, i, row->due_at / SECOND);
    }
}

/* Without a window each goes out at once, and begins none. */
static void
test_no_window (void)
{
  g_autoptr (Store) store = open_store ("no-window.db", STORE_DAEMON);
  open_emergency (store, "alice:pager", 0, NOW);
  open_emergency (store, "alice:pager", 0, NOW);
  open_emergency (store, "alice:pager", WINDOW, NOW);
  g_autoptr (GPtrArray) rows = claim (store, NOW, 8);
  g_assert_cmpuint (rows->len, ==, 3);
}

/* ---- pages that become one ---- */

typedef struct {
  Store *store;
  gint64 held[3]; /* tickets, whose pages are due at NOW + WINDOW; the second one's to bob, too */
} Group;

static Group
open_group (const char *name)
{
  Group group = { .store = open_store (name, STORE_DAEMON) };
  open_emergency (group.store, "alice:pager bob:mail", WINDOW, NOW);
  for (int i = 0; i < 3; i++)
    group.held[i] = open_emergency (group.store, i == 1 ? "alice:pager bob:mail" : "alice:pager", WINDOW, NOW + (i + 1) * SECOND);
  g_autoptr (GPtrArray) rows = claim (group.store, NOW, 8);
  g_assert_cmpuint (rows->len, ==, 2);
  for (guint i = 0; i < rows->len; i++)
    send (group.store, ((const OutboxRow *) g_ptr_array_index (rows, i))->id, NULL, NOW);
  return group;
}

/* Claims what is due at the window's end; alice's page, after bob's have gone. */
static gint64
claim_group (const Group *group, gint64 now)
{
  g_autoptr (GPtrArray) rows = claim (group->store, now, 8);
  gint64 page = 0;
  for (guint i = 0; i < rows->len; i++)
    {
      const OutboxRow *row = g_ptr_array_index (rows, i);
      if (!g_str_equal (row->recipient, "alice"))
        send (group->store, row->id, NULL, now);
      else
        {
          g_assert_cmpint (page, ==, 0); /* one page for all */
          page = row->id;
        }
    }
  g_assert_cmpint (page, !=, 0);
  return page;
}

static void
test_group (void)
{
  Group group = open_group ("group.db");
  gint64 page = claim_group (&group, NOW + WINDOW);
  g_assert_cmpuint (count_incidents_of (group.store, page), ==, 3);
  g_autoptr (GPtrArray) rows = store_list_page_rows (group.store, page, NULL);
  g_assert_cmpuint (rows->len, ==, 3);
  send (group.store, page, "id-1", NOW + WINDOW);
  for (int i = 0; i < 3; i++)
    {
      assert_pages (group.store, group.held[i], i == 1 ? "alice:pager sent; bob:mail sent" : "alice:pager sent");
      g_assert_cmpint (count_events (group.store, group.held[i], "paged"), ==, i == 1 ? 2 : 1);
    }
  g_autoptr (OutboxRow) last = store_find_last_page (group.store, "alice", 0, NULL);
  g_assert_cmpint (last->id, ==, page);
  g_autoptr (GPtrArray) takings = NULL;
  g_assert_true (store_take_page (group.store, page, PAGE_ACKNOWLEDGE, "alice", "web", NOW + WINDOW, &takings, NULL));
  g_assert_cmpuint (takings->len, ==, 3);
  store_close (group.store);
}

static void
test_group_fails (void)
{
  Group group = open_group ("group-fails.db");
  gint64 page = claim_group (&group, NOW + WINDOW), later = NOW + WINDOW + 9 * SECOND;
  g_assert_true (store_outbox_retry (group.store, page, "no", later, NULL));
  for (int i = 0; i < 3; i++)
    assert_pages (group.store, group.held[i], i == 1 ? "alice:pager due; bob:mail sent" : "alice:pager due");
  g_assert_cmpuint (count_incidents_of (group.store, page), ==, 1); /* each is its own again */
  g_assert_cmpint (claim_group (&group, later), ==, page);
  g_assert_cmpuint (count_incidents_of (group.store, page), ==, 3);
  store_close (group.store);
}

/* The one whose row leads is taken while the page is on its way; that page fails. The others must not be lost with it. */
static void
test_leader_taken (void)
{
  Group group = open_group ("leader.db");
  gint64 page = claim_group (&group, NOW + WINDOW), later = NOW + WINDOW + 9 * SECOND;
  g_autoptr (OutboxRow) row = store_find_page (group.store, page, NULL);
  g_assert_true (take (group.store, row->incident, PAGE_ACKNOWLEDGE, "bob", NOW + WINDOW));
  g_assert_true (store_outbox_retry (group.store, page, "no", later, NULL));
  gint64 next = claim_group (&group, later);
  g_assert_cmpint (next, !=, page);
  g_assert_cmpuint (count_incidents_of (group.store, next), ==, 2);
  send (group.store, next, NULL, later);
  g_assert_cmpuint (claim (group.store, later + SECOND, 8)->len, ==, 0);
  store_close (group.store);
}

/* The daemon dies with the page on its way: all are due again, and one page once more. */
static void
test_group_of_a_dead_run (void)
{
  Group group = open_group ("dead.db");
  claim_group (&group, NOW + WINDOW);
  store_close (group.store);
  group.store = open_store ("dead.db", STORE_DAEMON);
  for (int i = 0; i < 3; i++)
    assert_pages (group.store, group.held[i], i == 1 ? "alice:pager due; bob:mail sent" : "alice:pager due");
  gint64 page = claim_group (&group, NOW + WINDOW);
  g_assert_cmpuint (count_incidents_of (group.store, page), ==, 3);
  g_autoptr (OutboxRow) row = store_find_page (group.store, page, NULL);
  g_assert_cmpint (row->attempts, ==, 2); /* so that it says that it may come again */
  store_close (group.store);
}

/* ---- taking ---- */

typedef struct {
  const char *agent;
  PageAction action;
  gboolean done;
  IncidentState state;
  const char *holder;
} Taker;

static const Taker takers[][6] = {
  { { "alice", PAGE_ACKNOWLEDGE, TRUE, INCIDENT_ACKNOWLEDGED, "alice" },
    { "bob", PAGE_ACKNOWLEDGE, FALSE, INCIDENT_ACKNOWLEDGED, "alice" },
    { "alice", PAGE_ACKNOWLEDGE, FALSE, INCIDENT_ACKNOWLEDGED, "alice" },
    { "bob", PAGE_RESOLVE, TRUE, INCIDENT_RESOLVED, "alice" },
    { "bob", PAGE_ACKNOWLEDGE, FALSE, INCIDENT_RESOLVED, "alice" },
    { "alice", PAGE_RESOLVE, FALSE, INCIDENT_RESOLVED, "alice" } },
  { { "bob", PAGE_RESOLVE, TRUE, INCIDENT_RESOLVED, NULL },
    { "alice", PAGE_ACKNOWLEDGE, FALSE, INCIDENT_RESOLVED, NULL },
    { "bob", PAGE_RESOLVE, FALSE, INCIDENT_RESOLVED, NULL } },
};

static void
test_taking (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (takers); i++)
    {
      g_autofree char *name = g_strdup_printf ("taking-%u.db", i);
      g_autoptr (Store) store = open_store (name, STORE_DAEMON);
      gint64 ticket = open_emergency (store, "alice:pager bob:mail", 0, NOW), taken_at = 0;
      int late = 0;
      for (guint j = 0; j < G_N_ELEMENTS (takers[i]) && takers[i][j].agent != NULL; j++)
        {
          const Taker *taker = &takers[i][j];
          g_autoptr (Incident) before = find_incident (store, ticket);
          if (take (store, before->id, taker->action, taker->agent, NOW + (gint64) (j + 1) * SECOND) != taker->done)
            g_error ("row %u: %u was %sdone", i, j, taker->done ? "not " : "");
          g_autoptr (Incident) after = find_incident (store, ticket);
          g_assert_cmpint (after->state, ==, taker->state);
          g_assert_cmpstr (after->acknowledged_by, ==, taker->holder);
          taken_at = taken_at != 0 ? taken_at : after->acknowledged_at;
          g_assert_cmpint (after->acknowledged_at, ==, taken_at); /* since then, whoever comes later */
          g_assert_cmpint (count_events (store, ticket, "late"), ==, late += !taker->done);
          assert_pages (store, ticket, "alice:pager dropped; bob:mail dropped");
        }
      g_autoptr (Incident) over = find_incident (store, ticket);
      run_timers (store, NOW + 30 * 86400 * SECOND);
      g_autoptr (Incident) later = find_incident (store, ticket);
      g_assert_cmpint (later->state, ==, INCIDENT_RESOLVED);
      g_assert_cmpint (later->next_at, ==, 0);
      g_assert_cmpint (later->resolved_at, ==, over->resolved_at);
      assert_pages (store, ticket, "alice:pager dropped; bob:mail dropped");
    }
}

/* A page that was on its way when somebody took its incident is not tried again; one that got out nevertheless is known. */
static void
test_on_its_way (void)
{
  g_autoptr (Store) store = open_store ("on-its-way.db", STORE_DAEMON);
  gint64 ticket = open_emergency (store, "alice:pager bob:pager", 0, NOW);
  g_autoptr (GPtrArray) rows = claim (store, NOW, 8);
  g_autoptr (Incident) incident = find_incident (store, ticket);
  g_assert_true (take (store, incident->id, PAGE_ACKNOWLEDGE, "bob", NOW + SECOND));
  g_assert_true (store_outbox_retry (store, ((const OutboxRow *) g_ptr_array_index (rows, 0))->id, "no", NOW + 2 * SECOND, NULL));
  send (store, ((const OutboxRow *) g_ptr_array_index (rows, 1))->id, NULL, NOW + 2 * SECOND);
  assert_pages (store, ticket, "alice:pager dropped; bob:pager sent");
  g_autoptr (GPtrArray) again = claim (store, NOW + 3600 * SECOND, 8);
  g_assert_cmpuint (again->len, ==, 0);
}

/* What may go on ringing is told how it ended, also when the page got out only after that. */
static void
test_told_after_all (void)
{
  g_autoptr (Store) store = open_store ("told.db", STORE_DAEMON);
  gint64 ticket = open_emergency (store, "alice:pd bob:pager", 0, NOW);
  g_autoptr (GPtrArray) rows = claim (store, NOW, 8);
  g_autoptr (Incident) incident = find_incident (store, ticket);
  g_assert_true (take (store, incident->id, PAGE_ACKNOWLEDGE, "bob", NOW + SECOND));
  assert_pages (store, ticket, "alice:pd dropped; bob:pager dropped");
  for (guint i = 0; i < rows->len; i++)
    send (store, ((const OutboxRow *) g_ptr_array_index (rows, i))->id, NULL, NOW + 2 * SECOND);
  assert_pages (store, ticket, "alice:pd sent; bob:pager sent; alice:pd due end");
}

/* While a gateway is down, step follows step: when it is back, everybody gets the last of their pages, and not all of them. */
static void
test_superseded (void)
{
  g_autoptr (Store) store = open_store ("superseded.db", STORE_DAEMON);
  gint64 other = open_emergency (store, "alice:pager", 0, NOW);
  open_emergency (store, "alice:pager bob:mail", 0, NOW);
  g_autoptr (Incident) incident = find_incident (store, other);
  g_assert_true (take (store, incident->id, PAGE_RESOLVE, "bob", NOW));
  for (int i = 1; i <= 20; i++)
    {
      g_autoptr (GPtrArray) rows = claim (store, NOW + i * 300 * SECOND - SECOND, 100);
      for (guint j = 0; j < rows->len; j++)
        g_assert_true (store_outbox_retry (store, ((const OutboxRow *) g_ptr_array_index (rows, j))->id, "no", NOW + i * 300 * SECOND, NULL));
      run_timers (store, NOW + i * 300 * SECOND);
    }
  g_autoptr (GPtrArray) rows = claim (store, NOW + 20 * 300 * SECOND, 100);
  g_assert_cmpuint (rows->len, ==, 3); /* bob's mail was of the first step, and nobody has tried to reach him so since */
}

static void
test_unknown (void)
{
  g_autoptr (Store) store = open_store ("unknown.db", STORE_DAEMON);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) takings = NULL;
  g_assert_false (store_take_incident (store, 99, PAGE_ACKNOWLEDGE, "alice", "web", NOW, &takings, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
  g_assert_null (takings);
  g_assert_true (store_take_page (store, 99, PAGE_ACKNOWLEDGE, "alice", "web", NOW, &takings, NULL)); /* it tells of none */
  g_assert_cmpuint (takings->len, ==, 0);
}

/* ---- what gateways tell ---- */

typedef struct {
  gint64 sequence;
  PageFate fate;
} Told;

static const struct {
  const char *what;
  Told told[5]; /* sequence 0 ends the list */
  const char *fate, *state;
  int reached, undelivered; /* events */
  gboolean hastened;
} report_rows[] = {
  { "reached", { { 1, PAGE_FATE_REACHED } }, "reached", "sent", 1, 0, FALSE },
  { "nothing is known", { { 1, PAGE_FATE_UNKNOWN } }, NULL, "sent", 0, 0, FALSE },
  { "told twice", { { 1, PAGE_FATE_REACHED }, { 1, PAGE_FATE_REACHED } }, "reached", "sent", 1, 0, FALSE },
  { "failed twice", { { 2, PAGE_FATE_FAILED }, { 2, PAGE_FATE_FAILED } }, "failed", "sent", 0, 1, TRUE },
  { "in another order", { { 3, PAGE_FATE_FAILED }, { 2, PAGE_FATE_REACHED } }, "failed", "sent", 0, 1, TRUE },
  { "and the other way round", { { 3, PAGE_FATE_REACHED }, { 2, PAGE_FATE_FAILED } }, "reached", "sent", 1, 0, FALSE },
  { "another word in order", { { 1, PAGE_FATE_REACHED }, { 2, PAGE_FATE_FAILED } }, "failed", "sent", 1, 1, TRUE },
  { "failed for now: again", { { 1, PAGE_FATE_FAILED_FOR_NOW } }, NULL, "due", 0, 1, FALSE },
  { "once, as it is another page to the gateway then", { { 1, PAGE_FATE_FAILED_FOR_NOW }, { 2, PAGE_FATE_FAILED_FOR_NOW } }, NULL, "due", 0, 1, FALSE },
  { "late news of an old one", { { 4, PAGE_FATE_REACHED }, { 1, PAGE_FATE_FAILED_FOR_NOW } }, "reached", "sent", 1, 0, FALSE },
};

static void
report (Store *store, const char *id, gint64 sequence, PageFate fate, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (store_report_page (store, "pager", id, sequence, fate, "so it says", now, &error));
  g_assert_no_error (error);
}

static void
test_reports (void)
{
  g_autoptr (Store) store = open_store ("reports.db", STORE_DAEMON);
  for (guint i = 0; i < G_N_ELEMENTS (report_rows); i++)
    {
      g_autofree char *id = g_strdup_printf ("id-%u", i);
      gint64 now = NOW + i * 3600 * SECOND, ticket = open_emergency (store, "alice:pager", 0, now), page = claim_one (store, now);
      send (store, page, id, now);
      g_autoptr (Incident) before = find_incident (store, ticket);
      for (const Told *told = report_rows[i].told; told->sequence != 0; told++)
        report (store, id, told->sequence, told->fate, now + 10 * SECOND);
      g_autoptr (OutboxRow) row = store_find_page (store, page, NULL);
      g_autoptr (Incident) after = find_incident (store, ticket);
      if (g_strcmp0 (row->fate, report_rows[i].fate) != 0 || !g_str_equal (row->state, report_rows[i].state) ||
          count_events (store, ticket, "reached") != report_rows[i].reached ||
          count_events (store, ticket, "undelivered") != report_rows[i].undelivered ||
          after->next_at != (report_rows[i].hastened ? now + 10 * SECOND : before->next_at))
        g_error ("%s: %s, %s", report_rows[i].what, row->fate, row->state);
      take (store, after->id, PAGE_RESOLVE, "alice", now + 20 * SECOND);
    }
  report (store, "nobody's", 1, PAGE_FATE_FAILED, NOW);
  g_assert_true (store_report_page (store, "mail", "id-0", 9, PAGE_FATE_FAILED, "another channel's", NOW, NULL));
}

/* The next step is taken at once only when no page of this one may have reached anybody. */
static void
test_all_failed (void)
{
  g_autoptr (Store) store = open_store ("all-failed.db", STORE_DAEMON);
  gint64 ticket = open_emergency (store, "alice:pager bob:pager", 0, NOW);
  g_autoptr (GPtrArray) rows = claim (store, NOW, 8);
  send (store, ((const OutboxRow *) g_ptr_array_index (rows, 0))->id, "one", NOW);
  send (store, ((const OutboxRow *) g_ptr_array_index (rows, 1))->id, "two", NOW);
  report (store, "one", 1, PAGE_FATE_FAILED, NOW + SECOND);
  g_autoptr (Incident) waits = find_incident (store, ticket);
  g_assert_cmpint (waits->next_at, ==, NOW + 300 * SECOND);
  report (store, "two", 1, PAGE_FATE_FAILED, NOW + 2 * SECOND);
  run_timers (store, NOW + 2 * SECOND);
  g_autoptr (Incident) incident = find_incident (store, ticket);
  g_assert_cmpint (incident->step, ==, 1);
  assert_pages (store, ticket, "alice:pager sent; bob:pager sent; alice:pager due; bob:pager due");
}

/* A page is not sent again for whom somebody has, and its failure hastens nothing then. */
static void
test_failed_when_taken (void)
{
  g_autoptr (Store) store = open_store ("failed-taken.db", STORE_DAEMON);
  gint64 ticket = open_emergency (store, "alice:pager", 0, NOW);
  send (store, claim_one (store, NOW), "one", NOW);
  g_autoptr (Incident) incident = find_incident (store, ticket);
  g_assert_true (take (store, incident->id, PAGE_ACKNOWLEDGE, "bob", NOW + SECOND));
  report (store, "one", 1, PAGE_FATE_FAILED_FOR_NOW, NOW + 2 * SECOND);
  report (store, "one", 2, PAGE_FATE_FAILED, NOW + 3 * SECOND);
  assert_pages (store, ticket, "alice:pager sent");
  g_autoptr (Incident) taken = find_incident (store, ticket);
  g_assert_cmpint (taken->next_at, ==, NOW + SECOND + 1800 * SECOND); /* when the customer is to be told */
}

/* What is told of a page of several emergencies counts for each of them, once. */
static void
test_reports_of_a_group (void)
{
  Group group = open_group ("group-reports.db");
  gint64 now = NOW + WINDOW, page = claim_group (&group, now);
  send (group.store, page, "all", now);
  g_autoptr (OutboxRow) row = store_find_page (group.store, page, NULL);
  g_assert_true (take (group.store, row->incident, PAGE_ACKNOWLEDGE, "bob", now)); /* one is over for alice */
  report (group.store, "all", 1, PAGE_FATE_REACHED, now + SECOND);
  report (group.store, "all", 1, PAGE_FATE_REACHED, now + SECOND);
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (count_events (group.store, group.held[i], "reached"), ==, 1);
  report (group.store, "all", 2, PAGE_FATE_FAILED_FOR_NOW, now + 2 * SECOND);
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (count_events (group.store, group.held[i], "undelivered"), ==, 1);
  gint64 again = claim_group (&group, now + 120 * SECOND);
  g_assert_cmpuint (count_incidents_of (group.store, again), ==, 2);
  store_close (group.store);
}

/* ---- limits ---- */

static const struct {
  const char *sender;
  int minutes, limit, limit_total;
  gboolean paged;
} limit_rows[] = {
  { "ann@customer.example", 0, 2, 4, TRUE },
  { "Ann@CUSTOMER.example", 1, 2, 4, TRUE },
  { "ann@customer.example", 2, 2, 4, FALSE }, /* however it is written */
  { "ben@customer.example", 3, 2, 4, TRUE },
  { "ben@customer.example", 4, 2, 4, TRUE },
  { "eve@customer.example", 5, 2, 4, FALSE }, /* in all */
  { "eve@customer.example", 6, 0, 0, TRUE },  /* no limit */
  { "ann@customer.example", 59, 2, 0, FALSE },
  { "ann@customer.example", 61, 2, 0, TRUE }, /* the first one was an hour ago */
  { "ann@customer.example", 62, 2, 0, TRUE },
  { "ann@customer.example", 63, 2, 0, FALSE },
  { "ann@customer.example", 10, 2, 0, FALSE }, /* the clock was set back */
};

static void
test_limits (void)
{
  g_autoptr (Store) store = open_store ("limits.db", STORE_DAEMON);
  for (guint i = 0; i < G_N_ELEMENTS (limit_rows); i++)
    {
      gint64 now = NOW + limit_rows[i].minutes * 60 * SECOND;
      const Mail mail = { .sender = limit_rows[i].sender, .limit = limit_rows[i].limit, .limit_total = limit_rows[i].limit_total, .now = now };
      Decision *decision = make_decision (INTAKE_OPEN, 0);
      begin_incident (decision, "alice:pager", 0, now);
      take_in (store, &mail, decision);
      g_autoptr (GPtrArray) incidents = store_list_ticket_incidents (store, decision->ticket, NULL);
      g_autofree char *pages = describe_pages (store, decision->ticket);
      gboolean paged = limit_rows[i].paged;
      if (decision->page != paged || incidents->len != (paged ? 1u : 0u) || *pages != (paged ? 'a' : '\0') ||
          count_events (store, decision->ticket, "not paged") != !paged)
        g_error ("row %u: %s", i, decision->page_reason);
      decision_free (decision);
    }
}

/* ---- two mails, one incident ---- */

/* Both were decided when the ticket had no incident: the second one finds it running. */
static void
test_begun_twice (void)
{
  g_autoptr (Store) store = open_store ("twice.db", STORE_DAEMON);
  gint64 ticket = open_emergency (store, "alice:pager", 0, NOW);
  g_autoptr (Incident) first = find_incident (store, ticket);
  g_assert_true (take (store, first->id, PAGE_RESOLVE, "alice", NOW));
  for (int i = 0; i < 2; i++)
    {
      const Mail mail = { .sender = "ann@customer.example", .now = NOW + i * SECOND };
      Decision *decision = make_decision (INTAKE_CONTINUE, ticket);
      begin_incident (decision, "alice:pager", 0, NOW);
      take_in (store, &mail, decision);
      g_assert_cmpint (decision->page, ==, i == 0);
      decision_free (decision);
    }
  g_autoptr (GPtrArray) incidents = store_list_ticket_incidents (store, ticket, NULL);
  g_assert_cmpuint (incidents->len, ==, 2);
  assert_pages (store, ticket, "alice:pager dropped; alice:pager due");
}

static void
test_page_again (void)
{
  g_autoptr (Store) store = open_store ("again.db", STORE_DAEMON);
  gint64 ticket = open_emergency (store, "alice:pager", 0, NOW);
  const Mail mail = { .sender = "ann@customer.example", .now = NOW + SECOND };
  for (int i = 0; i < 2; i++)
    {
      Decision *decision = make_decision (INTAKE_CONTINUE, ticket);
      decision->page_again = TRUE;
      take_in (store, &mail, decision);
      decision_free (decision);
      run_timers (store, NOW + SECOND);
      assert_pages (store, ticket, i == 0 ? "alice:pager dropped; alice:pager due" : "alice:pager dropped; alice:pager dropped");
      g_autoptr (Incident) incident = find_incident (store, ticket);
      if (i == 0)
        g_assert_true (take (store, incident->id, PAGE_ACKNOWLEDGE, "bob", NOW + SECOND));
      g_assert_cmpint (incident->step, ==, 0);
    }
}

/* ---- orders by mail ---- */

static void
obey (Store *store, gint64 page, gint64 ticket, const char *key, PageAction action)
{
  const Mail mail = { .sender = "alice@desk.example", .now = NOW + SECOND };
  Decision *decision = make_decision (INTAKE_FILE, ticket);
  decision->take = TRUE;
  decision->taker = g_strdup ("alice");
  decision->action = action;
  decision->page_taken = page;
  g_free (decision->key);
  decision->key = g_strdup_printf ("%32s", key);
  take_in (store, &mail, decision);
  decision_free (decision);
}

/* What alice was told, the last time. */
static char *
last_answer (Store *store, gint64 ticket, guint *count)
{
  char *told = NULL;
  g_autoptr (GPtrArray) rows = store_list_outbox (store, ticket, NULL);
  *count = 0;
  for (guint i = 0; i < rows->len; i++)
    {
      const OutboxRow *row = g_ptr_array_index (rows, i);
      if (!g_str_equal (row->template, "page-answer"))
        continue;
      g_free (told);
      told = g_strdup (row->reason);
      ++*count;
    }
  return told;
}

static const struct {
  const char *key;
  gboolean by_ticket; /* and not by the page's address */
  PageAction action;
  guint answers;
  const char *told;
  IncidentState state;
} order_rows[] = {
  { "a", FALSE, PAGE_ACKNOWLEDGE, 1, "you have it.", INCIDENT_ACKNOWLEDGED },
  { "a", FALSE, PAGE_ACKNOWLEDGE, 1, "you have it.", INCIDENT_ACKNOWLEDGED }, /* the same mail once more: nothing */
  { "b", FALSE, PAGE_ACKNOWLEDGE, 2, "you have had it since", INCIDENT_ACKNOWLEDGED },
  { "c", TRUE, PAGE_RESOLVE, 3, "it is resolved", INCIDENT_RESOLVED },
  { "c", TRUE, PAGE_RESOLVE, 3, "it is resolved", INCIDENT_RESOLVED },
  { "d", FALSE, PAGE_ACKNOWLEDGE, 4, "it was resolved before", INCIDENT_RESOLVED },
  { "e", TRUE, PAGE_ACKNOWLEDGE, 5, "no emergency", INCIDENT_RESOLVED }, /* it was running when that was decided */
};

static void
test_orders (void)
{
  g_autoptr (Store) store = open_store ("orders.db", STORE_DAEMON);
  gint64 ticket = open_emergency (store, "alice:pager", 0, NOW), page = claim_one (store, NOW);
  send (store, page, NULL, NOW);
  for (guint i = 0; i < G_N_ELEMENTS (order_rows); i++)
    {
      guint count;
      obey (store, order_rows[i].by_ticket ? 0 : page, ticket, order_rows[i].key, order_rows[i].action);
      g_autofree char *told = last_answer (store, ticket, &count);
      g_autoptr (Incident) incident = find_incident (store, ticket);
      if (count != order_rows[i].answers || strstr (told, order_rows[i].told) == NULL || incident->state != order_rows[i].state)
        g_error ("row %u: %u answers, the last \"%s\"", i, count, told);
    }
}

/* ---- many at once ---- */

#define ROUNDS 20
#define TAKERS 6
#define STEPS 5

typedef struct {
  Store *store;
  gint64 incident;
  gint go;   /* atomic: threads that are ready */
  gint acknowledged, resolved; /* atomic: those who were told that they did */
} Race;

static void
wait_for_all (Race *race, int count)
{
  g_atomic_int_inc (&race->go);
  while (g_atomic_int_get (&race->go) < count)
    g_thread_yield ();
}

static gpointer
acknowledge_by_one (gpointer data)
{
  Race *race = data;
  wait_for_all (race, TAKERS);
  if (take (race->store, race->incident, PAGE_ACKNOWLEDGE, "alice", NOW + SECOND))
    g_atomic_int_inc (&race->acknowledged);
  return NULL;
}

static gpointer
acknowledge_by_other (gpointer data)
{
  Race *race = data;
  wait_for_all (race, TAKERS);
  if (take (race->store, race->incident, PAGE_ACKNOWLEDGE, "bob", NOW + SECOND))
    g_atomic_int_inc (&race->acknowledged);
  return NULL;
}

static gpointer
resolve (gpointer data)
{
  Race *race = data;
  wait_for_all (race, TAKERS);
  if (take (race->store, race->incident, PAGE_RESOLVE, "bob", NOW + SECOND))
    g_atomic_int_inc (&race->resolved);
  return NULL;
}

/* Five minutes pass, again and again. */
static gpointer
escalate (gpointer data)
{
  Race *race = data;
  wait_for_all (race, TAKERS);
  for (int i = 1; i <= STEPS; i++)
    run_timers (race->store, NOW + i * 300 * SECOND);
  return NULL;
}

/* As the daemon's delivery does it. */
static gpointer
deliver (gpointer data)
{
  Race *race = data;
  wait_for_all (race, TAKERS);
  for (int i = 0; i < STEPS; i++)
    {
      g_autoptr (GPtrArray) rows = claim (race->store, NOW + 3600 * SECOND, 8);
      for (guint j = 0; j < rows->len; j++)
        {
          const OutboxRow *row = g_ptr_array_index (rows, j);
          if ((i + j) % 3 == 0)
            g_assert_true (store_outbox_retry (race->store, row->id, "no", NOW, NULL));
          else
            send (race->store, row->id, "id", NOW);
        }
    }
  return NULL;
}

static gpointer
tell (gpointer data)
{
  Race *race = data;
  wait_for_all (race, TAKERS);
  for (int i = 1; i <= STEPS; i++)
    report (race->store, "id", i, i % 2 == 0 ? PAGE_FATE_FAILED : PAGE_FATE_FAILED_FOR_NOW, NOW + i * SECOND);
  return NULL;
}

/* What holds at any time: a triggered incident has a next step; nothing waits to page for one that somebody has. */
static void
check_invariants (Store *store, gint64 ticket)
{
  g_autoptr (Incident) incident = find_incident (store, ticket);
  g_autoptr (GPtrArray) rows = store_list_outbox (store, ticket, NULL);
  g_assert_true (incident->state != INCIDENT_TRIGGERED || incident->next_at != 0);
  g_assert_true (incident->state != INCIDENT_RESOLVED || incident->next_at == 0);
  for (guint i = 0; i < rows->len; i++)
    {
      const OutboxRow *row = g_ptr_array_index (rows, i);
      if (incident->state != INCIDENT_TRIGGERED && g_str_equal (row->template, "page"))
        g_assert_true (g_str_equal (row->state, "sent") || g_str_equal (row->state, "dropped"));
    }
}

/* How many steps were taken is how often somebody was paged: one page by the first one, two by the second. */
static void
check_steps (Store *store, gint64 ticket)
{
  guint pages = 0, want = 1;
  int steps = count_events (store, ticket, "escalation");
  g_autoptr (GPtrArray) rows = store_list_outbox (store, ticket, NULL);
  for (guint i = 0; i < rows->len; i++)
    pages += g_str_equal (((const OutboxRow *) g_ptr_array_index (rows, i))->template, "page");
  for (int i = 1; i <= steps; i++)
    want += i % 2 == 1 ? 2 : 1;
  g_assert_cmpuint (pages, ==, want);
}

static void
run_race (Store *store, GThreadFunc last)
{
  const GThreadFunc racers[TAKERS] = { acknowledge_by_one, acknowledge_by_other, escalate, deliver, tell, last };
  GThread *threads[TAKERS];
  gint64 ticket = open_emergency (store, "alice:pager", 0, NOW);
  g_autoptr (Incident) incident = find_incident (store, ticket);
  Race race = { .store = store, .incident = incident->id };
  for (int i = 0; i < TAKERS; i++)
    threads[i] = g_thread_new ("racer", racers[i], &race);
  for (int i = 0; i < TAKERS; i++)
    g_thread_join (threads[i]);
  gboolean ends = last == resolve;
  g_autoptr (Incident) after = find_incident (store, ticket);
  g_assert_cmpint (after->state, ==, ends ? INCIDENT_RESOLVED : INCIDENT_ACKNOWLEDGED);
  g_assert_cmpint (race.resolved, ==, ends);
  g_assert_cmpint (race.acknowledged, ==, after->acknowledged_by != NULL); /* by resolving first nobody has it */
  g_assert_cmpint (count_events (store, ticket, "taken"), ==, race.acknowledged);
  g_assert_cmpint (count_events (store, ticket, "late"), ==, 3 - race.acknowledged - race.resolved);
  check_invariants (store, ticket);
  check_steps (store, ticket);
}

static void
test_race (void)
{
  g_autoptr (Store) store = open_store ("race.db", STORE_DAEMON);
  for (int i = 0; i < ROUNDS; i++)
    {
      run_race (store, acknowledge_by_one);
      run_race (store, resolve);
    }
}

/* ---- processes ---- */

#define PROCESSES 4

/* Waits until the other end says so, takes every incident, and ends with the number of those that it has got. */
static void
take_all (const char *name, const char *agent, int go)
{
  char byte;
  int taken = 0;
  while (read (go, &byte, 1) > 0)
    ;
  Store *store = open_store (name, STORE_WRITE);
  for (gint64 incident = 1; incident <= ROUNDS; incident++)
    taken += take (store, incident, PAGE_ACKNOWLEDGE, agent, NOW + SECOND);
  store_close (store);
  _exit (taken);
}

static void
test_processes (void)
{
  pid_t children[PROCESSES];
  int go[2], taken = 0;
  Store *store = open_store ("processes.db", STORE_DAEMON);
  for (int i = 0; i < ROUNDS; i++)
    open_emergency (store, "alice:pager bob:mail", 0, NOW);
  store_close (store);
  g_assert_cmpint (pipe (go), ==, 0);
  for (int i = 0; i < PROCESSES; i++)
    if ((children[i] = fork ()) == 0)
      {
        close (go[1]);
        take_all ("processes.db", i % 2 == 0 ? "alice" : "bob", go[0]);
      }
  close (go[0]);
  close (go[1]);
  for (int i = 0; i < PROCESSES; i++)
    {
      int status;
      g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
      g_assert_true (WIFEXITED (status));
      taken += WEXITSTATUS (status);
    }
  g_assert_cmpint (taken, ==, ROUNDS); /* each by one */
  store = open_store ("processes.db", STORE_DAEMON);
  for (gint64 ticket = 1; ticket <= ROUNDS; ticket++)
    {
      g_assert_cmpint (count_events (store, ticket, "taken"), ==, 1);
      g_assert_cmpint (count_events (store, ticket, "late"), ==, PROCESSES - 1);
      assert_pages (store, ticket, "alice:pager dropped; bob:mail dropped");
    }
  store_close (store);
}

static void
load_configuration (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, "frontdesk.conf", NULL);
  g_assert_true (g_file_set_contents (path, configuration, -1, NULL));
  config = config_load (path, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("frontdesk-incidents-XXXXXX", NULL);
  load_configuration ();
  seal = seal_new ();
  g_test_add_func ("/incidents/processes", test_processes); /* first: it forks */
  g_test_add_func ("/incidents/windows", test_windows);
  g_test_add_func ("/incidents/no-window", test_no_window);
  g_test_add_func ("/incidents/group", test_group);
  g_test_add_func ("/incidents/group-fails", test_group_fails);
  g_test_add_func ("/incidents/leader-taken", test_leader_taken);
  g_test_add_func ("/incidents/group-of-a-dead-run", test_group_of_a_dead_run);
  g_test_add_func ("/incidents/taking", test_taking);
  g_test_add_func ("/incidents/on-its-way", test_on_its_way);
  g_test_add_func ("/incidents/told-after-all", test_told_after_all);
  g_test_add_func ("/incidents/superseded", test_superseded);
  g_test_add_func ("/incidents/unknown", test_unknown);
  g_test_add_func ("/incidents/reports", test_reports);
  g_test_add_func ("/incidents/all-failed", test_all_failed);
  g_test_add_func ("/incidents/failed-when-taken", test_failed_when_taken);
  g_test_add_func ("/incidents/reports-of-a-group", test_reports_of_a_group);
  g_test_add_func ("/incidents/limits", test_limits);
  g_test_add_func ("/incidents/begun-twice", test_begun_twice);
  g_test_add_func ("/incidents/page-again", test_page_again);
  g_test_add_func ("/incidents/orders", test_orders);
  g_test_add_func ("/incidents/race", test_race);
  int status = g_test_run ();
  seal_free (seal);
  config_unref (config);
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (folder);
  return status;
}
