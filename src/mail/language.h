/* language: the language that people write in, where their text tells it.
 *
 * Letters decide where one language alone has them; words do among languages that are often met. Any thread may call.
 */
#pragma once

#include <glib.h>

/* Stands in a comma list of languages for that of the message's text, which is looked for when the letter is written. */
#define LANGUAGE_OF_TEXT "*"

/* The tag of the language of TEXT ("de"), or NULL: too little is written, or several are likely. What is quoted, and what
 * stands below a signature's "-- ", counts for nothing. *BECAUSE (static, nullable): what tells it. The caller's. */
char *language_detect (const char *text, const char **because);

/* LANGUAGES (nullable) with DETECTED (nullable) where LANGUAGE_OF_TEXT stands. The caller's. */
char *language_fill_in (const char *languages, const char *detected);
