/* The configuration: what loads, what it means, and what a mistake is told as. */
#include <glib/gstdio.h>
#include <string.h>

#include "config/config.h"

#define TEAM "team \"t\" { notify = {\"t@desk.example\"} }\n"

static char *folder;

static char *
write_file (const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (folder, name, NULL);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return path;
}

static Config *
load_text (const char *text, GError **error)
{
  g_autofree char *path = write_file ("test.conf", text);
  return config_load (path, error);
}

static const struct {
  const char *name, *text;
  int line;           /* named in the message; 0: none */
  const char *message; /* and this */
} mistakes[] = {
  { "unknown key", "listen = \"unix:/x\"\ncolour = \"red\"\n", 2, "colour" },
  { "below comments", "# one\n// two\n/* three\n four */ tag = \"a # b\" # five\n\ncolour = \"red\"\n", 6, "colour" },
  { "section below comments", "# one\n# two\nchannel \"c\" { # three\n  type = \"webhook\" # four\n}\n", 5, "url" },
  { "title twice", TEAM TEAM, 2, "t" },
  { "no such team", "role \"r\" { address = {\"r@desk.example\"} team = \"nobody\" }\n", 1, "nobody" },
  { "role without team", "role \"r\" { address = {\"r@desk.example\"} }\n", 1, "team" },
  { "role without address", TEAM "role \"r\" { team = \"t\" }\n", 2, "address" },
  { "address of two roles",
    TEAM "role \"a\" { address = {\"r@desk.example\"} team = \"t\" }\nrole \"b\" { address = {\"R@Desk.Example\"} team = \"t\" }\n", 3,
    "belongs to role \"a\"" },
  { "team's address is a role's",
    "team \"t\" { notify = {\"r+team@desk.example\"} }\nrole \"r\" { address = {\"r@desk.example\"} team = \"t\" }\n", 1,
    "belongs to role \"r\"" },
  { "agent's address is a role's",
    TEAM "agent \"a\" { mail = \"r@desk.example\" }\nrole \"r\" { address = {\"r@desk.example\"} team = \"t\" }\n", 2,
    "belongs to role \"r\"" },
  { "no address", TEAM "role \"r\" { address = {\"nobody\"} team = \"t\" }\n", 2, "nobody" },
  { "bad duration", "policy \"p\" {\n  respond = \"soon\"\n}\n", 2, "soon" },
  { "bad clock duration", "give-up = \"2bd\"\n", 1, "2bd" },
  { "bad hours", "calendar \"c\" {\n  hours = {\"monday 8-17\"}\n}\n", 2, "monday 8-17" },
  { "bad zone", "calendar \"c\" { timezone = \"Mars/Olympus\" }\n", 1, "Mars/Olympus" },
  { "bad priority", TEAM "role \"r\" { address = {\"r@desk.example\"} team = \"t\" priority = \"p9\" }\n", 2, "p9" },
  { "bad accept", TEAM "role \"r\" { address = {\"r@desk.example\"} team = \"t\" accept = \"all\" }\n", 2, "all" },
  { "no such calendar", "policy \"p\" { calendar = \"none\" }\n", 1, "none" },
  { "escalation without a step", "escalation \"e\" { }\n", 1, "step" },
  { "step without a channel", TEAM "escalation \"e\" { step \"s\" { team = \"t\" } }\n", 2, "by" },
  { "webhook without a url", "channel \"c\" { type = \"webhook\" }\n", 1, "url" },
  { "command without a program", "channel \"c\" { type = \"command\" }\n", 1, "command" },
  { "ldap without a uri", "directory { type = \"ldap\" }\n", 1, "uri" },
  { "filter without its place", "directory { type = \"ldap\" uri = {\"ldap://x\"} filter = \"(mail=x)\" }\n", 1, "%s" },
  { "web without a port", "web = \"127.0.0.1\"\n", 1, "127.0.0.1:8880" },
  { "web on a name", "web = \"desk.example:8880\"\n", 1, "desk.example:8880" },
  { "web, port 0", "web = \"127.0.0.1:0\"\n", 1, "127.0.0.1:0" },
  { "web, IPv6 without brackets", "web = \"::1:8880\"\n", 1, "[::1]:8880" },
  { "web-url without a scheme", "tag = \"x\"\nweb-url = \"desk.example\"\n", 2, "https://" },
  { "web-url with a query", "web-url = \"https://desk.example/?a=b\"\n", 1, "web-url" },
  { "web-url with a password", "web-url = \"https://a:b@desk.example/\"\n", 1, "web-url" },
  { "web-url of another kind", "web-url = \"ftp://desk.example/\"\n", 1, "ftp:" },
  { "proxy by name", "web-proxies = {\"127.0.0.1\", \"proxy.example\"}\n", 1, "proxy.example" },
  { "proxies with host bits", "web-proxies = {\"10.0.0.1/8\"}\n", 1, "10.0.0.1/8" },
  { "negative count", "max-in-progress = -1\n", 1, "-1" },
  { "file that is not there", "include(\"missing.conf\")\n", 1, "missing.conf" },
};

