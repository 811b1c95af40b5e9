/* triage: the rules of a policy, held against one message: what they make of its ticket. Pure. */
#pragma once

#include "mail/message.h"
#include "store/intake.h"

typedef struct {
  const Policy *policy;
  const MessageFacts *facts;
  const char *text;       /* of the message, "" where triage_asks_words() is FALSE */
  const Contact *contact; /* nullable */
  const char *old_subject; /* of the ticket that the message continues, nullable: what repeats it says nothing new */
  gboolean again;         /* the same customer had a ticket with this subject within the longest `again-within` */
} TriageCase;

/* Applies the rules in their order to DECISION's priority, kind, team ...; `rules` says which applied, and why. */
void triage_apply (const TriageCase *triage, Decision *decision);

/* TRUE when a rule of POLICY looks for words. */
gboolean triage_asks_words (const Policy *policy);

/* The longest `again-within` of POLICY's rules, seconds; 0: none asks. */
gint64 triage_longest_again (const Policy *policy);

/* TRUE when PHRASE stands in TEXT as whole words; case and white space make no difference. */
gboolean triage_has_words (const char *text, const char *phrase);
