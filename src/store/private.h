/* private: what the store's files share: the Store itself, the lending of read connections, and small writes. */
#pragma once

#include "store/database.h"
#include "store/journal.h"
#include "store/writer.h"

struct Store {
  char *path;
  char *raw_folder;
  StoreMode mode;
  int lock;             /* descriptor of the daemon's lock, -1 without */
  Writer *writer;       /* NULL with STORE_READ */
  GAsyncQueue *readers; /* (element-type Database) idle ones */
  gint opened;          /* atomic: readers that exist */
  Journal *journal;     /* NULL but in a daemon */
  GMutex probe_lock;
  gint64 probed_at;     /* guarded by probe_lock */
  GMutex rules_lock;    /* guards the three below */
  const StoreRules *rules;
  gpointer rules_data;
  GDestroyNotify free_rules_data;
};

/* Lends a read connection; to be given back. */
Database *store_borrow (Store *store, GError **error);
void store_give_back (Store *store, Database *database);

/* A borrowed connection that goes back by itself. */
typedef struct {
  Store *store;
  Database *database;
} Loan;
Loan loan_take (Store *store, GError **error);
void loan_return (Loan *loan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loan, loan_return)

/* Runs JOB in the writer. */
gboolean store_write (Store *store, WriterJob job, gpointer data, GError **error);

/* Ticket NUMBER; NULL with STORE_ERROR_NOT_FOUND. */
Ticket *ticket_read (Database *database, gint64 number, GError **error);

/* Writes one line of TICKET's audit trail. */
gboolean store_add_event (Database *database, gint64 ticket, gint64 at, const char *kind, const char *actor,
                          const char *detail, GError **error);

/* The Message-ID that OUTGOING has in the end: KIND.MAC@HOST or, in what people answer to, KIND.NUMBER.MAC@HOST. So an answer
 * is found by its ticket, and the ids, which are as good as random, need no index. The caller's. */
char *store_message_id (const Outgoing *outgoing, gint64 ticket);

/* Writes one outbox row and notes that something is due. TICKET, INCIDENT and MESSAGE, which it may be about, may be 0. */
gboolean store_add_outgoing (Database *database, const Outgoing *outgoing, gint64 ticket, gint64 incident, gint64 message, gint64 now,
                             GError **error);
