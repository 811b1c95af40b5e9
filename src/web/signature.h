/* signature: whether a hook was called by the one who has its secret. Pure. */
#pragma once

#include <glib.h>

/* X-Twilio-Signature of a request to URL, as Twilio called it, with the posted FORM (element-type Field), by the
 * account's token: base64 of HMAC-SHA1 over the URL and each name and value, by name. The caller's. */
char *signature_twilio (const char *token, const char *url, const GPtrArray *form);

/* Compares in a time that does not tell how much was right. */
gboolean signature_equal (const char *one, const char *other);
