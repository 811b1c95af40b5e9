#include "delivery/outage.h"

#include "delivery/page.h"

#define PATIENCE (60 * G_USEC_PER_SEC)
#define AGAIN (30 * G_USEC_PER_SEC) /* between tries by a channel that fails */

struct Outage {
  gint64 since;     /* 0: all is well */
  gint64 tried_at;
  GHashTable *told; /* (element-type utf8) "agent\nchannel" */
};

Outage *
outage_new (void)
{
  Outage *outage = g_new0 (Outage, 1);
  outage->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return outage;
}

void
outage_free (Outage *outage)
{
  g_hash_table_unref (outage->told);
  g_free (outage);
}

/* What is happening, and to whom it is told. */
typedef struct {
  Outage *outage;
  const Config *config;
  const Templates *templates;
  const Seal *seal;
  const char *subject;
  gint64 now;
} Alarm;

static void
tell (const Alarm *alarm, const Agent *agent, const Channel *channel)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL, *way = g_strdup_printf ("%s\n%s", agent->name, channel->name);
  const PageNews news = { .config = alarm->config, .templates = alarm->templates, .seal = alarm->seal, .agent = agent,
                          .channel = channel, .subject = alarm->subject, .at = alarm->outage->since };
  if (g_hash_table_contains (alarm->outage->told, way))
    return;
  if (page_send_news (&news, &answer, &error))
    {
      g_hash_table_add (alarm->outage->told, g_steal_pointer (&way));
      g_message ("%s is told by %s that the database takes nothing: %s", agent->name, channel->name, answer);
    }
  else
    g_warning ("%s cannot be told that the database takes nothing: %s", agent->name, error->message);
}

/* The last step that names agents or a team: who is on call cannot be asked now. */
static const Step *
find_fallback (const Escalation *escalation)
{
  const Step *fallback = NULL;
  for (guint i = 0; i < escalation->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (escalation->steps, i);
      if (step->agents->len > 0 || step->team != NULL)
        fallback = step;
    }
  return fallback;
}

static void
tell_all (const Alarm *alarm, const Step *step)
{
  const GPtrArray *agents = alarm->config->agents;
  for (guint i = 0; i < agents->len; i++)
    for (guint j = 0; step_names (step, g_ptr_array_index (agents, i)) && j < step->by->len; j++)
      tell (alarm, g_ptr_array_index (agents, i), g_ptr_array_index (step->by, j));
}

static void
raise_alarm (const Alarm *alarm)
{
  for (guint i = 0; i < alarm->config->roles->len; i++)
    {
      const Role *role = g_ptr_array_index (alarm->config->roles, i);
      const Step *step = role->page != NULL ? find_fallback (role->page) : NULL;
      if (step != NULL)
        tell_all (alarm, step);
    }
}

static void
end (Outage *outage)
{
  outage->since = outage->tried_at = 0;
  g_hash_table_remove_all (outage->told);
}

void
outage_look (Outage *outage, const Config *config, const Templates *templates, const Seal *seal, const char *trouble, gint64 now)
{
  if (trouble == NULL)
    {
      end (outage);
      return;
    }
  if (outage->since == 0 || now < outage->since) /* the clock was set back */
    outage->since = now;
  if (now - outage->since < PATIENCE || (outage->tried_at != 0 && now - outage->tried_at < AGAIN))
    return;
  outage->tried_at = now;
  g_autofree char *subject = g_strdup_printf ("Frontdesk takes no mail: %s", trouble);
  const Alarm alarm = { outage, config, templates, seal, subject, now };
  raise_alarm (&alarm);
}
