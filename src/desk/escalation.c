#include "desk/escalation.h"

#include <jansson.h>
#include <stdlib.h>

/* ---- pages ---- */

static void
add_page (const Config *config, GPtrArray *pages, const char *template, const Agent *agent, const Channel *channel,
          const char *reason)
{
  Outgoing *page = outgoing_new (OUTGOING_PAGE, agent->name, template);
  page->channel = g_strdup (channel->name);
  page->reason = g_strdup (reason);
  page->languages = g_strdup (agent->language);
  /* Who groups pages by incident, as PagerDuty does, must know each of them. */
  page->window = channel->type != CHANNEL_PAGERDUTY ? config->page_window * G_USEC_PER_SEC : 0;
  g_ptr_array_add (pages, page);
}

/* A channel that is named twice pages once. */
static void
page_by_all (const Config *config, GPtrArray *pages, const char *template, const Agent *agent, const Step *step, const char *reason)
{
  for (guint i = 0; i < step->by->len; i++)
    {
      const Channel *channel = g_ptr_array_index (step->by, i);
      guint first;
      if (g_ptr_array_find (step->by, channel, &first) && first == i)
        add_page (config, pages, template, agent, channel, reason);
    }
}

static void
page_step (const Roster *roster, const Step *step, gint64 at, const char *reason, GPtrArray *pages)
{
  g_autoptr (GPtrArray) agents = schedule_reached (roster, step, at);
  for (guint i = 0; i < agents->len; i++)
    page_by_all (roster->config, pages, "page", g_ptr_array_index (agents, i), step, reason);
}

/* ---- writing plans ---- */

/* Names of ITEMS, whose structures all begin with theirs. */
static json_t *
names_to_json (const GPtrArray *items)
{
  json_t *names = json_array ();
  for (guint i = 0; i < items->len; i++)
    json_array_append_new (names, json_string (*(char **) g_ptr_array_index (items, i)));
  return names;
}

static json_t *
step_to_json (const Step *step)
{
  return json_pack ("{s:s, s:s?, s:s?, s:o, s:o, s:I}", "name", step->name, "schedule",
                    step->schedule != NULL ? step->schedule->name : NULL, "team", step->team != NULL ? step->team->name : NULL,
                    "agents", names_to_json (step->agents), "by", names_to_json (step->by), "wait", (json_int_t) step->wait);
}

static char *
write_plan (const Escalation *escalation)
{
  json_t *steps = json_array ();
  for (guint i = 0; i < escalation->steps->len; i++)
    json_array_append_new (steps, step_to_json (g_ptr_array_index (escalation->steps, i)));
  json_t *plan = json_pack ("{s:i, s:b, s:o}", "repeat", escalation->repeat, "page-again", escalation->page_again, "steps", steps);
  char *text = json_dumps (plan, JSON_COMPACT), *copy = g_strdup (text);
  free (text);
  json_decref (plan);
  return copy;
}

/* ---- steps ---- */

/* Where an incident stands. */
typedef struct {
  int step, round;
} Place;

static const Step *
step_at (const Escalation *escalation, int step)
{
  return g_ptr_array_index (escalation->steps, (guint) step);
}

/* A step whose channels are all gone is as good as one without people. */
static gboolean
reaches (const Roster *roster, const Step *step, gint64 at)
{
  g_autoptr (GPtrArray) agents = schedule_reached (roster, step, at);
  return agents->len > 0 && step->by->len > 0;
}

/* The last step that reaches somebody whoever is on call. */
static int
find_fallback (const Roster *roster, const Escalation *escalation, gint64 at)
{
  for (int i = (int) escalation->steps->len - 1; i >= 0; i--)
    {
      const Step *step = step_at (escalation, i);
      if ((step->agents->len > 0 || step->team != NULL) && reaches (roster, step, at))
        return i;
    }
  return -1;
}

/* Says why STEP is not taken: by now it may have neither a schedule, a team nor a channel left. */
static void
pass_by (GString *passed, const Step *step)
{
  if (step->by->len > 0 && step->schedule != NULL)
    g_string_append_printf (passed, "; nobody is on call by schedule \"%s\" of step \"%s\"", step->schedule->name, step->name);
  else if (step->by->len > 0 && step->team != NULL)
    g_string_append_printf (passed, "; nobody is in team \"%s\" of step \"%s\"", step->team->name, step->name);
  else
    g_string_append_printf (passed, "; nobody is left who could be paged by step \"%s\"", step->name);
}

