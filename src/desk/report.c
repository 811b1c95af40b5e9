#include "desk/report.h"

#include <string.h>

#include "config/limits.h"

#define DAY (G_GINT64_CONSTANT (86400) * G_USEC_PER_SEC)

const char *const report_ages[AGES] = { "day", "three_days", "week", "month", "older" };

struct Report {
  gint64 now;
  GPtrArray *groups;  /* (element-type ReportGroup) */
  GHashTable *places; /* (element-type ReportGroup guint) their places, from 1 */
  GArray *of_ticket;  /* (element-type guint) the group of each number from FIRST on, plus one */
  gint64 first;
};

static void
group_free (ReportGroup *group)
{
  for (guint i = 0; i < TARGETS; i++)
    {
      g_array_unref (group->target[i].took);
      g_array_unref (group->target[i].breaches);
    }
  g_free (group->role);
  g_free (group->team);
  g_free (group);
}

static ReportGroup *
group_new (const char *role, const char *team, int priority)
{
  ReportGroup *group = g_new0 (ReportGroup, 1);
  group->role = g_strdup (role);
  group->team = g_strdup (team);
  group->priority = priority;
  for (guint i = 0; i < TARGETS; i++)
    {
      group->target[i].took = g_array_new (FALSE, FALSE, sizeof (guint32));
      group->target[i].breaches = g_array_new (FALSE, FALSE, sizeof (gint64));
    }
  return group;
}

static guint
hash_group (gconstpointer key)
{
  const ReportGroup *group = key;
  return g_str_hash (group->role) ^ (g_str_hash (group->team) * 31) ^ (guint) group->priority;
}

static gboolean
is_same_group (gconstpointer one, gconstpointer other)
{
  const ReportGroup *a = one, *b = other;
  return a->priority == b->priority && g_str_equal (a->role, b->role) && g_str_equal (a->team, b->team);
}

Report *
report_new (gint64 now)
{
  Report *report = g_new0 (Report, 1);
  report->now = now;
  report->places = g_hash_table_new (hash_group, is_same_group);
  report->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) group_free);
  report->of_ticket = g_array_new (FALSE, TRUE, sizeof (guint));
  return report;
}

void
report_free (Report *report)
{
  g_array_unref (report->of_ticket);
  g_hash_table_unref (report->places);
  g_ptr_array_unref (report->groups);
  g_free (report);
}

/* The place of the group WANTED, from 1. */
static guint
find_group (Report *report, const ReportGroup *wanted)
{
  guint place = GPOINTER_TO_UINT (g_hash_table_lookup (report->places, wanted));
  if (place != 0)
    return place;
  ReportGroup *group = group_new (wanted->role, wanted->team, wanted->priority);
  g_ptr_array_add (report->groups, group);
  g_hash_table_insert (report->places, group, GUINT_TO_POINTER (report->groups->len));
  return report->groups->len;
}

static guint
find_age (gint64 age)
{
  static const int days[] = { 1, 3, 7, 30 };
  guint i = 0;
  while (i < G_N_ELEMENTS (days) && age >= days[i] * DAY)
    i++;
  return i;
}

static void
count_ticket (ReportGroup *group, const ReportTicket *ticket, gint64 now)
{
  gboolean ended = strcmp (ticket->state, "resolved") == 0 || strcmp (ticket->state, "closed") == 0;
  group->opened++;
  group->resolved += ended;
  group->first_contact += ended && ticket->answers <= 1 && !ticket->reopened;
  group->reopened += ticket->reopened;
  group->escalated += ticket->escalated;
  if (!ended)
    group->backlog[find_age (now - ticket->opened_at)]++;
}

static void
add_ticket (gpointer data, const ReportTicket *ticket)
{
  Report *report = data;
  const ReportGroup wanted = {
    .role = (char *) ticket->role, .team = (char *) ticket->team, .priority = ticket->priority
  };
  guint place = find_group (report, &wanted);
  if (report->first == 0)
    report->first = ticket->number;
  g_array_set_size (report->of_ticket, (guint) (ticket->number - report->first) + 1);
  g_array_index (report->of_ticket, guint, report->of_ticket->len - 1) = place;
  count_ticket (g_ptr_array_index (report->groups, place - 1), ticket, report->now);
}

