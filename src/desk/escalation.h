/* escalation: the steps that are taken until somebody acknowledges an incident. Pure.
 *
 * Its steps are taken one after the other, each when nobody has acknowledged within the wait of the one before; after the last
 * one comes the first again, `repeat` rounds in all. Then the fallback, the last step that names agents or a team, is paged each
 * time its wait has passed, without end. A step that reaches nobody at the moment is passed by at once. The escalation is fixed
 * into the incident when it begins (its plan); who is on call is asked when a step is taken.
 */
#pragma once

#include "desk/schedule.h"
#include "store/intake.h"

/* INCIDENT begins at AT by ESCALATION because of REASON: a page for each agent and channel of the first step that reaches
 * somebody is added to PAGES (element-type Outgoing, without Message-IDs). The caller's; NULL when nobody is reached. */
Incident *escalation_start (const Roster *roster, const Escalation *escalation, gint64 at, const char *reason, GPtrArray *pages);

/* INCIDENT, which nobody has acknowledged, takes its next step at AT, or the same one when a further mail asks for it. *DETAIL
 * (the caller's) is what happened, one sentence; it is the pages' reason, too. */
void escalation_go_on (const Roster *roster, const Escalation *escalation, Incident *incident, gint64 at, GPtrArray *pages,
                       char **detail);

/* INCIDENT, which was acknowledged, is paged from its first step on at AT because of REASON. */
void escalation_begin_anew (const Roster *roster, const Escalation *escalation, Incident *incident, gint64 at, const char *reason,
                            GPtrArray *pages);

/* Reminds INCIDENT's holder because of REASON, by the channels of its last step, and gives them that step's wait. */
void escalation_remind (const Roster *roster, const Escalation *escalation, Incident *incident, gint64 at, const char *reason,
                        GPtrArray *pages);

/* The plan of INCIDENT as far as CONFIG still has its people and channels; where it reaches nobody by that any more, the
 * escalation that CONFIG has by that name, else any that reaches somebody. NULL: CONFIG has none. Free with
 * escalation_free_plan(). */
Escalation *escalation_read_plan (const Config *config, const Incident *incident);
void escalation_free_plan (Escalation *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Escalation, escalation_free_plan)
