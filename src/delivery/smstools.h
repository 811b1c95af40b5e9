/* smstools: files for SMS Server Tools 3. Pure. Private to delivery. */
#pragma once

#include "delivery/channel.h"

/* The file of NOTICE to MOBILE ("+16045550101"): octets, as the text may be UCS-2. *LENGTH is theirs. The caller's. */
char *smstools_write (const PageNotice *notice, const char *mobile, gsize *length);
