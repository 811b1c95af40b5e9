#include "desk/outgoing.h"

static const char *
acknowledgement_template (const Decision *decision)
{
  if (decision->role->page == NULL)
    return "acknowledgement";
  return decision->page ? "emergency" : "emergency-unverified";
}

static void
plan_acknowledgement (const IntakeCase *intake, Decision *decision)
{
  Outgoing *letter =
    outgoing_new (OUTGOING_ACKNOWLEDGEMENT, decision->acknowledge_to, acknowledgement_template (decision));
  const char *known = intake->contact != NULL ? intake->contact->language : NULL;
  const char *written = intake->facts->language;
  g_autoptr (GStrvBuilder) languages = g_strv_builder_new ();
  if (known != NULL)
    g_strv_builder_add (languages, known);
  if (written != NULL)
    g_strv_builder_add (languages, written);
  if (decision->role->language != NULL)
    g_strv_builder_add (languages, decision->role->language);
  g_auto (GStrv) list = g_strv_builder_end (languages);
  letter->languages = g_strjoinv (",", list);
  g_ptr_array_add (decision->outgoing, letter);
}

static void
plan_team (Decision *decision)
{
  gboolean unpaged = decision->role->page != NULL && !decision->page;
  for (guint i = 0; decision->role->team->notify[i] != NULL; i++)
    {
      Outgoing *letter = outgoing_new (OUTGOING_NOTIFICATION, decision->role->team->notify[i],
                                       unpaged ? "team-unverified" : "team-new");
      letter->languages = g_strdup (decision->role->language);
      letter->reason = g_strdup (unpaged ? decision->page_reason : decision->reason);
      g_ptr_array_add (decision->outgoing, letter);
    }
}

static void
plan_page (Decision *decision, GHashTable *paged, const Agent *agent, const Channel *channel)
{
  g_autofree char *way = g_strdup_printf ("%s\n%s", agent->name, channel->name);
  if (!g_hash_table_add (paged, g_steal_pointer (&way)))
    return;
  Outgoing *page = outgoing_new (OUTGOING_PAGE, agent->name, "page");
  page->channel = g_strdup (channel->name);
  page->reason = g_strdup (decision->page_reason);
  g_ptr_array_add (decision->outgoing, page);
}

/* Pages the first step's agents. */
static void
plan_pages (const Config *config, Decision *decision)
{
  const Step *step = g_ptr_array_index (decision->role->page->steps, 0);
  g_autoptr (GHashTable) paged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (config->agents, i);
      if (!step_reaches (step, decision->role, agent))
        continue;
      for (guint j = 0; j < step->by->len; j++)
        plan_page (decision, paged, agent, g_ptr_array_index (step->by, j));
    }
}

void
outgoing_plan (const IntakeCase *intake, Decision *decision)
{
  if (decision->kind != INTAKE_OPEN)
    return;
  if (decision->page)
    plan_pages (intake->config, decision);
  if (decision->acknowledge)
    plan_acknowledgement (intake, decision);
  plan_team (decision);
}
