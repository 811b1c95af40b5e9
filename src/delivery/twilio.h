/* twilio: what Twilio is told and tells, as text. Pure. Private to delivery. */
#pragma once

#include "delivery/channel.h"

/* The form of a message or call for NOTICE. The caller's. */
char *twilio_write_form (const Channel *channel, const PageNotice *notice);

/* What a call says, as TwiML. A pressed digit goes to the built-in web page, when there is one. The caller's. */
char *twilio_write_call (const Channel *channel, const PageNotice *notice);

/* "SM..." or "CA..." out of the answer to what was created; NULL when it is none of Twilio's. The caller's. */
char *twilio_read_sid (const char *answer);

/* What the state of a message or call means. *DETAIL, the caller's, is one line; it is NULL while nothing is known. */
PageFate twilio_read_fate (const char *answer, char **detail);
