/* hook: what the hooks have in common that others call. */
#pragma once

#include "web/request.h"

/* The channel that the path names ("/hooks/KIND/NAME...") when it is of TYPE, else NULL. */
const Channel *hook_find_channel (const Request *request, ChannelType type);

/* The first line of the file PATH (nullable), read each time, so that a new one counts at once. NULL when it cannot
 * be read or others could have, which is logged. The caller wipes it. */
char *hook_read_secret (const Channel *channel, const char *path);
