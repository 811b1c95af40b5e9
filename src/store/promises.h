/* promises: a ticket's promises in the database. Private to the store: all within the writer's transaction. */
#pragma once

#include "store/private.h"

/* (element-type Promise), NULL with *ERROR */
GArray *promises_read (Database *database, gint64 ticket, GError **error);

/* Writes them all, the ticket's most urgent deadline, and the VERSION of what they were computed from. */
gboolean promises_write (Database *database, gint64 ticket, const GArray *promises, gint64 version, GError **error);

/* What TICKET's promises depend on. promises_clear_terms() frees what it holds. */
gboolean promises_read_terms (Database *database, gint64 ticket, PromiseTerms *terms, GError **error);
void promises_clear_terms (PromiseTerms *terms);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PromiseTerms, promises_clear_terms)

/* Has the store's rules bring TICKET's promises up to date after CHANGE. */
gboolean promises_apply (Store *store, Database *database, gint64 ticket, const Change *change, GError **error);

/* A pause of TICKET begins, unless one is under way, or ends. */
gboolean promises_pause (Database *database, gint64 ticket, gint64 now, GError **error);
gboolean promises_resume (Database *database, gint64 ticket, gint64 now, GError **error);
