/* automatic_clues: what the rules about automatic mail look at, and the questions that they ask. Pure. */
#pragma once

#include "mail/envelope.h"
#include "mail/message.h"

typedef struct {
  const MessageFacts *facts;
  const Role *role;
  const Config *config;
  gboolean known;     /* the sender is in the directory */
  gboolean null_sender;
  guint64 names;         /* see name_bit(): which field names may be there; most that are asked for are not */
  char *return_path;  /* where an answer would go, lower case: the envelope sender with SRS and BATV undone ("" when null),
                         or a verified sender's From */
  char *return_local; /* its local part without "+extension" */
  char *from_local;   /* likewise of From; "" when it names no one mailbox */
  char *subject;      /* compatibility-composed and case-folded */
  const Role *sender_role; /* the role of ours that From or the envelope sender is an address of, or NULL */
} Clues;

Clues *clues_new (const MessageFacts *facts, const Envelope *envelope, const Role *role, const Config *config,
                  Standing standing);
void clues_free (Clues *clues);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Clues, clues_free)

/* A question about a message. WORDS is what the rule looks for, ended by NULL; questions that need none ignore it. */
typedef gboolean (*Question) (const Clues *clues, const char *const *words);

/* ---- header fields; names and values compare without case ---- */

/* One of the fields WORDS is there. */
gboolean clue_field (const Clues *clues, const char *const *words);
/* WORDS are pairs of field and value: the first token of any occurrence of that field, comments and parameters left
 * out, is the value. */
gboolean clue_field_says (const Clues *clues, const char *const *words);
/* Pairs again: any occurrence has a first token other than the value. */
gboolean clue_field_says_other (const Clues *clues, const char *const *words);
/* A field "X-...-Loop" that is not ours. */
gboolean clue_foreign_loop (const Clues *clues, const char *const *words);
/* X-Auto-Response-Suppress asks for none of the answers WORDS. */
gboolean clue_suppress (const Clues *clues, const char *const *words);
/* List-Unsubscribe from somebody whom the directory does not know. */
gboolean clue_unsubscribe (const Clues *clues, const char *const *words);

/* ---- senders ---- */

gboolean clue_null_sender (const Clues *clues, const char *const *words);
gboolean clue_no_sender (const Clues *clues, const char *const *words);
/* The local part of From or of the envelope sender is one of WORDS; "x-*" and "*-x" stand for beginnings and ends. */
gboolean clue_local_part (const Clues *clues, const char *const *words);
/* Only From's; dots, dashes and underscores do not count; a word may stand at the beginning or at the end. */
gboolean clue_from_reads (const Clues *clues, const char *const *words);
/* Likewise of the envelope sender. */
gboolean clue_return_reads (const Clues *clues, const char *const *words);
/* An envelope sender made for one message or recipient (VERP). */
gboolean clue_verp (const Clues *clues, const char *const *words);
gboolean clue_to_itself (const Clues *clues, const char *const *words);
gboolean clue_own_role (const Clues *clues, const char *const *words);
gboolean clue_own_address (const Clues *clues, const char *const *words);
gboolean clue_team (const Clues *clues, const char *const *words);
gboolean clue_agent (const Clues *clues, const char *const *words);
gboolean clue_reply_to_own (const Clues *clues, const char *const *words);

/* ---- the message ---- */

gboolean clue_loop_mark (const Clues *clues, const char *const *words);
gboolean clue_own_message_id (const Clues *clues, const char *const *words);
gboolean clue_unread (const Clues *clues, const char *const *words);
gboolean clue_hops (const Clues *clues, const char *const *words);
gboolean clue_dmarc_fail (const Clues *clues, const char *const *words);
/* multipart/report of the report-type WORDS[0], or of any when WORDS is NULL. */
gboolean clue_report (const Clues *clues, const char *const *words);
/* A report's machine-readable part is the whole message, or in one whose sender or subject is a bounce's. */
gboolean clue_report_part (const Clues *clues, const char *const *words);
/* Such a part in a message that does not look like a report: somebody passed one on. */
gboolean clue_report_inside (const Clues *clues, const char *const *words);
gboolean clue_dmarc_report (const Clues *clues, const char *const *words);
gboolean clue_hotmail_complaint (const Clues *clues, const char *const *words);

/* ---- subjects, in several languages ---- */

gboolean clue_bounce_subject (const Clues *clues, const char *const *words);
/* From a postmaster, who may be a person, with a bounce's subject. */
gboolean clue_postmaster_bounce (const Clues *clues, const char *const *words);
gboolean clue_absence_subject (const Clues *clues, const char *const *words);
/* The message answers one of ours, or has our tag in its subject. */
gboolean clue_answers_us (const Clues *clues);
/* An absence notice's subject, in front, of such an answer. */
gboolean clue_absence_answer (const Clues *clues, const char *const *words);
/* An absence notice's subject, together with a mark that only machines set. */
gboolean clue_absence_marked (const Clues *clues, const char *const *words);
