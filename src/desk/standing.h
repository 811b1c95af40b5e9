/* standing: how well we know a sender. Pure. */
#pragma once

#include "directory/contact.h"
#include "mail/envelope.h"
#include "mail/message.h"

/* The standing of the one From mailbox, given the directory's answer about it. *REASON (the caller's) is the standing
 * and why, as shown to people: "unknown (directory unavailable)".
 *
 * Verified: known, and the mail is authenticated as from that address: by SMTP AUTH whose login is the address or
 * the login of the agent who has it, or by a believed dmarc=pass, or by a believed dkim=pass or spf=pass whose
 * domain is aligned with From's (RFC 8601, RFC 7489 3.1 relaxed). A believed dmarc=fail makes it unknown. */
Standing standing_of_sender (const Config *config, const Envelope *envelope, const MessageFacts *facts,
                             DirectoryStatus directory, const Contact *contact, char **reason);

/* TRUE when the mail is authenticated as from its one From address, in the directory or not. */
gboolean standing_is_authenticated (const Config *config, const Envelope *envelope, const MessageFacts *facts);

/* TRUE when one of FACTS' believed results is METHOD=RESULT. */
gboolean standing_has_result (const MessageFacts *facts, const char *method, const char *result);
