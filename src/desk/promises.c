#include "desk/promises.h"

#include "desk/calendar.h"

/* SPAN counted from FROM; 0 when there is no such time within LIMIT_CALENDAR_DAYS. */
static gint64
add_span (const Calendar *calendar, Span span, gint64 from, const GArray *pauses)
{
  gint64 due = 0, lost = 0;
  switch (span.kind)
    {
    case SPAN_BUSINESS:
      return calendar_add (calendar, from, span.amount * G_USEC_PER_SEC, pauses, &due) ? due : 0;
    case SPAN_BUSINESS_DAYS:
      if (!calendar_closing (calendar, from, (int) span.amount, &due))
        return 0;
      for (guint i = 0; pauses != NULL && i < pauses->len; i++)
        {
          const Interval *pause = &g_array_index (pauses, Interval, i);
          lost += calendar_elapsed (calendar, MAX (pause->from, from), pause->to, NULL);
        }
      return lost == 0 || calendar_add (calendar, due, lost, NULL, &due) ? due : 0;
    case SPAN_ELAPSED:
      due = from + span.amount * G_USEC_PER_SEC;
      for (guint i = 0; pauses != NULL && i < pauses->len; i++)
        {
          const Interval *pause = &g_array_index (pauses, Interval, i);
          if (pause->to > from && pause->from < due)
            due += pause->to - MAX (pause->from, from);
        }
      return due;
    default:
      return 0;
    }
}

gint64
promises_add_span (const Calendar *calendar, Span span, gint64 from)
{
  return add_span (calendar, span, from, NULL);
}

/* The time from FROM to TO as TARGET counts it. */
static gint64
measure (const Target *target, gint64 from, gint64 to, const GArray *pauses)
{
  if (target->span.kind != SPAN_ELAPSED)
    return calendar_elapsed (target->calendar, from, to, pauses);
  gint64 time = MAX (to - from, 0);
  for (guint i = 0; pauses != NULL && i < pauses->len; i++)
    {
      const Interval *pause = &g_array_index (pauses, Interval, i);
      time -= MAX (MIN (pause->to, to) - MAX (pause->from, from), 0);
    }
  return MAX (time, 0);
}

/* When PERCENT of the time from FROM to DUE have passed, as TARGET counts it. */
static gint64
find_part (const Target *target, gint64 from, gint64 due, int percent, const GArray *pauses)
{
  gint64 part = measure (target, from, due, pauses) / 100 * percent, at = 0;
  if (percent == 0)
    return 0;
  if (target->span.kind == SPAN_ELAPSED)
    return add_span (target->calendar, (Span){ SPAN_ELAPSED, part / G_USEC_PER_SEC }, from, pauses);
  return calendar_add (target->calendar, from, part, pauses, &at) ? at : 0;
}

gboolean
promises_are_pausable (TargetKind target)
{
  return target == TARGET_UPDATE || target == TARGET_RESOLVE;
}

static Target
find_target (const Policy *policy, const PromiseTerms *terms, TargetKind kind, gboolean waited)
{
  Target target = { 0 };
  if (policy != NULL)
    target = *policy_find_target (policy, terms->priority, policy_find_kind (policy, terms->kind), kind);
  if (waited)
    target.span = policy != NULL ? policy->next_within : target.span;
  return target;
}

static void
plan (const Policy *policy, const PromiseTerms *terms, Promise *promise)
{
  const Target target = find_target (policy, terms, promise->target, promise->waited);
  const GArray *pauses = promises_are_pausable (promise->target) ? terms->pauses : NULL;
  gboolean stopped = promise->since == 0 || (terms->pending && promises_are_pausable (promise->target));
  if (!promise->moved || stopped)
    promise->due_at = stopped ? 0 : add_span (target.calendar, target.span, promise->since, pauses);
  promise->warn_at = promise->extend_at = 0;
  if (promise->due_at == 0)
    return;
  promise->warn_at = find_part (&target, promise->since, promise->due_at, policy->warn, pauses);
  if (policy->extend.kind != SPAN_NONE && (promise->target == TARGET_RESPOND || promise->target == TARGET_RESOLVE))
    promise->extend_at = find_part (&target, promise->since, promise->due_at, policy->extend_at, pauses);
}

