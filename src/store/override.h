/* override: somebody is on call in place of those whom a schedule has. Plain data, as read from the store. */
#pragma once

#include <glib.h>

/* Times are microseconds since 1970. */
typedef struct {
  gint64 id;
  char *schedule, *agent;
  char *instead;   /* in place of this agent; NULL: of whoever is on call, or nobody */
  gint64 from, to; /* half-open */
  char *actor;     /* who made it */
  gint64 at;       /* when */
  char *removed_by;  /* who took it back, nullable */
  gint64 removed_at; /* 0: it counts */
} Override;

void override_free (Override *override);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Override, override_free)
