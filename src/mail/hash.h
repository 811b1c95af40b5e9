/* hash: SHA-256 and its MAC. By Nettle, which uses the processor's own instructions for it, as bodies are large, and keeps
 * nothing for a thread, as libmilter's threads come and go. */
#pragma once

#include <glib.h>

#define HASH_OCTETS 32

typedef struct Hash Hash;

Hash *hash_new (void);
void hash_free (Hash *hash);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hash, hash_free)

void hash_add (Hash *hash, gconstpointer data, gsize length);

/* What has been added so far, as lower-case hex. The caller's. */
char *hash_to_hex (const Hash *hash);

/* HMAC-SHA-256 (RFC 2104) of DATA under KEY into MAC, which holds HASH_OCTETS. */
void hash_sign (gconstpointer key, gsize key_length, gconstpointer data, gsize length, guint8 *mac);

/* What signs a webhook's BODY of TIMESTAMP, in both directions: "sha256=" and in hex the HMAC-SHA-256 under SECRET over TIMESTAMP,
 * a dot, and BODY. The caller's. */
char *hash_sign_dated (const char *secret, const char *timestamp, const char *body, gsize length);
