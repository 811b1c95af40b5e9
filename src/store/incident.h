/* incident: one emergency that somebody is being paged for. Plain data, as read from the store. */
#pragma once

#include <glib.h>

typedef enum { INCIDENT_TRIGGERED, INCIDENT_ACKNOWLEDGED, INCIDENT_RESOLVED } IncidentState;
const char *incident_state_to_string (IncidentState state); /* "triggered", "acknowledged", "resolved" */

/* Times are microseconds since 1970, 0: not (yet). */
typedef struct {
  gint64 id, ticket;
  IncidentState state;
  char *escalation;      /* the name of what it began by */
  char *plan;            /* that escalation as it was then: the desk's, see desk/escalation.h */
  int step;              /* of the plan, from 0: the one that was taken last */
  int round;             /* from 1 */
  gboolean again;        /* a further mail asks for this step once more */
  gint64 started_at;
  gint64 next_at;        /* when something follows by itself; never 0 while it is triggered */
  char *acknowledged_by; /* the agent who has it, nullable */
  gint64 acknowledged_at, reminded_at, resolved_at;
} Incident;

void incident_free (Incident *incident);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Incident, incident_free)

/* What somebody who was paged, or who has it, does. */
typedef enum { PAGE_ACKNOWLEDGE, PAGE_RESOLVE } PageAction;
const char *page_action_to_string (PageAction action); /* "acknowledge", "resolve" */

/* What came of it for one incident. */
typedef struct {
  Incident *incident; /* as it is now: who has it, and since when */
  gboolean done;      /* by this very call; else somebody was first */
} Taking;

void taking_free (Taking *taking);

/* What a gateway tells of a page that it has taken. */
typedef enum {
  PAGE_FATE_UNKNOWN,
  PAGE_FATE_REACHED, /* the device has it: nobody has acknowledged by that */
  PAGE_FATE_FAILED,
  PAGE_FATE_FAILED_FOR_NOW, /* it may be tried again */
} PageFate;
