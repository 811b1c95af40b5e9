/* The configuration: what loads, what is refused and with which words, and the small languages in it. */
#include <glib/gstdio.h>
#include <string.h>

#include "config/config.h"
#include "config/hours.h"
#include "config/limits.h"
#include "config/options.h"
#include "log.h"

typedef struct {
  char *folder;
  char *path;
} Fixture;

static void
write_file (const Fixture *fixture, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("config-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->folder = realpath (folder, NULL);
  fixture->path = g_build_filename (fixture->folder, "frontdesk.conf", NULL);
  g_autofree char *sub = g_build_filename (fixture->folder, "sub", NULL);
  g_assert_cmpint (g_mkdir (sub, 0700), ==, 0);
}

static void
remove_folder (const char *folder)
{
  const char *name;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
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
tear_down (Fixture *fixture, gconstpointer data)
{
  (void) data;
  remove_folder (fixture->folder);
  g_free (fixture->path);
  free (fixture->folder);
}

static Config *
load (const Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;
  write_file (fixture, "frontdesk.conf", text);
  Config *config = config_load (fixture->path, &error);
  g_assert_no_error (error);
  return config;
}

static char *
read_source (const char *name)
{
  char *text = NULL;
  g_autoptr (GError) error = NULL;
  if (g_getenv ("FRONTDESK_SOURCE") == NULL)
    g_error ("FRONTDESK_SOURCE must name the source folder");
  g_autofree char *path = g_build_filename (g_getenv ("FRONTDESK_SOURCE"), name, NULL);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static void
fill_in (char **text, const char *name, const char *value)
{
  g_auto (GStrv) pieces = g_strsplit (*text, name, -1);
  g_free (*text);
  *text = g_strjoinv (value, pieces);
}

static void
check_reference_roles (const Config *config)
{
  const Role *support = config_find_role (config, "Telecom-Support+x@DIYTel.ca", NULL);
  g_assert_cmpstr (support->name, ==, "support");
  g_assert_cmpint (support->priority, ==, 3);
  g_assert_cmpstr (support->team->name, ==, "tier1");
  g_assert_cmpstr (support->team->escalate_to->name, ==, "tier2");
  const Role *billing = config_find_role_by_name (config, "billing");
  g_assert_cmpint (billing->accept, ==, STANDING_KNOWN);
  g_assert_true (g_str_has_prefix (billing->refuse, "Billing answers"));
  const Role *emergency = config_find_role_by_name (config, "emergency");
  g_assert_cmpint (emergency->page_if, ==, STANDING_KNOWN);
  g_assert_cmpuint (emergency->page->steps->len, ==, 3);
  const Step *step = g_ptr_array_index (emergency->page->steps, 1);
  g_assert_cmpstr (((Agent *) g_ptr_array_index (step->agents, 0))->name, ==, "bob");
  g_assert_cmpstr (((Channel *) g_ptr_array_index (step->by, 0))->url, ==, "http://127.0.0.1:2/");
  g_assert_cmpint (step->wait, ==, 300);
}

static void
check_reference_policy (const Policy *policy)
{
  const Target *p1 = policy->priority[0], *p3 = policy->priority[2];
  g_assert_cmpstr (p1[TARGET_RESPOND].calendar->name, ==, "always");
  g_assert_cmpint (p1[TARGET_UPDATE].span.amount, ==, 1800);
  g_assert_cmpint (p1[TARGET_RESOLVE].span.kind, ==, SPAN_BUSINESS);
  g_assert_cmpstr (p3[TARGET_RESPOND].calendar->name, ==, "pacific");
  g_assert_cmpstr (p3[TARGET_RESPOND].calendar->hours[0], ==, "mon-fri 06:00-18:00");
  g_assert_cmpint (p3[TARGET_ACKNOWLEDGE].span.amount, ==, 900);
  g_assert_cmpint (p3[TARGET_UPDATE].span.kind, ==, SPAN_NONE);
  g_assert_cmpint (p3[TARGET_RESOLVE].span.kind, ==, SPAN_ELAPSED);
}

static void
check_remarks (const Config *config)
{
  static const char *const wanted[] = {
    ":35: holidays of calendar \"pacific\" are not known", ":77: nobody is on call by schedule \"noc\"",
  };
  g_autofree char *all = g_strjoinv ("\n", config->remarks);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if (strstr (all, wanted[i]) == NULL)
      g_error ("\"%s\" is missing in:\n%s", wanted[i], all);
  g_assert_null (strstr (all, "web"));
  g_assert_null (strstr (all, "hours"));
  g_assert_null (strstr (all, "respond"));
  g_assert_null (strstr (all, "timezone"));
  g_assert_null (strstr (all, "step \"first\" of"));
  g_assert_null (strstr (all, "step \"second\" of"));
}

static void
test_reference (Fixture *fixture, gconstpointer data)
{
  (void) data;
  static const char *const values[][2] = {
    { "@RUN@", "/run/fd" },        { "@STATE@", "/state" },          { "@CONF@", "." },
    { "@RELAY@", "127.0.0.1:25" }, { "@LDAP@", "ldap://127.0.0.1" }, { "@HTTP@", "127.0.0.1:1" },
    { "@SMS@", "http://127.0.0.1:2/" },
  };
  char *text = read_source ("tests/data/reference.conf");
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    fill_in (&text, values[i][0], values[i][1]);
  g_autoptr (Config) config = load (fixture, text);
  g_free (text);
  g_autofree char *templates = g_build_filename (fixture->folder, "templates", NULL);
  g_assert_cmpstr (config->listen, ==, "unix:/run/fd/milter.sock");
  g_assert_cmpstr (config->database, ==, "/state/frontdesk.db");
  g_assert_cmpstr (config->templates, ==, templates);
  g_assert_cmpstr (config->authserv_id[0], ==, "mail.diytel.ca");
  g_assert_cmpint (config->directory.type, ==, DIRECTORY_LDAP);
  g_assert_cmpint (config->directory.cache, ==, 300);
  g_assert_cmpuint (((Agent *) config_find_agent (config, "alice"))->teams->len, ==, 2);
  check_reference_roles (config);
  check_reference_policy (g_ptr_array_index (config->policies, 0));
  check_remarks (config);
}

static void
test_example (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autofree char *text = read_source ("conf/frontdesk.conf");
  g_autoptr (Config) config = load (fixture, text);
  g_assert_cmpstr (config->relay.url, ==, "smtp://127.0.0.1:10026");
  g_assert_cmpint (config->directory.type, ==, DIRECTORY_TABLE);
  g_assert_nonnull (config_find_role (config, "emergency@example.com", NULL)->page);
  g_assert_null (config->remarks[0]);
}

static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (Config) config = load (fixture, "");
  g_assert_cmpstr (config->listen, ==, "unix:/run/frontdesk/frontdesk.sock");
  g_assert_cmpint (config->socket_mode, ==, 0660);
  g_assert_cmpstr (config->hostname, ==, g_get_host_name ());
  g_assert_cmpstr (config->database, ==, "/var/lib/frontdesk/frontdesk.db");
  g_assert_true (g_str_has_suffix (config->templates, "/templates"));
  g_assert_null (config->authserv_id[0]);
  g_assert_cmpstr (config->authserv_methods[0], ==, "dmarc");
  g_assert_null (config->authserv_methods[1]);
  g_assert_cmpint (config->max_in_progress, ==, 200);
  g_assert_cmpint (config->give_up, ==, 2 * 86400);
  g_assert_cmpint (config->close_after, ==, 7 * 86400);
  g_assert_cmpstr (config->relay.url, ==, "smtp://127.0.0.1:25");
  g_assert_cmpint (config->directory.connections, ==, 4);
  g_assert_cmpuint (config->calendars->len, ==, 1);
  g_assert_null (config->remarks[0]);
}

static void
test_calendar_and_policy_alone (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (Config) config =
    load (fixture, "calendar \"c\" { timezone = \"Europe/Berlin\"\n hours = {\"mon-thu 08:00-12:00\", \"mon-thu 13:00-17:00\","
                   " \"fri 22:00-06:00\", \"sun 00:00-24:00\"} }\n"
                   "policy \"p\" { calendar = \"c\" respond = \"7bd\" priority \"p2\" { respond = \"90s\" } }");
  const Policy *policy = g_ptr_array_index (config->policies, 0);
  g_assert_cmpint (policy->priority[0][TARGET_RESPOND].span.kind, ==, SPAN_BUSINESS_DAYS);
  g_assert_cmpint (policy->priority[1][TARGET_RESPOND].span.amount, ==, 90);
  g_assert_cmpint (policy->warn, ==, 75);
}

/* What deadlines are computed from has a version, and nothing else has. */
static void
test_policy_version (Fixture *fixture, gconstpointer data)
{
  (void) data;
  static const char *const texts[] = {
    "calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-fri 08:00-17:00\"} } policy \"p\" { calendar = \"c\" respond = \"4h\" }",
    "calendar \"c\" { timezone = \"Europe/Paris\" hours = {\"mon-fri 08:00-17:00\"} } policy \"p\" { calendar = \"c\" respond = \"4h\" }",
    "calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-fri 08:00-18:00\"} } policy \"p\" { calendar = \"c\" respond = \"4h\" }",
    "calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-fri 08:00-17:00\"} closed = {\"2026-12-24\"} }"
    " policy \"p\" { calendar = \"c\" respond = \"4h\" }",
    "calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-fri 08:00-17:00\"} } policy \"p\" { calendar = \"c\" respond = \"5h\" }",
    "calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-fri 08:00-17:00\"} }"
    " policy \"p\" { calendar = \"c\" respond = \"4h\" kind \"k\" { respond = \"1h\" } }",
    "calendar \"c\" { timezone = \"Europe/Berlin\" hours = {\"mon-fri 08:00-17:00\"} }"
    " policy \"p\" { calendar = \"c\" respond = \"4h\" warn = 50 }",
  };
  gint64 versions[G_N_ELEMENTS (texts)];
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (Config) config = load (fixture, texts[i]);
      versions[i] = config_find_policy (config, "p")->version;
      for (guint j = 0; j < i; j++)
        g_assert_cmpint (versions[i], !=, versions[j]);
    }
  g_autofree char *renamed = g_strconcat (texts[0], " policy \"q\" { respond = \"1m\" }", NULL);
  g_autoptr (Config) same = load (fixture, renamed);
  g_assert_cmpint (config_find_policy (same, "p")->version, ==, versions[0]);
}

/* Names lead forward, escalations of teams in a circle, and a role may do without a policy. */
static void
test_names (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (Config) config = load (fixture, "role \"r\" { address = {\"r@x.example\", \"r+vip@x.example\"} team = \"b\" }\n"
                                             "team \"a\" { escalate-to = \"b\" }\nteam \"b\" { escalate-to = \"a\" }\n"
                                             "agent \"z\" { mail = \"Z@Staff.example\" }\n");
  const Team *a = config_find_team (config, "a");
  g_assert_true (a->escalate_to->escalate_to == a);
  g_assert_null (config_find_role_by_name (config, "r")->policy);
  g_assert_cmpstr (config_find_role_by_name (config, "r")->language, ==, "en");
  const Agent *agent = config_find_agent_by_mail (config, "z@STAFF.example");
  g_assert_cmpstr (agent->full_name, ==, "z");
  g_assert_cmpstr (agent->login[0], ==, "Z@Staff.example");
  g_assert_null (config_find_agent (config, "nobody"));
}

#define TEAM "team \"t\" { notify = {\"t@staff.example\"} }\n"
#define ROLE "role \"r\" { address = {\"role@x.example\"} team = \"t\" }\n"

/* A role on line 5 whose escalation's first step says STEP. */
#define STEP_SCHEDULE "schedule = \"s\""
#define AND_TEAM " by = {\"c\"} } step \"last\" { team = \"t\""
#define PAGED(step) \
  TEAM "channel \"c\" { }\nschedule \"s\" { }\nescalation \"e\" { step \"first\" { " step " by = {\"c\"} } }\n" \
  "role \"r\" { address = {\"r@x.example\"} team = \"t\" page = \"e\" }\n"

static const struct {
  const char *name, *text;
  int line;
  const char *want;
} mistakes[] = {
  { "unknown key", "tag = \"x\"\n\nfoo = 1\n", 3, "'foo'" },
  { "unknown key below comments", "# one\n// two\n/* three\n four */\ntag = \"x\" # five\nfoo = 1\n", 6, "'foo'" },
  { "unknown key in a section", "relay {\n url = \"smtp://x\"\n colour = \"red\"\n}\n", 3, "'colour'" },
  { "empty name", "tag = \"x\"\n\"\" = 1\n", 2, "no name" },
  { "empty name in a section", "tag = \"x\"\nrelay {\n '' = 1\n}\n", 2, "no name" },
  { "empty name of a variable", "\n${NOT_SET_ANYWHERE} = 1\n", 2, "no name" },
  { "unknown section", "rolle \"r\" { }\n", 1, "'rolle'" },
  { "title twice", TEAM "team \"t\" { }\n", 2, "'t'" },
  { "step twice", "escalation \"e\" {\n step \"a\" { }\n step \"a\" { }\n}\n", 3, "'a'" },
  { "section twice", "relay { }\n\nrelay { }\n", 3, "relay { } stands at" },
  { "title missing", "team { }\n", 1, "team" },
  { "no closing brace", "tag = \"x\"\nrelay {\n\n", 2, "has no }" },
  { "string without end", "tag = \"x\"\ncompany = \"y\n\n", 2, "has no end" },
  { "comment without end", "\n/* x\n", 2, "has no end" },
  { "octal escape", "tag = \"\\777\"\n", 1, "backslash" },
  { "not UTF-8", "tag = \"x\"\ncompany = \"caf\xe9\"\n", 2, "UTF-8" },
  { "value of escapes that are not UTF-8", "\ncompany = \"caf\\xe9\"\n", 2, "company: with its" },
  { "list of escapes that are not UTF-8", "directory {\n uri = {\"x\", \"\\xff\"}\n}\n", 2, "uri: with its" },
  { "title of escapes that are not UTF-8", "team \"\\xff\" { }\n", 1, "title is not UTF-8" },
  { "name of escapes that are not UTF-8", "\"\\xff\" = 1\n", 1, "no such option" },
  { "number too large for a long", "max-size = 99999999999999999999\n", 1, "max-size" },
  { "number too large for us", "max-in-progress = 4294967297\n", 1, "max-in-progress: 4294967297" },
  { "reports are forwarded to nobody", "\nreports = \"forward\"\n", 2, "name whom reports are forwarded to" },
  { "reports in another way", "\nreports = \"burn\"\n", 2, "reports" },
  { "number below its bound", "\nacknowledge-limit = -1\n", 2, "acknowledge-limit: -1" },
  { "no boolean", "directory {\n starttls = perhaps }\n", 2, "starttls" },
  { "mode", "socket-mode = \"0999\"\n", 1, "socket-mode: \"0999\"" },
  { "tag with brackets", "tag = \"[x]\"\n", 1, "tag: \"[x]\"" },
  { "own address", "own-address = {\"nobody\"}\n", 1, "own-address: \"nobody\"" },
  { "drain", "drain = \"soon\"\n", 1, "drain: \"soon\"" },
  { "give-up in business days", "give-up = \"2bd\"\n", 1, "give-up: \"2bd\"" },
  { "time-out of nothing", "relay { timeout = \"0s\" }\n", 1, "timeout: \"0s\"" },
  { "time-out without bound", "channel \"c\" { timeout = \"500000w\" }\n", 1, "timeout: \"500000w\"" },
  { "directory type", "directory { type = \"nis\" }\n", 1, "type: \"nis\"" },
  { "sasl", "directory { sasl = \"gssapi\" }\n", 1, "sasl: \"gssapi\"" },
  { "connections", "directory {\n connections = 0 }\n", 2, "connections: 0" },
  { "empty database", "database = \"\"\n", 1, "database: " },
  { "domain filter without %s", "directory { domain-filter = \"(a=b)\" }\n", 1, "domain-filter: %s" },
  { "ldap without uri", "\ndirectory { type = \"ldap\" }\n", 2, "uri" },
  { "filter without %s", "directory { type = \"ldap\" uri = {\"ldap://x\"}\n filter = \"(a=b)\" }\n", 2, "%s" },
  { "hours", "calendar \"c\" {\n hours = {\"mon-fri 8-12\"} }\n", 2, "\"mon-fri 8-12\"" },
  { "timezone", "calendar \"c\" { timezone = \"Mars/Base\" }\n", 1, "\"Mars/Base\"" },
  { "schedule's timezone", "schedule \"s\" { timezone = \"Mars/Base\" }\n", 1, "\"Mars/Base\"" },
  { "schedule's calendar in the clear", "schedule \"s\" {\n calendar = \"http://x.example/noc.ics\" }\n", 2, "calendar: it is fetched by https://" },
  { "schedule's calendar by something else", "schedule \"s\" { calendar = \"webcal://x.example/noc.ics\" }\n", 1, "calendar: it is fetched by https://" },
  { "schedule's calendar without a server", "schedule \"s\" { calendar = \"https:///noc.ics\" }\n", 1, "calendar: it is fetched by https://" },
  { "fetched too often", "schedule \"s\" {\n calendar-interval = \"30s\" }\n", 2, "calendar-interval: \"30s\" is out of bounds" },
  { "schedule by two ways", "agent \"a\" { mail = \"a@b.example\" }\nschedule \"s\" { rotation { agents = {\"a\"} }\n calendar = \"noc.ics\" }\n", 3, "there is a rotation, too" },
  { "rotation twice", "agent \"a\" { mail = \"a@b.example\" }\nschedule \"s\" { rotation { agents = {\"a\"} }\n rotation { } }\n", 3, "rotation { } stands at" },
  { "rotation of nobody", "schedule \"s\" {\n rotation { } }\n", 2, "name those who take turns" },
  { "rotation of a stranger", "schedule \"s\" { rotation {\n agents = {\"a\"} } }\n", 2, "agents: there is no \"a\"" },
  { "turn in minutes", "schedule \"s\" { rotation {\n every = \"90m\" } }\n", 2, "every: \"90m\"" },
  { "turn of nothing", "schedule \"s\" { rotation {\n every = \"0h\" } }\n", 2, "every: \"0h\"" },
  { "turn without bound", "schedule \"s\" { rotation {\n every = \"1001w\" } }\n", 2, "up to 1000 of them" },
  { "start on no date", "schedule \"s\" { rotation {\n start = \"2026-02-30T08:00\" } }\n", 2, "start: \"2026-02-30T08:00\"" },
  { "start with an offset", "schedule \"s\" { rotation {\n start = \"2026-02-20T08:00Z\" } }\n", 2, "start: \"2026-02-20T08:00Z\"" },
  { "calendar always", "calendar \"always\" { timezone = \"UTC\" }\n", 1, "calendar \"always\"" },
  { "unknown calendar", "policy \"p\" {\n calendar = \"c\" }\n", 2, "policy \"p\": calendar: there is no \"c\"" },
  { "unknown calendar of a priority", "policy \"p\" {\n\n priority \"p1\" { calendar = \"c\" } }\n", 3, "no \"c\"" },
  { "unknown priority", "policy \"p\" {\n priority \"p5\" { respond = \"1m\" } }\n", 2, "priority \"p5\"" },
  { "target", "policy \"p\" {\n respond = \"often\" }\n", 2, "respond: \"often\"" },
  { "target in days", "policy \"p\" { respond = \"2d\" }\n", 1, "respond: \"2d\"" },
  { "target of a priority", "policy \"p\" { priority \"p1\" {\n resolve = \"-1h\" } }\n", 2, "resolve: \"-1h\"" },
  { "warn", "policy \"p\" { warn = 101 }\n", 1, "warn: 101" },
  { "team's address", "team \"t\" { notify = {\"t@staff.example\",\n \"t\"} }\n", 2, "notify: \"t\"" },
  { "unknown team to escalate to", "team \"t\" {\n escalate-to = \"u\" }\n", 2, "team \"t\": escalate-to: there is no \"u\"" },
  { "agent without mail", "\nagent \"a\" { name = \"A\" }\n", 2, "agent \"a\"" },
  { "agent in an unknown team", "agent \"a\" { mail = \"a@b.example\"\n teams = {\"t\"} }\n", 2, "agent \"a\": teams: there is no \"t\"" },
  { "channel type", "channel \"c\" { type = \"pigeon\" }\n", 1, "type: \"pigeon\"" },
  { "webhook without url", "channel \"c\" { type = \"webhook\" }\n", 1, "channel \"c\": a webhook needs a url" },
  { "webhook's body", "channel \"c\" { type = \"webhook\" url = \"http://x\"\n body = \"xml\" }\n", 2, "body: \"xml\"" },
  { "command without a program", "channel \"c\" { type = \"command\" }\n", 1, "channel \"c\": a command channel needs" },
  { "escalation without steps", "\nescalation \"e\" {\n repeat = 2\n}\n", 4, "escalation \"e\": an escalation needs a step" },
  { "empty escalation", "escalation \"e\" { }\n", 1, "escalation \"e\": an escalation needs a step" },
  { "step by no channel", TEAM "escalation \"e\" { step \"a\" { team = \"t\" } }\n", 2, "step \"a\": by:" },
  { "step by an unknown channel", TEAM "escalation \"e\" { step \"a\" { team = \"t\" by = {\"owl\"} } }\n", 2, "no \"owl\"" },
  { "step of nobody", "channel \"m\" { }\nescalation \"e\" { step \"a\" { by = {\"m\"} } }\n", 2, "step \"a\": name a schedule" },
  { "step with an unknown schedule", "channel \"m\" { }\nescalation \"e\" { step \"a\" { schedule = \"s\" by = {\"m\"} } }\n", 2, "no \"s\"" },
  { "step with an unknown agent", "channel \"m\" { }\nescalation \"e\" { step \"a\" { agents = {\"x\"} by = {\"m\"} } }\n", 2, "no \"x\"" },
  { "step with an unknown team", "channel \"m\" { }\nescalation \"e\" { step \"a\" { team = \"x\" by = {\"m\"} } }\n", 2, "no \"x\"" },
  { "step's wait", "escalation \"e\" { step \"a\" { wait = \"1bd\" } }\n", 1, "wait: \"1bd\"" },
  { "role without a team", "role \"r\" { address = {\"r@x.example\"} }\n", 1, "role \"r\": name the team" },
  { "role without an address", TEAM "role \"r\" { team = \"t\" }\n", 2, "role \"r\": name at least one address" },
  { "role with an unknown team", "role \"r\" {\n address = {\"r@x.example\"}\n team = \"u\"\n\n}\n", 3, "role \"r\": team: there is no \"u\"" },
  { "role with an unknown policy", TEAM "role \"r\" { address = {\"r@x.example\"} team = \"t\"\n policy = \"p\" }\n", 3, "policy: there is no \"p\"" },
  { "role with an unknown escalation", TEAM "role \"r\" { address = {\"r@x.example\"} team = \"t\"\n page = \"p\" }\n", 3, "page: there is no \"p\"" },
  { "page of schedules alone", PAGED (STEP_SCHEDULE) "agent \"a\" { mail = \"a@staff.example\" teams = {\"t\"} }\n", 4, "escalation \"e\": all its steps are schedules" },
  { "schedules alone, and no role", "channel \"c\" { }\nschedule \"s\" { }\nescalation \"e\" {\n step \"a\" { schedule = \"s\" by = {\"c\"} } }\n", 4, "escalation \"e\": all its steps are schedules" },
  { "an empty team, and no role", TEAM "channel \"c\" { }\nescalation \"e\" { step \"first\" { team = \"t\" by = {\"c\"} } }\n", 3, "step \"first\" reaches nobody" },
  { "page of a schedule and an empty team", PAGED (STEP_SCHEDULE AND_TEAM), 4, "escalation \"e\": step \"last\" reaches nobody, as no agent is in team \"t\"" },
  { "page of a schedule, agents elsewhere", PAGED (STEP_SCHEDULE AND_TEAM) "team \"u\" { }\nagent \"a\" { mail = \"a@staff.example\" teams = {\"u\"} }\n", 4, "in team \"t\"" },
  { "page of a team without agents", "team \"u\" { }\nagent \"a\" { mail = \"a@staff.example\" teams = {\"t\"} }\n" PAGED ("team = \"u\""), 6, "in team \"u\"" },
  { "role's address", TEAM "role \"r\" { address = {\"r@x@\"} team = \"t\" }\n", 2, "address: \"r@x@\"" },
  { "role's priority", "role \"r\" { priority = \"p0\" }\n", 1, "priority: \"p0\"" },
  { "role's forbid, an ending without a dot", "role \"r\" { forbid = {\"exe\"} }\n", 1, "forbid: \"exe\"" },
  { "role's forbid, a type without an end", "role \"r\" { forbid = {\"video/\"} }\n", 1, "forbid: \"video/\"" },
  { "role's forbid, two in one", "role \"r\" { forbid = {\".exe, .scr\"} }\n", 1, "forbid: \".exe, .scr\"" },
  { "role's max-size", "role \"r\" { max-size = -1 }\n", 1, "max-size: -1" },
  { "role's accept", "role \"r\" { accept = \"friends\" }\n", 1, "accept: \"friends\"" },
  { "role's deliver", "role \"r\" { deliver = \"drop\" }\n", 1, "deliver: \"drop\"" },
  { "role's acknowledge", "role \"r\" { acknowledge = \"yes\" }\n", 1, "acknowledge: \"yes\"" },
  { "role's page-if", "role \"r\" { page-if = \"never\" }\n", 1, "page-if: \"never\"" },
  { "address of two roles", TEAM ROLE "role \"s\" { team = \"t\"\n address = {\"ROLE@X.example\"} }\n", 4, "ROLE@X.example belongs to role \"r\"" },
  { "address twice by A-label", TEAM "role \"r\" { address = {\"r@b\303\274cher.example\"} team = \"t\" }\nrole \"s\" { address = {\"r@xn--bcher-kva.example\"} team = \"t\" }\n", 3, "belongs to role \"r\"" },
  { "team's address is a role's", ROLE "team \"t\" { notify = {\"Role+x@X.example\"} }\n", 2, "team \"t\": notify: Role+x@X.example belongs to role \"r\"" },
  { "agent's address is a role's", TEAM ROLE "agent \"a\" { mail = \"role@x.example\" }\n", 3, "agent \"a\": mail: role@x.example belongs to role \"r\"" },
  { "include of nothing", "\ninclude(\"nothing.conf\")\n", 2, "nothing.conf" },
  { "include of a folder", "\ninclude(\"sub\")\n", 2, "sub" },
  { "include of itself", "\ninclude(\"frontdesk.conf\")\n", 2, "nested too deeply" },
  { "include of two", "include(\"a\", \"b\")\n", 1, "one file" },
};

static void
test_mistakes (Fixture *fixture, gconstpointer data)
{
  (void) data;
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    {
      g_autoptr (GError) error = NULL;
      write_file (fixture, "frontdesk.conf", mistakes[i].text);
      g_autoptr (Config) config = config_load (fixture->path, &error);
      if (config != NULL)
        g_error ("%s: loaded", mistakes[i].name);
      g_autofree char *place = g_strdup_printf ("%s:%d: ", fixture->path, mistakes[i].line);
      if (error->domain != CONFIG_ERROR || !g_str_has_prefix (error->message, place) ||
          strstr (error->message, mistakes[i].want) == NULL)
        g_error ("%s: wanted %s...%s, got %s", mistakes[i].name, place, mistakes[i].want, error->message);
    }
}

/* Each way to reach somebody is enough, and nobody need be there for an escalation that no role pages by. */
static void
test_pages (Fixture *fixture, gconstpointer data)
{
  (void) data;
  static const char *const good[] = {
    PAGED (STEP_SCHEDULE AND_TEAM) "agent \"a\" { mail = \"a@staff.example\" teams = {\"t\"} }\n",
    PAGED ("team = \"t\" by = {\"c\"} } step \"second\" { agents = {\"a\"}") "agent \"a\" { mail = \"a@staff.example\" }\n",
    PAGED ("team = \"u\"") "team \"u\" { }\nagent \"a\" { mail = \"a@staff.example\" teams = {\"u\"} }\n",
    PAGED ("agents = {\"a\"}") "agent \"a\" { mail = \"a@staff.example\" }\n",
    PAGED (STEP_SCHEDULE " agents = {\"a\"}") "agent \"a\" { mail = \"a@staff.example\" }\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    config_unref (load (fixture, good[i]));
}

static void
test_unreadable (Fixture *fixture, gconstpointer data)
{
  (void) data;
  const char *const paths[] = { fixture->folder, fixture->path };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (config_load (paths[i], &error));
      g_assert_error (error, CONFIG_ERROR, CONFIG_ERROR_READ);
      g_assert_nonnull (strstr (error->message, paths[i]));
    }
}

/* A path is relative to the file that it stands in, in every kind of section. */
static void
test_relative_paths (Fixture *fixture, gconstpointer data)
{
  (void) data;
  write_file (fixture, "sub/inner.conf", "database = \"x.db\"\ndirectory { ca-file = \"ca.pem\" }\n"
                                         "calendar \"c\" { hours = {\"mon 08:00-09:00\"} holidays = {\"h.ics\", \"/abs.ics\"} }\ninclude(\"more.conf\")\n");
  write_file (fixture, "sub/more.conf", "relay { password-file = \"../secret\" }\ntag = \"More\"\n");
  g_autoptr (Config) config = load (fixture, "# outer\ninclude(\"sub/inner.conf\")\ntemplates = \"t\"\nschedule \"s\" {\n"
                                             " calendar = \"s.ics\" }\n");
  const Schedule *schedule = g_ptr_array_index (config->schedules, 0);
  const char *const got[][2] = {
    { config->database, "sub/x.db" },           { config->directory.ca_file, "sub/ca.pem" },
    { config->relay.password_file, "secret" },  { config->templates, "t" },
    { schedule->calendar, "s.ics" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (got); i++)
    {
      g_autofree char *want = g_build_filename (fixture->folder, got[i][1], NULL);
      g_assert_cmpstr (got[i][0], ==, want);
    }
  g_assert_cmpstr (config->tag, ==, "More");
  g_autofree char *place = g_strdup_printf ("%s:5: nobody is on call by schedule \"s\", as its calendar is not known", fixture->path);
  g_autofree char *holidays = g_build_filename (fixture->folder, "sub/h.ics", NULL);
  g_assert_cmpuint (g_strv_length (config->remarks), ==, 3);
  g_assert_nonnull (strstr (config->remarks[0], holidays));
  g_assert_nonnull (strstr (config->remarks[1], "/abs.ics"));
  g_assert_true (g_str_has_prefix (config->remarks[2], place));
}

/* Writes a chain of COUNT files, each of which includes the next; the last one holds TEXT. */
static void
write_chain (const Fixture *fixture, guint count, const char *text)
{
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *name = i == 0 ? g_strdup ("frontdesk.conf") : g_strdup_printf ("%u.conf", i);
      g_autofree char *next = i + 1 == count ? g_strdup (text) : g_strdup_printf ("include(\"%u.conf\")\n", i + 1);
      write_file (fixture, name, next);
    }
}

static void
test_include_depth (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  write_chain (fixture, LIMIT_INCLUDE_DEPTH + 1, "tag = \"deep\"\n");
  g_autoptr (Config) config = config_load (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->tag, ==, "deep");
  write_chain (fixture, 150, "tag = \"deep\"\n");
  g_assert_null (config_load (fixture->path, &error));
  g_assert_error (error, CONFIG_ERROR, CONFIG_ERROR_SYNTAX);
  g_assert_nonnull (strstr (error->message, "/10.conf:1: include: 11.conf is nested too deeply"));
}

/* However often an included file was wrong, the right one loads: a daemon is reloaded for years. */
static void
test_many_mistakes (Fixture *fixture, gconstpointer data)
{
  (void) data;
  static const char *const wrong[] = { "\n\nfoo = 1\n", "tag = \"x\n", "relay {\n", "relay { timeout = \"x\" }\n" };
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GError) error = NULL;
      write_chain (fixture, 5, wrong[i % G_N_ELEMENTS (wrong)]);
      g_assert_null (config_load (fixture->path, &error));
      g_assert_nonnull (strstr (error->message, "/4.conf:"));
    }
  g_autoptr (GError) error = NULL;
  write_chain (fixture, LIMIT_INCLUDE_DEPTH + 1, "tag = \"good\"\n");
  g_autoptr (Config) config = config_load (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->tag, ==, "good");
}

