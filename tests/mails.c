#include "mails.h"

#include <string.h>

static void
find_files (const char *folder, GPtrArray *files)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        continue;
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        find_files (path, files);
      else
        g_ptr_array_add (files, g_steal_pointer (&path));
    }
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

GPtrArray *
mails_find (const char *folder)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  find_files (folder, files);
  g_ptr_array_sort (files, compare_paths);
  return files;
}

GString *
mails_with_line_ends (const char *mail, gsize length, const char *line_end)
{
  GString *out = g_string_sized_new (length + length / 32);
  for (gsize i = 0; i < length; i++)
    {
      if (mail[i] == '\r' && i + 1 < length && (mail[i + 1] == '\n' || mail[i + 1] == '\r'))
        continue;
      if (mail[i] == '\n')
        g_string_append (out, line_end);
      else
        g_string_append_c (out, mail[i]);
    }
  return out;
}
