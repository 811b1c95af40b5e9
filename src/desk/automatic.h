/* automatic: was this written by a machine, and may anything be answered to it?
 *
 * One table of rules over the facts and the envelope, each with its source. Pure.
 */
#pragma once

#include "mail/envelope.h"
#include "mail/message.h"

typedef enum {
  AUTOMATIC_NONE,   /* a person wrote it, as far as can be told */
  AUTOMATIC_QUIET,  /* treated as a person's, but nothing is answered (system local parts, too many hops, ...) */
  AUTOMATIC_MAIL,   /* list, bulk, auto-generated: opens or continues a ticket; no acknowledgement, no page */
  AUTOMATIC_REPORT, /* bounce, disposition notice, feedback report, out-of-office, null sender, our loop mark: filed */
} AutomaticClass;

typedef struct {
  AutomaticClass class;
  const char *rule;   /* short name, as "auto-submitted"; NULL with AUTOMATIC_NONE */
  const char *reason; /* a sentence part, as "it says Auto-Submitted"; static */
} Automatic;

/* The message bears the loop mark that our letters bear; another Frontdesk's names another host. */
gboolean automatic_is_own_mark (const MessageFacts *facts, const Config *config);

/* It is a report about mail in general, which is for a postmaster: feedback, DMARC, TLS. */
gboolean automatic_is_for_postmaster (const Automatic *automatic);

/* CONFIG: the roles' addresses and own_address (mail "from ourselves"). STANDING: of the sender: List-Unsubscribe alone
 * proves nothing about a known one, and a verified one is answered at From, whatever the envelope says. The strongest class that any rule gives, first rule of it. */
Automatic automatic_classify (const MessageFacts *facts, const Envelope *envelope, const Role *role,
                              const Config *config, Standing standing);
