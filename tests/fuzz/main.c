/* Gives a fuzz target each file of its corpus: those of the folder in argv, else of tests/fuzz/corpus/NAME of the source. */
#include "fuzz.h"

#include <string.h>

static int
compare_names (gconstpointer one, gconstpointer other)
{
  return strcmp (*(char *const *) one, *(char *const *) other);
}

static GPtrArray *
list_files (const char *folder)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  const char *name;
  if (dir == NULL)
    g_error ("%s", error->message);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (files, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (files, compare_names);
  return files;
}

/* ".../fuzz-NAME" -> the folder of NAME's corpus. */
static char *
corpus_of (const char *program)
{
  g_autofree char *base = g_path_get_basename (program);
  const char *source = g_getenv ("FRONTDESK_SOURCE"), *dash = strchr (base, '-');
  if (source == NULL || dash == NULL)
    g_error ("name the folder of the corpus, or set FRONTDESK_SOURCE");
  return g_build_filename (source, "tests", "fuzz", "corpus", dash + 1, NULL);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = argc > 1 ? g_strdup (argv[1]) : corpus_of (argv[0]);
  g_autoptr (GPtrArray) files = list_files (folder);
  LLVMFuzzerInitialize (&argc, &argv);
  g_print ("1..%u\n", files->len);
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i);
      g_autoptr (GError) error = NULL;
      g_autofree char *data = NULL;
      gsize size;
      g_print ("# %s\n", path); /* what a crash is about */
      if (!g_file_get_contents (path, &data, &size, &error))
        g_error ("%s", error->message);
      LLVMFuzzerTestOneInput ((const guint8 *) data, size);
      g_print ("ok %u\n", i + 1);
    }
  return 0;
}
