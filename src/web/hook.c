#include "web/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/limits.h"

const Channel *
hook_find_channel (const Request *request, ChannelType type)
{
  const Channel *channel = config_find_channel (request->config, request->path[2]);
  return channel != NULL && channel->type == type ? channel : NULL;
}

/* What is wrong with the file, NULL when it has been read into TEXT. */
static const char *
read_line (int fd, char text[LIMIT_SECRET + 1])
{
  struct stat status;
  if (fstat (fd, &status) != 0)
    return g_strerror (errno);
  if (!S_ISREG (status.st_mode) || (status.st_mode & 077) != 0)
    return "is no file, or open to others: chmod 600 it";
  ssize_t got = TEMP_FAILURE_RETRY (read (fd, text, LIMIT_SECRET));
  if (got < 0)
    return g_strerror (errno);
  text[got] = '\0';
  text[strcspn (text, "\r\n")] = '\0';
  return *text != '\0' ? NULL : "has nothing on its first line";
}

char *
hook_read_secret (const Channel *channel, const char *path)
{
  if (path == NULL)
    return NULL;
  char text[LIMIT_SECRET + 1];
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const char *trouble = fd >= 0 ? read_line (fd, text) : g_strerror (errno);
  if (fd >= 0)
    close (fd);
  if (trouble != NULL)
    g_warning ("web: channel %s: %s: %s", channel->name, path, trouble);
  char *secret = trouble == NULL ? g_strdup (text) : NULL;
  explicit_bzero (text, sizeof text);
  return secret;
}
