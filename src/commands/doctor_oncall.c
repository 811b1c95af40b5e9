/* What doctor says of those who are to be called: the next 30 days, a line for each thing that is to be mended. */
#include "commands/doctor.h"

#include "config/zone.h"
#include "desk/schedule.h"

#define DAYS 30

typedef struct {
  Report *list;
  const Roster *roster;
  Interval span;
  guint lines;
} Examination;

static void
warn (Examination *examination, char *text)
{
  report (examination->list, "oncall", "warn", text);
  examination->lines++;
  g_free (text);
}

static char *
describe_time (const Schedule *schedule, gint64 at)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, schedule->zone);
  return g_date_time_format (local, "%Y-%m-%d %H:%M");
}

static void
check_gaps (Examination *examination, const Schedule *schedule)
{
  enum { MOST = 10 }; /* a schedule with a gap each night has one of them told in ten lines */
  g_autoptr (GArray) gaps = schedule_find_gaps (examination->roster, schedule, examination->span);
  for (guint i = 0; i < gaps->len && i < MOST; i++)
    {
      const Interval *gap = &g_array_index (gaps, Interval, i);
      g_autofree char *from = describe_time (schedule, gap->from), *to = describe_time (schedule, gap->to);
      warn (examination, g_strdup_printf ("nobody is on call by schedule \"%s\" from %s to %s (%s)", schedule->name,
                                          from, to, schedule->timezone));
    }
  if (gaps->len > MOST)
    warn (examination,
          g_strdup_printf (
              "schedule \"%s\" has %u more gaps in the next %d days; frontdesk oncall --from --to lists them",
              schedule->name, gaps->len - MOST, DAYS));
}

/* Whom STEP reaches at some time of the span. (element-type Agent) */
static GHashTable *
find_reached (const Examination *examination, const Step *step)
{
  GHashTable *reached = g_hash_table_new (NULL, NULL);
  const GPtrArray *agents = examination->roster->config->agents;
  for (guint i = 0; i < agents->len; i++)
    if (step_names (step, g_ptr_array_index (agents, i)))
      g_hash_table_add (reached, g_ptr_array_index (agents, i));
  g_autoptr (GArray) duties = step->schedule != NULL
                                  ? schedule_list (examination->roster, step->schedule, examination->span)
                                  : g_array_new (FALSE, FALSE, sizeof (Duty));
  for (guint i = 0; i < duties->len; i++)
    g_hash_table_add (reached, (gpointer) g_array_index (duties, Duty, i).agent);
  return reached;
}

/* A webhook or command gets the agent's number, and most can do nothing without it. */
static gboolean
is_usable (const Channel *channel, const Agent *agent)
{
  gboolean given = channel->type == CHANNEL_WEBHOOK || channel->type == CHANNEL_COMMAND;
  return given ? agent->mobile != NULL : channel_can_reach (channel, agent);
}

static void
check_channels (Examination *examination, const Escalation *escalation, const Step *step, const Agent *agent)
{
  gboolean usable = FALSE;
  for (guint i = 0; i < step->by->len; i++)
    {
      const Channel *channel = g_ptr_array_index (step->by, i);
      usable = usable || is_usable (channel, agent);
      if (!channel_can_reach (channel, agent))
        warn (examination, g_strdup_printf ("agent \"%s\" has no mobile in the form +16045550101, which channel \"%s\" of step "
                                            "\"%s\" of escalation \"%s\" needs",
                                            agent->name, channel->name, step->name, escalation->name));
    }
  if (!usable)
    warn (examination,
          g_strdup_printf ("agent \"%s\" has no mobile, and step \"%s\" of escalation \"%s\" has no channel that does without",
                           agent->name, step->name, escalation->name));
}

static void
check_step (Examination *examination, const Escalation *escalation, const Step *step)
{
  g_autoptr (GHashTable) reached = find_reached (examination, step);
  const GPtrArray *agents = examination->roster->config->agents;
  if (g_hash_table_size (reached) == 0)
    warn (examination,
          g_strdup_printf ("step \"%s\" of escalation \"%s\" reaches nobody in the next %d days: %s", step->name,
                           escalation->name, DAYS,
                           step->schedule != NULL ? "nobody is on call by its schedule" : "no agent is in its team"));
  for (guint i = 0; i < agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (agents, i);
      if (g_hash_table_contains (reached, agent))
        check_channels (examination, escalation, step, agent);
    }
}

static void
check_override (Examination *examination, const Override *override)
{
  const Config *config = examination->roster->config;
  const char *missing = config_find_schedule (config, override->schedule) == NULL ? override->schedule
                        : config_find_agent (config, override->agent) == NULL     ? override->agent
                        : override->instead != NULL && config_find_agent (config, override->instead) == NULL
                            ? override->instead
                            : NULL;
  if (missing != NULL)
    warn (examination,
          g_strdup_printf ("override %" G_GINT64_FORMAT " changes nothing, as the configuration has no \"%s\": "
                           "frontdesk oncall remove %" G_GINT64_FORMAT,
                           override->id, missing, override->id));
}

void
doctor_check_oncall (Report *list, const Config *config, const GPtrArray *overrides, gint64 now)
{
  const Roster roster = { .config = config, .overrides = overrides };
  Examination examination = { .list = list, .roster = &roster, .span = { now, now + DAYS * ZONE_DAY } };
  for (guint i = 0; i < config->schedules->len; i++)
    check_gaps (&examination, g_ptr_array_index (config->schedules, i));
  for (guint i = 0; i < config->escalations->len; i++)
    {
      const Escalation *escalation = g_ptr_array_index (config->escalations, i);
      for (guint j = 0; j < escalation->steps->len; j++)
        check_step (&examination, escalation, g_ptr_array_index (escalation->steps, j));
    }
  for (guint i = 0; overrides != NULL && i < overrides->len; i++)
    check_override (&examination, g_ptr_array_index (overrides, i));
  if (examination.lines == 0)
    report (list, "oncall", "ok",
            config->escalations->len > 0 ? "somebody is reached at any time of the next 30 days" : "no escalations");
}
