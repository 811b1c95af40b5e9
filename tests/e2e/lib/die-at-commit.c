/* die-at-commit: loaded with LD_PRELOAD, ends its process by SIGKILL when something is committed, that is written and
 * synchronised with the disk, for the N-th time. The file DIE_FILE has "LIFE N before", and nothing of the N-th is written, or
 * "LIFE N after", and all is on the disk and nobody has been told. With another LIFE the count begins anew; without the file
 * nothing is counted. How far it came is in DIE_FILE.count. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  int life, at;
  char when[8];
} Order;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two below */
static Order order;
static int count, written;

static int
read_order (const char *path, Order *found)
{
  char text[64] = "";
  int file = open (path, O_RDONLY | O_CLOEXEC);
  ssize_t length = file >= 0 ? read (file, text, sizeof text - 1) : -1;
  if (file >= 0)
    close (file);
  return length > 0 && sscanf (text, "%d %d %7s", &found->life, &found->at, found->when) == 3;
}

static void
keep_count (const char *path)
{
  char name[4096];
  snprintf (name, sizeof name, "%s.count", path);
  int file = open (name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0)
    return;
  dprintf (file, "%d\n", count);
  close (file);
}

static void
die_if (const char *when)
{
  if (count == order.at && strcmp (order.when, when) == 0)
    kill (getpid (), SIGKILL);
}

static void
before_write (void)
{
  const char *path = getenv ("DIE_FILE");
  Order now;
  if (path == NULL)
    return;
  pthread_mutex_lock (&lock);
  if (!written && read_order (path, &now))
    {
      count = now.life == order.life ? count + 1 : 1;
      order = now;
      written = 1;
      keep_count (path);
      die_if ("before");
    }
  pthread_mutex_unlock (&lock);
}

static void
after_sync (void)
{
  pthread_mutex_lock (&lock);
  if (written)
    die_if ("after");
  written = 0;
  pthread_mutex_unlock (&lock);
}

ssize_t
pwrite (int fd, const void *data, size_t length, off_t offset)
{
  ssize_t (*real) (int, const void *, size_t, off_t) = (ssize_t (*) (int, const void *, size_t, off_t)) dlsym (RTLD_NEXT, "pwrite");
  before_write ();
  return real (fd, data, length, offset);
}

ssize_t
pwrite64 (int fd, const void *data, size_t length, off64_t offset)
{
  ssize_t (*real) (int, const void *, size_t, off64_t) = (ssize_t (*) (int, const void *, size_t, off64_t)) dlsym (RTLD_NEXT, "pwrite64");
  before_write ();
  return real (fd, data, length, offset);
}

static int
synchronise (const char *name, int fd)
{
  int (*real) (int) = (int (*) (int)) dlsym (RTLD_NEXT, name);
  int result = real (fd);
  after_sync ();
  return result;
}

int
fsync (int fd)
{
  return synchronise ("fsync", fd);
}

int
fdatasync (int fd)
{
  return synchronise ("fdatasync", fd);
}
