/* attachments: what else a message brings than its text, and whether it is signed or encrypted.
 *
 * Read from the raw message when somebody asks. A part is what its header says it is: TNEF (winmail.dat), messages within the
 * message, signatures and pictures in the text are listed like any other file, and nothing is opened or checked.
 */
#pragma once

#include "mail/parts.h"

typedef struct {
  char *name;   /* as its writer named it, cleaned by text_clean(); made up where it has none; never empty */
  char *type;   /* "application/pdf", lower case */
  gint64 size;  /* of the decoded octets; line ends of a part that is not encoded count as one */
  char *digest; /* of them, SHA-256 in lower-case hex */
  guint leaf;   /* its place in the message's leaves */
} Attachment;

typedef struct {
  Parts *parts;
  GPtrArray *list; /* (element-type Attachment) */
  char *security;  /* "signed with S/MIME (not checked)" ..., nullable */
} Attachments;

/* PART as an attachment: that number LEAF of its message. */
Attachment *attachment_read (const RawMessage *raw, const Part *part, guint leaf);
void attachment_free (Attachment *attachment);

/* The leaves of RAW and of the messages in it, with their fields. */
Parts *attachments_parts (const RawMessage *raw);

/* Every name that PART bears, the one that attachment_read() gives among them. The caller's. */
char **attachments_names (const RawMessage *raw, const Part *part, guint leaf);

/* TEXT: the message's, in which PGP may stand. */
Attachments *attachments_read (const RawMessage *raw, const char *text);
void attachments_free (Attachments *attachments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attachments, attachments_free)

/* Gives ATTACHMENT's octets to PIECE, in order. */
void attachments_each_piece (const RawMessage *raw, const Attachments *attachments, const Attachment *attachment,
                             PartPiece piece, gpointer user);

/* NAME made safe as a file's name in any folder on any system: no path, no leading dot, no character that a shell, a terminal or
 * another system takes for more, no device's name, at most LIMIT_FILE_NAME octets. Never empty. The caller's. */
char *attachments_safe_name (const char *name);
