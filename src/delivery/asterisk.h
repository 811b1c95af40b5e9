/* asterisk: call files, and what Asterisk writes into them. Pure. Private to delivery. */
#pragma once

#include "delivery/channel.h"

/* The call file that has TARGET called ("PJSIP/+16045550101@trunk"). The caller's. */
char *asterisk_write (const Channel *channel, const PageNotice *notice, const char *target);

/* What the last Status line of an archived call file means. *DETAIL, the caller's, is NULL while nothing is known. */
PageFate asterisk_read_fate (const char *text, char **detail);
