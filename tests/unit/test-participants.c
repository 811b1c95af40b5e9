/* Who of those that a mail is addressed to takes part in its ticket. */
#include <glib/gstdio.h>
#include <string.h>

#include "config/limits.h"
#include "desk/participants.h"

static Config *config;

static const char configuration[] = "hostname = \"desk.example\"\n"
                                    "own-address = {\"monitor@desk.example\"}\n"
                                    "calendar \"office\" { timezone = \"America/Vancouver\" hours = {\"mon-fri 06:00-18:00\"} }\n"
                                    "policy \"plain\" { calendar = \"office\" }\n"
                                    "team \"tier1\" { notify = {\"tier1@desk.example\", \"chief@desk.example\"} }\n"
                                    "agent \"bob\" { name = \"Bob\" mail = \"bob@desk.example\" teams = {\"tier1\"} }\n"
                                    "role \"support\" { address = {\"support@desk.example\", \"help@desk.example\"} policy = \"plain\" team = \"tier1\" }\n";

static Config *
load_configuration (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("participants-XXXXXX.conf", &path, &error);
  g_assert_no_error (error);
  g_file_set_contents (path, configuration, -1, &error);
  g_assert_no_error (error);
  Config *loaded = config_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_close (fd, NULL);
  return loaded;
}

static const struct {
  const char *addresses, *except, *want; /* with blanks between */
} rows[] = {
  { NULL, NULL, "" },
  { "", NULL, "" },
  { "ben@customer.example zoe@partner.example", NULL, "ben@customer.example zoe@partner.example" },
  /* once each, by the form that addresses are compared in */
  { "Ben@Customer.example BEN@customer.EXAMPLE ben@customer.example", NULL, "ben@customer.example" },
  { "ben@b\303\274cher.example", NULL, "ben@xn--bcher-kva.example" },
  { "ann@customer.example ben@customer.example", "ANN@customer.example", "ben@customer.example" },
  /* ours */
  { "support@desk.example HELP@desk.example support+t.7.abc@desk.example support+a.7.abc@desk.example", NULL, "" },
  { "bob@desk.example Bob@Desk.example tier1@desk.example chief@desk.example monitor@desk.example", NULL, "" },
  { "somebody@desk.example", NULL, "somebody@desk.example" },
  /* lists and machines */
  { "users-request@lists.example users-bounces@lists.example owner-users@lists.example users-owner@lists.example", NULL, "" },
  { "lists@customer.example users-list@lists.example news-announce@lists.example majordomo@lists.example LISTSERV@lists.example", NULL, "" },
  { "MAILER-DAEMON@customer.example Postmaster@customer.example noreply@shop.example no-reply@shop.example no-reply+x.1@shop.example "
    "donotreply@shop.example Do-Not-Reply@shop.example", NULL, "" },
  { "ownership@customer.example noreplyann@customer.example requester@customer.example listsa@customer.example", NULL,
    "ownership@customer.example noreplyann@customer.example requester@customer.example listsa@customer.example" },
  /* none at all */
  { "ben @customer.example ben@ x", NULL, "" },
};

static void
test_row (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_auto (GStrv) addresses = rows[i].addresses != NULL ? g_strsplit (rows[i].addresses, " ", -1) : NULL;
  g_auto (GStrv) got = participants_choose (config, addresses, rows[i].except);
  g_autofree char *all = got != NULL ? g_strjoinv (" ", got) : g_strdup ("");
  g_assert_cmpstr (all, ==, rows[i].want);
  g_assert_true (got == NULL || got[0] != NULL);
}

/* However many there are, the first ones take part, and those who may not are not counted. */
static void
test_bound (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < 3 * LIMIT_PARTICIPANTS; i++)
    {
      g_autofree char *address = g_strdup_printf (i % 2 == 0 ? "c%u@customer.example" : "support+%u@desk.example", i);
      g_strv_builder_add (builder, address);
    }
  g_auto (GStrv) addresses = g_strv_builder_end (builder);
  g_auto (GStrv) got = participants_choose (config, addresses, NULL);
  g_assert_cmpuint (g_strv_length (got), ==, LIMIT_PARTICIPANTS);
  g_assert_cmpstr (got[0], ==, "c0@customer.example");
  g_assert_cmpstr (got[LIMIT_PARTICIPANTS - 1], ==, "c98@customer.example");
}

static void
test_has (void)
{
  char *people[] = { (char *) "ben@customer.example", NULL };
  const Ticket ticket = { .requester = (char *) "ann@customer.example", .participants = people };
  const Ticket bare = { .number = 1 };
  g_assert_true (participants_has (&ticket, "Ann@Customer.example"));
  g_assert_true (participants_has (&ticket, "BEN@customer.example"));
  g_assert_false (participants_has (&ticket, "eve@customer.example"));
  g_assert_false (participants_has (&ticket, NULL));
  g_assert_false (participants_has (&bare, "ann@customer.example"));
  g_assert_false (participants_has (&bare, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  config = load_configuration ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/participants/row-%02u", i);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_row);
    }
  g_test_add_func ("/participants/bound", test_bound);
  g_test_add_func ("/participants/has", test_has);
  int status = g_test_run ();
  config_unref (config);
  return status;
}
