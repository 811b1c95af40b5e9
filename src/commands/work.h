/* work: what the subcommands have in common that change one ticket. */
#pragma once

#include "commands/command.h"
#include "mail/seal.h"
#include "store/store.h"

/* One change of ticket NUMBER, by ACTOR, now. */
typedef gboolean (*WorkStep) (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now,
                              gconstpointer data, GError **error);

/* The same, where what comes of it is another ticket, whose number takes the place of *NUMBER. */
typedef gboolean (*WorkMove) (CommandContext *context, Store *store, gint64 *number, const char *actor, gint64 now, gconstpointer data,
                              GError **error);

/* Opens the store for writing, with the rules by which tickets and incidents change. *SEAL is the caller's, and is freed after the
 * store. */
Store *work_open_store (CommandContext *context, Seal **seal, GError **error);

/* Opens the store, takes STEP on the ticket ID, and prints the ticket as it is then. The exit status. */
int work_on_ticket (CommandContext *context, const char *name, const char *id, WorkStep step, gconstpointer data);
int work_on_moving_ticket (CommandContext *context, const char *name, const char *id, WorkMove move, gconstpointer data);

/* TICKET's role, or NULL with *ERROR when the configuration has it no more. */
const Role *work_find_role (const CommandContext *context, const Ticket *ticket, GError **error);

/* A letter to the requester of TICKET, whose role is there. The caller's; NULL with *ERROR. */
Outgoing *work_write_letter (CommandContext *context, const Ticket *ticket, const char *template, gint64 now,
                             GError **error);
