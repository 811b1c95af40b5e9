/* Deadlines of a ticket opened then: hours on a calendar, clock time, business days; each priority its own. */
#include "desk/promises.h"

#include <glib/gstdio.h>

static const char conf[] =
  "calendar \"pacific\" { timezone = \"America/Vancouver\" hours = {\"mon-fri 06:00-18:00\"} closed = {\"2026-12-25\"} }\n"
  "policy \"p\" { calendar = \"pacific\" acknowledge = \"15m\" respond = \"10m\" resolve = \"24h elapsed\"\n"
  "  priority \"p1\" { calendar = \"always\" acknowledge = \"1m\" respond = \"15m\" update = \"30m\" }\n"
  "  priority \"p4\" { resolve = \"7bd\" } }\n";

/* TEXT on the wall clock of ZONE: what its offset is, is the zone's data's to say, and changes with it. */
static gint64
instant (const char *text, GTimeZone *zone)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, zone);
  g_assert_nonnull (time);
  return g_date_time_to_unix (time) * G_USEC_PER_SEC;
}

static const struct {
  int priority;
  const char *opened, *acknowledge, *respond, *update, *resolve; /* "" is not promised */
} rows[] = {
  /* within hours, five minutes before the weekend, on Sunday, at closing, on a closed day */
  { 3, "2026-11-25T10:00:00", "2026-11-25T10:15:00", "2026-11-25T10:10:00", "", "2026-11-26T10:00:00" },
  { 3, "2026-11-27T17:55:00", "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-11-28T17:55:00" },
  { 3, "2026-11-29T12:00:00", "2026-11-30T06:15:00", "2026-11-30T06:10:00", "", "2026-11-30T12:00:00" },
  { 3, "2026-11-27T17:50:00", "2026-11-30T06:05:00", "2026-11-27T18:00:00", "", "2026-11-28T17:50:00" },
  { 3, "2026-12-25T09:00:00", "2026-12-28T06:15:00", "2026-12-28T06:10:00", "", "2026-12-26T09:00:00" },
  /* around the clock */
  { 1, "2026-11-29T03:00:00", "2026-11-29T03:01:00", "2026-11-29T03:15:00", "2026-11-29T03:30:00",
    "2026-11-30T03:00:00" },
  /* the closing of the seventh business day after the day of arrival */
  { 4, "2026-11-27T17:55:00", "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-12-08T18:00:00" },
  { 4, "2026-12-21T09:00:00", "2026-12-21T09:15:00", "2026-12-21T09:10:00", "", "2026-12-31T18:00:00" },
};

static void
check (guint row, TargetKind target, const GArray *promises, const char *want, GTimeZone *zone)
{
  const Promise *promise = promises_find_open (promises, target);
  gint64 wanted = *want != '\0' ? instant (want, zone) : 0, got = promise != NULL ? promise->due_at : 0;
  if (got != wanted)
    g_error ("row %u: %s is off by %" G_GINT64_FORMAT " s", row, target_to_string (target), (got - wanted) / G_USEC_PER_SEC);
}

static Config *
load (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("frontdesk-promises-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "frontdesk.conf", NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  Config *config = config_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_rmdir (folder);
  return config;
}

static void
test_deadlines (void)
{
  g_autoptr (Config) config = load (conf);
  const Policy *policy = config_find_policy (config, "p");
  GTimeZone *zone = policy->calendar->zone;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GArray) promises = promises_open (policy, rows[i].priority, NULL, instant (rows[i].opened, zone), TRUE, FALSE);
      check (i, TARGET_ACKNOWLEDGE, promises, rows[i].acknowledge, zone);
      check (i, TARGET_RESPOND, promises, rows[i].respond, zone);
      check (i, TARGET_UPDATE, promises, rows[i].update, zone);
      check (i, TARGET_RESOLVE, promises, rows[i].resolve, zone);
    }
}

/* ---- a ticket's life: opened on Monday at nine; "09:30" is that day ---- */

static const char life[] =
  "calendar \"c\" { timezone = \"America/Toronto\" hours = {\"mon-fri 09:00-17:00\"} }\n"
  "policy \"life\" { calendar = \"c\" acknowledge = \"1h\" respond = \"2h\" update = \"3h\" resolve = \"6h\" extend = \"4h\"\n"
  "  next-within = \"1h\" priority \"p1\" { respond = \"1h\" } priority \"p4\" { update = \"9h\" resolve = \"2bd\" }\n"
  "  kind \"complex\" { resolve = \"24h elapsed\" } }\n"
  "policy \"bare\" { calendar = \"c\" resolve = \"6h\" }\n";

