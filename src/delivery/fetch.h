/* fetch: one GET of a calendar by HTTP. Bounded in time, size and redirections; https only, but for this machine itself.
 * Private to delivery. */
#pragma once

#include "config/config.h"

/* What the server calls the version that it gave last; to be cleared with fetch_version_clear(). */
typedef struct {
  char *etag, *last_modified; /* nullable */
} FetchVersion;

void fetch_version_clear (FetchVersion *version);

/* Fetches SCHEDULE's calendar within TIMEOUT seconds. *TEXT is the caller's; NULL when it is still VERSION (nullable: any).
 * *NEW_VERSION is set with *TEXT. Ends soon after *STOPPING (atomic) is set. Errors: DELIVERY_ERROR_TEMPORARY, without what
 * may be secret of the URL. */
gboolean fetch_calendar (const Schedule *schedule, long timeout, const FetchVersion *version, const gint *stopping,
                         char **text, FetchVersion *new_version, GError **error);
