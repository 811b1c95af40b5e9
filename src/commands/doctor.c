/* doctor: one line for each thing that has to be right: ok, or what to do. */
#include "commands/doctor.h"
#include "commands/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "delivery/channel.h"
#include "desk/desk.h"

void
report (Report *list, const char *check, const char *result, const char *text)
{
  if (g_str_equal (result, "fail"))
    list->failed = TRUE;
  json_array_append_new (list->checks, json_pack ("{s:s, s:s, s:s}", "check", check, "result", result, "text", text));
}

static void
report_error (Report *list, const char *check, gboolean good, const char *good_text, const GError *error)
{
  report (list, check, good ? "ok" : "fail", good ? good_text : error->message);
}

/* ERROR says what is wrong; ADVICE, what that means and where to look. */
static void
report_trouble (Report *list, const char *check, const GError *error, const char *advice)
{
  g_autofree char *text = g_strdup_printf ("%s; %s", error->message, advice);
  report (list, check, "fail", text);
}

static void
check_configuration (Report *list, const Config *config)
{
  report (list, "configuration", "ok", config->path);
  for (guint i = 0; config->remarks[i] != NULL; i++)
    report (list, "configuration", "warn", config->remarks[i]);
}

/* A language of the configuration in which there is no template NAME is nobody's choice. OF: whose it is. */
static void
check_language (Report *list, const Templates *templates, const char *of, const char *title, const char *language, const char *name)
{
  g_autofree char *found = templates_find_language (templates, name, language);
  g_autofree char *tag = g_strdelimit (g_strdup (language), "_", '-');
  gsize length = strlen (found);
  if (g_ascii_strncasecmp (tag, found, length) == 0 && !g_ascii_isalnum (tag[length]))
    return;
  g_autofree char *text = g_strdup_printf ("%s \"%s\": there is no %s in its language \"%s\": it is written in \"%s\"", of, title,
                                           name, language, found);
  report (list, "templates", "warn", text);
}

static void
check_templates (Report *list, const Config *config)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Templates) templates = templates_load (config->templates, config->language, &error);
  report_error (list, "templates", templates != NULL, config->templates, error);
  for (guint i = 0; templates != NULL && i < config->roles->len; i++)
    {
      const Role *role = g_ptr_array_index (config->roles, i);
      check_language (list, templates, "role", role->name, role->language, "acknowledgement");
      check_language (list, templates, "role", role->name, role->language, "team-new");
    }
  for (guint i = 0; templates != NULL && i < config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (config->agents, i);
      check_language (list, templates, "agent", agent->name, agent->language, "page");
    }
}

static void
check_store (Report *list, const Config *config, Store *store)
{
  g_autoptr (GError) error = NULL;
  if (!g_file_test (config->database, G_FILE_TEST_EXISTS))
    {
      report (list, "store", "warn", "there is no database yet; frontdeskd makes it at its first start");
      return;
    }
  gboolean good = store_check (store, &error);
  report_error (list, "store", good, config->database, error);
  gint64 dropped = good ? store_count_dropped (store, NULL) : 0;
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT " feedback, DMARC and TLS reports were dropped so far", dropped);
  if (dropped > 0)
    report (list, "reports", "ok", text);
}

static void
check_directory (Report *list, const Config *config, Store *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Directory) directory = directory_new (config, store, &error);
  gboolean good = directory != NULL && directory_check (directory, &error);
  gboolean ldap = config->directory.type == DIRECTORY_LDAP;
  if (!good && ldap)
    report_trouble (list, "directory", error,
                    "nobody is known until it answers: see that the server runs, and check directory { }");
  else
    report_error (list, "directory", good, ldap ? "ldap answers" : "embedded table", error);
  if (good && !ldap && store_count_customers (store, NULL) == 0)
    report (list, "directory", "warn", "the embedded table is empty: fill it with \"frontdesk customers import FILE\"");
}

/* By the configuration alone where the store cannot be asked. */
static void
check_oncall (Report *list, const Config *config, Store *store)
{
  gint64 now = g_get_real_time ();
  g_autoptr (GPtrArray) overrides = store != NULL ? store_list_overrides (store, now, NULL) : NULL;
  doctor_check_calendars (list, config, now);
  doctor_check_oncall (list, config, overrides, now);
  if (store != NULL)
    doctor_check_tests (list, config, store, overrides, now);
}

