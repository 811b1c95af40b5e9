/* reactions: what the rules have answered, made durable. Private to the store: all within the writer's transaction. */
#pragma once

#include "store/private.h"

void reaction_clear (Reaction *reaction);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reaction, reaction_clear)
#define REACTION_INIT { .outgoing = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free) }

/* Does for TICKET what REACTION says; its pages belong to INCIDENT, or to the one that begins with it. */
gboolean reaction_carry_out (Store *store, Database *database, gint64 ticket, gint64 incident, const Reaction *reaction,
                             gint64 now, GError **error);
