/* writer: the one thread that commits, for all that wait (group commit). Private to the store.
 *
 * A job runs inside the transaction; writer_run() returns after the commit that holds it is on disk. A job that fails
 * takes only itself back, unless it shares its fate: that spares a copy of each page that it changes, and when one such
 * job of a transaction fails, all of them do. When the commit fails, every job of it has failed.
 */
#pragma once

#include "store/database.h"

typedef struct Writer Writer;
typedef gboolean (*WriterJob) (Database *database, gpointer data, GError **error);

/* Takes DATABASE, a migrated one open for writing. */
Writer *writer_new (Database *database);
/* FUNC is called after commits that made something due. */
void writer_on_due (Writer *writer, StoreOnDue func, gpointer data);
/* Ends after the jobs that are queued. */
void writer_free (Writer *writer);

gboolean writer_run (Writer *writer, WriterJob job, gpointer data, GError **error);
/* As writer_run(), sharing its fate. Who calls this tries again by writer_run() when it fails. */
gboolean writer_run_shared (Writer *writer, WriterJob job, gpointer data, GError **error);

/* Whether the last transaction went well. */
gboolean writer_is_well (Writer *writer);
