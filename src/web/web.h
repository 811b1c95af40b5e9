/* web: the few pages and hooks that Frontdesk serves by HTTP: /healthz, acknowledging, on-call calendars.
 *
 * Nothing here holds the milter up: it has threads of its own, and connections, requests and their times are bounded
 * (limits.h). TLS is left to a proxy. What a request changes, it changes by POST; GET shows.
 */
#pragma once

#include "config/config.h"
#include "mail/letter.h"
#include "mail/seal.h"
#include "store/store.h"

#define WEB_ERROR (web_error_quark ())
GQuark web_error_quark (void);
typedef enum {
  WEB_ERROR_LISTEN, /* the address cannot be served */
} WebError;

typedef struct Web Web;

/* What the last audit found, in one line; NULL when it was clean. The caller's. Called from any thread. */
typedef char *(*WebAudit) (gpointer data);

/* Serves what CONFIG's `web` names, which must be set. STORE and SEAL must outlive it; takes references to CONFIG and
 * TEMPLATES. AUDIT is nullable. */
Web *web_start (Store *store, const Seal *seal, Config *config, Templates *templates, WebAudit audit, gpointer data,
                GError **error);

/* From the next request on, CONFIG and TEMPLATES count; the address stays. */
void web_reload (Web *web, Config *config, Templates *templates);

/* Returns when no request is worked on any more. Frees. */
void web_stop (Web *web);
