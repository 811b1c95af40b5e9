/* raw: the messages' octets as files, for those that are too large for the database. Private to the store.
 *
 * A file is written aside, synced, renamed and its folder synced before a commit names it: a crash leaves a stray file at
 * worst, which the next start sweeps. */
#pragma once

#include "mail/raw.h"
#include "store/database.h"

/* "DATABASE.d/raw". The caller's. */
char *raw_folder (const char *database_path);

/* Writes RAW below FOLDER. Returns the file's name relative to FOLDER, the caller's. Errors: STORE_ERROR_UNAVAILABLE. */
char *raw_write_file (const RawMessage *raw, const char *folder, GError **error);

/* A message as it was kept: its octets DATA, or those in FILE below FOLDER. Errors: G_FILE_ERROR. */
RawMessage *raw_read (gconstpointer data, gsize length, const char *file, const char *folder, GError **error);

/* Removes files that no row of DATABASE names. */
void raw_sweep (Database *database, const char *folder);
