/* quotation: what a person newly wrote in a mail, told apart from what their mail program put around it.
 *
 * By lines, in one pass forwards and without backtracking. When in doubt a line stays: a reader can pass over too much, and
 * cannot know of what is missing. Of a text beyond LIMIT_LETTER octets the end is taken for history.
 */
#pragma once

#include <glib.h>

/* TEXT (UTF-8, LF line ends) without quoted history, signature and the lines that programs add; outer blank lines are cut. Of
 * answers that stand between quoted lines all is kept from the first to the last, as a reader needs what they answer; of a
 * forwarded mail with nothing above it, that mail. *REST, where not NULL: the other lines, in their order. Both the caller's. */
char *quotation_cut (const char *text, char **rest);

/* The same without any quoted line: the words that are nobody else's. The caller's. */
char *quotation_own_words (const char *text);

/* TEXT without the lines quoted by ">" whose words do not stand in KNOWN, however either is broken into lines. The caller's. */
char *quotation_keep_known (const char *text, const char *known);
