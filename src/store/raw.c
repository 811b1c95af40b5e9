#include "store/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

char *
raw_folder (const char *database_path)
{
  return g_strconcat (database_path, ".d/raw", NULL);
}

static gboolean
write_octets (int fd, const char *data, gsize length)
{
  while (length > 0)
    {
      ssize_t count = write (fd, data, length);
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        return FALSE;
      data += count;
      length -= (gsize) count;
    }
  return TRUE;
}

/* Writes RAW to FD, a chunk at a time. FALSE: errno says why. */
static gboolean
write_message (int fd, const RawMessage *raw)
{
  const char *memory = raw_message_memory (raw);
  gint64 length = raw_message_length (raw);
  if (memory != NULL)
    return write_octets (fd, memory, (gsize) length);
  g_autofree char *buffer = g_malloc (CHUNK);
  for (gint64 offset = 0; offset < length;)
    {
      ssize_t count = pread (raw_message_fd (raw), buffer, CHUNK, offset);
      if (count <= 0 || !write_octets (fd, buffer, (gsize) count))
        return FALSE;
      offset += count;
    }
  return TRUE;
}

static gboolean
sync_folder (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;
  if (fd >= 0)
    close (fd);
  return synced;
}

static gboolean
write_aside (const RawMessage *raw, const char *path)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  gboolean written = write_message (fd, raw) && fsync (fd) == 0;
  return close (fd) == 0 && written;
}

char *
raw_write_file (const RawMessage *raw, const char *folder, GError **error)
{
  g_autofree char *unique = g_uuid_string_random ();
  g_autofree char *name = g_strdup_printf ("%.2s/%s.eml", unique, unique);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *aside = g_strconcat (path, ".tmp", NULL);
  g_autofree char *below = g_path_get_dirname (path);
  if (g_mkdir_with_parents (below, 0700) == 0 && write_aside (raw, aside) && rename (aside, path) == 0 &&
      sync_folder (below) && sync_folder (folder))
    return g_steal_pointer (&name);
  int why = errno;
  unlink (aside);
  unlink (path);
  g_set_error (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE, "cannot write %s: %s; check space and rights of its file system",
               path, g_strerror (why));
  return NULL;
}

RawMessage *
raw_read (gconstpointer data, gsize length, const char *file, const char *folder, GError **error)
{
  g_autofree char *path = file != NULL ? g_build_filename (folder, file, NULL) : NULL;
  if (path != NULL)
    return raw_message_open (path, error);
  g_autoptr (RawMessage) raw = raw_message_new (folder);
  return raw_message_append (raw, data, length, error) ? g_steal_pointer (&raw) : NULL;
}

static void
sweep_below (Database *database, const char *folder, const char *below)
{
  g_autofree char *path = g_build_filename (folder, below, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *entry;
  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *name = g_build_filename (below, entry, NULL);
      g_autofree char *file = g_build_filename (folder, name, NULL);
      g_autoptr (GError) error = NULL;
      gint64 named = database_number (database, 0, &error, "SELECT 1 FROM raw WHERE file = ?", "s", name);
      if (error == NULL && named == 0 && unlink (file) == 0)
        g_info ("removed %s, which no message names", file);
    }
}

void
raw_sweep (Database *database, const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *entry;
  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    sweep_below (database, folder, entry);
}