/* Appends the next cycle of TARGET, counted from SINCE, where it is promised. */
static void
begin (const Policy *policy, const PromiseTerms *terms, GArray *promises, TargetKind target, gint64 since,
       gboolean waits)
{
  Promise promise = { .target = target, .cycle = 1, .since = since, .waited = waits };
  if (find_target (policy, terms, target, waits).span.kind == SPAN_NONE || (target == TARGET_UPDATE && terms->by_machine))
    return;
  for (guint i = 0; i < promises->len; i++)
    promise.cycle += g_array_index (promises, Promise, i).target == target;
  plan (policy, terms, &promise);
  g_array_append_val (promises, promise);
}

GArray *
promises_open (const Policy *policy, int priority, const TicketKind *kind, gint64 opened, gboolean acknowledged,
               gboolean waits)
{
  GArray *promises = g_array_new (FALSE, FALSE, sizeof (Promise));
  const PromiseTerms terms = { .kind = kind != NULL ? kind->name : NULL, .priority = priority, .opened_at = opened };
  if (policy == NULL)
    return promises;
  if (acknowledged)
    begin (policy, &terms, promises, TARGET_ACKNOWLEDGE, opened, FALSE);
  begin (policy, &terms, promises, TARGET_RESPOND, waits ? 0 : opened, waits);
  begin (policy, &terms, promises, TARGET_UPDATE, opened, FALSE);
  begin (policy, &terms, promises, TARGET_RESOLVE, opened, FALSE);
  return promises;
}

static Promise *
find_open (const GArray *promises, TargetKind target)
{
  for (guint i = 0; i < promises->len; i++)
    {
      Promise *promise = &g_array_index (promises, Promise, i);
      if (promise->target == target && promise_is_open (promise))
        return promise;
    }
  return NULL;
}

const Promise *
promises_find_open (const GArray *promises, TargetKind target)
{
  return find_open (promises, target);
}

static gboolean
has_any (const GArray *promises, TargetKind target)
{
  for (guint i = 0; i < promises->len; i++)
    if (g_array_index (promises, Promise, i).target == target)
      return TRUE;
  return FALSE;
}

static void
meet (const Policy *policy, const PromiseTerms *terms, GArray *promises, TargetKind kind, gint64 at)
{
  Promise *promise = find_open (promises, kind);
  if (promise == NULL)
    return;
  const Target target = find_target (policy, terms, kind, promise->waited);
  promise->met_at = at;
  if (promise->due_at != 0 && promise->due_at < at && promise->breached_at == 0)
    promise->breached_at = at; /* the clock has not seen it: the daemon was down */
  if (promise->since != 0 && target.span.kind != SPAN_NONE)
    promise->took = measure (&target, promise->since, at, promises_are_pausable (kind) ? terms->pauses : NULL);
}

static void
drop (GArray *promises, TargetKind target, gint64 at)
{
  Promise *promise = find_open (promises, target);
  if (promise != NULL)
    promise->dropped_at = at;
}

/* What an update is counted from: the last answer by a person, else the opening. */
static gint64
last_answer (const PromiseTerms *terms, const GArray *promises)
{
  gint64 last = terms->opened_at;
  for (guint i = 0; i < promises->len; i++)
    {
      const Promise *promise = &g_array_index (promises, Promise, i);
      if (promise->target == TARGET_RESPOND || promise->target == TARGET_UPDATE)
        last = MAX (last, promise->met_at);
    }
  return last;
}

