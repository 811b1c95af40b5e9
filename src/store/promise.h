/* promise: what is promised about one ticket, a row for each target and cycle. Plain data. All times are microseconds since
 * 1970, 0: not (yet). */
#pragma once

#include "config/config.h"

typedef struct {
  TargetKind target;
  int cycle;           /* from 1; a later answer or update has a cycle of its own */
  gint64 since;        /* what it is counted from; 0: from the end of the customer's earlier ticket */
  gint64 warn_at, extend_at, due_at;
  gboolean waited;     /* it was or is counted from the end of an earlier ticket, with the policy's next-within */
  gboolean moved;      /* due_at was set by a person or an extension, and stays */
  gint64 met_at, dropped_at;
  gint64 warned_at, extended_at, breached_at; /* when it was noticed: each once */
  gint64 took;         /* when met: the time from SINCE, in the target's own time */
} Promise;

/* TRUE while it is neither met nor dropped. */
gboolean promise_is_open (const Promise *promise);

/* When the clock has to see to it next, 0: never. */
gint64 promise_next (const Promise *promise);

/* What a ticket's promises depend on. */
typedef struct {
  const char *role, *kind; /* KIND nullable: "standard" */
  int priority;
  gint64 opened_at;
  gboolean pending;        /* the last pause is not over */
  gboolean by_machine;     /* a machine's mail opened it: nobody is promised anything by that */
  gint64 version;          /* of what the promises were computed from last */
  const GArray *pauses;    /* (element-type Interval) in order; of the open one TO is G_MAXINT64 */
} PromiseTerms;

typedef enum {
  CHANGE_TERMS,        /* priority, kind, policy, calendar or time zone data; a pause begins or ends */
  CHANGE_WROTE,        /* a person on the customer's side wrote */
  CHANGE_ANSWERED,     /* a person of ours answered */
  CHANGE_ACKNOWLEDGED, /* the acknowledgement is out */
  CHANGE_RESOLVED,
  CHANGE_REOPENED,
  CHANGE_MERGED,       /* it is part of another ticket now, which has promises of its own */
  CHANGE_BEGAN,        /* the customer's earlier ticket has ended */
  CHANGE_MOVED,        /* a new time was promised for TARGET */
} ChangeKind;

typedef struct {
  ChangeKind kind;
  gint64 at;
  TargetKind target; /* CHANGE_MOVED */
  gint64 due;        /* CHANGE_MOVED */
} Change;