/* Moves PLACE to the first step from it on that reaches somebody at AT. FALSE when there is none. */
static gboolean
settle_down (const Roster *roster, const Escalation *escalation, gint64 at, Place *place, GString *passed)
{
  int count = (int) escalation->steps->len;
  for (int tries = 0; tries < count && place->round <= escalation->repeat; tries++)
    {
      if (reaches (roster, step_at (escalation, place->step), at))
        return TRUE;
      pass_by (passed, step_at (escalation, place->step));
      place->round += place->step + 1 == count;
      place->step = (place->step + 1) % count;
    }
  place->step = find_fallback (roster, escalation, at);
  return place->step >= 0;
}

/* REASON, and how it came that the step at PLACE is taken. */
static char *
explain (const Escalation *escalation, const Place *place, const char *reason, const GString *passed)
{
  if (passed->len == 0)
    return g_strdup (reason);
  return g_strdup_printf ("%s%s, so that step \"%s\" is taken", reason, passed->str, step_at (escalation, place->step)->name);
}

static void
stand_at (Incident *incident, const Escalation *escalation, const Place *place, gint64 at)
{
  incident->step = place->step;
  incident->round = place->round;
  incident->again = FALSE;
  incident->next_at = at + step_at (escalation, place->step)->wait * G_USEC_PER_SEC;
}

Incident *
escalation_start (const Roster *roster, const Escalation *escalation, gint64 at, const char *reason, GPtrArray *pages)
{
  g_autoptr (GString) passed = g_string_new (NULL);
  Place place = { .round = 1 };
  if (!settle_down (roster, escalation, at, &place, passed))
    return NULL;
  g_autofree char *explained = explain (escalation, &place, reason, passed);
  page_step (roster, step_at (escalation, place.step), at, explained, pages);
  Incident *incident = g_new0 (Incident, 1);
  *incident = (Incident){ .escalation = g_strdup (escalation->name), .plan = write_plan (escalation), .started_at = at };
  stand_at (incident, escalation, &place, at);
  return incident;
}

/* Whoever has kept the configuration from reaching anybody may mend it. */
static void
wait_for_people (Incident *incident, gint64 at, char **detail)
{
  enum { PAUSE = 60 };
  incident->next_at = at + PAUSE * G_USEC_PER_SEC;
  *detail = g_strdup_printf ("the configuration has nobody any more who could be paged by escalation \"%s\"", incident->escalation);
}

void
escalation_go_on (const Roster *roster, const Escalation *escalation, Incident *incident, gint64 at, GPtrArray *pages, char **detail)
{
  g_autoptr (GString) passed = g_string_new (NULL);
  int count = escalation != NULL ? (int) escalation->steps->len : 0;
  if (count == 0)
    {
      wait_for_people (incident, at, detail);
      return;
    }
  Place place = { .step = MIN (incident->step, count - 1), .round = incident->round };
  g_autofree char *reason = incident->again ? g_strdup ("a further mail came, and nobody has acknowledged")
                                            : g_strdup_printf ("nobody has acknowledged step \"%s\"", step_at (escalation, place.step)->name);
  if (!incident->again && place.round <= escalation->repeat)
    {
      place.round += place.step + 1 == count;
      place.step = (place.step + 1) % count;
    }
  if (!settle_down (roster, escalation, at, &place, passed))
    {
      wait_for_people (incident, at, detail);
      return;
    }
  g_autofree char *explained = explain (escalation, &place, reason, passed);
  const Step *step = step_at (escalation, place.step);
  *detail = place.round > escalation->repeat
              ? g_strdup_printf ("step \"%s\", the fallback, after %d round%s: %s", step->name, escalation->repeat,
                                 escalation->repeat == 1 ? "" : "s", explained)
              : g_strdup_printf ("step \"%s\", round %d of %d: %s", step->name, place.round, escalation->repeat, explained);
  page_step (roster, step, at, *detail, pages);
  stand_at (incident, escalation, &place, at);
}

void
escalation_begin_anew (const Roster *roster, const Escalation *escalation, Incident *incident, gint64 at, const char *reason,
                       GPtrArray *pages)
{
  g_autoptr (GString) passed = g_string_new (NULL);
  g_autofree char *nobody = NULL;
  Place place = { .round = 1 };
  incident->state = INCIDENT_TRIGGERED;
  g_clear_pointer (&incident->acknowledged_by, g_free);
  incident->acknowledged_at = 0;
  if (escalation == NULL || !settle_down (roster, escalation, at, &place, passed))
    {
      wait_for_people (incident, at, &nobody);
      return;
    }
  g_autofree char *explained = explain (escalation, &place, reason, passed);
  page_step (roster, step_at (escalation, place.step), at, explained, pages);
  stand_at (incident, escalation, &place, at);
}