static gpointer
load_often (gpointer path)
{
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (Config) config = config_load (path, NULL);
      if (config == NULL || config->roles->len != 1)
        return path;
    }
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer data)
{
  (void) data;
  GThread *threads[4];
  write_file (fixture, "frontdesk.conf", TEAM ROLE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("load", load_often, fixture->path);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_null (g_thread_join (threads[i]));
}

/* What is a comment, and what only looks like one. */
static void
test_comments (Fixture *fixture, gconstpointer data)
{
  (void) data;
  g_autoptr (Config) config = load (fixture, "#\ntag = \"a//b\"//x\ncompany = \"# no /* comment */\" /* \" */\n"
                                             "phone = 'it\\'s # fine'\nweb-url = http://x/y # z\n"
                                             "language = \"${FRONTDESK_NO_SUCH:-fr}\" // \"\n");
  g_assert_cmpstr (config->tag, ==, "a//b");
  g_assert_cmpstr (config->company, ==, "# no /* comment */");
  g_assert_cmpstr (config->phone, ==, "it's # fine");
  g_assert_cmpstr (config->web_url, ==, "http://x/y");
  g_assert_cmpstr (config->language, ==, "fr");
}

static void
test_find_role (Fixture *fixture, gconstpointer data)
{
  (void) data;
  static const struct {
    const char *address, *role, *extension;
  } rows[] = {
    { "support@example.com", "support", NULL },
    { "SUPPORT@Example.COM", "support", NULL },
    { "support+t.42.abc@example.com", "support", "t.42.abc" },
    { "Support+A+b@example.com", "support", "a+b" },
    { "support+@example.com", "support", "" },
    { "support+vip@example.com", "vip", NULL },
    { "support+vip+x@example.com", "support", "vip+x" },
    { "+support@example.com", NULL, NULL },
    { "supporter@example.com", NULL, NULL },
    { "support@example.org", NULL, NULL },
    { "support", NULL, NULL },
    { "", NULL, NULL },
    { "hilfe@b\303\274cher.example", "hilfe", NULL },
    { "HILFE+x@B\303\234CHER.example", "hilfe", "x" },
    { "hilfe@xn--bcher-kva.example", "hilfe", NULL },
    { "hilfe@XN--BCHER-KVA.example", "hilfe", NULL },
    { "\303\204rger@example.com", "umlaut", NULL },
    { "root@[127.0.0.1]", "literal", NULL },
    { "root@[IPv6:2001:DB8::1]", "literal", NULL },
  };
  g_autoptr (Config) config =
    load (fixture, TEAM "role \"support\" { address = {\"Support@example.com\"} team = \"t\" }\n"
                        "role \"vip\" { address = {\"support+VIP@example.com\"} team = \"t\" }\n"
                        "role \"hilfe\" { address = {\"hilfe@B\303\274cher.example\"} team = \"t\" }\n"
                        "role \"umlaut\" { address = {\"\303\244rger@example.com\"} team = \"t\" }\n"
                        "role \"literal\" { address = {\"root@[127.0.0.1]\", \"root@[ipv6:2001:db8::1]\"} team = \"t\" }\n");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *extension = NULL;
      const Role *role = config_find_role (config, rows[i].address, &extension);
      g_test_message ("%s", rows[i].address);
      g_assert_cmpstr (role != NULL ? role->name : NULL, ==, rows[i].role);
      g_assert_cmpstr (extension, ==, rows[i].extension);
      g_assert_true (config_find_role (config, rows[i].address, NULL) == role);
    }
}