static void
add_promise (gpointer data, const ReportPromise *promise)
{
  Report *report = data;
  gint64 place = promise->ticket - report->first;
  guint group = place >= 0 && place < report->of_ticket->len ? g_array_index (report->of_ticket, guint, place) : 0;
  if (group == 0)
    return;
  TargetCount *count = &((ReportGroup *) g_ptr_array_index (report->groups, group - 1))->target[promise->target];
  gboolean missed = promise->outcome == OUTCOME_MISSED;
  count->kept += promise->outcome == OUTCOME_KEPT;
  count->missed += missed;
  count->open += promise->outcome == OUTCOME_OPEN;
  if (promise->took >= 0)
    {
      guint32 seconds = (guint32) MIN (promise->took / G_USEC_PER_SEC, G_MAXUINT32);
      g_array_append_val (count->took, seconds);
    }
  gint64 *last = count->breaches->len > 0 ? &g_array_index (count->breaches, gint64, count->breaches->len - 1) : NULL;
  if (missed && count->breaches->len < LIMIT_REPORT_BREACHES && (last == NULL || *last != promise->ticket))
    g_array_append_val (count->breaches, promise->ticket);
}

const ReportFuncs report_funcs = { .ticket = add_ticket, .promise = add_promise };

static int
compare_times (gconstpointer one, gconstpointer other)
{
  guint32 a = *(const guint32 *) one, b = *(const guint32 *) other;
  return a < b ? -1 : a > b;
}

static int
compare_numbers (gconstpointer one, gconstpointer other)
{
  gint64 a = *(const gint64 *) one, b = *(const gint64 *) other;
  return a < b ? -1 : a > b;
}

/* The smallest time that PER_CENT of them do not pass (nearest rank). */
static guint32
percentile (const GArray *sorted, guint per_cent)
{
  if (sorted->len == 0)
    return 0;
  guint rank = (guint) (((guint64) sorted->len * per_cent + 99) / 100);
  return g_array_index (sorted, guint32, MAX (rank, 1) - 1);
}

static void
finish_group (ReportGroup *group)
{
  for (guint i = 0; i < TARGETS; i++)
    {
      TargetCount *count = &group->target[i];
      g_array_sort (count->took, compare_times);
      count->median = percentile (count->took, 50);
      count->p90 = percentile (count->took, 90);
      count->p99 = percentile (count->took, 99);
    }
}

static int
compare_groups (gconstpointer one, gconstpointer other)
{
  const ReportGroup *a = *(ReportGroup *const *) one, *b = *(ReportGroup *const *) other;
  int order = strcmp (a->role, b->role);
  if (order == 0)
    order = strcmp (a->team, b->team);
  return order != 0 ? order : a->priority - b->priority;
}

static void
add_count (TargetCount *all, const TargetCount *count)
{
  all->kept += count->kept;
  all->missed += count->missed;
  all->open += count->open;
  g_array_append_vals (all->took, count->took->data, count->took->len);
  g_array_append_vals (all->breaches, count->breaches->data,
                       MIN (count->breaches->len, LIMIT_REPORT_BREACHES - all->breaches->len));
}

static void
add_group (ReportGroup *all, const ReportGroup *group)
{
  all->opened += group->opened;
  all->resolved += group->resolved;
  all->first_contact += group->first_contact;
  all->reopened += group->reopened;
  all->escalated += group->escalated;
  for (guint age = 0; age < AGES; age++)
    all->backlog[age] += group->backlog[age];
  for (guint target = 0; target < TARGETS; target++)
    add_count (&all->target[target], &group->target[target]);
}

void
report_add (Report *report, const Report *other)
{
  for (guint i = 0; i < other->groups->len; i++)
    {
      const ReportGroup *group = g_ptr_array_index (other->groups, i);
      guint place = find_group (report, group);
      add_group (g_ptr_array_index (report->groups, place - 1), group);
    }
}

/* The sum of all groups. */
static ReportGroup *
sum (const GPtrArray *groups)
{
  ReportGroup *all = group_new (NULL, NULL, 0);
  for (guint i = 0; i < groups->len; i++)
    add_group (all, g_ptr_array_index (groups, i));
  for (guint target = 0; target < TARGETS; target++)
    g_array_sort (all->target[target].breaches, compare_numbers);
  return all;
}

GPtrArray *
report_finish (Report *report)
{
  g_ptr_array_sort (report->groups, compare_groups);
  g_ptr_array_add (report->groups, sum (report->groups));
  g_ptr_array_foreach (report->groups, (GFunc) (void (*) (void)) finish_group, NULL);
  return report->groups;
}

double
report_per_cent (guint part, guint whole)
{
  return whole > 0 ? 100.0 * part / whole : -1;
}
