/* command: what every subcommand of `frontdesk` gets, and how it prints.
 *
 * A subcommand is one file and one function; frontdesk.c holds their table. What is printed as text and as JSON
 * comes from the same json_t, so that the two cannot say different things.
 */
#pragma once

#include <jansson.h>

#include "config/config.h"
#include "store/store.h"

/* sysexits(3) */
enum { COMMAND_OK = 0, COMMAND_USAGE = 64, COMMAND_DATA = 65, COMMAND_UNAVAILABLE = 69, COMMAND_AGAIN = 75, COMMAND_CONFIG = 78 };

typedef struct {
  const char *config_path;
  Config *config; /* loaded */
  gboolean json;  /* --json was given, and removed from argv */
} CommandContext;

/* ARGV[0] is the subcommand's name. Returns an exit status. */
typedef int (*CommandFunc) (CommandContext *context, int argc, char **argv);

int command_explain (CommandContext *context, int argc, char **argv);
int command_tickets (CommandContext *context, int argc, char **argv);
int command_show (CommandContext *context, int argc, char **argv);
int command_customers (CommandContext *context, int argc, char **argv);
int command_due (CommandContext *context, int argc, char **argv);
int command_oncall (CommandContext *context, int argc, char **argv);
int command_queue (CommandContext *context, int argc, char **argv);
int command_doctor (CommandContext *context, int argc, char **argv);
int command_page (CommandContext *context, int argc, char **argv);
int command_report (CommandContext *context, int argc, char **argv);
int command_reply (CommandContext *context, int argc, char **argv);
int command_note (CommandContext *context, int argc, char **argv);
int command_kind (CommandContext *context, int argc, char **argv);
int command_pending (CommandContext *context, int argc, char **argv);
int command_extend (CommandContext *context, int argc, char **argv);
int command_assign (CommandContext *context, int argc, char **argv);
int command_priority (CommandContext *context, int argc, char **argv);
int command_close (CommandContext *context, int argc, char **argv);
int command_merge (CommandContext *context, int argc, char **argv);
int command_split (CommandContext *context, int argc, char **argv);
int command_rotate_key (CommandContext *context, int argc, char **argv);
int command_reopen (CommandContext *context, int argc, char **argv);
