/* raw: one message's octets as the MTA handed them over.
 *
 * In memory up to LIMIT_MEMORY_BODY, then in an unlinked file, so that a large message costs disk and not
 * memory. Written once by one thread, then read by any number of streams one after another.
 */
#pragma once

#include "mail/gmime.h"

typedef struct RawMessage RawMessage;

/* FOLDER is where the spool file is made when one is needed. */
RawMessage *raw_message_new (const char *folder);
void raw_message_free (RawMessage *raw);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RawMessage, raw_message_free)

/* Reads a whole file (for commands); "-" is standard input. Errors: G_FILE_ERROR. */
RawMessage *raw_message_load (const char *path, const char *folder, GError **error);

/* A message that lies in the file PATH, which stays as it is. Errors: G_FILE_ERROR. */
RawMessage *raw_message_open (const char *path, GError **error);

/* Errors: G_FILE_ERROR (folder missing, disk full). After an error the message is unusable. */
gboolean raw_message_append (RawMessage *raw, gconstpointer data, gsize length, GError **error);

gint64 raw_message_length (const RawMessage *raw);

/* The octets when they are in memory, else NULL; owned by RAW. */
const char *raw_message_memory (const RawMessage *raw);

/* The spool file's descriptor, or -1 when in memory; owned by RAW. Read it with pread(). */
int raw_message_fd (const RawMessage *raw);

/* The first octets, *LENGTH of them and at most MAX: RAW's own, or read to BUFFER. */
const char *raw_message_peek (const RawMessage *raw, char *buffer, gsize max, gsize *length);

/* A new stream at the beginning, to be unreffed before RAW is freed. */
GMimeStream *raw_message_stream (const RawMessage *raw);
