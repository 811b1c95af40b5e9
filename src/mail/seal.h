/* seal: signatures by which we know our own addresses and Message-IDs again.
 *
 * A Seal holds the secret keys of the desk; what one of them has signed is right as long as that one is good. Any thread may use it.
 * MACs are HMAC-SHA-256 cut to 80 bits, as 16 characters of lower-case base32 (RFC 4648), compared without case and in constant time.
 */
#pragma once

#include <glib.h>

typedef struct Seal Seal;

/* Errors: G_FILE_ERROR; also when the file is readable by others or has a wrong length. CREATE makes a missing one. */
Seal *seal_open (const char *path, gboolean create, GError **error);

/* A seal with a key of its own that nobody else knows: for showing what a letter would look like. */
Seal *seal_new (void);
void seal_free (Seal *seal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Seal, seal_free)

/* "support@example.com", 't', 1042 -> "support+t.1042.MAC@example.com". The MAC covers kind, number and the role
 * address without case and without an extension of its own. KIND is 't' (customers), 'a' (staff), 'b' (return
 * address) or 'p' (answers to a page, whose number it is). The caller owns it. NULL when the local part is quoted or would pass 64 octets (RFC 5321 4.5.3.1.1). */
char *seal_address (const Seal *seal, const char *role_address, char kind, gint64 number);

/* The number in EXTENSION ("t.1042.MAC") when it is of KIND and its MAC is right for ROLE_ADDRESS, else 0. */
gint64 seal_open_extension (const Seal *seal, const char *role_address, const char *extension, char kind);

/* TRUE when EXTENSION has the form of one of KIND, whether or not its MAC is right. */
gboolean seal_looks_signed (const char *extension, char kind);

/* A Message-ID without brackets for what PURPOSE ("ack", "team", "page") and KEY (an intake key) name:
 * "PURPOSE.MAC@HOSTNAME"; the same input gives the same id. The caller owns it. */
char *seal_message_id (const Seal *seal, const char *purpose, const char *key, const char *hostname);

/* "VALUE.MAC", for links: what PURPOSE ("page", "oncall") was told by VALUE. The caller owns it. */
char *seal_token (const Seal *seal, const char *purpose, const char *value);

/* The VALUE of TOKEN when its MAC is right for PURPOSE, else NULL. The caller owns it. */
char *seal_open_token (const Seal *seal, const char *purpose, const char *token);