static void
test_normalise (void)
{
  static const char *const rows[][2] = {
    { "Ann@Example.COM", "ann@example.com" },
    { "ann@b\303\274cher.example", "ann@xn--bcher-kva.example" },
    { "\"a@b\"@Example.com", "\"a@b\"@example.com" },
    { "ann@[192.0.2.1]", "ann@[192.0.2.1]" },
    { "\316\243@example.com", "\317\203@example.com" },
    { "ann", NULL }, { "@example.com", NULL }, { "ann@", NULL }, { "", NULL }, { "a b@example.com", NULL },
    { "<ann@example.com>", NULL }, { "ann@example.com\n", NULL }, { "\xe9@example.com", NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *normal = address_normalise (rows[i][0]);
      g_assert_cmpstr (normal, ==, rows[i][1]);
    }
  g_autofree char *filler = g_strnfill (LIMIT_ADDRESS, 'a');
  g_autofree char *too_long = g_strconcat (filler, "@b", NULL);
  g_assert_null (address_normalise (too_long));
  g_autofree char *label = g_strnfill (60, 'x');
  g_autofree char *longer = g_strdup_printf ("%s@\xc3\xbf%s.\xc3\xbf%s.\xc3\xbf%s.\xc3\xbf%s.example", label, label, label, label, label);
  g_assert_null (address_normalise (longer)); /* in A-label form it is too long */
  g_assert_null (address_normalise ("a\xc2\x85" "b@example.com"));
  g_assert_null (address_normalise (NULL));
  g_assert_true (address_equal ("A@B.example", "a@b.EXAMPLE"));
  g_assert_false (address_equal ("a@b.example", NULL));
  g_assert_false (address_equal ("a", "a"));
}

static void
test_span (void)
{
  static const struct {
    const char *text;
    SpanKind kind;
    gint64 amount;
  } rows[] = {
    { "90s", SPAN_BUSINESS, 90 },
    { "15m", SPAN_BUSINESS, 900 },
    { "4h", SPAN_BUSINESS, 14400 },
    { "2d", SPAN_BUSINESS, 172800 },
    { "1w", SPAN_BUSINESS, 604800 },
    { "0s", SPAN_BUSINESS, 0 },
    { "24h elapsed", SPAN_ELAPSED, 86400 },
    { "168h  elapsed", SPAN_ELAPSED, 604800 },
    { "7bd", SPAN_BUSINESS_DAYS, 7 },
  };
  static const char *const bad[] = { "", "h", "10", "-1h", "+1h", " 1h", "1h ", "1 h", "1.5h", "0bd", "1hour", "24helapsed", "24h elapse", "7bd elapsed", "7b", "1000001s", "99999999999999999999s", "0x1s" };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Span span = { SPAN_NONE, -1 };
      g_test_message ("%s", rows[i].text);
      g_assert_true (span_parse (rows[i].text, &span));
      g_assert_true (span.kind == rows[i].kind && span.amount == rows[i].amount);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      Span span;
      g_test_message ("%s", bad[i]);
      g_assert_false (span_parse (bad[i], &span));
    }
}

