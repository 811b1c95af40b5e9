/* save: a ticket's messages and their attachments as files. */
#pragma once

#include "commands/command.h"

/* Writes each mail of MESSAGES as "ID.eml", and its attachments by names that are safe, into FOLDER, which is made where it is not
 * there. No file is overwritten and no link followed: a name that is taken gets a number. Says what it wrote on standard output;
 * AS_JSON: in "files" of each message instead. Errors: G_FILE_ERROR. */
gboolean save_messages (Store *store, json_t *messages, const char *folder, gboolean as_json, GError **error);
