/* report: what was promised and what was kept: counts tickets and promises, in groups of role, team and priority. Pure. */
#pragma once

#include "store/report.h"

#define AGES 5

/* Below a day, three, seven, thirty days, and older. */
extern const char *const report_ages[AGES];

/* The promises of one target. Times are in the target's own time, seconds. */
typedef struct {
  guint kept, missed;  /* decided ones */
  guint open;          /* neither due nor met yet */
  guint32 median, p90, p99; /* of those that were met */
  GArray *took;        /* (element-type guint32) sorted by report_finish() */
  GArray *breaches;    /* (element-type gint64) ticket numbers, each once, the first LIMIT_REPORT_BREACHES */
} TargetCount;

typedef struct {
  char *role, *team;
  int priority;
  guint opened, resolved, first_contact, reopened, escalated;
  guint backlog[AGES]; /* not ended yet, by age */
  TargetCount target[TARGETS];
} ReportGroup;

typedef struct Report Report;

/* NOW: for ages. */
Report *report_new (gint64 now);
void report_free (Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Report, report_free)

/* For store_report(), with a Report as data. */
extern const ReportFuncs report_funcs;

/* Adds what OTHER has counted, of other tickets. */
void report_add (Report *report, const Report *other);

/* (element-type ReportGroup) by role, team and priority; the last, with role and team NULL and priority 0, counts all.
 * Owned by REPORT. */
GPtrArray *report_finish (Report *report);

/* PART of KEPT + MISSED in per cent, or -1 when there were none. */
double report_per_cent (guint part, guint whole);