static void
test_hours (void)
{
  static const char *const good[] = { "mon-fri 08:00-12:00", "sat 22:00-06:00", "sun 00:00-24:00", "fri-mon 09:30-09:31",
                                      "MON 08:00-09:00" };
  static const char *const bad[] = { "",           "mon",           "mon 8:00-12:00",     "mon 08:00-12:60", "mon 24:00-06:00",
                                     "mon 08:00-25:00", "day 08:00-12:00", "mon-fri08:00-12:00", "mon 08:00-08:00",
                                     "mon 08:00-09:00\n", " mon 08:00-09:00" };
  guint days;
  DaySpan span;
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (hours_parse (good[i], &days, &span));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (hours_parse (bad[i], &days, &span));
}

/* One line for a key: "SECTION KEY (kind) = default". */
static char *
describe_option (const char *section, const cfg_opt_t *option)
{
  const char *kind = option->flags & CFGF_LIST ? "list" : option->type == CFGT_INT ? "number" : option->type == CFGT_BOOL ? "boolean" : "text";
  g_autofree char *number = g_strdup_printf ("%ld", option->def.number);
  const char *value = option->flags & CFGF_LIST    ? option->def.parsed
                      : option->type == CFGT_INT   ? number
                      : option->type == CFGT_BOOL  ? (option->def.boolean ? "true" : "false")
                                                   : option->def.string;
  gboolean none = value == NULL || *value == '\0' || g_str_equal (value, "{}") || g_str_equal (option->name, "templates");
  return g_strdup_printf ("%s %s (%s)%s%s", section, option->name, kind, none ? "" : " = ", none ? "" : value);
}

