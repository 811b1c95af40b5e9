/* Other projects' delivery reports: is it told right which addresses are dead?
 *
 * bounce-corpus FOLDER (or FRONTDESK_CORPUS) reads FOLDER/autoreply-cases.jsonl: of the cases labelled "dsn" those with "bounce",
 * a list for each recipient of [status code, reply code, reason, permanent]. TAP on standard output.
 */
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "mail/bounce.h"

/* Of the recipients, so many per cent must agree. The rest are told in the output, each with what was read. */
enum { PERMANENT = 95, CLASS = 90 };

typedef struct {
  guint recipients, permanent, class;
} Score;

/* '5' for ever, '4' for now, '2' delivered. */
static char
status_class (const BounceRecipient *got)
{
  if (got->status != NULL)
    return *got->status;
  return got->smtp != 0 ? (char) ('0' + got->smtp / 100) : got->action == BOUNCE_FAILED ? '5' : '4';
}

static void
compare (const char *id, const json_t *expected, const BounceRecipient *got, Score *score)
{
  static const char *const causes[] = { "other", "address", "host", "disabled", "full", "refused" };
  const char *status = json_string_value (json_array_get (expected, 0));
  gboolean permanent = json_is_true (json_array_get (expected, 3));
  score->recipients++;
  score->class += got != NULL && status_class (got) == *status;
  if (got != NULL && got->permanent == permanent)
    {
      score->permanent++;
      return;
    }
  printf ("# %s: %s %s %s, read as %s %d %s: %.100s\n", id, status, json_string_value (json_array_get (expected, 1)),
          json_string_value (json_array_get (expected, 2)), got != NULL && got->status != NULL ? got->status : "none",
          got != NULL ? got->smtp : 0, got != NULL ? causes[got->cause] : "none", got != NULL ? got->diagnostic : "");
}

static void
run_case (const json_t *item, const char *corpus, const char *spool, Score *score)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (corpus, json_string_value (json_object_get (item, "path")), NULL);
  g_autoptr (RawMessage) raw = raw_message_load (path, spool, &error);
  if (raw == NULL)
    g_error ("%s", error->message);
  g_autoptr (GPtrArray) list = bounce_read (raw);
  const json_t *expected = json_object_get (item, "bounce");
  for (guint i = 0; i < json_array_size (expected); i++)
    compare (json_string_value (json_object_get (item, "id")), json_array_get (expected, i),
             i < list->len ? g_ptr_array_index (list, i) : NULL, score);
}

static void
run_corpus (const char *corpus, const char *spool, Score *score)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (corpus, "autoreply-cases.jsonl", NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, &error))
    g_error ("%s", error->message);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      json_t *item = *lines[i] != '\0' ? json_loads (lines[i], 0, NULL) : NULL;
      if (g_strcmp0 (json_string_value (json_object_get (item, "label")), "dsn") == 0)
        run_case (item, corpus, spool, score);
      json_decref (item);
    }
}

static void
print_score (int number, const char *what, guint agreed, guint all, guint floor)
{
  printf ("%s %d - %s: %u of %u recipients (%.1f %%, at least %u)\n", all > 0 && agreed * 100 >= all * floor ? "ok" : "not ok", number,
          what, agreed, all, 100.0 * agreed / MAX (all, 1), floor);
}

int
main (int argc, char **argv)
{
  const char *corpus = argc > 1 ? argv[1] : g_getenv ("FRONTDESK_CORPUS");
  if (corpus == NULL || *corpus == '\0')
    {
      printf ("1..0 # SKIP no folder of test mail is given (FRONTDESK_CORPUS)\n");
      return 0;
    }
  g_autoptr (GError) error = NULL;
  g_autofree char *spool = g_dir_make_tmp ("frontdesk-corpus-XXXXXX", &error);
  if (spool == NULL)
    g_error ("%s", error->message);
  Score score = { 0 };
  printf ("1..2\n");
  run_corpus (corpus, spool, &score);
  print_score (1, "dead addresses are told from others", score.permanent, score.recipients, PERMANENT);
  print_score (2, "the class of the status code", score.class, score.recipients, CLASS);
  g_rmdir (spool);
  return 0;
}
