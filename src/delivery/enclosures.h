/* enclosures: what an agent has attached to an answer, as its letter takes it along. */
#pragma once

#include "mail/letter.h"
#include "mail/raw.h"

/* (element-type LetterAttachment) of the agent's mail RAW, whose text is TEXT. Pictures that stand in the text itself, as in a
 * signature, and signatures of a form that the letter has no more, stay behind. */
GPtrArray *enclosures_read (const RawMessage *raw, const char *text);
