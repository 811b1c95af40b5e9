/* phone_text: what fits on a phone. Pure. Private to delivery. */
#pragma once

#include "delivery/channel.h"

#define PHONE_TEXT_SHORT 160 /* of an SMS of one part, as GSM 03.38 counts */

/* As much of TEXT as fits into MAX octets without cutting a character in two. The caller's. */
char *phone_text_cut (const char *text, gsize max);

/* TEXT as one line, in the alphabet of GSM 03.38 where its characters have a likeness there, cut at PHONE_TEXT_SHORT. */
char *phone_text_shorten (const char *text);

/* NOTICE's line, the list of a grouped page, and the link to acknowledge by, which is not cut off, within MAX octets. */
char *phone_text_write (const PageNotice *notice, gsize max);
