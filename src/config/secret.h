/* secret: keys and tokens of channels, each in a file of its own that only we may read. */
#pragma once

#include "config/config.h"

/* The first line of the file PATH, which KEY of CHANNEL names; read each time, so that a new one needs no reload. NULL with
 * CONFIG_ERROR_READ when it cannot be read, is empty, or others could have read it; no error shows what is in it. The caller
 * gives it to secret_wipe(). */
char *secret_read (const Channel *channel, const char *key, const char *path, GError **error);
void secret_wipe (char *secret);

typedef char Secret;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Secret, secret_wipe)
