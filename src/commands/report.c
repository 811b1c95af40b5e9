/* report: what was promised in a span of time, and what was kept. */
#include "commands/moment.h"
#include "commands/output.h"

#include <stdio.h>

#include "desk/report.h"
#include "store/store.h"

typedef struct {
  char *since, *until;
  gboolean csv;
  gint64 from, to;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->since);
  g_free (options->until);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
read_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "since", 0, 0, G_OPTION_ARG_STRING, &options->since, "tickets opened from TIME on; 30 days ago without it",
      "TIME" },
    { "until", 0, 0, G_OPTION_ARG_STRING, &options->until, "and before TIME; now without it", "TIME" },
    { "csv", 0, 0, G_OPTION_ARG_NONE, &options->csv, "a line for each group and target", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- what was promised, and what was kept");
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error) ||
      !moment_read (options->until, zone, &options->to, error) ||
      !moment_read (options->since, zone, &options->from, error))
    return FALSE;
  if (options->since == NULL)
    options->from = options->to - 30 * G_TIME_SPAN_DAY;
  if (*argc == 1)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               "usage: frontdesk report [--since TIME] [--until TIME] [--csv]");
  return FALSE;
}

/* ---- JSON ---- */

static json_t *
per_cent_to_json (guint part, guint whole)
{
  double value = report_per_cent (part, whole);
  return value >= 0 ? json_real (value) : json_null ();
}

static json_t *
breaches_to_json (const GArray *breaches)
{
  json_t *list = json_array ();
  for (guint i = 0; i < breaches->len; i++)
    json_array_append_new (list, json_integer (g_array_index (breaches, gint64, i)));
  return list;
}

static json_t *
goal_to_json (int goal)
{
  return goal > 0 ? json_integer (goal) : json_null ();
}

static json_t *
count_to_json (const TargetCount *count, int goal)
{
  gboolean met = count->took->len > 0;
  return json_pack ("{s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "kept", count->kept, "missed", count->missed,
                    "open", count->open, "per_cent", per_cent_to_json (count->kept, count->kept + count->missed),
                    "goal", goal_to_json (goal), "median_seconds", met ? json_integer (count->median) : json_null (),
                    "p90_seconds", met ? json_integer (count->p90) : json_null (), "p99_seconds",
                    met ? json_integer (count->p99) : json_null (), "breaches", breaches_to_json (count->breaches));
}

static json_t *
backlog_to_json (const ReportGroup *group)
{
  json_t *object = json_object ();
  for (guint i = 0; i < AGES; i++)
    json_object_set_new (object, report_ages[i], json_integer (group->backlog[i]));
  return object;
}

static json_t *
group_to_json (const Config *config, const ReportGroup *group)
{
  const Role *role = group->role != NULL ? config_find_role_by_name (config, group->role) : NULL;
  const Policy *policy = role != NULL ? role->policy : NULL;
  g_autofree char *priority = group->priority != 0 ? g_strdup_printf ("p%d", group->priority) : NULL;
  json_t *object = json_pack (
    "{s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:i, s:i, s:o, s:o, s:o}", "role", output_string (group->role), "team",
    output_string (group->team), "priority", output_string (priority), "opened", group->opened, "resolved",
    group->resolved, "first_contact", group->first_contact, "first_contact_per_cent",
    per_cent_to_json (group->first_contact, group->resolved), "first_contact_goal",
    goal_to_json (policy != NULL ? policy->goal_first_contact : 0), "reopened", group->reopened, "escalated",
    group->escalated, "escalated_per_cent", per_cent_to_json (group->escalated, group->opened), "escalated_goal",
    goal_to_json (policy != NULL ? policy->goal_escalation : 0), "backlog", backlog_to_json (group));
  for (TargetKind target = 0; target < TARGETS; target++)
    json_object_set_new (object, target_to_string (target),
                         count_to_json (&group->target[target], policy != NULL ? policy->goal[target] : 0));
  return object;
}

/* ---- tables ---- */

static json_t *
make_rows (const json_t *groups)
{
  json_t *rows = json_array ();
  size_t i;
  const json_t *group;
  json_array_foreach (groups, i, group) for (TargetKind target = 0; target < TARGETS; target++)
  {
    json_t *row = json_copy (json_object_get (group, target_to_string (target)));
    if (json_integer_value (json_object_get (row, "kept")) + json_integer_value (json_object_get (row, "missed")) +
          json_integer_value (json_object_get (row, "open")) ==
        0)
      {
        json_decref (row);
        continue;
      }
    json_object_set_new (row, "target", json_string (target_to_string (target)));
    json_object_set (row, "role", json_object_get (group, "role"));
    json_object_set (row, "team", json_object_get (group, "team"));
    json_object_set (row, "priority", json_object_get (group, "priority"));
    json_array_append_new (rows, row);
  }
  return rows;
}

