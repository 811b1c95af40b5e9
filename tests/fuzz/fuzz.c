#include "fuzz.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *folder; /* NULL until a file is wanted */

void
fuzz_fail (const char *file, int line, const char *condition)
{
  fprintf (stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
  abort ();
}

/* A warning about the input is no finding, and would fill the log; a broken assertion of a library is one. GLib's own way to
 * stop there is a signal that libFuzzer does not know. */
static void
judge (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  (void) data;
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) == 0)
    return;
  fprintf (stderr, "%s: %s\n", domain != NULL ? domain : "", message);
  abort ();
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void) argc;
  (void) argv;
  g_log_set_default_handler (judge, NULL);
  return 0;
}

RawMessage *
fuzz_raw (const char *data, gsize size)
{
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  FUZZ_CHECK (raw_message_append (raw, data, size, NULL));
  return g_steal_pointer (&raw);
}

GString *
fuzz_line_ends (const guint8 *data, gsize size, const char *line_end)
{
  GString *out = g_string_sized_new (size + size / 32);
  for (gsize i = 0; i < size; i++)
    {
      gsize returns = 0;
      while (i + returns < size && data[i + returns] == '\r')
        returns++;
      if (i + returns < size && data[i + returns] == '\n')
        {
          i += returns;
          g_string_append (out, line_end);
        }
      else
        g_string_append_c (out, (char) data[i]);
    }
  return out;
}

char *
fuzz_string (const guint8 *data, gsize size)
{
  return g_strndup ((const char *) data, size);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

char *
fuzz_file (const char *name, const void *data, gsize size)
{
  if (folder == NULL)
    {
      folder = g_dir_make_tmp ("frontdesk-fuzz-XXXXXX", NULL);
      FUZZ_CHECK (folder != NULL);
      atexit (remove_folder);
    }
  char *path = g_build_filename (folder, name, NULL);
  FILE *file = fopen (path, "w");
  FUZZ_CHECK (file != NULL && fwrite (data, 1, size, file) == size && fclose (file) == 0);
  return path;
}

gboolean
fuzz_is_line (const char *text, gsize most)
{
  return text == NULL || (g_utf8_validate (text, -1, NULL) && strlen (text) <= most && strpbrk (text, "\r\n") == NULL);
}