/* What is promised now and was not before counts from the opening, like all else. */
static void
change_terms (const Policy *policy, const PromiseTerms *terms, GArray *promises, gint64 at)
{
  for (TargetKind target = 0; target < TARGETS; target++)
    {
      Promise *promise = find_open (promises, target);
      gboolean promised =
        find_target (policy, terms, target, promise != NULL && promise->waited).span.kind != SPAN_NONE;
      if (promise != NULL && !promised)
        promise->dropped_at = at;
      else if (promise != NULL)
        plan (policy, terms, promise);
      else if (promised && target != TARGET_ACKNOWLEDGE && !terms->by_machine && !has_any (promises, target))
        begin (policy, terms, promises, target,
               target == TARGET_UPDATE ? last_answer (terms, promises) : terms->opened_at, FALSE);
    }
}

static void
reopen (const Policy *policy, const PromiseTerms *terms, GArray *promises, gint64 at)
{
  for (guint i = 0; i < promises->len; i++)
    {
      Promise *promise = &g_array_index (promises, Promise, i);
      if (promise->target != TARGET_RESOLVE || promise->met_at == 0)
        continue;
      promise->met_at = promise->took = 0;
      plan (policy, terms, promise);
    }
  begin (policy, terms, promises, TARGET_UPDATE, at, FALSE);
}

static void
move (const Policy *policy, const PromiseTerms *terms, GArray *promises, const Change *change)
{
  Promise *promise = find_open (promises, change->target);
  if (promise == NULL)
    return;
  promise->due_at = change->due;
  promise->moved = TRUE;
  promise->extended_at = change->at;
  plan (policy, terms, promise);
}

static void
start_waiting (const Policy *policy, const PromiseTerms *terms, GArray *promises, gint64 at)
{
  for (guint i = 0; i < promises->len; i++)
    {
      Promise *promise = &g_array_index (promises, Promise, i);
      if (promise->since != 0)
        continue;
      promise->since = at;
      plan (policy, terms, promise);
    }
}

void
promises_change (const Policy *policy, const PromiseTerms *terms, GArray *promises, const Change *change)
{
  gint64 at = change->at;
  switch (change->kind)
    {
    case CHANGE_TERMS:
      change_terms (policy, terms, promises, at);
      break;
    case CHANGE_WROTE:
      if (find_open (promises, TARGET_RESPOND) == NULL)
        begin (policy, terms, promises, TARGET_RESPOND, at, FALSE);
      break;
    case CHANGE_ANSWERED:
      meet (policy, terms, promises, TARGET_ACKNOWLEDGE, at);
      meet (policy, terms, promises, TARGET_RESPOND, at);
      meet (policy, terms, promises, TARGET_UPDATE, at);
      begin (policy, terms, promises, TARGET_UPDATE, at, FALSE);
      break;
    case CHANGE_ACKNOWLEDGED:
      meet (policy, terms, promises, TARGET_ACKNOWLEDGE, at);
      break;
    case CHANGE_RESOLVED:
      meet (policy, terms, promises, TARGET_RESOLVE, at);
      drop (promises, TARGET_RESPOND, at);
      drop (promises, TARGET_UPDATE, at);
      break;
    case CHANGE_MERGED:
      for (TargetKind target = 0; target < TARGETS; target++)
        drop (promises, target, at);
      break;
    case CHANGE_REOPENED:
      reopen (policy, terms, promises, at);
      break;
    case CHANGE_BEGAN:
      start_waiting (policy, terms, promises, at);
      break;
    case CHANGE_MOVED:
      move (policy, terms, promises, change);
      break;
    }
}

gboolean
promises_extend (const Policy *policy, const PromiseTerms *terms, Promise *promise, gint64 now)
{
  const Target target = find_target (policy, terms, promise->target, promise->waited);
  gint64 due = add_span (target.calendar, policy->extend, promise->due_at, NULL);
  promise->extended_at = now;
  if (due == 0)
    return FALSE;
  promise->due_at = due;
  promise->moved = TRUE;
  return TRUE;
}

void
promises_begin_update (const Policy *policy, const PromiseTerms *terms, GArray *promises, const Promise *missed,
                       gint64 now)
{
  gint64 length = missed->due_at - missed->since, since = missed->due_at;
  drop (promises, TARGET_UPDATE, now);
  begin (policy, terms, promises, TARGET_UPDATE, since + length > now ? since : now, FALSE);
}
