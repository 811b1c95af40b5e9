/* Who is paged when: the steps of an escalation, its rounds and its fallback, and what becomes of them when people and channels
 * leave the configuration; and what an agent's mail orders. */
#include <glib/gstdio.h>

#include "desk/escalation.h"
#include "desk/order.h"

#define AT (G_GINT64_CONSTANT (1795449600) * G_USEC_PER_SEC) /* a Monday */
#define MOVES 10

/* ---- configurations ---- */

#define ALICE "agent \"alice\" { mail = \"alice@example.com\" teams = {\"noc\"} }\n"
#define BOB "agent \"bob\" { mail = \"bob@example.com\" teams = {\"noc\"} }\n"
#define CAROL "agent \"carol\" { mail = \"carol@example.com\" teams = {\"chiefs\"} }\n"
#define TEAMS "team \"noc\" { }\nteam \"chiefs\" { }\n"
#define PAGER "channel \"pager\" { type = \"command\" command = {\"/bin/true\"} }\n"
#define MAIL "channel \"mail\" { type = \"mail\" }\n"
#define ON_CALL "schedule \"noc\" { rotation { agents = {\"alice\"} every = \"1w\" start = \"2026-11-23T08:00\" } }\n"
#define NOBODY "schedule \"noc\" { }\n"
#define ALL TEAMS ALICE BOB CAROL PAGER MAIL ON_CALL

#define FIRST "step \"first\" { schedule = \"noc\" by = {\"pager\"} wait = \"5m\" } "
#define SECOND "step \"second\" { agents = {\"bob\"} by = {\"pager\", \"mail\"} wait = \"10m\" } "
#define CHIEFS "step \"chiefs\" { team = \"chiefs\" by = {\"pager\"} wait = \"15m\" } "
#define THREE "escalation \"e\" { " FIRST SECOND CHIEFS "repeat = 2 }\n"
#define MAILED "escalation \"e\" { step \"all\" { team = \"noc\" by = {\"pager\"} } step \"boss\" { agents = {\"carol\"} by = {\"mail\"} wait = \"1m\" } }\n"