void
escalation_remind (const Roster *roster, const Escalation *escalation, Incident *incident, gint64 at, const char *reason,
                   GPtrArray *pages)
{
  enum { PATIENCE = 300 }; /* s, where no step says */
  const Agent *holder = config_find_agent (roster->config, incident->acknowledged_by);
  const Step *step = escalation != NULL && escalation->steps->len > 0
                       ? step_at (escalation, MIN (incident->step, (int) escalation->steps->len - 1))
                       : NULL;
  if (holder != NULL && step != NULL)
    page_by_all (roster->config, pages, "page-reminder", holder, step, reason);
  incident->reminded_at = at;
  incident->next_at = at + (step != NULL ? step->wait : PATIENCE) * G_USEC_PER_SEC;
}

/* ---- reading plans ---- */

/* Adds to FOUND what FIND knows by the names in ARRAY. */
static void
find_all (const Config *config, const json_t *array, gconstpointer (*find) (const Config *config, const char *name), GPtrArray *found)
{
  size_t i;
  const json_t *name;
  json_array_foreach ((json_t *) array, i, name)
    {
      gconstpointer item = json_is_string (name) ? find (config, json_string_value (name)) : NULL;
      if (item != NULL)
        g_ptr_array_add (found, (gpointer) item);
    }
}

static gconstpointer
find_agent (const Config *config, const char *name)
{
  return config_find_agent (config, name);
}

static gconstpointer
find_channel (const Config *config, const char *name)
{
  return config_find_channel (config, name);
}

static void
step_free (gpointer data)
{
  Step *step = data;
  g_free (step->name);
  g_ptr_array_unref (step->agents);
  g_ptr_array_unref (step->by);
  g_free (step);
}

static Step *
step_from_json (const Config *config, const json_t *object)
{
  const char *name = json_string_value (json_object_get (object, "name"));
  const char *schedule = json_string_value (json_object_get (object, "schedule"));
  const char *team = json_string_value (json_object_get (object, "team"));
  Step *step = g_new0 (Step, 1);
  *step = (Step){ .name = g_strdup (name != NULL ? name : ""),
                  .schedule = schedule != NULL ? config_find_schedule (config, schedule) : NULL,
                  .team = team != NULL ? config_find_team (config, team) : NULL,
                  .agents = g_ptr_array_new (),
                  .by = g_ptr_array_new (),
                  .wait = json_integer_value (json_object_get (object, "wait")) };
  find_all (config, json_object_get (object, "agents"), find_agent, step->agents);
  find_all (config, json_object_get (object, "by"), find_channel, step->by);
  return step;
}

static Escalation *
plan_new (const char *name, int repeat, gboolean page_again)
{
  Escalation *plan = g_new0 (Escalation, 1);
  *plan = (Escalation){ .name = g_strdup (name),
                        .repeat = repeat,
                        .page_again = page_again,
                        .steps = g_ptr_array_new_with_free_func (step_free) };
  return plan;
}

static Escalation *
plan_from_json (const Config *config, const Incident *incident)
{
  json_t *root = json_loads (incident->plan != NULL ? incident->plan : "", 0, NULL), *step;
  Escalation *plan = plan_new (incident->escalation, (int) json_integer_value (json_object_get (root, "repeat")),
                               json_is_true (json_object_get (root, "page-again")));
  size_t i;
  json_array_foreach (json_object_get (root, "steps"), i, step)
    g_ptr_array_add (plan->steps, step_from_json (config, step));
  json_decref (root);
  return plan;
}

/* TRUE when somebody of PLAN can be paged whoever is on call. */
static gboolean
is_of_use (const Config *config, const Escalation *plan)
{
  for (guint i = 0; i < plan->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (plan->steps, i);
      for (guint j = 0; step->by->len > 0 && j < config->agents->len; j++)
        if (step_names (step, g_ptr_array_index (config->agents, j)))
          return TRUE;
    }
  return FALSE;
}

static Escalation *
copy_of (const Config *config, const Escalation *escalation)
{
  g_autofree char *text = write_plan (escalation);
  const Incident as_if = { .escalation = escalation->name, .plan = text };
  return plan_from_json (config, &as_if);
}

Escalation *
escalation_read_plan (const Config *config, const Incident *incident)
{
  g_autoptr (Escalation) plan = plan_from_json (config, incident);
  if (is_of_use (config, plan))
    return g_steal_pointer (&plan);
  for (guint i = 0; i < config->escalations->len; i++)
    {
      const Escalation *escalation = g_ptr_array_index (config->escalations, i);
      if (g_str_equal (escalation->name, incident->escalation))
        return copy_of (config, escalation);
    }
  return config->escalations->len > 0 ? copy_of (config, g_ptr_array_index (config->escalations, 0)) : NULL;
}

void
escalation_free_plan (Escalation *plan)
{
  g_free (plan->name);
  g_ptr_array_unref (plan->steps);
  g_free (plan);
}