static const char *const target_keys[] = { "role",        "team",        "priority", "target", "kept",
                                           "missed",      "open",        "per_cent", "goal",   "median_seconds",
                                           "p90_seconds", "p99_seconds", NULL };

/* Fields of ours hold no comma, quote or line end, but names of roles and teams may. */
static void
print_csv_value (const json_t *value, gboolean first)
{
  if (!first)
    putchar (',');
  if (json_is_integer (value))
    printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  else if (json_is_real (value))
    printf ("%.2f", json_real_value (value));
  else if (json_is_string (value))
    {
      g_auto (GStrv) parts = g_strsplit (json_string_value (value), "\"", -1);
      g_autofree char *doubled = g_strjoinv ("\"\"", parts);
      printf ("\"%s\"", doubled);
    }
}

static void
print_csv (const json_t *rows)
{
  size_t i;
  const json_t *row;
  for (guint key = 0; target_keys[key] != NULL; key++)
    printf ("%s%s", key > 0 ? "," : "", target_keys[key]);
  putchar ('\n');
  json_array_foreach (rows, i, row)
  {
    for (guint key = 0; target_keys[key] != NULL; key++)
      print_csv_value (json_object_get (row, target_keys[key]), key == 0);
    putchar ('\n');
  }
}

static void
print_tables (const json_t *groups, const json_t *rows)
{
  const char *const titles[] = { "ROLE",     "TEAM", "PRIO",     "TARGET", "KEPT",  "MISSED", "OPEN",
                                 "PER CENT", "GOAL", "MEDIAN S", "P90 S",  "P99 S", NULL };
  const char *const keys[] = { "role",
                               "team",
                               "priority",
                               "opened",
                               "resolved",
                               "first_contact_per_cent",
                               "first_contact_goal",
                               "reopened",
                               "escalated_per_cent",
                               "escalated_goal",
                               NULL };
  const char *const group_titles[] = { "ROLE", "TEAM",     "PRIO",        "OPENED", "RESOLVED", "FIRST CONTACT %",
                                       "GOAL", "REOPENED", "ESCALATED %", "GOAL",   NULL };
  output_table (groups, keys, group_titles);
  putchar ('\n');
  output_table (rows, target_keys, titles);
}

static void
print (const CommandContext *context, const Options *options, json_t *groups)
{
  if (context->json)
    {
      output_json (json_pack ("{s:o, s:o, s:o}", "since", output_time (options->from), "until",
                              output_time (options->to), "groups", groups));
      return;
    }
  json_t *rows = make_rows (groups);
  if (options->csv)
    print_csv (rows);
  else
    print_tables (groups, rows);
  json_decref (rows);
  json_decref (groups);
}

/* Counting takes a second for each million tickets: the older half is counted by another thread. */
typedef struct {
  Store *store;
  ReportSpan span;
  Report *report;
  GError *error;
} Counting;

static gpointer
count (gpointer data)
{
  Counting *counting = data;
  store_report (counting->store, &counting->span, &report_funcs, counting->report, &counting->error);
  return NULL;
}

/* Counts all into REPORT. */
static gboolean
count_all (Store *store, const Options *options, Report *report, GError **error)
{
  gint64 next = store_next_number (store, error), now = g_get_real_time ();
  if (next == 0)
    return FALSE;
  g_autoptr (Report) older = report_new (now);
  Counting first = { store, { options->from, options->to, 1, next / 2 }, older, NULL };
  Counting second = { store, { options->from, options->to, next / 2 + 1, G_MAXINT64 }, report, NULL };
  GThread *thread = g_thread_new ("report", count, &first);
  count (&second);
  g_thread_join (thread);
  report_add (report, older);
  g_autoptr (GError) other = first.error != NULL ? second.error : NULL;
  GError *failure = first.error != NULL ? first.error : second.error;
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

int
command_report (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_auto (Options) options = { 0 };
  if (!read_options (&argc, &argv, &options, &error))
    {
      fprintf (stderr, "frontdesk report: %s\n", error->message);
      return COMMAND_USAGE;
    }
  g_autoptr (Report) report = report_new (g_get_real_time ());
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  if (store == NULL || !count_all (store, &options, report, &error))
    return output_error ("report", error);
  GPtrArray *groups = report_finish (report);
  json_t *list = json_array ();
  for (guint i = 0; i < groups->len; i++)
    json_array_append_new (list, group_to_json (context->config, g_ptr_array_index (groups, i)));
  print (context, &options, list);
  return COMMAND_OK;
}
