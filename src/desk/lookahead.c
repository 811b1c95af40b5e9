#include "desk/lookahead.h"

#include "config/zone.h"

typedef struct {
  const Roster *roster;
  Interval span;
  GPtrArray *findings;
} Examination;

static void
free_finding (gpointer data)
{
  Finding *finding = data;
  g_free (finding->text);
  g_free (finding->key);
  g_free (finding);
}

/* Takes TEXT and KEY; KEY NULL: the text is the key. */
static void
add (Examination *examination, char *text, char *key)
{
  Finding *finding = g_new (Finding, 1);
  *finding = (Finding){ .text = text, .key = key != NULL ? key : g_strdup (text) };
  g_ptr_array_add (examination->findings, finding);
}

static char *
describe_time (const Schedule *schedule, gint64 at)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, schedule->zone);
  return g_date_time_format (local, "%Y-%m-%d %H:%M");
}

/* An end that is the span's own says nothing of the gap. */
static char *
gap_key (const Examination *examination, const Schedule *schedule, const Interval *gap)
{
  return g_strdup_printf ("gap %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, schedule->name,
                          gap->from > examination->span.from ? gap->from : 0,
                          gap->to < examination->span.to ? gap->to : 0);
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
      add (examination,
           g_strdup_printf ("nobody is on call by schedule \"%s\" from %s to %s (%s)", schedule->name, from, to,
                            schedule->timezone),
           gap_key (examination, schedule, gap));
    }
  if (gaps->len > MOST)
    add (examination,
         g_strdup_printf (
             "schedule \"%s\" has %u more gaps in the next %d days; frontdesk oncall --from --to lists them",
             schedule->name, gaps->len - MOST, LOOKAHEAD_DAYS),
         g_strconcat ("gaps ", schedule->name, NULL));
}

GHashTable *
lookahead_find_reached (const Roster *roster, const Step *step, gint64 now)
{
  GHashTable *reached = g_hash_table_new (NULL, NULL);
  const GPtrArray *agents = roster->config->agents;
  const Interval span = { now, now + LOOKAHEAD_DAYS * ZONE_DAY };
  for (guint i = 0; i < agents->len; i++)
    if (step_names (step, g_ptr_array_index (agents, i)))
      g_hash_table_add (reached, g_ptr_array_index (agents, i));
  g_autoptr (GArray) duties =
    step->schedule != NULL ? schedule_list (roster, step->schedule, span) : g_array_new (FALSE, FALSE, sizeof (Duty));
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
        add (examination,
             g_strdup_printf ("agent \"%s\" has no mobile in the form +16045550101, which channel \"%s\" of step "
                              "\"%s\" of escalation \"%s\" needs",
                              agent->name, channel->name, step->name, escalation->name),
             NULL);
    }
  if (!usable)
    add (examination,
         g_strdup_printf ("agent \"%s\" has no mobile, and step \"%s\" of escalation \"%s\" has no channel that does without",
                          agent->name, step->name, escalation->name),
         NULL);
}

static void
check_step (Examination *examination, const Escalation *escalation, const Step *step)
{
  g_autoptr (GHashTable) reached = lookahead_find_reached (examination->roster, step, examination->span.from);
  const GPtrArray *agents = examination->roster->config->agents;
  if (g_hash_table_size (reached) == 0)
    add (examination,
         g_strdup_printf ("step \"%s\" of escalation \"%s\" reaches nobody in the next %d days: %s", step->name,
                          escalation->name, LOOKAHEAD_DAYS,
                          step->schedule != NULL ? "nobody is on call by its schedule" : "no agent is in its team"),
         NULL);
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
    add (examination,
         g_strdup_printf ("override %" G_GINT64_FORMAT " changes nothing, as the configuration has no \"%s\": "
                          "frontdesk oncall remove %" G_GINT64_FORMAT,
                          override->id, missing, override->id),
         NULL);
}

GPtrArray *
lookahead_find (const Roster *roster, gint64 now)
{
  const Config *config = roster->config;
  Examination examination = { .roster = roster,
                              .span = { now, now + LOOKAHEAD_DAYS * ZONE_DAY },
                              .findings = g_ptr_array_new_with_free_func (free_finding) };
  for (guint i = 0; i < config->schedules->len; i++)
    check_gaps (&examination, g_ptr_array_index (config->schedules, i));
  for (guint i = 0; i < config->escalations->len; i++)
    {
      const Escalation *escalation = g_ptr_array_index (config->escalations, i);
      for (guint j = 0; j < escalation->steps->len; j++)
        check_step (&examination, escalation, g_ptr_array_index (escalation->steps, j));
    }
  for (guint i = 0; roster->overrides != NULL && i < roster->overrides->len; i++)
    check_override (&examination, g_ptr_array_index (roster->overrides, i));
  return examination.findings;
}
