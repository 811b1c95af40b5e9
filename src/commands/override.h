/* override: the words of `frontdesk oncall` that put somebody on call in place of others. ARGV[0] is the word. */
#pragma once

#include "commands/command.h"

int override_make (CommandContext *context, int argc, char **argv);
int override_list (CommandContext *context, int argc, char **argv);
int override_remove (CommandContext *context, int argc, char **argv);
