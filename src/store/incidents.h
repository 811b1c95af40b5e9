/* incidents: emergencies in the database, from the first page to their end. Private to the store: all within the writer's
 * transaction, so that a step and its pages, or an acknowledgement and the pages that it stops, are one change. */
#pragma once

#include "store/private.h"

/* INCIDENT begins for TICKET, because SENDER (nullable) wrote. Returns its id, or 0 with *ERROR. */
gint64 incident_start (Database *database, const Incident *incident, gint64 ticket, const char *sender, gint64 now, GError **error);

/* Those begun by SENDER (NULL: by anybody's mail) within the hour before NOW, counted up to LIMIT, or -1 with *ERROR. */
int incidents_count (Database *database, const char *sender, gint64 now, int limit, GError **error);

/* A further mail on TICKET: the step of its running incident is paged anew, if nobody has acknowledged it and its escalation
 * says so. */
gboolean incidents_page_again (Store *store, Database *database, gint64 ticket, gint64 now, GError **error);

/* AGENT takes or ends INCIDENT by VIA; appends what came of it to TAKINGS. */
gboolean incident_take (Store *store, Database *database, gint64 incident, PageAction action, const char *agent, const char *via,
                        gint64 now, GPtrArray *takings, GError **error);

/* As incident_take() for all that PAGE tells of. */
gboolean incidents_take_page (Store *store, Database *database, gint64 page, PageAction action, const char *agent,
                              const char *via, gint64 now, GPtrArray *takings, GError **error);

/* Carries out the order that DECISION is, and tells the agent by mail what came of it. */
gboolean incidents_obey (Store *store, Database *database, const Decision *decision, gint64 now, GError **error);

/* All of TICKET are over, by ACTOR. */
gboolean incidents_resolve (Store *store, Database *database, gint64 ticket, const char *actor, gint64 now, GError **error);

/* PAGE, which was dropped while it was on its way, got out: where it may go on ringing, it is told how its incident ended. */
gboolean incident_follow (Store *store, Database *database, const OutboxRow *page, gint64 now, GError **error);

/* One incident whose next step has come at NOW goes on; without rules it waits. */
gboolean incident_go_on (Store *store, Database *database, gint64 incident, gint64 now, GError **error);