static void
describe_table (const char *section, const cfg_opt_t *options, GHashTable *lines)
{
  for (; options->name != NULL; options++)
    if (options->type == CFGT_SEC)
      describe_table (options->name, options->subopts, lines);
    else if (options->type != CFGT_FUNC)
      g_hash_table_add (lines, describe_option (section, options));
}

static GHashTable *
describe_page (const char *page)
{
  GHashTable *lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *section = g_strdup ("");
  g_auto (GStrv) all = g_strsplit (page, "\n", -1);
  for (guint i = 0; all[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (all[i], " ", 6);
      guint count = g_strv_length (words);
      if (count > 1 && g_str_equal (words[0], ".Ss"))
        {
          g_free (section);
          section = g_strdup (g_str_equal (words[1], "Top") ? "root" : words[1]);
        }
      if (count < 5 || !g_str_equal (words[0], ".It") || !g_str_equal (words[3], "No"))
        continue;
      const char *kind = g_str_equal (words[4], "(path)") || g_str_equal (words[4], "(duration)") || g_str_equal (words[4], "(target)") ? "(text)" : words[4];
      char *line = g_strdup_printf ("%s %s %s%s%s", section, words[2], kind, words[5] != NULL ? " " : "",
                                    words[5] != NULL ? words[5] : "");
      fill_in (&line, "\\(dq", "");
      g_hash_table_add (lines, line);
    }
  return lines;
}

static void
assert_subset (GHashTable *some, GHashTable *all, const char *where)
{
  GHashTableIter iter;
  gpointer line;
  g_hash_table_iter_init (&iter, some);
  while (g_hash_table_iter_next (&iter, &line, NULL))
    if (!g_hash_table_contains (all, line))
      g_error ("\"%s\" is not in %s", (char *) line, where);
}

/* The manual page and the tables name the same keys, with the same types and defaults. */
static void
test_manual (void)
{
  g_autofree char *page = read_source ("man/frontdesk.conf.5");
  g_autoptr (GHashTable) table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  cfg_t *root = options_new ();
  describe_table ("root", root->opts, table);
  options_free (root);
  g_autoptr (GHashTable) manual = describe_page (page);
  assert_subset (table, manual, "the manual page");
  assert_subset (manual, table, "the tables");
  g_assert_cmpuint (g_hash_table_size (table), >, 80);
}

static void
test_standing (void)
{
  g_assert_cmpstr (standing_to_string (STANDING_BARRED), ==, "barred");
  g_assert_cmpstr (standing_to_string (STANDING_UNKNOWN), ==, "unknown");
  g_assert_cmpstr (standing_to_string (STANDING_KNOWN), ==, "known");
  g_assert_cmpstr (standing_to_string (STANDING_VERIFIED), ==, "verified");
}

static void
say_everything (gboolean verbose)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK); /* g_test_init() makes warnings fatal */
  log_open ("test-config", TRUE, verbose);
  g_debug ("our-debug");
  g_info ("our-info");
  g_message ("two\nlines");
  g_warning ("our-warning");
  g_log ("Other", G_LOG_LEVEL_DEBUG, "other-debug");
}

