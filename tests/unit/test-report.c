/* What a report counts: outcomes, percentiles, ages, groups and their sum. */
#include "desk/report.h"

#define DAY (G_GINT64_CONSTANT (86400) * G_USEC_PER_SEC)

static const gint64 now = 100 * DAY;

static void
add_ticket (Report *report, gint64 number, const char *role, int priority, const char *state, int answers, gboolean reopened, gint64 age)
{
  const ReportTicket ticket = { .number = number, .role = role, .team = "t", .state = state, .priority = priority,
                                .opened_at = now - age, .answers = answers, .reopened = reopened, .escalated = priority == 1 };
  report_funcs.ticket (report, &ticket);
}

static void
add_promise (Report *report, gint64 number, TargetKind target, PromiseOutcome outcome, gint64 seconds)
{
  const ReportPromise promise = { .ticket = number, .target = target, .outcome = outcome,
                                  .took = seconds >= 0 ? seconds * G_USEC_PER_SEC : -1 };
  report_funcs.promise (report, &promise);
}

static void
test_counts (void)
{
  g_autoptr (Report) report = report_new (now);
  add_ticket (report, 11, "b", 3, "closed", 1, FALSE, 5 * DAY);
  add_ticket (report, 12, "b", 3, "resolved", 2, FALSE, DAY);
  add_ticket (report, 14, "b", 3, "resolved", 1, TRUE, DAY);
  add_ticket (report, 15, "b", 3, "open", 0, FALSE, DAY / 2);
  add_ticket (report, 16, "a", 1, "pending", 0, FALSE, 40 * DAY);
  add_promise (report, 10, TARGET_RESPOND, OUTCOME_KEPT, 1); /* of no ticket of the span, as is the next but one */
  add_promise (report, 11, TARGET_RESPOND, OUTCOME_KEPT, 60);
  add_promise (report, 13, TARGET_RESPOND, OUTCOME_KEPT, 1);
  add_promise (report, 12, TARGET_RESPOND, OUTCOME_MISSED, 120);
  add_promise (report, 12, TARGET_RESPOND, OUTCOME_MISSED, -1);
  add_promise (report, 14, TARGET_RESPOND, OUTCOME_DROPPED, -1);
  add_promise (report, 15, TARGET_RESPOND, OUTCOME_OPEN, -1);
  add_promise (report, 16, TARGET_RESPOND, OUTCOME_MISSED, -1);
  const GPtrArray *groups = report_finish (report);
  g_assert_cmpuint (groups->len, ==, 3);
  const ReportGroup *a = g_ptr_array_index (groups, 0), *b = g_ptr_array_index (groups, 1), *all = g_ptr_array_index (groups, 2);
  g_assert_cmpstr (a->role, ==, "a");
  g_assert_cmpuint (a->backlog[4], ==, 1);
  g_assert_cmpuint (a->escalated, ==, 1);
  g_assert_cmpuint (b->opened, ==, 4);
  g_assert_cmpuint (b->resolved, ==, 3);
  g_assert_cmpuint (b->first_contact, ==, 1);
  g_assert_cmpuint (b->reopened, ==, 1);
  g_assert_cmpuint (b->backlog[0], ==, 1);
  const TargetCount *answers = &b->target[TARGET_RESPOND];
  g_assert_cmpuint (answers->kept, ==, 1);
  g_assert_cmpuint (answers->missed, ==, 2);
  g_assert_cmpuint (answers->open, ==, 1);
  g_assert_cmpuint (answers->median, ==, 60);
  g_assert_cmpuint (answers->p90, ==, 120);
  g_assert_cmpuint (answers->breaches->len, ==, 1);
  g_assert_null (all->role);
  g_assert_cmpuint (all->opened, ==, 5);
  g_assert_cmpuint (all->target[TARGET_RESPOND].missed, ==, 3);
  g_assert_cmpint (g_array_index (all->target[TARGET_RESPOND].breaches, gint64, 0), ==, 12);
}

/* Two halves make the whole. */
static void
test_add (void)
{
  g_autoptr (Report) report = report_new (now), other = report_new (now);
  add_ticket (report, 1, "r", 2, "closed", 1, FALSE, DAY);
  add_ticket (other, 2, "r", 2, "open", 0, FALSE, DAY);
  add_ticket (other, 3, "s", 2, "open", 0, FALSE, DAY);
  add_promise (report, 1, TARGET_RESPOND, OUTCOME_KEPT, 5);
  add_promise (other, 2, TARGET_RESPOND, OUTCOME_MISSED, 9);
  report_add (report, other);
  const GPtrArray *groups = report_finish (report);
  g_assert_cmpuint (groups->len, ==, 3);
  const ReportGroup *r = g_ptr_array_index (groups, 0);
  g_assert_cmpuint (r->opened, ==, 2);
  g_assert_cmpuint (r->target[TARGET_RESPOND].kept + r->target[TARGET_RESPOND].missed, ==, 2);
  g_assert_cmpuint (r->target[TARGET_RESPOND].p99, ==, 9);
  g_assert_cmpuint (((ReportGroup *) g_ptr_array_index (groups, 2))->opened, ==, 3);
}

/* Nearest rank: of a hundred times, the 50th, 90th and 99th. */
static void
test_percentiles (void)
{
  g_autoptr (Report) report = report_new (now);
  add_ticket (report, 1, "r", 2, "closed", 1, FALSE, DAY);
  for (gint64 i = 100; i > 0; i--)
    add_promise (report, 1, TARGET_UPDATE, OUTCOME_KEPT, i);
  const GPtrArray *groups = report_finish (report);
  const TargetCount *updates = &((ReportGroup *) g_ptr_array_index (groups, 0))->target[TARGET_UPDATE];
  g_assert_cmpuint (updates->median, ==, 50);
  g_assert_cmpuint (updates->p90, ==, 90);
  g_assert_cmpuint (updates->p99, ==, 99);
}

static void
test_nothing (void)
{
  g_autoptr (Report) report = report_new (now);
  const GPtrArray *groups = report_finish (report);
  g_assert_cmpuint (groups->len, ==, 1);
  g_assert_cmpfloat (report_per_cent (0, 0), <, 0);
  g_assert_cmpfloat (report_per_cent (1, 4), ==, 25);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/report/counts", test_counts);
  g_test_add_func ("/report/add", test_add);
  g_test_add_func ("/report/percentiles", test_percentiles);
  g_test_add_func ("/report/nothing", test_nothing);
  return g_test_run ();
}
