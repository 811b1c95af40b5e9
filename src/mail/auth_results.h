/* auth_results: which Authentication-Results fields (RFC 8601) of a message are believed.
 *
 * A field counts only when it bears one of our authserv-ids, stands in the unbroken run of such fields at the
 * very top (below at most `hops` Received fields), and for a method that our own filters write on every mail:
 * the topmost per method. With SMTP AUTH or local submission none counts, as no filter looked.
 */
#pragma once

#include "mail/message.h"

typedef struct {
  const char *const *authserv_id; /* NULL-terminated; empty believes none */
  const char *const *methods;     /* NULL-terminated, lower case */
  guint hops;
  gboolean authenticated;         /* SMTP AUTH or local: believe none */
} AuthTrust;

/* Fills FACTS->auth from FACTS->headers. */
void auth_results_believe (MessageFacts *facts, const AuthTrust *trust);

/* The indexes (from 1, counted among the Authentication-Results fields only, top to bottom, as smfi_chgheader
 * counts) of those that bear our id and are not believed, ascending. Ownership: GArray of guint, the caller's. */
GArray *auth_results_forged (const MessageFacts *facts, const AuthTrust *trust);

/* TRUE when DOMAIN and FROM_DOMAIN have the same organizational domain (RFC 7489 3.1, relaxed; libpsl). */
gboolean auth_domain_aligned (const char *domain, const char *from_domain);
