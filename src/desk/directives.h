/* directives: the command lines that an agent's mail begins with, such as "#close". Pure.
 *
 * They end at the first line that is none; what stands behind them is the text. A line that begins with "#" and a letter is a
 * command or a mistake, and never goes on to a customer.
 */
#pragma once

#include "config/config.h"
#include "store/staff_work.h"

#define DIRECTIVES_ERROR (directives_error_quark ())
GQuark directives_error_quark (void);
typedef enum {
  DIRECTIVES_ERROR_UNKNOWN, /* no such command */
  DIRECTIVES_ERROR_VALUE,   /* what stands behind it makes no sense */
} DirectivesError;

/* Reads TEXT into WORK: its commands, and its text with `use` a note where "#note" is among them. NOW is for "#pending 3d". Errors:
 * DIRECTIVES_ERROR, with a sentence for the agent. */
gboolean directives_read (const char *text, const Config *config, gint64 now, StaffWork *work, GError **error);