static void
check_channels (Report *list, const Config *config)
{
  gboolean good = TRUE;
  for (guint i = 0; i < config->channels->len; i++)
    {
      g_autoptr (GError) error = NULL;
      if (channel_check (g_ptr_array_index (config->channels, i), &error))
        continue;
      report (list, "channels", "fail", error->message);
      good = FALSE;
    }
  if (good)
    report (list, "channels", "ok", "each has its secrets, its template and its spool");
}

static void
check_relay (Report *list, const Config *config)
{
  g_autoptr (GError) error = NULL;
  if (channel_check_relay (&config->relay, &error))
    report (list, "relay", "ok", config->relay.url);
  else
    report_trouble (list, "relay", error, "letters wait until it takes them: see that it listens there, and check relay { }");
}

static void
check_secret (Report *list, const Config *config)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = desk_secret_path (config);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      report (list, "secret", "warn", "there is no key yet; frontdeskd makes it at its first start");
      return;
    }
  g_autoptr (Seal) seal = seal_open (path, FALSE, &error);
  report_error (list, "secret", seal != NULL, path, error);
}

/* Signed reply addresses are ROLE+t.NUMBER.MAC@: Postfix must deliver what stands behind the "+" to the role. */
static void
check_delimiter (Report *list)
{
  char *argv[] = { (char *) "postconf", (char *) "-h", (char *) "recipient_delimiter", NULL };
  g_autofree char *output = NULL;
  int status = 0;
  if (!g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                     &status, NULL) ||
      status != 0)
    return;
  if (strchr (output, '+') != NULL)
    report (list, "postfix", "ok", "recipient_delimiter has \"+\"");
  else
    report (list, "postfix", "warn",
            "recipient_delimiter lacks \"+\": answers to signed addresses would not arrive; postconf -e recipient_delimiter=+");
}

/* A socket that a killed daemon has left behind is there, too, but nobody listens on it. */
static gboolean
is_served (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    return FALSE;
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean served = fd >= 0 && (connect (fd, (const struct sockaddr *) &address, sizeof address) == 0 || errno == EACCES);
  if (fd >= 0)
    close (fd);
  return served;
}

static void
check_listener (Report *list, const Config *config)
{
  if (!g_str_has_prefix (config->listen, "unix:"))
    return;
  if (is_served (config->listen + strlen ("unix:")))
    report (list, "daemon", "ok", config->listen);
  else
    report (list, "daemon", "warn", "frontdeskd is not running: nobody listens on its socket; start it");
}

static void
check_web (Report *list, const Config *config)
{
  if (config->web == NULL && config->web_url != NULL)
    report (list, "web", "warn", "web-url is set, but web is not: the links in pages lead nowhere");
  else if (config->web != NULL && config->web_url == NULL)
    report (list, "web", "warn", "web is set, but web-url is not: pages have no link to acknowledge by");
  else if (config->web != NULL)
    report (list, "web", "ok", config->web);
}

static void
print_report (const Report *list)
{
  size_t index;
  const json_t *line;
  json_array_foreach (list->checks, index, line)
    printf ("%-14s %-5s %s\n", json_string_value (json_object_get (line, "check")),
            json_string_value (json_object_get (line, "result")), json_string_value (json_object_get (line, "text")));
}

int
command_doctor (CommandContext *context, int argc, char **argv)
{
  (void) argv;
  g_autoptr (GError) error = NULL;
  if (argc != 1)
    {
      fputs ("usage: frontdesk doctor\n", stderr);
      return COMMAND_USAGE;
    }
  Report list = { .checks = json_array () };
  check_configuration (&list, context->config);
  check_templates (&list, context->config);
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  if (store == NULL)
    report (&list, "store", "fail", error->message);
  else
    {
      check_store (&list, context->config, store);
      check_directory (&list, context->config, store);
    }
  check_oncall (&list, context->config, store);
  check_channels (&list, context->config);
  check_secret (&list, context->config);
  check_relay (&list, context->config);
  check_delimiter (&list);
  check_listener (&list, context->config);
  check_web (&list, context->config);
  if (context->json)
    output_json (json_pack ("{s:O}", "checks", list.checks));
  else
    print_report (&list);
  json_decref (list.checks);
  return list.failed ? COMMAND_UNAVAILABLE : COMMAND_OK;
}
