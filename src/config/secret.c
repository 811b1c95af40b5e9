#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/limits.h"

static gboolean
fail (const Channel *channel, const char *key, const char *path, const char *what, GError **error)
{
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_READ, "channel %s: %s %s %s", channel->name, key, path, what);
  return FALSE;
}

static gboolean
check_file (int fd, const char **what)
{
  struct stat status;
  if (fstat (fd, &status) != 0)
    *what = g_strerror (errno);
  else if (!S_ISREG (status.st_mode))
    *what = "is not a file";
  else if ((status.st_mode & 077) != 0)
    *what = "is open to others: chmod 600 it, and think of who may have read it";
  else if (status.st_size > LIMIT_SECRET)
    *what = "is too long for a key";
  else
    return TRUE;
  return FALSE;
}

/* The first line into TEXT. */
static gboolean
read_line (int fd, char *text, const char **what)
{
  ssize_t got = TEMP_FAILURE_RETRY (read (fd, text, LIMIT_SECRET));
  if (got < 0)
    *what = g_strerror (errno);
  else
    {
      text[got] = '\0';
      text[strcspn (text, "\r\n")] = '\0';
      *what = "has nothing on its first line";
    }
  return got >= 0 && *text != '\0';
}

char *
secret_read (const Channel *channel, const char *key, const char *path, GError **error)
{
  const char *what = NULL;
  g_autoptr (Secret) text = g_malloc0 (LIMIT_SECRET + 1);
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is refused, and not waited for */
  if (fd < 0)
    {
      fail (channel, key, path, g_strerror (errno), error);
      return NULL;
    }
  gboolean good = check_file (fd, &what) && read_line (fd, text, &what);
  close (fd);
  if (good)
    return g_steal_pointer (&text);
  fail (channel, key, path, what, error);
  return NULL;
}

void
secret_wipe (char *secret)
{
  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}
