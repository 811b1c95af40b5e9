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
  gint64 again_at;        /* when the same customer last opened a ticket with this subject; 0: never */
  gint64 now;
} TriageCase;

/* Applies the rules in their order to DECISION's priority, kind, team ...; `rules` says which applied, and why. */
void triage_apply (const TriageCase *triage, Decision *decision);

/* TRUE when a rule of POLICY looks for words. */
gboolean triage_asks_words (const Policy *policy);

/* TRUE when a rule of POLICY asks whether a subject came again. */
gboolean triage_asks_again (const Policy *policy);

/* TRUE when PHRASE stands in TEXT as whole words; case and white space make no difference. */
gboolean triage_has_words (const char *text, const char *phrase);
