#include "delivery/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/limits.h"
#include "delivery/delivery.h"

char *
spool_name (const PageNotice *notice, const char *suffix)
{
  return g_strdup_printf ("frontdesk-%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "%s", notice->page,
                          notice->created_at / G_USEC_PER_SEC, suffix);
}

static char *
beside (const Channel *channel, const char *folder, const char *name)
{
  g_autofree char *parent = g_path_get_dirname (channel->spool);
  return g_build_filename (parent, folder, name, NULL);
}

/* The gateway runs as somebody else: the file gets the spool's group where we may give it that. */
static void
share_file (int fd, const char *spool)
{
  struct stat status;
  if (stat (spool, &status) == 0 && fchown (fd, (uid_t) -1, status.st_gid) != 0)
    g_debug ("%s: its group cannot be given to our files: %s", spool, g_strerror (errno));
}

static gboolean
write_whole (int fd, const char *text, gsize length)
{
  while (length > 0)
    {
      ssize_t count = TEMP_FAILURE_RETRY (write (fd, text, length));
      if (count <= 0)
        return FALSE;
      text += count;
      length -= (gsize) count;
    }
  return TRUE;
}

static gboolean
write_file (const Channel *channel, const char *path, const char *text, gsize length)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0660);
  if (fd < 0)
    return FALSE;
  share_file (fd, channel->spool);
  gboolean written = fchmod (fd, 0660) == 0 && write_whole (fd, text, length) && fsync (fd) == 0;
  int code = errno;
  close (fd);
  errno = code;
  return written;
}

/* So that the name outlives a power failure, where we may look into the folder at all. */
static void
sync_folder (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  if (fsync (fd) != 0)
    g_debug ("%s: %s", path, g_strerror (errno));
  close (fd);
}

gboolean
spool_put (const Channel *channel, const char *name, const char *text, gsize length, GError **error)
{
  g_autofree char *hidden = g_strconcat (".", name, NULL);
  g_autofree char *aside = beside (channel, "", hidden);
  g_autofree char *path = g_build_filename (channel->spool, name, NULL);
  if (write_file (channel, aside, text, length) && rename (aside, path) == 0)
    {
      sync_folder (channel->spool);
      return TRUE;
    }
  int code = errno;
  unlink (aside);
  g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "channel %s: %s cannot be written by way of %s: %s%s", channel->name,
               path, aside, g_strerror (code), code == EXDEV ? "; both must be on one file system" : "");
  return FALSE;
}

char *
spool_read_beside (const Channel *channel, const char *folder, const char *name)
{
  g_autofree char *path = beside (channel, folder, name);
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (fd < 0)
    return NULL;
  char *text = g_malloc0 (LIMIT_GATEWAY_ANSWER + 1);
  off_t start = fstat (fd, &status) == 0 ? MAX (status.st_size - LIMIT_GATEWAY_ANSWER, 0) : 0;
  ssize_t got = TEMP_FAILURE_RETRY (pread (fd, text, LIMIT_GATEWAY_ANSWER, start));
  text[MAX (got, 0)] = '\0';
  close (fd);
  return text;
}

gboolean
spool_has (const Channel *channel, const char *name)
{
  g_autofree char *path = g_build_filename (channel->spool, name, NULL);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

void
spool_forget (const Channel *channel, const char *folder, const char *name)
{
  g_autofree char *path = beside (channel, folder, name);
  unlink (path);
}