typedef struct {
  const char *at;     /* time of day; NULL ends the list */
  ChangeKind change;
  int priority;       /* of the ticket from now on */
  const char *kind;
  const char *pause;  /* "10:00-11:00", or "10:00-" for one that is not over */
  const char *due;    /* acknowledge, respond, update, resolve: "-" for no open promise, "?" for one without a time */
} Event;

static const struct {
  const char *what;
  gboolean waits;
  Event events[8];
} lives[] = {
  { "the acknowledgement meets its own target only", FALSE,
    { { "09:10", CHANGE_ACKNOWLEDGED, 3, NULL, NULL, "- 11:00 12:00 15:00" } } },
  { "an answer meets acknowledgement, answer and update, and the next update counts from it", FALSE,
    { { "09:30", CHANGE_ANSWERED, 3, NULL, NULL, "- - 12:30 15:00" } } },
  { "the customer's first message after an answer starts the clock again, the next one does not", FALSE,
    { { "09:30", CHANGE_ANSWERED, 3, NULL, NULL, "- - 12:30 15:00" },
      { "10:00", CHANGE_WROTE, 3, NULL, NULL, "- 12:00 12:30 15:00" },
      { "10:30", CHANGE_WROTE, 3, NULL, NULL, "- 12:00 12:30 15:00" },
      { "11:00", CHANGE_ANSWERED, 3, NULL, NULL, "- - 14:00 15:00" } } },
  { "further messages before the answer change nothing", FALSE,
    { { "09:30", CHANGE_WROTE, 3, NULL, NULL, "10:00 11:00 12:00 15:00" } } },
  { "another priority counts from the opening", FALSE,
    { { "09:30", CHANGE_TERMS, 1, NULL, NULL, "10:00 10:00 12:00 15:00" },
      { "09:40", CHANGE_TERMS, 3, NULL, NULL, "10:00 11:00 12:00 15:00" } } },
  { "a kind sets the target that it names", FALSE,
    { { "09:30", CHANGE_TERMS, 3, "complex", NULL, "10:00 11:00 12:00 +09:00" } } },
  { "a pause holds update and solution up, not the answer", FALSE,
    { { "10:00", CHANGE_TERMS, 3, NULL, "10:00-", "10:00 11:00 ? ?" },
      { "11:00", CHANGE_TERMS, 3, NULL, "10:00-11:00", "10:00 11:00 13:00 16:00" } } },
  { "a pause of clock time", FALSE,
    { { "11:00", CHANGE_TERMS, 3, "complex", "10:00-11:00", "10:00 11:00 13:00 +10:00" } } },
  { "a pause of business days is the time open in it", FALSE,
    { { "11:00", CHANGE_TERMS, 4, NULL, "10:00-11:00", "10:00 11:00 +11:00 +++10:00" } } },
  { "the end meets the solution and drops the rest", FALSE,
    { { "09:05", CHANGE_ACKNOWLEDGED, 3, NULL, NULL, "- 11:00 12:00 15:00" },
      { "10:00", CHANGE_RESOLVED, 3, NULL, NULL, "- - - -" } } },
  { "opened again, the solution's clock goes on, less the time between", FALSE,
    { { "10:00", CHANGE_RESOLVED, 3, NULL, NULL, "10:00 - - -" },
      { "12:00", CHANGE_REOPENED, 3, NULL, "10:00-12:00", "10:00 - 15:00 17:00" } } },
  { "a ticket that waits for an earlier one has no time for its answer until that ends", TRUE,
    { { "09:30", CHANGE_TERMS, 3, NULL, NULL, "10:00 ? 12:00 15:00" },
      { "13:00", CHANGE_BEGAN, 3, NULL, NULL, "10:00 14:00 12:00 15:00" },
      { "13:10", CHANGE_TERMS, 1, NULL, NULL, "10:00 14:00 12:00 15:00" } } },
};

/* "10:30" of the opening's day; a "+" a day later. */
static gint64
clock_of (const char *text, GTimeZone *zone)
{
  int days = 0;
  for (; *text == '+'; text++)
    days++;
  g_autofree char *iso = g_strdup_printf ("2026-11-%02dT%s:00", 23 + days, text);
  return instant (iso, zone);
}

static GArray *
read_pauses (const char *text, GTimeZone *zone)
{
  GArray *pauses = g_array_new (FALSE, FALSE, sizeof (Interval));
  g_auto (GStrv) ends = g_strsplit (text != NULL ? text : "", "-", 2);
  if (ends[0] != NULL)
    {
      Interval pause = { clock_of (ends[0], zone), *ends[1] != '\0' ? clock_of (ends[1], zone) : G_MAXINT64 };
      g_array_append_val (pauses, pause);
    }
  return pauses;
}

