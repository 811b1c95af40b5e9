/* The command lines that an agent's mail begins with: what each does, and what is refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "config/limits.h"
#include "desk/directives.h"

#define HOUR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
#define NOW (1000 * HOUR)

static Config *config;

static const char configuration[] = "hostname = \"desk.example\"\n"
                                    "team \"tier1\" { notify = {\"tier1@desk.example\"} }\n"
                                    "team \"billing\" { notify = {\"billing@desk.example\"} }\n"
                                    "agent \"bob\" { name = \"Bob\" mail = \"bob@desk.example\" teams = {\"tier1\"} }\n";

static Config *
load_configuration (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("directives-XXXXXX.conf", &path, &error);
  g_assert_no_error (error);
  g_file_set_contents (path, configuration, -1, &error);
  g_assert_no_error (error);
  Config *loaded = config_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_close (fd, NULL);
  return loaded;
}

/* WORK in words: "close", "note", "team billing", and so on, with blanks between; the text is not among them. */
static char *
describe (const StaffWork *work)
{
  g_autoptr (GString) all = g_string_new (NULL);
  if (work->use == STAFF_TEXT_NOTE)
    g_string_append (all, "note ");
  if (work->root_cause != NULL)
    g_string_append_printf (all, "cause=%s ", work->root_cause);
  if (work->team != NULL)
    g_string_append_printf (all, "team=%s ", work->team);
  if (work->assignee != NULL)
    g_string_append_printf (all, "assignee=%s ", work->assignee);
  if (work->priority != 0)
    g_string_append_printf (all, "p%d ", work->priority);
  if (work->pending && work->pending_until == 0)
    g_string_append (all, "pending ");
  if (work->pending && work->pending_until != 0)
    g_string_append_printf (all, "pending=%" G_GINT64_FORMAT "h ", (work->pending_until - NOW) / HOUR);
  if (work->close)
    g_string_append (all, "close ");
  if (work->merge_into != 0)
    g_string_append_printf (all, "merge=%" G_GINT64_FORMAT " ", work->merge_into);
  return g_strchomp (g_strdup (all->str));
}

static const struct {
  const char *text, *want, *left; /* LEFT: what is the text then */
} rows[] = {
  /* none */
  { "", "", "" },
  { " \n\t\n", "", "" },
  { "Hello.\n", "", "Hello." },
  { "Hello.\n#close\n", "", "Hello.\n#close" },
  { "#1 on my list\n", "", "#1 on my list" },
  { "# heading\n", "", "# heading" },
  { "#\n", "", "#" },
  { "##close\n", "", "##close" },
  /* each, in any case, with and without a colon */
  { "#close\n", "close", "" },
  { "#close", "close", "" },
  { "  #CLOSE  \nBye.\n", "close", "Bye." },
  { "#close:\nBye.\n", "close", "Bye." },
  { "#assign bob\n", "assignee=bob", "" },
  { "#Assign: bob\n", "assignee=bob", "" },
  { "#assign\tbob\n", "assignee=bob", "" },
  { "#team billing\n", "team=billing", "" },
  { "#priority p1\n", "p1", "" },
  { "#priority P4\n", "p4", "" },
  { "#pending\n", "pending", "" },
  { "#pending 12h\n", "pending=12h", "" },
  { "#pending 90m\n", "pending=1h", "" },
  { "#pending 3D\n", "pending=72h", "" },
  { "#pending 2w\n", "pending=336h", "" },
  { "#pending 366d\n", "pending=8784h", "" },
  { "#merge 1042\n", "merge=1042", "" },
  { "#merge #1042\n", "merge=1042", "" },
  { "#note\nShe never pays.\n", "note", "She never pays." },
  { "#note She never pays.\n", "note", "She never pays." },
  { "#note one\n#note two\nthree\n", "note", "one\ntwo\nthree" },
  { "#note\n", "note", "" },
  { "#root-cause a worn cable\n", "cause=a worn cable", "" },
  { "#root-cause: a worn cable\nAll is well.\n", "cause=a worn cable", "All is well." },
  /* what stands behind the text is text */
  { "#pending\n#note\nx\n#close\n", "note pending", "x\n#close" },
  /* several; the last one of a kind counts */
  { "#priority p1\n#priority p2\n#team billing\n#team tier1\n#assign bob\n\nComing.\n", "team=tier1 assignee=bob p2", "Coming." },
  { "#close\n#note\nPaid.\n", "note close", "Paid." },
  { "#pending 4h\n#pending\n", "pending", "" },
  { "#pending\n#pending 4h\n", "pending=4h", "" },
  /* line ends, and blank lines before and between */
  { "\n \r\n#close\r\n\r\n#priority p2\r\n\r\nDone.\r\n", "p2 close", "Done." },
  /* what mail programs put into a line that looks empty, or before its first letter */
  { "\302\240\n#note\nShe never pays.\n", "note", "She never pays." },
  { "\342\200\213\n\343\200\200\302\240#note\nShe never pays.\n", "note", "She never pays." },
  { "\302\240\n \342\200\213\302\240", "", "" },
  { "\357\273\277#close\302\240\nBye.\n", "close", "Bye." },
  { "#assign\302\240bob\n", "assignee=bob", "" },
  { "\342\200\250#close\n", "close", "" },
};

