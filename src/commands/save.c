#include "commands/save.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/limits.h"
#include "mail/attachments.h"

enum { MOST_OF_A_NAME = 1000 }; /* files that differ in their number only */

typedef struct {
  int folder, file;
  const char *path;   /* of the folder */
  json_t *files;      /* what was written */
  gboolean written;
} Saving;

static gboolean
fail (const Saving *saving, const char *name, GError **error)
{
  int why = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (why), "cannot write %s/%s: %s", saving->path, name,
               g_strerror (why));
  return FALSE;
}

/* "name-2.pdf" of "name.pdf". The caller's. */
static char *
numbered (const char *name, int number)
{
  const char *dot = strrchr (name, '.');
  gsize stem = dot != NULL && dot > name ? (gsize) (dot - name) : strlen (name);
  return number == 1 ? g_strdup (name) : g_strdup_printf ("%.*s-%d%s", (int) stem, name, number, name + stem);
}

/* The name of the new, empty file that is open in SAVING, the caller's. */
static char *
create (Saving *saving, const char *wanted, GError **error)
{
  for (int number = 1; number <= MOST_OF_A_NAME; number++)
    {
      g_autofree char *name = numbered (wanted, number);
      saving->file = openat (saving->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
      if (saving->file >= 0)
        return g_steal_pointer (&name);
      if (errno != EEXIST && errno != ELOOP)
        break;
    }
  fail (saving, wanted, error);
  return NULL;
}

static gboolean
write_piece (const char *data, gsize length, gpointer user)
{
  Saving *saving = user;
  while (saving->written && length > 0)
    {
      ssize_t count = write (saving->file, data, length);
      if (count < 0 && errno == EINTR)
        continue;
      saving->written = count >= 0;
      data += MAX (count, 0);
      length -= (gsize) MAX (count, 0);
    }
  return saving->written;
}

/* Ends the file NAME, which FILL filled, and notes it. */
static gboolean
finish (Saving *saving, const char *name, GError **error)
{
  gboolean closed = close (saving->file) == 0;
  if (!saving->written || !closed)
    return fail (saving, name, error);
  json_array_append_new (saving->files, json_string (name));
  return TRUE;
}

static gboolean
save_raw (Saving *saving, const RawMessage *raw, json_int_t id, GError **error)
{
  g_autofree char *wanted = g_strdup_printf ("%" JSON_INTEGER_FORMAT ".eml", id);
  g_autofree char *name = create (saving, wanted, error);
  char buffer[16 * 1024];
  ssize_t got;
  if (name == NULL)
    return FALSE;
  g_autoptr (GMimeStream) stream = raw_message_stream (raw);
  saving->written = TRUE;
  while ((got = g_mime_stream_read (stream, buffer, sizeof buffer)) > 0 && write_piece (buffer, (gsize) got, saving))
    ;
  return finish (saving, name, error);
}

static gboolean
save_attachments (Saving *saving, const RawMessage *raw, GError **error)
{
  g_autoptr (Attachments) attachments = attachments_read (raw, "");
  for (guint i = 0; i < attachments->list->len; i++)
    {
      const Attachment *attachment = g_ptr_array_index (attachments->list, i);
      g_autofree char *wanted = attachments_safe_name (attachment->name);
      g_autofree char *name = create (saving, wanted, error);
      if (name == NULL)
        return FALSE;
      saving->written = TRUE;
      attachments_each_piece (raw, attachments, attachment, write_piece, saving);
      if (!finish (saving, name, error))
        return FALSE;
    }
  return TRUE;
}

/* Notes and what has no octets any more are passed over. */
static gboolean
save_message (Store *store, Saving *saving, json_t *message, GError **error)
{
  g_autoptr (GError) failure = NULL;
  json_int_t id = json_integer_value (json_object_get (message, "id"));
  g_autoptr (RawMessage) raw = store_read_message (store, id, &failure);
  if (raw == NULL && g_error_matches (failure, STORE_ERROR, STORE_ERROR_NOT_FOUND))
    return TRUE;
  if (raw == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  gboolean opened = g_strcmp0 (json_string_value (json_object_get (message, "unread")), MESSAGE_NOT_OPENED) != 0;
  return save_raw (saving, raw, id, error) && (!opened || save_attachments (saving, raw, error));
}

static void
tell (const Saving *saving)
{
  size_t index;
  const json_t *file;
  json_array_foreach (saving->files, index, file)
    printf ("%s/%s\n", saving->path, json_string_value (file));
}

gboolean
save_messages (Store *store, json_t *messages, const char *folder, gboolean as_json, GError **error)
{
  size_t index;
  json_t *message;
  gboolean saved = TRUE;
  Saving saving = { .path = folder };
  if ((g_mkdir (folder, 0700) != 0 && errno != EEXIST) ||
      (saving.folder = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "cannot write into the folder %s: %s", folder,
                   g_strerror (errno));
      return FALSE;
    }
  json_array_foreach (messages, index, message)
    {
      saving.files = json_array ();
      saved = saved && save_message (store, &saving, message, error);
      if (!as_json)
        tell (&saving);
      json_object_set_new (message, "files", saving.files);
    }
  close (saving.folder);
  return saved;
}