static void
check_due (const char *what, const Event *event, const GArray *promises, GTimeZone *zone)
{
  g_auto (GStrv) wanted = g_strsplit (event->due, " ", TARGETS);
  for (TargetKind target = 0; target < TARGETS; target++)
    {
      const Promise *promise = promises_find_open (promises, target);
      gint64 want = g_ascii_isdigit (*wanted[target]) || *wanted[target] == '+' ? clock_of (wanted[target], zone) : 0;
      if ((promise == NULL) != g_str_equal (wanted[target], "-") || (promise != NULL && promise->due_at != want))
        g_error ("%s: at %s, %s is %s, off by %" G_GINT64_FORMAT " s", what, event->at, target_to_string (target),
                 promise != NULL ? "open" : "not open", promise != NULL ? (promise->due_at - want) / G_USEC_PER_SEC : 0);
    }
}

static void
test_lives (void)
{
  g_autoptr (Config) config = load (life);
  const Policy *policy = config_find_policy (config, "life");
  GTimeZone *zone = policy->calendar->zone;
  for (guint i = 0; i < G_N_ELEMENTS (lives); i++)
    {
      gint64 opened = clock_of ("09:00", zone);
      g_autoptr (GArray) promises = promises_open (policy, 3, NULL, opened, TRUE, lives[i].waits);
      for (const Event *event = lives[i].events; event->at != NULL; event++)
        {
          g_autoptr (GArray) pauses = read_pauses (event->pause, zone);
          const PromiseTerms terms = { .role = "r", .kind = event->kind, .priority = event->priority, .opened_at = opened, .pauses = pauses,
                                       .pending = pauses->len > 0 && g_array_index (pauses, Interval, 0).to == G_MAXINT64 };
          const Change change = { .kind = event->change, .at = clock_of (event->at, zone) };
          promises_change (policy, &terms, promises, &change);
          check_due (lives[i].what, event, promises, zone);
        }
    }
}

/* What an answer took is measured in the target's own time: overnight counts for nothing. */
static void
test_took (void)
{
  g_autoptr (Config) config = load (life);
  const Policy *policy = config_find_policy (config, "life");
  GTimeZone *zone = policy->calendar->zone;
  gint64 opened = clock_of ("16:30", zone);
  g_autoptr (GArray) promises = promises_open (policy, 3, NULL, opened, FALSE, FALSE);
  const PromiseTerms terms = { .priority = 3, .opened_at = opened };
  promises_change (policy, &terms, promises, &(Change){ .kind = CHANGE_ANSWERED, .at = clock_of ("+09:15", zone) });
  const Promise *answer = &g_array_index (promises, Promise, 0);
  g_assert_cmpint (answer->target, ==, TARGET_RESPOND);
  g_assert_cmpint (answer->took, ==, G_GINT64_CONSTANT (2700) * G_USEC_PER_SEC);
}

/* An answer behind its time was late, also when the clock was not there to see it. */
static void
test_late_unseen (void)
{
  static const struct { const char *at; gboolean late; } answers[] = { { "10:59", FALSE }, { "11:00", FALSE }, { "11:01", TRUE } };
  g_autoptr (Config) config = load (life);
  const Policy *policy = config_find_policy (config, "life");
  GTimeZone *zone = policy->calendar->zone;
  const PromiseTerms terms = { .priority = 3, .opened_at = clock_of ("09:00", zone) };
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GArray) promises = promises_open (policy, 3, NULL, terms.opened_at, FALSE, FALSE);
      const Change answered = { .kind = CHANGE_ANSWERED, .at = clock_of (answers[i].at, zone) };
      promises_change (policy, &terms, promises, &answered);
      g_assert_cmpint (g_array_index (promises, Promise, 0).breached_at, ==, answers[i].late ? answered.at : 0);
    }
}

/* Another policy: what it does not promise is dropped, what is new counts from the opening; without one nothing is promised. */
static void
test_other_policy (void)
{
  g_autoptr (Config) config = load (life);
  const Policy *policy = config_find_policy (config, "life"), *bare = config_find_policy (config, "bare");
  GTimeZone *zone = policy->calendar->zone;
  gint64 opened = clock_of ("09:00", zone);
  const PromiseTerms terms = { .priority = 3, .opened_at = opened };
  const Change change = { .kind = CHANGE_TERMS, .at = clock_of ("10:00", zone) };
  g_autoptr (GArray) promises = promises_open (bare, 3, NULL, opened, TRUE, FALSE);
  g_assert_cmpuint (promises->len, ==, 1);
  promises_change (policy, &terms, promises, &change);
  check (0, TARGET_RESPOND, promises, "2026-11-23T11:00:00", zone);
  promises_change (bare, &terms, promises, &change);
  g_assert_null (promises_find_open (promises, TARGET_RESPOND));
  g_assert_nonnull (promises_find_open (promises, TARGET_RESOLVE));
  promises_change (NULL, &terms, promises, &change);
  g_assert_null (promises_find_open (promises, TARGET_RESOLVE));
}