static Config *
load (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("frontdesk-escalation-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "frontdesk.conf", NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  Config *config = config_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_rmdir (folder);
  return config;
}

/* ---- lives of incidents ---- */

typedef struct {
  const char *move; /* "start", "go on", "again" (go on after a further mail), "anew", "remind", "later"; NULL ends the list */
  const char *want; /* step, round, seconds to wait and whom by which channel; "-": no incident */
  const char *says; /* the detail, or the reason of the pages; NULL: whatever */
} Move;

typedef struct {
  const char *what, *conf, *later; /* LATER counts from the move "later" on */
  Move moves[MOVES];
} Life;

static const Life lives[] = {
  { "step after step, round after round, and then the fallback without end", ALL THREE, NULL,
    { { "start", "0 1 300 alice:pager", "why" },
      { "go on", "1 1 600 bob:pager bob:mail", "step \"second\", round 1 of 2: nobody has acknowledged step \"first\"" },
      { "go on", "2 1 900 carol:pager", NULL },
      { "go on", "0 2 300 alice:pager", "step \"first\", round 2 of 2: nobody has acknowledged step \"chiefs\"" },
      { "go on", "1 2 600 bob:pager bob:mail", NULL },
      { "go on", "2 2 900 carol:pager", NULL },
      { "go on", "2 3 900 carol:pager", "step \"chiefs\", the fallback, after 2 rounds: nobody has acknowledged step \"chiefs\"" },
      { "go on", "2 3 900 carol:pager", NULL } } },
  { "a round only", ALL "escalation \"e\" { " FIRST SECOND "repeat = 1 }\n", NULL,
    { { "start", "0 1 300 alice:pager", NULL },
      { "go on", "1 1 600 bob:pager bob:mail", NULL },
      { "go on", "1 2 600 bob:pager bob:mail", "step \"second\", the fallback, after 1 round: nobody has acknowledged step \"second\"" } } },
  { "one step", ALL "escalation \"e\" { " SECOND "repeat = 1 }\n", NULL,
    { { "start", "0 1 600 bob:pager bob:mail", NULL },
      { "go on", "0 2 600 bob:pager bob:mail", NULL },
      { "go on", "0 2 600 bob:pager bob:mail", NULL } } },
  { "nobody on call: the next step at once, which says so", TEAMS ALICE BOB CAROL PAGER MAIL NOBODY THREE, NULL,
    { { "start", "1 1 600 bob:pager bob:mail", "why; nobody is on call by schedule \"noc\" of step \"first\", so that step \"second\" is taken" },
      { "go on", "2 1 900 carol:pager", NULL },
      { "go on", "1 2 600 bob:pager bob:mail", NULL },
      { "go on", "2 2 900 carol:pager", NULL },
      { "go on", "2 3 900 carol:pager", NULL } } },
  { "the fallback is the last step that names somebody, not the last one",
    TEAMS ALICE BOB CAROL PAGER MAIL ON_CALL "escalation \"e\" { " SECOND FIRST "repeat = 1 }\n", NULL,
    { { "start", "0 1 600 bob:pager bob:mail", NULL },
      { "go on", "1 1 300 alice:pager", NULL },
      { "go on", "0 2 600 bob:pager bob:mail", "step \"second\", the fallback, after 1 round: nobody has acknowledged step \"first\"" },
      { "go on", "0 2 600 bob:pager bob:mail", NULL } } },
  { "the last step of the last round reaches nobody: the fallback",
    TEAMS ALICE BOB CAROL PAGER MAIL NOBODY "escalation \"e\" { " SECOND FIRST "repeat = 1 }\n", NULL,
    { { "start", "0 1 600 bob:pager bob:mail", NULL },
      { "go on", "0 2 600 bob:pager bob:mail", NULL } } },
  { "a further mail pages the same step, in the fallback, too", ALL THREE, NULL,
    { { "start", "0 1 300 alice:pager", NULL },
      { "again", "0 1 300 alice:pager", "step \"first\", round 1 of 2: a further mail came, and nobody has acknowledged" },
      { "go on", "1 1 600 bob:pager bob:mail", NULL },
      { "again", "1 1 600 bob:pager bob:mail", NULL },
      { "go on", "2 1 900 carol:pager", NULL } } },
  { "its holder is reminded by the channels of the last step, then it begins anew", ALL THREE, NULL,
    { { "start", "0 1 300 alice:pager", NULL },
      { "go on", "1 1 600 bob:pager bob:mail", NULL },
      { "remind", "1 1 600 carol:pager! carol:mail!", "why" },
      { "anew", "0 1 300 alice:pager", "why" } } },
  { "a channel that is named twice pages once", ALL "escalation \"e\" { step \"s\" { agents = {\"bob\", \"bob\"} team = \"noc\" by = {\"pager\", \"mail\", \"pager\"} } }\n", NULL,
    { { "start", "0 1 300 alice:pager alice:mail bob:pager bob:mail", NULL } } },
  { "another escalation of the same name changes nothing", ALL THREE, ALL MAILED,
    { { "start", "0 1 300 alice:pager", NULL },
      { "later", NULL, NULL },
      { "go on", "1 1 600 bob:pager bob:mail", NULL } } },
  { "a schedule that is there no more", ALL THREE, TEAMS ALICE BOB CAROL PAGER MAIL MAILED,
    { { "start", "0 1 300 alice:pager", NULL },
      { "later", NULL, NULL },
      { "anew", "1 1 600 bob:pager bob:mail", "why; nobody is left who could be paged by step \"first\", so that step \"second\" is taken" } } },
  { "an agent who is there no more", ALL THREE, TEAMS ALICE CAROL PAGER MAIL ON_CALL MAILED,
    { { "start", "0 1 300 alice:pager", NULL },
      { "later", NULL, NULL },
      { "go on", "2 1 900 carol:pager",
        "step \"chiefs\", round 1 of 2: nobody has acknowledged step \"first\"; nobody is left who could be paged by step \"second\", so that step "
        "\"chiefs\" is taken" } } },
  { "a team whose agents have left", ALL THREE, TEAMS ALICE BOB PAGER MAIL ON_CALL "escalation \"e\" { " SECOND "}\n",
    { { "start", "0 1 300 alice:pager", NULL },
      { "go on", "1 1 600 bob:pager bob:mail", NULL },
      { "later", NULL, NULL },
      { "go on", "0 2 300 alice:pager",
        "step \"first\", round 2 of 2: nobody has acknowledged step \"second\"; nobody is in team \"chiefs\" of step \"chiefs\", so that step \"first\" is "
        "taken" } } },
  { "a channel that is there no more: the others are left, and a step with none is passed by", ALL THREE, TEAMS ALICE BOB CAROL MAIL ON_CALL "escalation \"x\" { step \"x\" { agents = {\"bob\"} by = {\"mail\"} } }\n",
    { { "start", "0 1 300 alice:pager", NULL },
      { "later", NULL, NULL },
      { "go on", "1 1 600 bob:mail", NULL },
      { "go on", "1 2 600 bob:mail", NULL },
      { "go on", "1 3 600 bob:mail", "step \"second\", the fallback, after 2 rounds: nobody has acknowledged step \"second\"; nobody "
                                     "is left who could be paged by step \"chiefs\", so that step \"second\" is taken" } } },
  { "all people of the plan are gone: by the escalation of that name", ALL "escalation \"e\" { " SECOND "}\n", TEAMS ALICE CAROL PAGER MAIL ON_CALL MAILED,
    { { "start", "0 1 600 bob:pager bob:mail", NULL },
      { "later", NULL, NULL },
      { "go on", "1 1 60 carol:mail", "step \"boss\", round 1 of 3: nobody has acknowledged step \"all\"" } } },
  { "that is gone, too: by any that is left", ALL "escalation \"e\" { " SECOND "}\n",
    TEAMS ALICE CAROL PAGER MAIL ON_CALL "escalation \"other\" { step \"any\" { agents = {\"carol\"} by = {\"mail\"} } }\n",
    { { "start", "0 1 600 bob:pager bob:mail", NULL },
      { "later", NULL, NULL },
      { "go on", "0 2 300 carol:mail", NULL } } },
  { "no escalation at all: it looks again every minute", ALL THREE, TEAMS,
    { { "start", "0 1 300 alice:pager", NULL },
      { "later", NULL, NULL },
      { "go on", "0 1 60", "the configuration has nobody any more who could be paged by escalation \"e\"" },
      { "again", "0 1 60", NULL },
      { "remind", "0 1 300", NULL },
      { "anew", "0 1 60", NULL } } },
};

static char *
describe_pages (const GPtrArray *pages)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < pages->len; i++)
    {
      const Outgoing *page = g_ptr_array_index (pages, i);
      const char *mark = g_str_equal (page->template, "page-reminder") ? "!" : "";
      g_assert_cmpint (page->kind, ==, OUTGOING_PAGE);
      g_string_append_printf (text, " %s:%s%s", page->recipient, page->channel, mark);
    }
  return g_string_free (text, FALSE);
}