static const struct {
  const char *text, *reason;
} wrong[] = {
  { "#frobnicate\n", "#frobnicate is no command; there are #close #assign #team #priority #pending #merge #note #root-cause" },
  { "#closed\n", "#closed is no command" },
  { "#note-this x\n", "#note-this is no command" },
  { "#hashtag and more text\nto a customer\n", "#hashtag is no command" },
  { "#close now\n", "#close takes nothing behind it, and not \"now\"" },
  { "#assign\n", "#assign: there is no agent \"\"" },
  { "#assign carol\n", "#assign: there is no agent \"carol\"" },
  { "#assign bob@desk.example\n", "#assign: there is no agent \"bob@desk.example\"" },
  { "#team tier9\n", "#team: there is no team \"tier9\"" },
  { "#priority\n", "#priority is p1, p2, p3 or p4, and not \"\"" },
  { "#priority p0\n", "not \"p0\"" },
  { "#priority p5\n", "not \"p5\"" },
  { "#priority 2\n", "not \"2\"" },
  { "#priority p22\n", "not \"p22\"" },
  { "#priority high\n", "not \"high\"" },
  { "#pending 0d\n", "#pending takes a time such as 4h, 3d or 2w, of at most a year, and not \"0d\"" },
  { "#pending 3\n", "not \"3\"" },
  { "#pending d\n", "not \"d\"" },
  { "#pending -3d\n", "not \"-3d\"" },
  { "#pending 3d more\n", "not \"3d more\"" },
  { "#pending 3 d\n", "not \"3 d\"" },
  { "#pending 367d\n", "not \"367d\"" },
  { "#pending 53w\n", "not \"53w\"" },
  { "#pending 99999999999999999999w\n", "and not \"99999999999999999999w\"" },
  { "#merge\n", "#merge takes the number of a ticket, and not \"\"" },
  { "#merge 0\n", "not \"0\"" },
  { "#merge -1\n", "not \"-1\"" },
  { "#merge ##7\n", "not \"##7\"" },
  { "#merge 7 8\n", "not \"7 8\"" },
  { "#merge 99999999999999999999\n", "not \"99999999999999999999\"" },
  { "#root-cause\n", "#root-cause takes the cause in the same line" },
  { "#close\n#pending 3d\n", "#close and #pending exclude each other" },
  { "#note\n#frobnicate\n", "#frobnicate is no command" },
};

static void
test_row (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (StaffWork) work = staff_work_new ("alice");
  gboolean read = directives_read (rows[i].text, config, NOW, work, &error);
  g_assert_no_error (error);
  g_assert_true (read);
  g_autofree char *got = describe (work);
  g_assert_cmpstr (got, ==, rows[i].want);
  g_assert_cmpstr (work->text, ==, rows[i].left);
}

static void
test_wrong (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (StaffWork) work = staff_work_new ("alice");
  g_assert_false (directives_read (wrong[i].text, config, NOW, work, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == DIRECTIVES_ERROR);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, wrong[i].reason));
}

static void
test_number_of_lines (void)
{
  for (guint count = LIMIT_DIRECTIVES; count <= LIMIT_DIRECTIVES + 1; count++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (StaffWork) work = staff_work_new ("alice");
      for (guint i = 0; i < count; i++)
        g_string_append (text, "#priority p2\n");
      g_assert_cmpint (directives_read (text->str, config, NOW, work, &error), ==, count == LIMIT_DIRECTIVES);
      if (error != NULL)
        g_assert_cmpstr (error->message, ==, "there are too many commands: \"#priority p2\"");
    }
}

/* Whatever is written, the reason is one short line that a log and a terminal can take, and ends. */
static void
test_hostile (void)
{
  static const char *const commands[] = { "", "close", "assign", "team", "priority", "pending", "merge", "root-cause", "unknown", "caf\303\251" };
  g_autofree char *huge = g_strnfill (60 * 1024, 'x');
  g_autofree char *digits = g_strnfill (60 * 1024, '9');
  g_autoptr (GString) wide = g_string_new ("x");
  for (guint i = 0; i < 20000; i++)
    g_string_append (wide, "\303\251");
  const char *const values[] = { huge, digits, wide->str, "\033]0;title\007", "%s%n", "@", "a@b@c", "\"", "\001\002", "\342\200\256evil", "\r\r\r250 ok" };
  for (guint c = 0; c < G_N_ELEMENTS (commands); c++)
    for (guint v = 0; v < G_N_ELEMENTS (values); v++)
      for (guint blank = 0; blank < 2; blank++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (StaffWork) work = staff_work_new ("alice");
          g_autofree char *text = g_strdup_printf ("#x%s%s%s\n", commands[c], blank ? " " : "", values[v]);
          g_autofree char *known = g_strdup_printf ("#%s%s%s\n", commands[c], blank ? " " : "", values[v]);
          g_assert_false (directives_read (text, config, NOW, work, &error));
          g_clear_error (&error);
          directives_read (known, config, NOW, work, &error);
          if (error == NULL)
            continue;
          g_assert_true (g_utf8_validate (error->message, -1, NULL));
          g_assert_cmpuint (strlen (error->message), <, 1000);
          for (const char *at = error->message; *at != '\0'; at++)
            g_assert_false (g_ascii_iscntrl (*at));
        }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  config = load_configuration ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/directives/row-%02u", i);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_row);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *path = g_strdup_printf ("/directives/wrong-%02u", i);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_wrong);
    }
  g_test_add_func ("/directives/number-of-lines", test_number_of_lines);
  g_test_add_func ("/directives/hostile", test_hostile);
  int status = g_test_run ();
  config_unref (config);
  return status;
}