/* A machine is promised nothing, whatever is changed; a person who writes on its ticket is. */
static void
test_machine (void)
{
  g_autoptr (Config) config = load (life);
  const Policy *policy = config_find_policy (config, "life");
  GTimeZone *zone = policy->calendar->zone;
  const PromiseTerms terms = { .priority = 3, .opened_at = clock_of ("09:00", zone), .by_machine = TRUE };
  g_autoptr (GArray) promises = g_array_new (FALSE, FALSE, sizeof (Promise));
  for (ChangeKind kind = CHANGE_TERMS; kind <= CHANGE_BEGAN; kind++)
    if (kind != CHANGE_WROTE)
      promises_change (policy, &terms, promises, &(Change){ .kind = kind, .at = clock_of ("10:00", zone) });
  g_assert_cmpuint (promises->len, ==, 0);
  promises_change (policy, &terms, promises, &(Change){ .kind = CHANGE_WROTE, .at = clock_of ("10:00", zone) });
  g_assert_cmpuint (promises->len, ==, 1);
  check (0, TARGET_RESPOND, promises, "2026-11-23T12:00:00", zone);
}

/* The times at which the clock looks at a promise: once for each, and never again after it is missed. */
static void
test_next (void)
{
  g_autoptr (Config) config = load (life);
  const Policy *policy = config_find_policy (config, "life");
  GTimeZone *zone = policy->calendar->zone;
  gint64 opened = clock_of ("09:00", zone);
  const PromiseTerms terms = { .priority = 3, .opened_at = opened };
  g_autoptr (GArray) promises = promises_open (policy, 3, NULL, opened, FALSE, FALSE);
  Promise *answer = &g_array_index (promises, Promise, 0);
  g_assert_cmpint (promise_next (answer), ==, clock_of ("10:30", zone)); /* 75 per cent of two hours */
  answer->warned_at = 1;
  g_assert_cmpint (promise_next (answer), ==, clock_of ("10:48", zone)); /* 90 per cent: extend-at */
  g_assert_true (promises_extend (policy, &terms, answer, 2));
  g_assert_cmpint (answer->due_at, ==, clock_of ("15:00", zone));
  g_assert_cmpint (promise_next (answer), ==, answer->due_at);
  promises_change (policy, &terms, promises, &(Change){ .kind = CHANGE_TERMS, .at = 3 });
  g_assert_cmpint (answer->due_at, ==, clock_of ("15:00", zone)); /* a time that was promised stays */
  answer->warned_at = 0;
  answer->breached_at = 3;
  g_assert_cmpint (promise_next (answer), ==, 0);
}

/* A missed update begins the next one where it ended, or now when that would be over already. */
static void
test_missed_update (void)
{
  g_autoptr (Config) config = load (life);
  const Policy *policy = config_find_policy (config, "life");
  GTimeZone *zone = policy->calendar->zone;
  gint64 opened = clock_of ("09:00", zone);
  const PromiseTerms terms = { .priority = 3, .opened_at = opened };
  static const char *const rounds[][2] = { { "12:00", "15:00" }, { "14:30", "15:00" }, { "15:30", "+10:30" } };
  for (guint i = 0; i < G_N_ELEMENTS (rounds); i++)
    {
      g_autoptr (GArray) promises = promises_open (policy, 3, NULL, opened, FALSE, FALSE);
      promises_begin_update (policy, &terms, promises, promises_find_open (promises, TARGET_UPDATE), clock_of (rounds[i][0], zone));
      const Promise *next = promises_find_open (promises, TARGET_UPDATE);
      g_assert_cmpint (next->cycle, ==, 2);
      g_assert_cmpint (next->due_at, ==, clock_of (rounds[i][1], zone));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/promises/deadlines", test_deadlines);
  g_test_add_func ("/promises/lives", test_lives);
  g_test_add_func ("/promises/took", test_took);
  g_test_add_func ("/promises/late-unseen", test_late_unseen);
  g_test_add_func ("/promises/other-policy", test_other_policy);
  g_test_add_func ("/promises/machine", test_machine);
  g_test_add_func ("/promises/next", test_next);
  g_test_add_func ("/promises/missed-update", test_missed_update);
  return g_test_run ();
}
