#include "store/assign.h"

static const Agent *
candidate (const Decision *decision, guint i)
{
  return g_ptr_array_index (decision->candidates, i % decision->candidates->len);
}

/* The one after the one who had the turn last. */
static gboolean
choose_next (Database *database, const Decision *decision, const Agent **chosen, GError **error)
{
  g_autofree char *name = g_strconcat ("rotation ", decision->team->name, NULL);
  g_autofree char *last = NULL;
  guint next = 0;
  g_autoptr (Query) query = database_query (database, error, "SELECT value FROM setting WHERE name = ?", "s", name);
  int row = query != NULL ? query_next (database, query, error) : -1;
  if (row < 0)
    return FALSE;
  if (row > 0)
    last = query_text (query, 0);
  for (guint i = 0; last != NULL && i < decision->candidates->len; i++)
    if (g_str_equal (candidate (decision, i)->name, last))
      next = i + 1;
  *chosen = candidate (decision, next);
  return database_run (database, error, "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", "ss",
                       name, (*chosen)->name);
}

/* The one with the fewest tickets that are not ended; of those, the first. */
static gboolean
choose_least (Database *database, const Decision *decision, const Agent **chosen, GError **error)
{
  gint64 fewest = G_MAXINT64;
  for (guint i = 0; i < decision->candidates->len; i++)
    {
      gint64 count = database_number (database, -1, error,
                                      "SELECT count(*) FROM ticket WHERE assignee = ? AND state IN ('open', 'pending')", "s",
                                      candidate (decision, i)->name);
      if (count < 0)
        return FALSE;
      if (count < fewest)
        *chosen = candidate (decision, i);
      fewest = MIN (fewest, count);
    }
  return TRUE;
}

gboolean
assign_choose (Database *database, const Decision *decision, const Agent **chosen, GError **error)
{
  if (decision->candidates == NULL || decision->candidates->len == 0)
    return TRUE;
  return decision->team->assign == ASSIGN_ROTATION ? choose_next (database, decision, chosen, error)
                                                   : choose_least (database, decision, chosen, error);
}

/* That an emergency has paged nobody, all of the team is told. */
void
assign_tell (Decision *decision, const Agent *agent)
{
  gboolean told = FALSE;
  for (guint i = decision->outgoing->len; i > 0; i--)
    {
      Outgoing *letter = g_ptr_array_index (decision->outgoing, i - 1);
      if (!g_str_equal (letter->template, "team-new"))
        continue;
      if (told)
        {
          g_ptr_array_remove_index (decision->outgoing, i - 1);
          continue;
        }
      g_free (letter->recipient);
      letter->recipient = g_strdup (agent->mail);
      g_free (letter->languages);
      letter->languages = g_strdup (agent->language);
      told = TRUE;
    }
}
