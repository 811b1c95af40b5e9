/* In which language a text is written: real sentences of customers in tests/data/languages.tsv, and what tells nothing. */
#include "mail/language.h"

#include <string.h>

/* A wrong language is worse than none: who gets one cannot read the answer. */
static void
test_sentences (void)
{
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  g_autofree char *path = g_build_filename (source != NULL ? source : ".", "tests", "data", "languages.tsv", NULL);
  g_autofree char *table = NULL;
  guint missed = 0, count = 0;
  g_assert_true (g_file_get_contents (path, &table, NULL, NULL));
  g_auto (GStrv) rows = g_strsplit (g_strchomp (table), "\n", -1);
  for (guint i = 0; rows[i] != NULL; i++)
    {
      g_auto (GStrv) row = g_strsplit (rows[i], "\t", 2);
      g_autofree char *found = language_detect (row[1], NULL);
      gboolean known = g_strv_contains ((const char *const[]){ "en", "fr", "vi", "es", "de", "zh", "pa", NULL }, row[0]);
      count += known;
      missed += known && found == NULL;
      if (found != NULL && !g_str_equal (found, row[0]))
        g_error ("\"%s\" is %s, and was taken for %s", row[1], row[0], found);
    }
  g_test_message ("%u of %u are not told", missed, count);
  g_assert_cmpuint (count, >=, 140);
  g_assert_cmpuint (missed * 25, <=, count);
}

static void
test_what_counts (void)
{
  static const struct {
    const char *text, *language, *because;
  } rows[] = {
    { "Wann kommt der Techniker? Wir warten seit Dienstag.\n\n> When will the technician come? We have been waiting for a week.\n"
      "> Please let us know as soon as you can.\n", "de", "by its words" },
    { "Unser Anschluss ist seit gestern gestört.\n-- \nThis message and its attachments are confidential and intended for the "
      "addressee only. If you have received it in error, delete it.\n", "de", "by its words" },
    { "https://diytel.example/status?lang=en&what=the+line+is+down support@diytel.example 604-555-0101\n", NULL, NULL },
    { "路由器每小时重启一次。\nSent from my iPhone\n", "zh", "by its letters" },
    { "Hello, this is the office of 王小明. Our line is down since Monday, please call us back.\n", "en", "by its words" },
    { "かわいい\n", "ja", "by its letters" },
    { "", NULL, NULL },
    { "\n\n> quoted only, and nothing that is new\n", NULL, NULL },
    { "Привет, интернет не работает с самого утра\n", NULL, NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *because = "unset";
      g_autofree char *found = language_detect (rows[i].text, &because);
      g_assert_cmpstr (found, ==, rows[i].language);
      g_assert_cmpstr (because, ==, rows[i].because);
    }
}

static void
test_fill_in (void)
{
  static const struct {
    const char *languages, *detected, *filled;
  } rows[] = {
    { "*,fr", "de", "de,fr" }, { "*,fr", NULL, "fr" }, { "en-CA,*,fr", "de", "en-CA,de,fr" }, { "fr", "de", "fr" },
    { "*", NULL, "" },         { NULL, "de", "" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *filled = language_fill_in (rows[i].languages, rows[i].detected);
      g_assert_cmpstr (filled, ==, rows[i].filled);
    }
}

static gpointer
detect_many (gpointer data)
{
  gsize wrong = 0;
  (void) data;
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *german = language_detect ("Die Rechnung von diesem Monat stimmt nicht.", NULL);
      g_autofree char *french = language_detect ("La facture de ce mois est fausse.", NULL);
      wrong += g_strcmp0 (german, "de") != 0 || g_strcmp0 (french, "fr") != 0;
    }
  return GSIZE_TO_POINTER (wrong);
}

static void
test_threads (void)
{
  GThread *threads[4];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("detect", detect_many, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmpuint (GPOINTER_TO_SIZE (g_thread_join (threads[i])), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/language/sentences", test_sentences);
  g_test_add_func ("/language/what-counts", test_what_counts);
  g_test_add_func ("/language/fill-in", test_fill_in);
  g_test_add_func ("/language/threads", test_threads);
  return g_test_run ();
}