/* Takes MOVE at AT; what it says. */
static char *
take_move (const char *move, const Config *config, Incident **incident, gint64 at, GPtrArray *pages)
{
  const Roster roster = { .config = config };
  char *detail = NULL;
  g_autoptr (Escalation) plan = *incident != NULL ? escalation_read_plan (config, *incident) : NULL;
  if (g_str_equal (move, "start"))
    *incident = escalation_start (&roster, g_ptr_array_index (config->escalations, 0), at, "why", pages);
  else if (g_str_equal (move, "anew") || g_str_equal (move, "remind"))
    {
      g_free ((*incident)->acknowledged_by);
      (*incident)->acknowledged_by = g_strdup ("carol");
      (*incident)->state = INCIDENT_ACKNOWLEDGED;
      (g_str_equal (move, "anew") ? escalation_begin_anew : escalation_remind) (&roster, plan, *incident, at, "why", pages);
    }
  else
    {
      (*incident)->again = g_str_equal (move, "again");
      escalation_go_on (&roster, plan, *incident, at, pages, &detail);
    }
  return detail != NULL || pages->len == 0 ? detail : g_strdup (((const Outgoing *) g_ptr_array_index (pages, 0))->reason);
}

static void
check_move (const Life *life, guint number, const Config *config, Incident **incident)
{
  const Move *move = &life->moves[number];
  gint64 at = AT + number * G_TIME_SPAN_HOUR;
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  g_autofree char *says = take_move (move->move, config, incident, at, pages);
  g_assert_nonnull (*incident);
  g_autofree char *whom = describe_pages (pages);
  g_autofree char *got = g_strdup_printf ("%d %d %" G_GINT64_FORMAT "%s", (*incident)->step, (*incident)->round,
                                          ((*incident)->next_at - at) / G_USEC_PER_SEC, whom);
  gboolean anew = g_str_equal (move->move, "anew");
  if (!g_str_equal (got, move->want) || (move->says != NULL && g_strcmp0 (says, move->says) != 0))
    g_error ("%s: move %u: %s, and not %s: %s", life->what, number, got, move->want, says);
  if (anew && ((*incident)->state != INCIDENT_TRIGGERED || (*incident)->acknowledged_by != NULL || (*incident)->acknowledged_at != 0))
    g_error ("%s: move %u: somebody has it still", life->what, number);
  for (guint i = 0; move->says != NULL && i < pages->len; i++)
    g_assert_cmpstr (((const Outgoing *) g_ptr_array_index (pages, i))->reason, ==, move->says);
}

