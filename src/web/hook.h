/* hook: what the hooks have in common that others call. */
#pragma once

#include "config/secret.h"
#include "web/request.h"

/* The channel that the path names ("/hooks/KIND/NAME...") when it is of TYPE, else NULL. */
const Channel *hook_find_channel (const Request *request, ChannelType type);

/* As secret_read(), but what goes wrong is logged; NULL, too, when there is no PATH. */
Secret *hook_read_secret (const Channel *channel, const char *key, const char *path);
