/* desk: the front desk itself: gathers what the rules need to know about a message, lets them decide, and makes the
 * decision durable.
 *
 * A Desk is one configuration with everything opened for it; a reload makes another. It is immutable and may be used
 * from any thread.
 */
#pragma once

#include "directory/directory.h"
#include "mail/auth_results.h"
#include "mail/letter.h"
#include "mail/seal.h"
#include "store/store.h"

typedef struct {
  Config *config;
  Directory *directory;
  Templates *templates;
  Store *store;     /* not owned, as is the seal: both outlive every desk */
  const Seal *seal;
} Desk;

/* Opens directory and templates for CONFIG (a reference is taken). Errors: DIRECTORY_ERROR, LETTER_ERROR. */
Desk *desk_open (Config *config, Store *store, const Seal *seal, GError **error);
/* DESK by CONFIG, which is DESK's own, renewed: with the directory, what it remembers, and the templates that DESK has. */
Desk *desk_renew (const Desk *desk, Config *config);
Desk *desk_ref (Desk *desk);
void desk_unref (Desk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Desk, desk_unref)

/* Has the store ready for what the policies ask it. For a daemon. Errors: STORE_ERROR. */
gboolean desk_prepare (const Desk *desk, GError **error);

/* "DATABASE.d/secret": where the key of the seal lies. The caller's. */
char *desk_secret_path (const Config *config);

/* What became of one message. */
typedef struct {
  MessageFacts *facts;
  Contact *contact;      /* nullable */
  DirectoryStatus directory;
  gint64 size;           /* of the message, octets */
  GPtrArray *decisions;  /* (element-type Decision), one a role */
  GArray *forged_results; /* see auth_results_forged() */
} Reception;

void reception_free (Reception *reception);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reception, reception_free)

/* Decides without doing: what `frontdesk explain` shows. Errors: STORE_ERROR. */
Reception *desk_consider (const Desk *desk, const Envelope *envelope, const RawMessage *raw, gint64 now, GError **error);

/* Decides and makes it durable: when it returns, ticket, message, acknowledgement and page are on disk. A message that
 * is refused or deferred for all its recipients is not kept. Errors: STORE_ERROR. */
Reception *desk_receive (const Desk *desk, const Envelope *envelope, const RawMessage *raw, gint64 now, GError **error);

/* The answer to the whole message. An answer at its end falls on every recipient, so it is a refusal only when all of
 * them are refused, and a 451 only when a role defers, which it does only where nobody else would have to wait. */
typedef enum { VERDICT_ACCEPT, VERDICT_REFUSE, VERDICT_DEFER } Verdict;
Verdict reception_verdict (const Reception *reception, const Envelope *envelope);

/* The decision for RECIPIENT's role, or NULL. */
const Decision *reception_find (const Reception *reception, const Recipient *recipient);

/* TRUE for a refusal, also one that was made when the same message came first. */
gboolean decision_refuses (const Decision *decision);

/* What can be told of RECIPIENT before the message is there: an SMTP answer ("451 4.3.0 ...", "550 5.7.1 ...",
 * "552 5.3.4 ...") for this recipient alone, or NULL. SIZE is the declared one, 0 when none. The caller's. */
char *desk_screen_recipient (const Desk *desk, const Envelope *envelope, const Recipient *recipient, gint64 size);
