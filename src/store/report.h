/* report: all tickets of a span, and their promises, row by row, for counting. Part of store.h. */
#pragma once

#include "store/promise.h"

typedef struct {
  gint64 number;
  const char *role, *team, *state; /* good until the function returns */
  int priority;
  gint64 opened_at;
  gboolean reopened, escalated;
  int answers;
} ReportTicket;

typedef enum { OUTCOME_KEPT, OUTCOME_MISSED, OUTCOME_OPEN, OUTCOME_DROPPED } PromiseOutcome;

typedef struct {
  gint64 ticket;
  TargetKind target;
  PromiseOutcome outcome;
  gint64 took; /* microseconds of the target's own time; -1: it was not met */
} ReportPromise;

typedef struct {
  void (*ticket) (gpointer data, const ReportTicket *ticket);
  /* Those of the tickets before, in the order of their numbers; tickets opened outside the span may be among them. */
  void (*promise) (gpointer data, const ReportPromise *promise);
} ReportFuncs;

typedef struct Store Store;

/* Tickets opened from SINCE until before UNTIL, with numbers from FIRST to LAST. */
typedef struct {
  gint64 since, until;
  gint64 first, last;
} ReportSpan;

/* Calls FUNCS for each ticket of SPAN that was not refused, and then for each promise. Errors: STORE_ERROR. */
gboolean store_report (Store *store, const ReportSpan *span, const ReportFuncs *funcs, gpointer data, GError **error);
