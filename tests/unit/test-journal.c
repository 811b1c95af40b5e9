#include "store/journal.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static Journal *
open_journal (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  Journal *journal = journal_open (path, &error);
  g_assert_no_error (error);
  return journal;
}

static guint64
mark_of (const char *text)
{
  return journal_mark (JOURNAL_MARK, text, strlen (text));
}

/* Reads MARK to its end; FALSE when that is not allowed. */
static gboolean
read_whole (Journal *journal, guint64 mark)
{
  JournalReading reading;
  if (!journal_begin (journal, mark, &reading))
    return FALSE;
  journal_end (journal, &reading);
  return TRUE;
}

/* A process of its own reads the marks, and ends by SIGNAL within the last one. */
static void
end_within (const char *name, const guint64 *marks, guint count, int number)
{
  pid_t child = fork ();
  if (child == 0)
    {
      Journal *journal = open_journal (name);
      JournalReading readings[8];
      journal_watch_faults ();
      for (guint i = 0; i < count; i++)
        if (!journal_begin (journal, marks[i], &readings[i]))
          _exit (1);
      raise (number);
      _exit (2);
    }
  int status;
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, number);
}

static void
test_quiet (void)
{
  g_autoptr (Journal) journal = open_journal ("quiet");
  for (guint i = 0; i < 2000; i++)
    g_assert_true (read_whole (journal, mark_of ("one")));
  g_assert_cmpuint (mark_of ("one"), !=, mark_of ("other"));
}

/* A fault says whose it is: only that one is not read again, for ever. */
static void
test_fault (void)
{
  static const int faults[] = { SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGTRAP };
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *name = g_strdup_printf ("fault-%d", faults[i]);
      const guint64 marks[] = { mark_of ("outer"), mark_of ("inner") };
      end_within (name, marks, 2, faults[i]);
      g_autoptr (Journal) journal = open_journal (name);
      g_assert_false (read_whole (journal, marks[1]));
      g_assert_true (read_whole (journal, marks[0]));
      g_assert_true (read_whole (journal, mark_of ("another")));
    }
}

/* Where nothing says whose it was, each is tried once more; who comes through is free of suspicion, and who does not is not. */
static void
test_kill (void)
{
  const guint64 guilty = mark_of ("guilty"), innocent = mark_of ("innocent");
  const guint64 both[] = { innocent, guilty };
  end_within ("kill", both, 2, SIGKILL);
  Journal *journal = open_journal ("kill");
  g_assert_true (read_whole (journal, innocent));
  journal_close (journal);
  end_within ("kill", &guilty, 1, SIGKILL);
  journal = open_journal ("kill");
  g_assert_false (read_whole (journal, guilty));
  g_assert_true (read_whole (journal, innocent));
  journal_close (journal);
  end_within ("kill", &innocent, 1, SIGKILL); /* its first strike was taken back */
  journal = open_journal ("kill");
  g_assert_true (read_whole (journal, innocent));
  g_assert_false (read_whole (journal, guilty));
  journal_close (journal);
}

static void
test_nested (void)
{
  g_autoptr (Journal) journal = open_journal ("nested");
  JournalReading outer, inner;
  g_assert_true (journal_begin (journal, mark_of ("outer"), &outer));
  g_assert_true (journal_begin (journal, mark_of ("inner"), &inner));
  journal_end (journal, &inner);
  journal_end (journal, &outer);
  g_assert_true (read_whole (journal, mark_of ("outer")));
}

static void
test_many_suspects (void)
{
  for (guint i = 0; i < 1200; i++)
    {
      g_autofree char *name = g_strdup_printf ("m%u", i);
      guint64 mark = mark_of (name);
      if (i % 100 == 0)
        end_within ("many", &mark, 1, SIGSEGV);
    }
  g_autoptr (Journal) journal = open_journal ("many");
  g_assert_false (read_whole (journal, mark_of ("m1100")));
  g_assert_true (read_whole (journal, mark_of ("m1101")));
}

static void
test_no_place (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (journal_open ("/nonexistent/journal", &error));
  g_assert_error (error, JOURNAL_ERROR, JOURNAL_ERROR_OPEN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("journal-XXXXXX", NULL);
  g_test_add_func ("/journal/quiet", test_quiet);
  g_test_add_func ("/journal/fault", test_fault);
  g_test_add_func ("/journal/kill", test_kill);
  g_test_add_func ("/journal/nested", test_nested);
  g_test_add_func ("/journal/many-suspects", test_many_suspects);
  g_test_add_func ("/journal/no-place", test_no_place);
  int status = g_test_run ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_unlink (path);
    }
  g_rmdir (folder);
  g_free (folder);
  return status;
}
