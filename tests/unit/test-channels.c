/* Channels, as far as they need no gateway: what is written for each, and what is read out of what gateways leave. */
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <jansson.h>

#include "config/mobile.h"
#include "config/secret.h"
#include "mail/hash.h"
#include "delivery/asterisk.h"
#include "delivery/notice.h"
#include "delivery/ntfy.h"
#include "delivery/pagerduty.h"
#include "delivery/phone_text.h"
#include "delivery/smstools.h"
#include "delivery/twilio.h"

#define S(text) ((char *) (text))

static const PageNotice sample = { .page = 7,
                                   .incident = 3,
                                   .ticket = 1042,
                                   .created_at = 1795672238 * (gint64) G_USEC_PER_SEC,
                                   .event = "trigger",
                                   .key = "key",
                                   .incident_key = "incident.x@desk",
                                   .agent = "alice",
                                   .agent_mobile = "+16045550101",
                                   .role = "emergency",
                                   .priority = "p1",
                                   .subject = "line cut",
                                   .company = "DIYTel",
                                   .text = "DIYTel #1042: line cut" };

/* ---- numbers ---- */

static void
test_mobile (void)
{
  static const struct {
    const char *mobile, *want; /* of "{mobile} {digits}" */
  } rows[] = {
    { "+16045550101", "+16045550101 16045550101" },
    { "+123456", "+123456 123456" },
    { "+123456789012345", "+123456789012345 123456789012345" },
    { "+12345", NULL },
    { "+1234567890123456", NULL },
    { "16045550101", NULL },
    { "+1 604 555 0101", NULL },
    { "+1604555010\n", NULL },
    { "+1604555010;x", NULL },
    { "", NULL },
    { NULL, NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *filled = mobile_fill ("{mobile} {digits}", rows[i].mobile);
      g_autofree char *without = mobile_fill ("noc@example.com", rows[i].mobile);
      g_assert_cmpstr (filled, ==, rows[i].want);
      g_assert_cmpstr (without, ==, "noc@example.com");
    }
}

/* ---- texts ---- */

static void
test_cut (void)
{
  static const struct {
    const char *text;
    gsize max;
    const char *want;
  } rows[] = {
    { "abc", 3, "abc" }, { "abc", 2, "ab" },   { "aé", 3, "aé" },    { "aé", 2, "a" },     { "é", 1, "" },
    { "a\360\237\223\256b", 5, "a\360\237\223\256" }, { "a\360\237\223\256b", 4, "a" }, { "abc", 0, "" }, { "", 0, "" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *cut = phone_text_cut (rows[i].text, rows[i].max);
      g_assert_cmpstr (cut, ==, rows[i].want);
    }
}

static void
test_shorten (void)
{
  static const struct {
    const char *text, *want;
  } rows[] = {
    { "Khẩn cấp: đường dây\nbị đứt", "Khan cap: duong day bi dut" },
    { "“déjà” – à l’été…", "\"déjà\" - à l'été..." },
    { "e\314\201te\314\201", "été" }, /* composed only here */
    { "日本", "日本" },
    { "€ `x`", "€ 'x'" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = phone_text_shorten (rows[i].text);
      g_assert_cmpstr (text, ==, rows[i].want);
    }
}

/* 160 places: some characters take two of them. */
static void
test_shorten_length (void)
{
  g_autofree char *plain = g_strnfill (200, 'x'), *wide = g_strnfill (200, '[');
  g_autofree char *one = phone_text_shorten (plain), *other = phone_text_shorten (wide);
  g_assert_cmpuint (strlen (one), ==, 160);
  g_assert_cmpuint (strlen (other), ==, 80);
}

/* However long the text is, the link is whole. */
static void
test_write (void)
{
  PageNotice notice = sample;
  g_autofree char *plain = phone_text_write (&notice, 100);
  g_assert_cmpstr (plain, ==, "DIYTel #1042: line cut");
  notice.list = "#1042 line cut\n#1043 no power";
  notice.acknowledge_url = "https://desk.example/ack/7.x";
  g_autofree char *grouped = phone_text_write (&notice, 200);
  g_assert_cmpstr (grouped, ==,
                   "DIYTel #1042: line cut\n#1042 line cut\n#1043 no power\nhttps://desk.example/ack/7.x");
  g_autofree char *cut = phone_text_write (&notice, 38);
  g_assert_cmpstr (cut, ==, "DIYTel #1\nhttps://desk.example/ack/7.x");
}

/* ---- webhooks ---- */

/* By `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret`. */
static void
test_sign (void)
{
  g_autofree char *signature = hash_sign_dated ("secret", "1700000000", "{\"a\":1}", 7);
  g_assert_cmpstr (signature, ==, "sha256=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
}

static char *
fill_template (const char *template, const char *type, const char *subject, GError **error)
{
  PageNotice notice = sample;
  char *text = NULL;
  g_autofree char *folder = g_dir_make_tmp ("frontdesk-channels-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "body", NULL);
  notice.subject = subject;
  g_file_set_contents (path, template, -1, NULL);
  notice_fill (&notice, path, type, &text, error);
  g_unlink (path);
  g_rmdir (folder);
  return text;
}

static void
test_template (void)
{
  static const struct {
    const char *template, *type, *subject, *want;
  } rows[] = {
    { "{\"a\":\"{{subject}}\"}", "application/json", "\"\\\n{{key}}", "{\"a\":\"\\\"\\\\\\n{{key}}\"}" },
    { "<a>{{subject}}</a>", "text/xml", "<b>&", "<a>&lt;b&gt;&amp;</a>" },
    { "a={{subject}}", "application/x-www-form-urlencoded", "b&c=d é", "a=b%26c%3Dd%20%C3%A9" },
    { "{{subject}}", "text/plain", "<\"&", "<\"&" },
    { "{{if test}}test{{else}}{{ticket}} {{count}}{{end}}", "text/plain", "x", "1042 0" },
    { "{{by}}{{list}}.", "text/plain", "x", "." },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = fill_template (rows[i].template, rows[i].type, rows[i].subject, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, rows[i].want);
    }
}

/* Also in a branch that is not taken. */
static void
test_template_mistake (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = fill_template ("one\n{{if test}}{{sbject}}{{end}}", "text/plain", "x", &error);
  g_assert_null (text);
  g_assert_error (error, LETTER_ERROR, LETTER_ERROR_SYNTAX);
  g_assert_nonnull (strstr (error->message, "body:2: {{sbject}}"));
}

/* ---- PagerDuty ---- */

static void
test_pagerduty_event (void)
{
  PageNotice notice = sample;
  notice.event = "resolve";
  g_autofree char *resolve = pagerduty_write_event (&notice, "KEY");
  g_assert_cmpstr (resolve, ==, "{\"routing_key\":\"KEY\",\"event_action\":\"resolve\",\"dedup_key\":\"incident.x@desk\"}");
  notice.event = "acknowledge";
  g_autofree char *acknowledge = pagerduty_write_event (&notice, "KEY");
  g_assert_cmpstr (acknowledge, ==,
                   "{\"routing_key\":\"KEY\",\"event_action\":\"acknowledge\",\"dedup_key\":\"incident.x@desk\"}");
  g_assert_null (pagerduty_write_event (&notice, "\377"));
}

/* What PagerDuty would refuse is cut, between two characters. */
static void
test_pagerduty_bounds (void)
{
  static const char *const severities[] = { "critical", "error", "warning", "info" };
  PageNotice notice = sample;
  g_autoptr (GString) text = g_string_new ("x");
  for (int i = 0; i < 1000; i++)
    g_string_append (text, "é");
  notice.text = text->str;
  for (guint i = 0; i < G_N_ELEMENTS (severities); i++)
    {
      g_autofree char *priority = g_strdup_printf ("p%u", i + 1);
      notice.priority = priority;
      g_autofree char *event = pagerduty_write_event (&notice, "KEY");
      json_t *object = json_loads (event, 0, NULL);
      const json_t *payload = json_object_get (object, "payload");
      g_assert_cmpuint (json_string_length (json_object_get (payload, "summary")), ==, 1023);
      g_assert_cmpstr (json_string_value (json_object_get (payload, "severity")), ==, severities[i]);
      json_decref (object);
    }
}

/* ---- Twilio ---- */

static void
test_twilio_form (void)
{
  Channel channel = { .name = S ("a b"), .type = CHANNEL_TWILIO, .from = S ("+15005550006") };
  PageNotice notice = sample;
  notice.text = "<a> & b";
  g_autofree char *sms = twilio_write_form (&channel, &notice);
  g_assert_cmpstr (sms, ==, "To=%2B16045550101&From=%2B15005550006&Body=%3Ca%3E%20%26%20b");
  channel.from = S ("MG00000000000000000000000000000000");
  channel.web_url = S ("https://desk.example");
  g_autofree char *service = twilio_write_form (&channel, &notice);
  g_assert_cmpstr (service, ==,
                   "To=%2B16045550101&MessagingServiceSid=MG00000000000000000000000000000000&Body=%3Ca%3E%20%26%20b&"
                   "StatusCallback=https%3A%2F%2Fdesk.example%2Fhooks%2Ftwilio%2Fa%2520b%2Fstatus");
}

static void
test_twilio_call (void)
{
  Channel channel = { .name = S ("call"), .type = CHANNEL_TWILIO, .call = TRUE };
  PageNotice notice = sample;
  notice.text = "<Hangup/>";
  g_autofree char *told = twilio_write_call (&channel, &notice);
  g_assert_cmpstr (told, ==, "<Response><Say loop=\"3\">&lt;Hangup/&gt;</Say></Response>");
  channel.web_url = S ("https://desk.example");
  notice.token = "7.abc";
  notice.event = "resolve"; /* there is nothing to acknowledge any more */
  g_autofree char *over = twilio_write_call (&channel, &notice);
  g_assert_cmpstr (over, ==, told);
}

static void
test_twilio_sid (void)
{
  static const struct {
    const char *answer, *want;
  } rows[] = {
    { "{\"sid\":\"SM0123456789abcdef0123456789abcdef\"}", "SM0123456789abcdef0123456789abcdef" },
    { "{\"sid\":\"SM0123456789abcdef0123456789abcde\"}", NULL },
    { "{\"sid\":\"../0123456789abcdef0123456789abcdef\"}", NULL },
    { "{\"sid\":12}", NULL },
    { "{}", NULL },
    { "[]", NULL },
    { "<html>", NULL },
    { "", NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *sid = twilio_read_sid (rows[i].answer);
      g_assert_cmpstr (sid, ==, rows[i].want);
    }
}

static void
test_twilio_fate (void)
{
  static const struct {
    const char *answer;
    PageFate fate;
    const char *detail;
  } rows[] = {
    { "{\"status\":\"queued\",\"error_code\":null}", PAGE_FATE_UNKNOWN, NULL },
    { "{\"status\":\"sent\"}", PAGE_FATE_UNKNOWN, NULL },
    { "{\"status\":\"delivered\"}", PAGE_FATE_REACHED, "delivered" },
    { "{\"status\":\"undelivered\",\"error_code\":30005}", PAGE_FATE_FAILED, "undelivered, error 30005" },
    { "{\"status\":\"failed\",\"error_code\":30001}", PAGE_FATE_FAILED_FOR_NOW, "failed, error 30001" },
    { "{\"status\":\"completed\"}", PAGE_FATE_REACHED, "completed" },
    { "{\"status\":\"busy\"}", PAGE_FATE_FAILED_FOR_NOW, "busy" },
    { "{\"status\":\"no-answer\"}", PAGE_FATE_FAILED_FOR_NOW, "no-answer" },
    { "{\"status\":\"canceled\"}", PAGE_FATE_FAILED, "canceled" },
    { "{\"status\":\"ringing\"}", PAGE_FATE_UNKNOWN, NULL },
    { "{\"status\":7}", PAGE_FATE_UNKNOWN, NULL },
    { "nonsense", PAGE_FATE_UNKNOWN, NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *detail = NULL;
      g_assert_cmpint (twilio_read_fate (rows[i].answer, &detail), ==, rows[i].fate);
      g_assert_cmpstr (detail, ==, rows[i].detail);
    }
}

/* ---- ntfy ---- */

static void
test_ntfy (void)
{
  g_autofree char *plain = ntfy_encode ("line cut"), *lines = ntfy_encode ("a\r\nAuthorization: x");
  g_assert_cmpstr (plain, ==, "line cut");
  g_assert_cmpstr (lines, ==, "a  Authorization: x");
  g_autoptr (GString) text = g_string_new (NULL);
  for (int i = 0; i < 100; i++)
    g_string_append (text, "đứt ");
  g_autofree char *encoded = ntfy_encode (text->str);
  g_assert_true (g_str_is_ascii (encoded));
  g_assert_nonnull (strstr (encoded, "=?UTF-8?"));
  g_assert_null (strpbrk (encoded, "\r\n"));
}

/* ---- Asterisk ---- */

/* The lines of a call file as Asterisk takes them: what its comments and escapes leave. (element-type utf8) */
static GPtrArray *
read_call_file (const char *text)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) all = g_strsplit (text, "\n", -1);
  for (guint i = 0; all[i] != NULL; i++)
    {
      g_assert_cmpuint (strlen (all[i]), <, 255);
      g_assert_true (g_utf8_validate (all[i], -1, NULL));
      g_autoptr (GString) line = g_string_new (NULL);
      for (const char *at = all[i]; *at != '\0'; at++)
        {
          if (*at == '#' && (at == all[i] || at[-1] == ' ' || at[-1] == '\t'))
            break;
          if (at[0] == '\\' && at[1] == ';')
            at++;
          else if (*at == ';')
            break;
          g_string_append_c (line, *at);
        }
      if (line->len > 0)
        g_ptr_array_add (lines, g_strdup (line->str));
    }
  return lines;
}

static void
assert_text (const char *text, const char *want)
{
  Channel channel = { .name = S ("call"), .type = CHANNEL_ASTERISK, .application = S ("Playback"), .data = S ("tt-monkeys") };
  PageNotice notice = sample;
  notice.text = text;
  g_autofree char *file = asterisk_write (&channel, &notice, "PJSIP/+16045550101");
  g_autoptr (GPtrArray) lines = read_call_file (file);
  const char *const others[] = { "Channel: PJSIP/+16045550101", "MaxRetries: 0", "WaitTime: 45", "Application: Playback", "Data: tt-monkeys" };
  g_assert_cmpuint (lines->len, ==, 12);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpstr (g_ptr_array_index (lines, i), ==, others[i]);
  g_autofree char *line = g_strconcat ("Setvar: FRONTDESK_TEXT=", want, NULL);
  g_assert_cmpstr (g_ptr_array_index (lines, 5), ==, line);
}

static void
test_asterisk_injection (void)
{
  assert_text ("a\nChannel: PJSIP/+1900", "a Channel: PJSIP/+1900");
  assert_text ("a\r\nApplication: System\rData: rm", "a  Application: System Data: rm");
  assert_text ("a\302\205b\342\200\250c", "a bc"); /* NEL and LINE SEPARATOR */
  assert_text ("a;b\\;c;", "a;b\\;c;");
  assert_text ("#1 a #2 b#3 \t#4", "#1 a 2 b#3  4"); /* the first stands behind "=" */
  assert_text ("${SHELL(x)}", "${SHELL(x)}");
  assert_text ("ngừ", "ngừ."); /* Asterisk trims such octets at the end */
}

static void
test_asterisk_length (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (int i = 0; i < 300; i++)
    g_string_append (text, i % 2 ? ";" : "ứ");
  Channel channel = { .name = S ("call"), .type = CHANNEL_ASTERISK, .context = S ("page"), .extension = S ("s") };
  PageNotice notice = sample;
  notice.text = text->str;
  g_autofree char *file = asterisk_write (&channel, &notice, "PJSIP/+16045550101");
  g_autoptr (GPtrArray) lines = read_call_file (file);
  g_assert_cmpuint (lines->len, ==, 13);
  g_assert_cmpuint (strlen (g_ptr_array_index (lines, 6)), >, 150);
  g_assert_cmpstr (g_ptr_array_index (lines, 12), ==, "Archive: yes");
}

static void
test_asterisk_fate (void)
{
  static const struct {
    const char *text;
    PageFate fate;
  } rows[] = {
    { "Channel: x\nArchive: yes\n", PAGE_FATE_UNKNOWN },
    { "Channel: x\n\nStartRetry: 1 1 (1)\nStatus: Completed\n", PAGE_FATE_REACHED },
    { "Status: Expired\n", PAGE_FATE_FAILED_FOR_NOW },
    { "Status: Failed", PAGE_FATE_FAILED },
    { "Status: Failed\nStatus: Completed\n", PAGE_FATE_REACHED },
    { "Setvar: FRONTDESK_TEXT=Status: Completed\n", PAGE_FATE_UNKNOWN },
    { "", PAGE_FATE_UNKNOWN },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *detail = NULL;
      g_assert_cmpint (asterisk_read_fate (rows[i].text, &detail), ==, rows[i].fate);
      g_assert_true ((detail != NULL) == (rows[i].fate != PAGE_FATE_UNKNOWN));
    }
}

/* ---- SMS Server Tools ---- */

static void
test_smstools (void)
{
  PageNotice notice = sample;
  gsize length;
  notice.text = "déjà €";
  g_autofree char *latin = smstools_write (&notice, "+16045550101", &length);
  g_assert_cmpmem (latin, length, "To: 16045550101\nAlphabet: ISO\nX-Frontdesk-Page: 7\n\nd\351j\340 \244\n", 58);
  notice.text = "đ";
  g_autofree char *wide = smstools_write (&notice, "+16045550101", &length);
  g_assert_cmpmem (wide, length, "To: 16045550101\nAlphabet: UCS\nX-Frontdesk-Page: 7\n\n\001\021", 53);
}

/* ---- spools and gateways, on disk and on a socket ---- */

typedef struct {
  char *folder, *spool;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  (void) data;
  place->folder = g_dir_make_tmp ("frontdesk-channels-XXXXXX", NULL);
  place->spool = g_build_filename (place->folder, "outgoing", NULL);
  g_mkdir (place->spool, 0700);
}

static void
tear_down (Place *place, gconstpointer data)
{
  (void) data;
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", place->folder);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (place->folder);
  g_free (place->spool);
}

/* What the gateway does: moves NAME to FOLDER and adds LINES. */
static void
finish_file (const Place *place, const char *name, const char *folder, const char *lines)
{
  g_autofree char *from = g_build_filename (place->spool, name, NULL);
  g_autofree char *into = g_build_filename (place->folder, folder, NULL);
  g_autofree char *to = g_build_filename (into, name, NULL);
  g_autofree char *text = NULL;
  g_mkdir (into, 0700);
  g_assert_true (g_file_get_contents (from, &text, NULL, NULL));
  g_autofree char *whole = g_strconcat (text, lines, NULL);
  g_assert_true (g_file_set_contents (to, whole, -1, NULL));
  g_unlink (from);
}

/* Sends the page; what it is called. */
static char *
spool_page (const Channel *channel)
{
  g_autoptr (GError) error = NULL;
  g_auto (PageReceipt) receipt = { 0 };
  channel_send_page (channel, &sample, &receipt, &error);
  g_assert_no_error (error);
  return g_strdup (receipt.provider_id);
}

static void
assert_fate (const Channel *channel, const char *id, PageFate fate, const char *want)
{
  g_autofree char *detail = NULL;
  g_assert_cmpint (channel_find_fate (channel, id, &detail), ==, fate);
  g_assert_cmpstr (detail, ==, want);
}

static void
test_asterisk_spool (Place *place, gconstpointer data)
{
  (void) data;
  const Channel channel = { .name = S ("call"), .type = CHANNEL_ASTERISK, .spool = place->spool, .pattern = S ("PJSIP/{mobile}"),
                            .application = S ("Playback") };
  g_autofree char *id = spool_page (&channel);
  g_assert_cmpstr (id, ==, "frontdesk-7-1795672238.call");
  assert_fate (&channel, id, PAGE_FATE_UNKNOWN, NULL);
  finish_file (place, id, "outgoing_done", "\nStatus: Expired\n");
  assert_fate (&channel, id, PAGE_FATE_FAILED_FOR_NOW, "nobody picked up");
  g_autofree char *again = spool_page (&channel); /* what came of the first try does not count any more */
  g_assert_cmpstr (again, ==, id);
  assert_fate (&channel, id, PAGE_FATE_UNKNOWN, NULL);
  finish_file (place, id, "outgoing_done", "\nStatus: Completed\n");
  assert_fate (&channel, id, PAGE_FATE_REACHED, "the call was answered");
}

static void
test_smstools_spool (Place *place, gconstpointer data)
{
  (void) data;
  const Channel channel = { .name = S ("sms"), .type = CHANNEL_SMSTOOLS, .spool = place->spool };
  g_autofree char *id = spool_page (&channel);
  assert_fate (&channel, id, PAGE_FATE_UNKNOWN, NULL);
  finish_file (place, id, "failed", "");
  assert_fate (&channel, id, PAGE_FATE_FAILED, "smsd could not send it");
  g_free (spool_page (&channel));
  assert_fate (&channel, id, PAGE_FATE_UNKNOWN, NULL);
  finish_file (place, id, "failed", "Fail_reason: Modem initialization failed\nx");
  assert_fate (&channel, id, PAGE_FATE_FAILED, "smsd could not send it: Modem initialization failed");
  g_free (spool_page (&channel));
  finish_file (place, id, "checked", ""); /* smsd has it, and has not said more: the first failure is past */
  assert_fate (&channel, id, PAGE_FATE_UNKNOWN, NULL);
  g_free (spool_page (&channel));
  finish_file (place, id, "sent", "");
  assert_fate (&channel, id, PAGE_FATE_REACHED, "the network took it");
}

/* Answers one request, which it returns. */
static gpointer
serve_one (gpointer data)
{
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 22\r\nConnection: close\r\n\r\n{\"status\":\"delivered\"}";
  GString *request = g_string_new (NULL);
  char buffer[1024];
  int fd = accept (GPOINTER_TO_INT (data), NULL, NULL);
  while (strstr (request->str, "\r\n\r\n") == NULL)
    {
      ssize_t got = read (fd, buffer, sizeof buffer);
      g_assert_cmpint (got, >, 0);
      g_string_append_len (request, buffer, got);
    }
  g_assert_cmpint (write (fd, answer, strlen (answer)), ==, (ssize_t) strlen (answer));
  close (fd);
  return g_string_free (request, FALSE);
}

static char *
write_secret (const Place *place, const char *text, int mode)
{
  char *path = g_build_filename (place->folder, "secret", NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
  return path;
}

/* Without a web page of our own that Twilio could call, it is asked. */
static void
test_twilio_question (Place *place, gconstpointer data)
{
  (void) data;
  const char *sid = "SM0123456789abcdef0123456789abcdef";
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, length) | listen (fd, 1), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &length), ==, 0);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%d", ntohs (address.sin_port));
  g_autofree char *token = write_secret (place, "12345\n", 0600);
  Channel channel = { .name = S ("sms"), .type = CHANNEL_TWILIO, .timeout = 30, .url = url, .account = S ("AC1"), .token_file = token };
  GThread *thread = g_thread_new ("gateway", serve_one, GINT_TO_POINTER (fd));
  assert_fate (&channel, sid, PAGE_FATE_REACHED, "delivered");
  g_autofree char *request = g_thread_join (thread);
  g_assert_true (g_str_has_prefix (request, "GET /2010-04-01/Accounts/AC1/Messages/SM0123456789abcdef0123456789abcdef.json HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (request, "\r\nAuthorization: Basic QUMxOjEyMzQ1\r\n"));
  close (fd);
  channel.web_url = S ("https://desk.example"); /* it tells by itself: nobody is asked */
  assert_fate (&channel, sid, PAGE_FATE_UNKNOWN, NULL);
  channel.web_url = NULL; /* nobody listens any more */
  assert_fate (&channel, sid, PAGE_FATE_UNKNOWN, NULL);
}

static void
test_secret (Place *place, gconstpointer data)
{
  (void) data;
  static const struct {
    const char *text;
    int mode;
    const char *want, *says;
  } rows[] = {
    { "s3cret\r\nmore\n", 0600, "s3cret", NULL },
    { "s3cret", 0400, "s3cret", NULL },
    { "s3cret", 0640, NULL, "is open to others: chmod 600 it" },
    { "s3cret", 0604, NULL, "is open to others: chmod 600 it" },
    { "\ns3cret", 0600, NULL, "has nothing on its first line" },
    { "", 0600, NULL, "has nothing on its first line" },
  };
  const Channel channel = { .name = S ("hook") };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path = write_secret (place, rows[i].text, rows[i].mode);
      g_autoptr (Secret) secret = secret_read (&channel, "key-file", path, &error);
      g_assert_cmpstr (secret, ==, rows[i].want);
      g_assert_true (rows[i].says == NULL ? error == NULL : strstr (error->message, rows[i].says) != NULL);
      g_assert_true (error == NULL || strstr (error->message, "s3cret") == NULL);
      g_unlink (path);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channels/mobile", test_mobile);
  g_test_add_func ("/channels/cut", test_cut);
  g_test_add_func ("/channels/shorten", test_shorten);
  g_test_add_func ("/channels/shorten-length", test_shorten_length);
  g_test_add_func ("/channels/write", test_write);
  g_test_add_func ("/channels/sign", test_sign);
  g_test_add_func ("/channels/template", test_template);
  g_test_add_func ("/channels/template-mistake", test_template_mistake);
  g_test_add_func ("/channels/pagerduty-event", test_pagerduty_event);
  g_test_add_func ("/channels/pagerduty-bounds", test_pagerduty_bounds);
  g_test_add_func ("/channels/twilio-form", test_twilio_form);
  g_test_add_func ("/channels/twilio-call", test_twilio_call);
  g_test_add_func ("/channels/twilio-sid", test_twilio_sid);
  g_test_add_func ("/channels/twilio-fate", test_twilio_fate);
  g_test_add_func ("/channels/ntfy", test_ntfy);
  g_test_add_func ("/channels/asterisk-injection", test_asterisk_injection);
  g_test_add_func ("/channels/asterisk-length", test_asterisk_length);
  g_test_add_func ("/channels/asterisk-fate", test_asterisk_fate);
  g_test_add_func ("/channels/smstools", test_smstools);
  g_test_add ("/channels/asterisk-spool", Place, NULL, set_up, test_asterisk_spool, tear_down);
  g_test_add ("/channels/smstools-spool", Place, NULL, set_up, test_smstools_spool, tear_down);
  g_test_add ("/channels/twilio-question", Place, NULL, set_up, test_twilio_question, tear_down);
  g_test_add ("/channels/secret", Place, NULL, set_up, test_secret, tear_down);
  return g_test_run ();
}
