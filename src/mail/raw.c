#include "mail/raw.h"

#include "config/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct RawMessage {
  char *folder;
  GByteArray *memory; /* empty once the file is there */
  int fd;             /* -1 until the message passes LIMIT_MEMORY_BODY */
  gint64 length;
};

RawMessage *
raw_message_new (const char *folder)
{
  enum { USUAL = 4096 }; /* most mail without attachments fits */
  RawMessage *raw = g_new0 (RawMessage, 1);
  raw->folder = g_strdup (folder);
  raw->memory = g_byte_array_sized_new (USUAL);
  raw->fd = -1;
  return raw;
}

void
raw_message_free (RawMessage *raw)
{
  if (raw == NULL)
    return;
  if (raw->fd >= 0)
    close (raw->fd);
  g_byte_array_unref (raw->memory);
  g_free (raw->folder);
  g_free (raw);
}

static gboolean
fail (const RawMessage *raw, int code, const char *what, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
               "cannot %s a spool file in %s: %s; check the folder, its free space and its permissions", what,
               raw->folder, g_strerror (code));
  return FALSE;
}

/* A file without a name: nothing is left behind by a crash. Not every file system has O_TMPFILE. */
static int
open_unlinked (const char *folder)
{
  int fd = open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
    return fd;
  g_autofree char *path = g_build_filename (folder, "spool-XXXXXX", NULL);
  fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    g_unlink (path);
  return fd;
}

static gboolean
write_all (RawMessage *raw, const char *data, gsize length, GError **error)
{
  while (length > 0)
    {
      ssize_t written = write (raw->fd, data, length);
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return fail (raw, written < 0 ? errno : ENOSPC, "write to", error);
      data += written;
      length -= (gsize) written;
    }
  return TRUE;
}

static gboolean
spill (RawMessage *raw, GError **error)
{
  raw->fd = open_unlinked (raw->folder);
  if (raw->fd < 0)
    return fail (raw, errno, "make", error);
  if (!write_all (raw, (const char *) raw->memory->data, raw->memory->len, error))
    return FALSE;
  g_byte_array_unref (raw->memory);
  raw->memory = g_byte_array_new ();
  return TRUE;
}

gboolean
raw_message_append (RawMessage *raw, gconstpointer data, gsize length, GError **error)
{
  if (length == 0)
    return TRUE;
  if (raw->fd < 0 && raw->memory->len + length <= LIMIT_MEMORY_BODY)
    g_byte_array_append (raw->memory, data, (guint) length);
  else if ((raw->fd < 0 && !spill (raw, error)) || !write_all (raw, data, length, error))
    return FALSE;
  raw->length += (gint64) length;
  return TRUE;
}

static gboolean
append_from (RawMessage *raw, int fd, const char *path, GError **error)
{
  char buffer[16 * 1024];
  for (;;)
    {
      ssize_t got = read (fd, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          int code = errno;
          g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "cannot read %s: %s", path,
                       g_strerror (code));
          return FALSE;
        }
      if (got == 0)
        return TRUE;
      if (!raw_message_append (raw, buffer, (gsize) got, error))
        return FALSE;
    }
}

static int
open_to_read (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  int code = errno;
  if (fd < 0)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "cannot open %s: %s", path, g_strerror (code));
  return fd;
}

RawMessage *
raw_message_open (const char *path, GError **error)
{
  int fd = open_to_read (path, error);
  if (fd < 0)
    return NULL;
  RawMessage *raw = raw_message_new (NULL);
  raw->fd = fd;
  raw->length = (gint64) lseek (fd, 0, SEEK_END);
  return raw;
}

RawMessage *
raw_message_load (const char *path, const char *folder, GError **error)
{
  gboolean standard_input = g_str_equal (path, "-");
  int fd = standard_input ? STDIN_FILENO : open_to_read (path, error);
  if (fd < 0)
    return NULL;
  g_autoptr (RawMessage) raw = raw_message_new (folder);
  gboolean complete = append_from (raw, fd, path, error);
  if (!standard_input)
    close (fd);
  return complete ? g_steal_pointer (&raw) : NULL;
}

gint64
raw_message_length (const RawMessage *raw)
{
  return raw->length;
}

const char *
raw_message_memory (const RawMessage *raw)
{
  if (raw->fd >= 0)
    return NULL;
  return raw->memory->data != NULL ? (const char *) raw->memory->data : "";
}

int
raw_message_fd (const RawMessage *raw)
{
  return raw->fd;
}

const char *
raw_message_peek (const RawMessage *raw, char *buffer, gsize max, gsize *length)
{
  const char *memory = raw_message_memory (raw);
  *length = MIN (max, (gsize) raw_message_length (raw));
  if (memory != NULL)
    return memory;
  ssize_t got = TEMP_FAILURE_RETRY (pread (raw_message_fd (raw), buffer, *length, 0));
  *length = got > 0 ? (gsize) got : 0;
  return buffer;
}

GMimeStream *
raw_message_stream (const RawMessage *raw)
{
  if (raw->fd < 0)
    {
      GMimeStream *memory = g_mime_stream_mem_new_with_byte_array (raw->memory);
      g_mime_stream_mem_set_owner (GMIME_STREAM_MEM (memory), FALSE);
      return memory;
    }
  GMimeStream *stream = g_mime_stream_fs_new_with_bounds (raw->fd, 0, raw->length);
  g_mime_stream_fs_set_owner (GMIME_STREAM_FS (stream), FALSE);
  return stream;
}
