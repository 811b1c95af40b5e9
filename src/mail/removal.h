/* removal: a message without the attachments that somebody does not want to keep. */
#pragma once

#include "mail/raw.h"

typedef struct {
  char *name;  /* cleaned, for people */
  char *what;  /* "setup.exe" (application/x-msdownload, 12345 octets, SHA-256 ...) */
} Removed;

/* A copy of RAW, spooled below FOLDER, in which a line stands for each attachment whose name or type is one of FORBIDDEN (".exe",
 * "video/mp4", or all types of a kind), also in messages within the message. *REMOVED: which they are (element-type Removed), the
 * caller's. NULL without *ERROR when there is none. All else stays octet for octet. Errors: G_FILE_ERROR. */
RawMessage *removal_apply (const RawMessage *raw, const char *const *forbidden, const char *folder, GPtrArray **removed,
                           GError **error);
