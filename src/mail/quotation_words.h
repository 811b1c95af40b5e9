/* quotation_words: what mail programs write around quoted text, in the languages that they are often met in. Folded: lower case. */
#pragma once

#include <glib.h>

typedef enum {
  WORDS_WROTE,   /* "wrote", of "On Monday Ann wrote:" */
  WORDS_OPENERS, /* "on ", which such a line begins with */
  WORDS_MARKERS, /* "original message" */
  WORDS_FROM, WORDS_SUBJECT, WORDS_OTHER, /* names of copied fields */
  WORDS_DEVICES, /* "sent from", of "Sent from my iPhone" */
} WordsOf;

/* TEXT is one of WORDS; begins with one; has one in it. */
gboolean words_have (WordsOf words, const char *text);
gboolean words_begin (WordsOf words, const char *text);
gboolean words_are_in (WordsOf words, const char *text);