static void
test_lives (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (lives); i++)
    {
      const Life *life = &lives[i];
      g_autoptr (Config) first = load (life->conf);
      g_autoptr (Config) later = life->later != NULL ? load (life->later) : NULL;
      g_autoptr (Incident) incident = NULL;
      const Config *config = first;
      for (guint j = 0; j < MOVES && life->moves[j].move != NULL; j++)
        if (g_str_equal (life->moves[j].move, "later"))
          config = later;
        else
          check_move (life, j, config, &incident);
    }
}

/* The configuration refuses what would reach nobody; agents who have left it since do not make it begin. */
static void
test_nobody (void)
{
  g_autoptr (Config) config = load (ALL "escalation \"e\" { " SECOND "}\n");
  g_autoptr (Config) later = load (TEAMS ALICE CAROL PAGER MAIL MAILED);
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  const Roster roster = { .config = later };
  g_assert_null (escalation_start (&roster, g_ptr_array_index (config->escalations, 0), AT, "why", pages));
  g_assert_cmpuint (pages->len, ==, 0);
}

/* ---- windows ---- */

/* PagerDuty groups by itself, and must know each. */
static void
test_windows (void)
{
  g_autoptr (Config) config = load ("page-window = \"2m\"\n" TEAMS ALICE MAIL "channel \"pd\" { type = \"pagerduty\" key-file = \"/nowhere\" }\n"
                                    "escalation \"e\" { step \"s\" { agents = {\"alice\"} by = {\"mail\", \"pd\"} } }\n");
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  const Roster roster = { .config = config };
  g_autoptr (Incident) incident = escalation_start (&roster, g_ptr_array_index (config->escalations, 0), AT, "why", pages);
  g_assert_cmpuint (pages->len, ==, 2);
  g_assert_cmpint (((const Outgoing *) g_ptr_array_index (pages, 0))->window, ==, 2 * G_TIME_SPAN_MINUTE);
  g_assert_cmpint (((const Outgoing *) g_ptr_array_index (pages, 1))->window, ==, 0);
}

/* ---- plans ---- */

/* What the plan in PLAN comes to: "repeat again: step wait agents by; ..." */
static char *
describe_plan (const Config *config, const char *text)
{
  const Incident incident = { .escalation = (char *) "e", .plan = (char *) text };
  g_autoptr (Escalation) plan = escalation_read_plan (config, &incident);
  if (plan == NULL)
    return g_strdup ("none");
  GString *found = g_string_new (NULL);
  g_string_append_printf (found, "%d %d", plan->repeat, plan->page_again);
  for (guint i = 0; i < plan->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (plan->steps, i);
      g_string_append_printf (found, "; %s %" G_GINT64_FORMAT " %u %u", step->name, step->wait, step->agents->len, step->by->len);
    }
  return g_string_free (found, FALSE);
}

