/* intake-corpus FOLDER (or FRONTDESK_CORPUS): every file below FOLDER comes in as a mail to a role that takes anybody's, with LF, CRLF
 * and CR line ends: it is one ticket, one further message of one, or one filed report, and its octets are kept as they came. */
#include <glib/gstdio.h>
#include <string.h>

#include "desk/desk.h"
#include "mails.h"

#define CONFIG \
  "database = \"%s\"\ntemplates = \"%s/templates\"\ncalendar \"c\" { timezone = \"UTC\" hours = {\"mon-fri 09:00-17:00\"} }\n" \
  "policy \"p\" { calendar = \"c\" respond = \"4h\" }\nteam \"t\" { notify = {\"team@diytel.ca\"} }\n" \
  "role \"support\" { address = {\"support@diytel.ca\"} policy = \"p\" team = \"t\" accept = \"anyone\" }\n" \
  "directory { type = \"table\" }\n"

/* A desk with a store of its own, for one form of line ends. */
typedef struct {
  char *folder;
  Config *config;
  Store *store;
  Seal *seal;
  Desk *desk;
  gint64 messages; /* that it has */
} Place;

/* In memory where that is possible: thousands of commits wait for no disk. */
static char *
make_folder (void)
{
  g_autofree char *name = g_strdup ("/dev/shm/intake-corpus-XXXXXX");
  if (g_mkdtemp (name) != NULL)
    return g_steal_pointer (&name);
  return g_dir_make_tmp ("intake-corpus-XXXXXX", NULL);
}

static void
place_open (Place *place)
{
  g_autoptr (GError) error = NULL;
  place->folder = make_folder ();
  g_autofree char *database = g_build_filename (place->folder, "frontdesk.db", NULL);
  g_autofree char *path = g_build_filename (place->folder, "frontdesk.conf", NULL);
  g_autofree char *text = g_strdup_printf (CONFIG, database, g_getenv ("FRONTDESK_SOURCE"));
  if (g_file_set_contents (path, text, -1, &error) && (place->config = config_load (path, &error)) != NULL &&
      (place->store = store_open (database, STORE_DAEMON, &error)) != NULL)
    {
      place->seal = seal_new ();
      place->desk = desk_open (place->config, place->store, place->seal, &error);
    }
  g_assert_no_error (error);
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_folder (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

static void
place_close (Place *place)
{
  desk_unref (place->desk);
  store_close (place->store);
  seal_free (place->seal);
  config_unref (place->config);
  remove_folder (place->folder);
  g_free (place->folder);
}

static gboolean
is_kept (const Place *place, const GString *mail)
{
  g_autoptr (RawMessage) kept = store_read_message (place->store, place->messages, NULL);
  if (kept == NULL || raw_message_length (kept) != (gint64) mail->len)
    return FALSE;
  g_autofree char *octets = g_malloc (mail->len + 1);
  gsize length;
  const char *begin = raw_message_peek (kept, octets, mail->len, &length);
  return length == mail->len && memcmp (begin, mail->str, length) == 0;
}

/* What is wrong with how MAIL was taken, or NULL. */
static const char *
take_in (Place *place, const GString *mail)
{
  g_autoptr (RawMessage) raw = raw_message_new (place->folder);
  g_autoptr (Envelope) envelope = envelope_new ("someone@elsewhere.example");
  envelope_add_recipient (envelope, place->config, "<support@diytel.ca>");
  gint64 before = store_next_number (place->store, NULL);
  if (!raw_message_append (raw, mail->str, mail->len, NULL))
    return "there is no room for it";
  g_autoptr (Reception) reception = desk_receive (place->desk, envelope, raw, g_get_real_time (), NULL);
  if (reception == NULL || reception->decisions->len != 1)
    return "nothing was decided";
  const Decision *decision = g_ptr_array_index (reception->decisions, 0);
  if (decision->kind == INTAKE_DUPLICATE) /* the same mail lies in two files */
    return NULL;
  place->messages++;
  gint64 opened = store_next_number (place->store, NULL) - before;
  if (opened != (decision->kind == INTAKE_OPEN))
    return "it opened another number of tickets than said";
  if (decision->kind != INTAKE_OPEN && decision->kind != INTAKE_CONTINUE && decision->kind != INTAKE_FILE)
    return "it was not taken";
  return is_kept (place, mail) ? NULL : "its octets are not kept";
}

static const char *
check_file (const char *path, Place *places)
{
  static const char *const line_ends[] = { "\n", "\r\n", "\r" };
  g_autofree char *mail = NULL;
  gsize length;
  const char *wrong = g_file_get_contents (path, &mail, &length, NULL) ? NULL : "it cannot be read";
  for (guint i = 0; i < G_N_ELEMENTS (line_ends) && wrong == NULL; i++)
    {
      GString *form = mails_with_line_ends (mail, length, line_ends[i]);
      wrong = take_in (&places[i], form);
      g_string_free (form, TRUE);
    }
  return wrong;
}

int
main (int argc, char **argv)
{
  const char *folder = argc > 1 ? argv[1] : g_getenv ("FRONTDESK_CORPUS");
  Place places[3] = { 0 };
  if (folder == NULL)
    {
      g_print ("1..0 # SKIP no folder of mails: give one, or set FRONTDESK_CORPUS\n");
      return 0;
    }
  g_autoptr (GPtrArray) files = mails_find (folder);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    place_open (&places[i]);
  int failed = 0;
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i), *wrong = check_file (path, places);
      if (wrong != NULL)
        g_print ("# %s: %s\n", path, wrong);
      failed += wrong != NULL;
    }
  g_print ("1..1\n%s 1 - each of %u mails is one ticket, one message or one filed report, kept as it came (%d not)\n",
           failed == 0 ? "ok" : "not ok", files->len, failed);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    place_close (&places[i]);
  return failed > 0;
}
