#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOTS 512     /* readings at once; more are not written down */
#define SUSPECTS 1024 /* the oldest are forgotten first */
#define NO_SLOT G_MAXUINT
#define PROOF 2       /* strikes */
#define STACK_OCTETS (64 * 1024)

G_DEFINE_QUARK (frontdesk-journal-error-quark, journal_error)

typedef enum { SLOT_FREE, SLOT_READING, SLOT_FAULT } SlotState;

typedef struct {
  guint64 mark;
  guint32 state, padding;
} Slot;

typedef struct {
  guint64 mark;
  guint32 strikes, padding;
} Suspect;

/* The file. A new one is all zeros. */
typedef struct {
  Slot slots[SLOTS];
  Suspect suspects[SUSPECTS];
  guint32 next, count; /* suspect to be written next, and how many there are */
} Book;

struct Journal {
  Book *book;
  GMutex lock;      /* guards the suspects and the choice of a slot */
  GRecMutex one_by_one; /* suspects are read so */
};

static __thread Slot *under_way; /* of this thread, for the handler */

/* FNV-1a: not against anybody who wants two messages to be taken for one, which would only have the other one kept unread. */
guint64
journal_mark (guint64 mark, gconstpointer data, gsize length)
{
  const guchar *octets = data;
  for (gsize i = 0; i < length; i++)
    mark = (mark ^ octets[i]) * G_GUINT64_CONSTANT (1099511628211);
  return mark;
}

static Suspect *
find_suspect (Book *book, guint64 mark)
{
  for (guint i = 0; book->count > 0 && i < SUSPECTS; i++)
    if (book->suspects[i].strikes > 0 && book->suspects[i].mark == mark)
      return &book->suspects[i];
  return NULL;
}

static void
strike (Book *book, const Slot *slot)
{
  guint strikes = slot->state == SLOT_FAULT ? PROOF : 1;
  Suspect *suspect = find_suspect (book, slot->mark);
  if (suspect != NULL)
    {
      suspect->strikes += strikes;
      return;
    }
  suspect = &book->suspects[book->next++ % SUSPECTS];
  book->count += suspect->strikes == 0;
  *suspect = (Suspect){ .mark = slot->mark, .strikes = strikes };
}

/* What was being read when an earlier process ended is suspect. */
static void
take_over (Book *book)
{
  for (guint i = 0; i < SLOTS; i++)
    if (book->slots[i].state != SLOT_FREE)
      {
        strike (book, &book->slots[i]);
        book->slots[i].state = SLOT_FREE;
      }
}

Journal *
journal_open (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int code = fd < 0 ? errno : posix_fallocate (fd, 0, sizeof (Book)); /* or a full disk would be a fault in the middle of a reading */
  Book *book = code == 0 ? mmap (NULL, sizeof (Book), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (code == 0 && book == MAP_FAILED)
    code = errno;
  if (fd >= 0)
    close (fd);
  if (book == MAP_FAILED)
    {
      g_set_error (error, JOURNAL_ERROR, JOURNAL_ERROR_OPEN, "the journal %s cannot be used: %s", path, g_strerror (code));
      return NULL;
    }
  take_over (book);
  Journal *journal = g_new0 (Journal, 1);
  journal->book = book;
  g_mutex_init (&journal->lock);
  g_rec_mutex_init (&journal->one_by_one);
  return journal;
}

void
journal_close (Journal *journal)
{
  munmap (journal->book, sizeof (Book));
  g_mutex_clear (&journal->lock);
  g_rec_mutex_clear (&journal->one_by_one);
  g_free (journal);
}

/* ---- reading ---- */

/* A fault may be that the stack is used up: the handler needs one of its own. */
static void
free_stack (gpointer stack)
{
  sigaltstack (&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
  g_free (stack);
}

static void
give_stack (void)
{
  static GPrivate stack = G_PRIVATE_INIT (free_stack);
  if (g_private_get (&stack) != NULL)
    return;
  g_private_set (&stack, g_malloc (STACK_OCTETS));
  sigaltstack (&(stack_t){ .ss_sp = g_private_get (&stack), .ss_size = STACK_OCTETS }, NULL);
}

static guint
take_slot (Book *book, guint64 mark)
{
  for (guint i = 0; i < SLOTS; i++)
    if (book->slots[i].state == SLOT_FREE)
      {
        book->slots[i].mark = mark;
        book->slots[i].state = SLOT_READING;
        return i;
      }
  return NO_SLOT;
}

static guint
count_strikes (Journal *journal, guint64 mark)
{
  g_mutex_lock (&journal->lock);
  const Suspect *suspect = find_suspect (journal->book, mark);
  guint strikes = suspect != NULL ? suspect->strikes : 0;
  g_mutex_unlock (&journal->lock);
  return strikes;
}

gboolean
journal_begin (Journal *journal, guint64 mark, JournalReading *reading)
{
  guint strikes = count_strikes (journal, mark);
  if (strikes >= PROOF)
    return FALSE;
  give_stack ();
  *reading = (JournalReading){ .mark = mark, .alone = strikes > 0, .outer = under_way };
  if (reading->alone)
    g_rec_mutex_lock (&journal->one_by_one);
  g_mutex_lock (&journal->lock);
  reading->slot = take_slot (journal->book, mark);
  g_mutex_unlock (&journal->lock);
  under_way = reading->slot != NO_SLOT ? &journal->book->slots[reading->slot] : NULL;
  return TRUE;
}

void
journal_end (Journal *journal, const JournalReading *reading)
{
  under_way = reading->outer;
  g_mutex_lock (&journal->lock);
  if (reading->slot != NO_SLOT)
    journal->book->slots[reading->slot].state = SLOT_FREE;
  Suspect *suspect = reading->alone ? find_suspect (journal->book, reading->mark) : NULL;
  if (suspect != NULL) /* it was not that one */
    {
      suspect->strikes = 0;
      journal->book->count--;
    }
  g_mutex_unlock (&journal->lock);
  if (reading->alone)
    g_rec_mutex_unlock (&journal->one_by_one);
}

/* ---- faults ---- */

static void
on_fault (int number)
{
  if (under_way != NULL)
    under_way->state = SLOT_FAULT;
  signal (number, SIG_DFL);
  raise (number);
}

void
journal_watch_faults (void)
{
  static const int faults[] = { SIGSEGV, SIGABRT, SIGTRAP, SIGILL, SIGFPE };
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    sigaction (faults[i], &(struct sigaction){ .sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER }, NULL);
}
