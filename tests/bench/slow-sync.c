/* slow-sync: loaded with LD_PRELOAD, makes every fsync() and fdatasync() take SLOW_SYNC_US microseconds longer: a disk
 * whose writes cost something, on a machine whose disk hides them. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int
slowly (const char *name, int fd)
{
  int (*sync) (int) = (int (*) (int)) dlsym (RTLD_NEXT, name);
  const char *delay = getenv ("SLOW_SYNC_US");
  usleep (delay != NULL ? (useconds_t) atoi (delay) : 5000);
  return sync (fd);
}

int
fsync (int fd)
{
  return slowly ("fsync", fd);
}

int
fdatasync (int fd)
{
  return slowly ("fdatasync", fd);
}