static void
test_mistake (gconstpointer data)
{
  const typeof (mistakes[0]) *row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load_text (row->text, &error);
  g_assert_null (config);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_true (error->domain == CONFIG_ERROR);
  g_autofree char *place = g_strdup_printf ("test.conf:%d:", row->line);
  if (row->line > 0)
    g_assert_nonnull (strstr (error->message, place));
  g_assert_nonnull (strstr (error->message, row->message));
}

static void
test_missing_file (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (config_load ("/nowhere/frontdesk.conf", &error));
  g_assert_error (error, CONFIG_ERROR, CONFIG_ERROR_READ);
}

/* A calendar and a policy alone are a configuration. */
static void
test_defaults (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = load_text ("calendar \"c\" { hours = {\"mon-fri 09:00-12:00\", \"mon-fri 13:00-17:00\"} }\n"
                                         "policy \"p\" { calendar = \"c\" respond = \"4h\" priority \"p1\" { calendar = \"always\" respond = \"15m\" } }\n",
                                         &error);
  g_assert_no_error (error);
  const Policy *policy = g_ptr_array_index (config->policies, 0);
  g_assert_cmpint (policy->priority[0][TARGET_RESPOND].span.amount, ==, 15 * 60);
  g_assert_cmpstr (policy->priority[0][TARGET_RESPOND].calendar->name, ==, "always");
  g_assert_cmpint (policy->priority[2][TARGET_RESPOND].span.amount, ==, 4 * 3600);
  g_assert_cmpint (config->give_up, ==, 2 * 86400);
  g_assert_cmpint (config->close_after, ==, 7 * 86400);
  g_assert_cmpint (config->socket_mode, ==, 0660);
  g_assert_cmpint (config->directory.type, ==, DIRECTORY_TABLE);
}

static void
test_relative_paths (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *below = g_build_filename (folder, "below", NULL);
  g_mkdir (below, 0700);
  g_autofree char *included = write_file ("below/more.conf", "templates = \"texts\"\n");
  g_autoptr (Config) config = load_text ("database = \"data.db\"\ninclude(\"below/more.conf\")\n", &error);
  g_assert_no_error (error);
  g_autofree char *database = g_build_filename (folder, "data.db", NULL);
  g_autofree char *templates = g_build_filename (below, "texts", NULL);
  g_assert_cmpstr (config->database, ==, database);
  g_assert_cmpstr (config->templates, ==, templates);
}

static char *
read_reference (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "tests", "data", "reference.conf", NULL);
  char *text = NULL;
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
test_reference (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = read_reference ();
  g_autoptr (GString) reference = g_string_new (text);
  g_string_replace (reference, "@SMS@", "http://127.0.0.1:1/", 0);
  g_string_replace (reference, "@HTTP@", "127.0.0.1:2", 0);
  g_autoptr (Config) config = load_text (reference->str, &error);
  g_assert_no_error (error);
  const Role *emergency = config_find_role (config, "EMERGENCY@diytel.ca", NULL);
  g_assert_cmpstr (emergency->name, ==, "emergency");
  g_assert_cmpint (emergency->priority, ==, 1);
  g_assert_cmpstr (emergency->page->name, ==, "noc");
  g_assert_cmpuint (emergency->page->steps->len, ==, 3);
  g_assert_true (config_find_role_by_name (config, "billing")->accept == STANDING_KNOWN);
}

