/* Pages: what is made of a row and its ticket, as a program that is paged sees it, and as a letter. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "delivery/page.h"

#define S(text) ((char *) (text))

static const char configuration[] = "hostname = \"desk.example\"\n"
                                    "company = \"DIYTel\"\n"
                                    "web-url = \"https://desk.example\"\n"
                                    "team \"noc\" { notify = {\"noc@example.com\"} }\n"
                                    "agent \"alice\" { mail = \"alice@example.com\" mobile = \"+16045550101\" }\n"
                                    "agent \"carol\" { mail = \"carol@example.com\" }\n"
                                    "role \"emergency\" { address = {\"emergency@example.com\"} team = \"noc\" }\n"
                                    "channel \"program\" { type = \"command\" command = {\"/bin/sh\", \"-c\", \"cat >'%s/page'\"} }\n"
                                    "channel \"mail\" { type = \"mail\" }\n"
                                    "channel \"sms\" { type = \"mail\" to = \"{mobile}@sms.example\" short = true }\n";

typedef struct {
  char *folder;
  Config *config;
  Templates *templates;
  Seal *seal;
  Ticket ticket;
  OutboxRow row;
  PageSource source;
} Desk;

static void
set_up (Desk *desk, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  g_autofree char *shipped = g_build_filename (source != NULL ? source : ".", "templates", NULL);
  desk->folder = g_dir_make_tmp ("frontdesk-pages-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (desk->folder, "frontdesk.conf", NULL);
  g_auto (GStrv) parts = g_strsplit (configuration, "%s", 2);
  g_autofree char *text = g_strjoin (desk->folder, parts[0], parts[1], NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  desk->config = config_load (path, &error);
  g_assert_no_error (error);
  desk->templates = templates_load (shipped, "en", &error);
  g_assert_no_error (error);
  desk->seal = seal_new ();
  desk->ticket = (Ticket){ .number = 1042, .role = S ("emergency"), .subject = S ("line cut"), .priority = 1,
                           .requester = S ("ann@customer.example"), .standing = S ("known"), .opened_at = 1795672238000000 };
  desk->row = (OutboxRow){ .id = 7, .ticket = 1042, .incident = 3, .kind = S ("page"), .channel = S ("program"),
                           .recipient = S ("alice"), .template = S ("page"), .message_id = S ("page.x@desk.example"),
                           .attempts = 1, .created_at = 1795672238000000 };
  desk->source = (PageSource){ .letter = { .config = desk->config, .templates = desk->templates, .seal = desk->seal, .row = &desk->row,
                                              .ticket = &desk->ticket } };
}

static void
tear_down (Desk *desk, gconstpointer data)
{
  (void) data;
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", desk->folder);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (desk->folder);
  seal_free (desk->seal);
  templates_unref (desk->templates);
  config_unref (desk->config);
}

/* Pages the program; what it was given. */
static json_t *
page (const Desk *desk)
{
  g_autoptr (GError) error = NULL;
  g_auto (PageReceipt) receipt = { 0 };
  g_autofree char *text = NULL, *path = g_build_filename (desk->folder, "page", NULL);
  page_send (&desk->source, &receipt, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (receipt.answer, ==, "exit 0");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  json_t *object = json_loads (text, 0, NULL);
  g_assert_nonnull (object);
  return object;
}

static void
assert_text (const json_t *object, const char *name, const char *want)
{
  g_assert_cmpstr (json_string_value (json_object_get (object, name)), ==, want);
}

static void
test_events (Desk *desk, gconstpointer data)
{
  (void) data;
  static const struct {
    const char *template, *by, *event, *text;
  } rows[] = {
    { "page", NULL, "trigger", "DIYTel #1042 emergency: line cut (ann@customer.example)" },
    { "page-acknowledged", "bob", "acknowledge", "DIYTel #1042 emergency, acknowledged by bob: line cut (ann@customer.example)" },
    { "page-acknowledged", NULL, "acknowledge", "DIYTel #1042 emergency, acknowledged: line cut (ann@customer.example)" },
    { "page-resolved", "bob", "resolve", "DIYTel #1042 emergency, resolved: line cut (ann@customer.example)" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      desk->row.template = S (rows[i].template);
      desk->source.by = rows[i].by;
      json_t *object = page (desk);
      assert_text (object, "event", rows[i].event);
      assert_text (object, "text", rows[i].text);
      assert_text (object, "by", rows[i].by);
      json_decref (object);
    }
}

static void
test_marks (Desk *desk, gconstpointer data)
{
  (void) data;
  json_t *plain = page (desk);
  g_assert_true (json_is_false (json_object_get (plain, "test")) && json_is_false (json_object_get (plain, "possible_repeat")));
  desk->row.attempts = 2;
  desk->source.test = TRUE;
  desk->source.count = 3;
  desk->source.list = "#1042 line cut\n#1043 no power\n#1044 fire";
  json_t *marked = page (desk);
  g_assert_true (json_is_true (json_object_get (marked, "test")) && json_is_true (json_object_get (marked, "possible_repeat")));
  g_assert_cmpint (json_integer_value (json_object_get (marked, "count")), ==, 3);
  assert_text (marked, "list", desk->source.list);
  assert_text (marked, "text",
               "TEST (possibly again) DIYTel: 3 emergencies, the first is #1042 emergency: line cut (ann@customer.example)");
  json_decref (plain);
  json_decref (marked);
}

/* One page's link is good for no other page; its incident's key is the same for all of them, and another desk's differs. */
static void
test_names (Desk *desk, gconstpointer data)
{
  (void) data;
  json_t *one = page (desk);
  desk->row.id = 8;
  json_t *other = page (desk);
  const char *link = json_string_value (json_object_get (one, "acknowledge_url"));
  g_assert_true (g_str_has_prefix (link, "https://desk.example/ack/"));
  g_autofree char *value = seal_open_token (desk->seal, "page", link + strlen ("https://desk.example/ack/"));
  g_assert_cmpstr (value, ==, "7");
  g_assert_cmpstr (link, !=, json_string_value (json_object_get (other, "acknowledge_url")));
  g_autofree char *key = g_strdup (json_string_value (json_object_get (one, "incident_key")));
  assert_text (other, "incident_key", key);
  g_autoptr (Seal) stranger = seal_new ();
  desk->source.letter.seal = stranger;
  json_t *elsewhere = page (desk);
  g_assert_cmpstr (json_string_value (json_object_get (elsewhere, "incident_key")), !=, key);
  json_decref (one);
  json_decref (other);
  json_decref (elsewhere);
}

static char *
write_letter (const Desk *desk, const char *channel, const PageNotice *notice)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = NULL;
  page_write_letter (&desk->source, config_find_channel (desk->config, channel), notice, "to@example.com", &message, &error);
  g_assert_no_error (error);
  gsize length;
  const char *octets = g_bytes_get_data (message, &length);
  return g_strndup (octets, length);
}

static void
assert_says (const char *text, const char *what)
{
  if (strstr (text, what) == NULL)
    g_error ("\"%s\" is not in:\n%s", what, text);
}

static void
test_letters (Desk *desk, gconstpointer data)
{
  (void) data;
  PageNotice notice = { .event = "trigger", .acknowledge_url = "https://desk.example/ack/7.x" };
  g_autofree char *letter = write_letter (desk, "mail", &notice);
  assert_says (letter, "\r\nTo: to@example.com\r\n");
  assert_says (letter, "\r\nSubject: EMERGENCY [Frontdesk #1042] line cut\r\n");
  assert_says (letter, "\r\nTake it: https://desk.example/ack/7.x\r\n");
  assert_says (letter, "\r\nReply-To: emergency+p.7.");
  g_assert_null (strstr (letter, "TEST"));
  notice.test = notice.possible_repeat = TRUE;
  notice.acknowledge_url = NULL;
  g_autofree char *test = write_letter (desk, "mail", &notice);
  assert_says (test, "\r\nSubject: TEST EMERGENCY ");
  assert_says (test, "\r\nYou may have had this page before.\r\n");
  g_assert_null (strstr (test, "Take it"));
  g_autofree char *brief = write_letter (desk, "sms", &notice);
  assert_says (brief, "\r\n\r\nTEST EMERGENCY [Frontdesk #1042] line cut (ann@customer.example)\r\n");
  notice = (PageNotice){ .event = "acknowledge", .by = "bob" };
  desk->row.template = S ("page-acknowledged");
  g_autofree char *taken = write_letter (desk, "mail", &notice), *taken_brief = write_letter (desk, "sms", &notice);
  assert_says (taken, "\r\nbob has taken this emergency.\r\n");
  assert_says (taken_brief, "\r\n\r\nTAKEN [Frontdesk #1042] bob: line cut (ann@customer.example)\r\n");
}

/* However long the subject, the short line is one SMS, in which "[" and "]" take two places. */
static void
test_brief_length (Desk *desk, gconstpointer data)
{
  (void) data;
  const PageNotice notice = { .event = "trigger" };
  g_autofree char *subject = g_strnfill (250, 'x');
  desk->ticket.subject = subject;
  g_autofree char *letter = write_letter (desk, "sms", &notice);
  const char *body = strstr (letter, "\r\n\r\n") + 4;
  g_autoptr (GString) line = g_string_new (body);
  g_string_replace (line, "=\r\n", "", 0);
  g_assert_cmpuint (line->len, ==, 158 + strlen ("\r\n"));
}

static void
test_no_number (Desk *desk, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  g_auto (PageReceipt) receipt = { 0 };
  desk->row.channel = S ("sms");
  desk->row.recipient = S ("carol");
  g_assert_false (page_send (&desk->source, &receipt, &error));
  g_assert_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT);
  g_assert_cmpstr (error->message, ==, "channel sms: agent \"carol\" has no mobile in the form +16045550101");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/pages/events", Desk, NULL, set_up, test_events, tear_down);
  g_test_add ("/pages/marks", Desk, NULL, set_up, test_marks, tear_down);
  g_test_add ("/pages/names", Desk, NULL, set_up, test_names, tear_down);
  g_test_add ("/pages/letters", Desk, NULL, set_up, test_letters, tear_down);
  g_test_add ("/pages/brief-length", Desk, NULL, set_up, test_brief_length, tear_down);
  g_test_add ("/pages/no-number", Desk, NULL, set_up, test_no_number, tear_down);
  return g_test_run ();
}
