/* charset: octets of a text as UTF-8, also where the charset that is said is wrong or missing. */
#pragma once

#include <glib.h>

/* OCTETS in the charset DECLARED (nullable) when they are that, else in UTF-8 when they are that, else in the one that ICU
 * detects, else in windows-1252. Always valid UTF-8, without NUL. Text that the end cuts is cut before that character. */
GString *charset_to_utf8 (const char *octets, gsize length, const char *declared);