static void
test_log (void)
{
  if (g_test_subprocess ())
    {
      say_everything (FALSE);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*<6>our-info\n<5>two lines\n<4>our-warning\n*");
  g_test_trap_assert_stderr_unmatched ("*debug*");
}

static void
test_log_verbose (void)
{
  if (g_test_subprocess ())
    {
      say_everything (TRUE);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*<7>our-debug\n<6>our-info\n*");
  g_test_trap_assert_stderr_unmatched ("*other-debug*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/config/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("reference", test_reference);
  ADD ("example", test_example);
  ADD ("defaults", test_defaults);
  ADD ("calendar-and-policy-alone", test_calendar_and_policy_alone);
  ADD ("policy-version", test_policy_version);
  ADD ("names", test_names);
  ADD ("mistakes", test_mistakes);
  ADD ("pages", test_pages);
  ADD ("unreadable", test_unreadable);
  ADD ("relative-paths", test_relative_paths);
  ADD ("include-depth", test_include_depth);
  ADD ("many-mistakes", test_many_mistakes);
  ADD ("threads", test_threads);
  ADD ("comments", test_comments);
  ADD ("find-role", test_find_role);
  g_test_add_func ("/config/normalise", test_normalise);
  g_test_add_func ("/config/span", test_span);
  g_test_add_func ("/config/hours", test_hours);
  g_test_add_func ("/config/manual", test_manual);
  g_test_add_func ("/config/standing", test_standing);
  g_test_add_func ("/log/plain", test_log);
  g_test_add_func ("/log/verbose", test_log_verbose);
  return g_test_run ();
}