static const struct {
  const char *plan, *want;
} plans[] = {
  { "{\"repeat\":2,\"page-again\":true,\"steps\":[{\"name\":\"a\",\"agents\":[\"bob\",\"alice\"],\"by\":[\"mail\"],\"wait\":60}]}", "2 1; a 60 2 1" },
  { "{\"repeat\":2,\"page-again\":false,\"steps\":[{\"name\":\"a\",\"schedule\":\"gone\",\"team\":\"noc\",\"agents\":[],\"by\":[\"mail\",\"gone\"],\"wait\":60}]}",
    "2 0; a 60 0 1" },
  /* what reaches nobody, or is no plan, is the configuration's */
  { "{\"repeat\":2,\"steps\":[{\"name\":\"a\",\"agents\":[\"gone\"],\"by\":[\"mail\"],\"wait\":60}]}", "3 0; all 300 0 1; boss 60 1 1" },
  { "{\"repeat\":2,\"steps\":[{\"name\":\"a\",\"agents\":[\"bob\"],\"by\":[\"gone\"],\"wait\":60}]}", "3 0; all 300 0 1; boss 60 1 1" },
  { "{\"repeat\":2,\"steps\":[{\"name\":\"a\",\"schedule\":\"noc\",\"agents\":[],\"by\":[\"mail\"],\"wait\":60}]}", "3 0; all 300 0 1; boss 60 1 1" },
  { "{\"repeat\":2,\"steps\":[]}", "3 0; all 300 0 1; boss 60 1 1" },
  { "{\"steps\":[{\"name\":7,\"agents\":\"bob\",\"by\":{\"mail\":1},\"wait\":\"x\"},null,1]}", "3 0; all 300 0 1; boss 60 1 1" },
  { "{\"steps\":{\"a\":1}}", "3 0; all 300 0 1; boss 60 1 1" },
  { "[1,2]", "3 0; all 300 0 1; boss 60 1 1" },
  { "\"e\"", "3 0; all 300 0 1; boss 60 1 1" },
  { "no JSON", "3 0; all 300 0 1; boss 60 1 1" },
  { "{\"repeat\":2,\"steps\":[{\"name\":\"a\",\"agents\":[\"bob\"]", "3 0; all 300 0 1; boss 60 1 1" },
  { "", "3 0; all 300 0 1; boss 60 1 1" },
  { NULL, "3 0; all 300 0 1; boss 60 1 1" },
};

static void
test_plans (void)
{
  g_autoptr (Config) config = load (ALL MAILED);
  g_autoptr (Config) nothing = load (TEAMS);
  for (guint i = 0; i < G_N_ELEMENTS (plans); i++)
    {
      g_autofree char *found = describe_plan (config, plans[i].plan), *none = describe_plan (nothing, plans[i].plan);
      if (!g_str_equal (found, plans[i].want))
        g_error ("plan %u: %s, and not %s", i, found, plans[i].want);
      g_assert_cmpstr (none, ==, "none");
    }
}

/* ---- orders by mail ---- */

