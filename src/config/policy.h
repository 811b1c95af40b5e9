/* policy: what a configuration promises: lengths of time, calendars, and the policies made of them. Part of config.h. */
#pragma once

#include <glib.h>

typedef struct Team Team;
typedef struct Schedule Schedule;
typedef struct Escalation Escalation;

/* A half-open stretch of time, microseconds since 1970. */
typedef struct {
  gint64 from, to;
} Interval;

/* A target's length. Business time runs on the target's calendar; elapsed time on the clock. */
typedef enum { SPAN_NONE, SPAN_BUSINESS, SPAN_ELAPSED, SPAN_BUSINESS_DAYS } SpanKind;
typedef struct {
  SpanKind kind;
  gint64 amount; /* seconds, or days for SPAN_BUSINESS_DAYS */
} Span;

/* Reads "90s", "15m", "4h", "2d", "1w", "24h elapsed", "7bd". FALSE when TEXT is none of these. */
gboolean span_parse (const char *text, Span *span);
/* SPAN as span_parse() reads it. The caller's. */
char *span_to_string (Span span);

/* A span of a local date, seconds from its midnight, half-open; one that ends on the next date ends beyond 24 h. */
typedef struct {
  gint32 from, to;
} DaySpan;

typedef enum {
  DATE_EXTRA,   /* open besides the weekly hours */
  DATE_SPECIAL, /* open in place of them */
  DATE_CLOSED,  /* closed for the span */
  DATE_HOLIDAY, /* closed, the whole local date */
} DateKind;

typedef struct {
  gint32 day; /* since 1970-01-01 */
  DateKind kind;
  DaySpan span;     /* not for a holiday */
  const char *name; /* of a holiday */
} CalendarDate;

typedef struct {
  char *name;
  char *timezone;
  GTimeZone *zone;
  char **hours;    /* as written; none for "always" */
  GArray *week[7]; /* (element-type DaySpan), Monday first */
  GArray *dates;   /* (element-type CalendarDate) in the order of their days */
} Calendar;

typedef enum { TARGET_ACKNOWLEDGE, TARGET_RESPOND, TARGET_UPDATE, TARGET_RESOLVE } TargetKind;
#define TARGETS 4

/* "acknowledge", "respond", "update", "resolve" */
const char *target_to_string (TargetKind kind);

/* SPAN_NONE: not promised. */
typedef struct {
  Span span;
  const Calendar *calendar;
} Target;

/* A ticket's kind, "complex" say: the targets that it sets count in place of its priority's. */
typedef struct {
  char *name;
  Target target[TARGETS];
} TicketKind;

/* What happens besides when a target is missed. */
typedef struct {
  gboolean reassign; /* to the team that its team escalates to */
  gboolean raise;    /* to the next higher priority */
  const Escalation *page; /* nullable */
} Breach;

typedef struct {
  char *language;
  char **any;
} WordList;

/* Sets a ticket's priority, kind, team ... when all of its conditions hold. */
typedef struct {
  char *name;
  WordList *words;       /* ended by one without a language; any word of any list */
  gboolean important;    /* Importance: high, or X-Priority: 1 or 2 */
  char **level;          /* of the contact */
  guint at_priority;     /* bits: 1 << 1 for p1; 0: any */
  gint64 again_within;   /* seconds since the same customer had a ticket with the same subject; 0: no condition */
  int priority;          /* 0: none */
  const TicketKind *kind;      /* nullable */
  const Team *team;      /* nullable */
  gboolean escalate;     /* to the team that its team escalates to */
  const Escalation *page; /* nullable */
  gboolean root_cause;
} PolicyRule;

typedef struct {
  char *name;
  const Calendar *calendar;    /* of the policy itself; a priority, kind or target may have another one */
  Target priority[4][TARGETS]; /* p1..p4, defaults already filled in from the policy */
  gboolean root_cause[4];      /* a note on it is demanded before a ticket is closed */
  TicketKind **kinds;                /* NULL-terminated */
  PolicyRule **rules;                /* NULL-terminated, tried in this order */
  Breach breach[TARGETS];
  int warn;                    /* per cent of a target's time; 0: no warning */
  Span acknowledge_after;      /* the acknowledgement waits so long, and is dropped when somebody has answered */
  Span next_within;            /* a customer's next ticket is answered so long after the end of the one before */
  Span extend;                 /* an answer or solution that will be late is put off by so much, and the customer told */
  int extend_at;               /* per cent */
  gboolean holding_update;     /* a missed update is written from a template */
  gboolean arrival_order;      /* of tickets, and not by deadline */
  char *greeting, *closing;    /* how answers begin and end, nullable */
  int goal[TARGETS];           /* per cent kept; 0: none */
  int goal_first_contact, goal_escalation; /* per cent; 0: none */
  gint64 version;              /* of all that deadlines are computed from, time zone data too */
} Policy;

/* The kind NAME of POLICY, NULL for "standard" and for what it does not have. */
const TicketKind *policy_find_kind (const Policy *policy, const char *name);

/* What POLICY promises for a ticket of PRIORITY (1..4) and KIND (nullable). */
const Target *policy_find_target (const Policy *policy, int priority, const TicketKind *kind, TargetKind target);
