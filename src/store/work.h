/* work: the single steps of what people change on a ticket, each with its event. Private to the store: all within the writer's
 * transaction, with a Work as their data. */
#pragma once

#include "store/private.h"

typedef struct {
  Store *store;
  gint64 ticket, now, at; /* AT: until, due or when to close */
  const char *actor, *text, *team, *assignee, *kind;
  int priority;
  TargetKind target;
  gboolean root_cause; /* the note is one; or one is demanded */
  const Outgoing *letter; /* nullable */
} Work;

/* Whether TICKET is there and not part of another one. */
gboolean work_check (Database *database, gint64 ticket, GError **error);
/* The customer's next tickets waited for this one, and begin. */
gboolean work_begin_next (Database *database, gpointer work, GError **error);
gboolean work_write_note (Database *database, gpointer work, GError **error);
gboolean work_write_assignment (Database *database, gpointer work, GError **error);
gboolean work_write_priority (Database *database, gpointer work, GError **error);
gboolean work_write_pending (Database *database, gpointer work, GError **error);
gboolean work_write_close (Database *database, gpointer work, GError **error);
/* The ticket has been answered by a person: an acknowledgement that waits is dropped, and the clocks know. */
gboolean work_write_answered (Database *database, gpointer work, GError **error);