static const struct {
  const char *text, *order; /* "" is none */
} orders[] = {
  { "ack", "acknowledge" },
  { "ack\n", "acknowledge" },
  { "ACK.\r\n\r\nAnn\r\n", "acknowledge" },
  { "Ack, on my way", "acknowledge" },
  { "  \"ack\"", "acknowledge" },
  { "*Ack*", "acknowledge" },
  { "Acknowledge", "acknowledge" },
  { "acknowledged\n", "acknowledge" },
  { "Resolve", "resolve" },
  { "resolved!\n", "resolve" },
  { "\r\n \t\r\nack\r\n", "acknowledge" },
  /* what others wrote does not count */
  { "> resolve\nack", "acknowledge" },
  { " > resolve\r\n| resolve\r\n\r\nack\r\n", "acknowledge" },
  { "> ack\n> resolve\n", "" },
  { "On Monday Frontdesk wrote:\n> dead lines\nack\n", "acknowledge" },
  { "On Monday Frontdesk wrote:\r\n\r\n> dead lines\r\nack\r\n", "acknowledge" },
  { "On Mon, 23 Nov 2026 at 10:00, Frontdesk <emergency+p.7.abcdefgh@example.com>\r\nwrote:\r\n\r\n> dead lines\r\n\r\nack\r\n", "acknowledge" },
  { "Am Montag, dem 23. November 2026 um 10:00\nschrieb Frontdesk\n<emergency@example.com>:\n> dead lines\nresolve\n", "resolve" },
  { "On Monday Frontdesk wrote:\n> ack\n", "" },
  { "ack\n\nOn Monday Frontdesk wrote:\n> resolve\n", "acknowledge" },
  { "ack:\n> dead lines\nresolve\n", "acknowledge" },
  { "What is this?\n> ack\n", "" },
  { "What is this:\nack\n", "" },
  { "I do not know.\nack\n> dead lines\n", "" },
  /* other words */
  { "", "" },
  { "\n\n", "" },
  { "...", "" },
  { "acked", "" },
  { "\303\240ack", "" },
  { "ackn", "" },
  { "unack", "" },
  { "not ack", "" },
  { "please ack", "" },
  { "do not resolve", "" },
  { "resolution", "" },
  { "\303\240ck", "" },
  { "<html><body><p>ack</p></body></html>", "" },
  { "<p>\nack\n</p>", "" },
  { "Subject: ack\n", "" },
};

static void
test_orders (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    {
      PageAction action = PAGE_ACKNOWLEDGE;
      const char *got = order_read (orders[i].text, &action) ? page_action_to_string (action) : "";
      if (!g_str_equal (got, orders[i].order))
        g_error ("\"%s\" is \"%s\", and not \"%s\"", orders[i].text, got, orders[i].order);
    }
}

/* An order far down in a long mail is none, however much stands before it. */
static void
test_long_mail (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PageAction action;
  for (int i = 0; i < 100000; i++)
    g_string_append (text, "> quoted\n");
  g_string_append (text, "ack\n");
  g_assert_false (order_read (text->str, &action));
}

/* ---- what is told of an order ---- */

static char *
describe (IncidentState state, const char *holder, gboolean done)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  Incident incident = { .ticket = 42, .state = state, .acknowledged_by = (char *) holder, .acknowledged_at = AT, .resolved_at = AT + G_TIME_SPAN_HOUR };
  Taking taking = { .incident = &incident, .done = done };
  g_autoptr (GPtrArray) takings = g_ptr_array_new ();
  g_ptr_array_add (takings, &taking);
  return order_describe (takings, "alice", zone);
}

static const struct {
  IncidentState state;
  const char *holder;
  gboolean done;
  const char *want;
} answers[] = {
  { INCIDENT_ACKNOWLEDGED, "alice", TRUE, "#42: you have it." },
  { INCIDENT_ACKNOWLEDGED, "alice", FALSE, "#42: you have had it since 2026-11-23 16:00 UTC." },
  { INCIDENT_ACKNOWLEDGED, "bob", FALSE, "#42: somebody else has it since 2026-11-23 16:00 UTC. It is bob's." },
  { INCIDENT_RESOLVED, NULL, TRUE, "#42: it is resolved, and nobody is paged for it any more." },
  { INCIDENT_RESOLVED, "bob", FALSE, "#42: it was resolved before, at 2026-11-23 17:00 UTC." },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *got = describe (answers[i].state, answers[i].holder, answers[i].done);
      g_assert_cmpstr (got, ==, answers[i].want);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/escalation/lives", test_lives);
  g_test_add_func ("/escalation/nobody", test_nobody);
  g_test_add_func ("/escalation/windows", test_windows);
  g_test_add_func ("/escalation/plans", test_plans);
  g_test_add_func ("/order/words", test_orders);
  g_test_add_func ("/order/long-mail", test_long_mail);
  g_test_add_func ("/order/answers", test_answers);
  return g_test_run ();
}
