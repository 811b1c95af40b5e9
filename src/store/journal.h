/* journal: which messages are being read right now, so that one that brings the process down is known when it comes again.
 *
 * A small file that is mapped into memory: what stands in it outlives the process. (Not a power failure, which no message causes.)
 * Where a signal tells whose reading it was, that message is not read again. Where nothing tells, as after a kill or by the watchdog,
 * all that were being read are suspects: each is read once more, by itself, and a second time is proof.
 */
#pragma once

#include <glib.h>

#define JOURNAL_ERROR (journal_error_quark ())
GQuark journal_error_quark (void);
typedef enum { JOURNAL_ERROR_OPEN /* the file cannot be made, or has no room on its disk */ } JournalError;

typedef struct Journal Journal;

/* Opens or makes the file PATH, and takes over what an earlier process has left there. One at a time. */
Journal *journal_open (const char *path, GError **error);
void journal_close (Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Journal, journal_close)

/* What names a message before it is read: from DATA, of any length. Add further parts to the mark of the first ones, which begins with
 * JOURNAL_MARK. Not for secrets. */
#define JOURNAL_MARK G_GUINT64_CONSTANT (14695981039346656037)
guint64 journal_mark (guint64 mark, gconstpointer data, gsize length);

/* One reading. */
typedef struct {
  guint slot;
  gboolean alone; /* it is a suspect's */
  guint64 mark;
  gpointer outer; /* the reading that it is part of, nullable */
} JournalReading;

/* This thread reads the message MARK from now on, until journal_end(). FALSE: it must not, as that has ended the process before. */
gboolean journal_begin (Journal *journal, guint64 mark, JournalReading *reading);
void journal_end (Journal *journal, const JournalReading *reading);

/* Has the signals that a fault sends told to the journal, before they end the process as ever. For a daemon, once. */
void journal_watch_faults (void);