static void
test_web (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) none = load_text ("language = \"fr\"\nweb = \"\"\n" TEAM "agent \"a\" { mail = \"a@desk.example\" }\n", &error);
  g_assert_no_error (error);
  g_assert_null (none->web);
  g_assert_null (none->web_url);
  g_assert_cmpuint (none->web_proxies->len, ==, 0);
  g_assert_cmpstr (config_find_agent (none, "a")->language, ==, "fr");
  g_autoptr (Config) config = load_text ("web = \"[::1]:8880\"\nweb-url = \"https://desk.example/front//\"\n"
                                         "web-proxies = {\"127.0.0.1\", \"10.0.0.0/8\", \"2001:db8::/32\"}\n"
                                         "agent \"a\" { mail = \"a@desk.example\" language = \"vi\" }\n", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->web, ==, "[::1]:8880");
  g_assert_cmpstr (config->web_url, ==, "https://desk.example/front");
  g_assert_cmpuint (config->web_proxies->len, ==, 3);
  g_assert_cmpstr (config_find_agent (config, "a")->language, ==, "vi");
}

static void
test_find_role (void)
{
  static const struct {
    const char *address, *role, *extension;
  } rows[] = {
    { "support@desk.example", "r", NULL },        { "SUPPORT@DESK.Example", "r", NULL },
    { "support+a.b@desk.example", "r", "a.b" },   { "support+@desk.example", "r", "" },
    { "hilfe@xn--bcher-kva.example", "r", NULL }, { "hilfe@b\303\274cher.example", "r", NULL },
    { "supportx@desk.example", NULL, NULL },      { "+support@desk.example", NULL, NULL },
    { "support@desk.example.org", NULL, NULL },   { "support", NULL, NULL },
    { "", NULL, NULL },                           { "@desk.example", NULL, NULL },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config =
    load_text (TEAM "role \"r\" { address = {\"support@desk.example\", \"hilfe@b\303\274cher.example\"} team = \"t\" }\n", &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *extension = NULL;
      const Role *role = config_find_role (config, rows[i].address, &extension);
      g_test_message ("%s", rows[i].address);
      g_assert_cmpstr (role != NULL ? role->name : NULL, ==, rows[i].role);
      g_assert_cmpstr (extension, ==, rows[i].extension);
    }
}

static void
test_spans (void)
{
  static const struct {
    const char *text;
    SpanKind kind;
    gint64 amount;
  } rows[] = {
    { "90s", SPAN_BUSINESS, 90 },          { "15m", SPAN_BUSINESS, 900 },     { "4h", SPAN_BUSINESS, 14400 },
    { "2d", SPAN_BUSINESS, 172800 },       { "1w", SPAN_BUSINESS, 604800 },   { "24h elapsed", SPAN_ELAPSED, 86400 },
    { "7bd", SPAN_BUSINESS_DAYS, 7 },      { "0bd", SPAN_NONE, 0 },           { "", SPAN_NONE, 0 },
    { "4", SPAN_NONE, 0 },                 { "h", SPAN_NONE, 0 },             { "-4h", SPAN_NONE, 0 },
    { "4h later", SPAN_NONE, 0 },          { "99999999999999999999h", SPAN_NONE, 0 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Span span = { 0 };
      g_test_message ("%s", rows[i].text);
      g_assert_cmpint (span_parse (rows[i].text, &span), ==, rows[i].kind != SPAN_NONE);
      if (rows[i].kind == SPAN_NONE)
        continue;
      g_assert_cmpint (span.kind, ==, rows[i].kind);
      g_assert_cmpint (span.amount, ==, rows[i].amount);
    }
}

int
main (int argc, char **argv)
{
  if (g_getenv ("FRONTDESK_SOURCE") != NULL)
    g_setenv ("G_TEST_SRCDIR", g_getenv ("FRONTDESK_SOURCE"), TRUE);
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("frontdesk-config-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/config/mistake/%s", mistakes[i].name);
      g_test_add_data_func (path, &mistakes[i], test_mistake);
    }
  g_test_add_func ("/config/missing-file", test_missing_file);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/relative-paths", test_relative_paths);
  g_test_add_func ("/config/reference", test_reference);
  g_test_add_func ("/config/web", test_web);
  g_test_add_func ("/config/find-role", test_find_role);
  g_test_add_func ("/config/spans", test_spans);
  int status = g_test_run ();
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", folder);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (folder);
  return status;
}
