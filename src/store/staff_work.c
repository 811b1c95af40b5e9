#include "store/staff_work.h"

StaffWork *
staff_work_new (const char *agent)
{
  StaffWork *work = g_new0 (StaffWork, 1);
  work->agent = g_strdup (agent);
  return work;
}

void
staff_work_free (StaffWork *work)
{
  g_free (work->agent);
  g_free (work->text);
  g_strfreev (work->cc);
  g_strfreev (work->joining);
  g_free (work->root_cause);
  g_free (work->team);
  g_free (work->assignee);
  g_free (work);
}

char *
staff_work_describe (const StaffWork *work)
{
  static const char *const texts[] = { NULL, "a note", "a note on the root cause", "an answer", "an answer sent directly" };
  const struct {
    gboolean done;
    const char *what;
  } parts[] = {
    { work->use != STAFF_TEXT_NONE, texts[work->use] },
    { work->root_cause != NULL, "a note on the root cause" },
    { work->team != NULL, "another team" },
    { work->assignee != NULL, "another assignee" },
    { work->priority != 0, "another priority" },
    { work->pending, "waiting for the customer" },
    { work->close, "its end" },
    { work->merge_into != 0, "its merging" },
  };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].done)
      g_strv_builder_add (builder, parts[i].what);
  g_auto (GStrv) list = g_strv_builder_end (builder);
  return g_strjoinv (", ", list);
}
