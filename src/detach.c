#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static int parent = -1; /* where it waits for an octet, or the end */

static int
wait_for_start (pid_t child, int fd)
{
  char octet;
  int status;
  ssize_t count;
  do
    count = read (fd, &octet, 1);
  while (count < 0 && errno == EINTR);
  if (count == 1)
    return EX_OK;
  return waitpid (child, &status, 0) == child && WIFEXITED (status) ? WEXITSTATUS (status) : EX_SOFTWARE;
}

gboolean
detach_begin (void)
{
  int ends[2];
  if (pipe2 (ends, O_CLOEXEC) != 0)
    return FALSE;
  pid_t child = fork ();
  if (child < 0)
    return FALSE;
  close (ends[child > 0 ? 1 : 0]);
  if (child > 0)
    _exit (wait_for_start (child, ends[0]));
  parent = ends[1];
  return setsid () >= 0 && chdir ("/") == 0;
}

void
detach_finish (void)
{
  if (parent < 0)
    return;
  int null = open ("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
    dup2 (null, fd);
  if (null >= 0)
    close (null);
  if (write (parent, "", 1) != 1)
    g_warning ("the parent has not waited for the start: %s", g_strerror (errno));
  close (parent);
  parent = -1;
}
