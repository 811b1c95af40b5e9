/* keys: the secret keys that signatures of ours are made with.
 *
 * The one that signs is a 0600 file of 32 random octets, made at first start. Those that were in use before it, which are good for a
 * time yet, are in the file beside it whose name ends with ".old". Any thread may use Keys.
 */
#pragma once

#include <glib.h>

#include "mail/hash.h"

#define KEYS_MOST 9 /* at once */

typedef struct Keys Keys;

/* Errors: G_FILE_ERROR; also when a file is readable by others or has a wrong length. CREATE makes a missing one. */
Keys *keys_open (const char *path, gboolean create, GError **error);

/* A key that nobody else knows. */
Keys *keys_new (void);
void keys_free (Keys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keys, keys_free)

/* Reads them anew if another process has made a new one. TRUE when they were read. */
gboolean keys_refresh (Keys *keys);

/* Makes a new key in the place of the one in PATH, at NOW; the one there is good until UNTIL (seconds since 1970). Errors:
 * G_FILE_ERROR. */
gboolean keys_rotate (const char *path, gint64 now, gint64 until, GError **error);

/* The HMAC-SHA-256 of TEXT by the key that signs; MAC has room for HASH_OCTETS. */
void keys_sign (Keys *keys, const char *text, gsize length, guint8 *mac);

/* The same by each key that is good at NOW (seconds since 1970), for KEYS_MOST of which MACS has room. Their number. */
guint keys_sign_all (Keys *keys, gint64 now, const char *text, gsize length, guint8 macs[][HASH_OCTETS]);
