#include "config/limits.h"
#include "mail/message.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static MessageFacts *
read_octets (const char *mail, gsize length)
{
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_assert_true (raw_message_append (raw, mail, length, NULL));
  return message_read (raw, "DIYTel");
}

static MessageFacts *
read_text (const char *mail)
{
  return read_octets (mail, strlen (mail));
}

static void
assert_text (const char *mail, gsize length, const char *want)
{
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_assert_true (raw_message_append (raw, mail, length, NULL));
  g_autofree char *text = message_read_text (raw);
  g_assert_cmpstr (text, ==, want);
}

static void
test_from (void)
{
  static const struct { const char *header; guint want_count; const char *want_from, *want_name; } rows[] = {
    { "From: Anna Berg <anna@a.example>\n", 1, "anna@a.example", "Anna Berg" },
    { "From: anna@a.example\n", 1, "anna@a.example", NULL },
    { "From: anna@a.example (Anna)\n", 1, "anna@a.example", "Anna" },
    { "from : <anna@a.example>\n", 1, "anna@a.example", NULL },
    { "From: a@a.example, b@b.example\n", 2, NULL, NULL },
    { "From: a@a.example\nFrom: b@b.example\n", 2, NULL, NULL },
    { "From: group: a@a.example;\n", 1, NULL, NULL },
    { "From: group: a@a.example, b@b.example;, c@c.example\n", 3, NULL, NULL },
    { "From: =?utf-8?q?boss=40b.example_=3Cboss=40b.example=3E=2C?= <anna@a.example>\n", 1, "anna@a.example",
      "boss@b.example <boss@b.example>," },
    { "From: \"boss@b.example\" <anna@a.example>\n", 1, "anna@a.example", "boss@b.example" },
    { "From: Ren\xe9 <rene@a.example>\n", 1, "rene@a.example", "Ren\xc3\xa9" },
    { "From: Anna\n\t<anna@a.example>\n", 1, "anna@a.example", "Anna" },
    { "From: Anna <anna@a.example\n", 1, "anna@a.example", "Anna" },
    { "Subject: none\n", 0, NULL, NULL },
    { "From:\n", 0, NULL, NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *mail = g_strconcat (rows[i].header, "\nbody\n", NULL);
      g_autoptr (MessageFacts) facts = read_text (mail);
      g_test_message ("%s", rows[i].header);
      g_assert_cmpuint (facts->from_count, ==, rows[i].want_count);
      g_assert_cmpstr (facts->from, ==, rows[i].want_from);
      g_assert_cmpstr (facts->from_name, ==, rows[i].want_name);
    }
}

static void
test_from_null (void)
{
  g_autoptr (MessageFacts) facts = read_text ("From: <>\n\n");
  g_assert_null (facts->from);
}

static void
test_headers (void)
{
  static const char mail[] = "From: a@a.example\nSubject: =?utf-8?q?caf=C3=A9?=\n =?utf-8?b?IQ==?= a\x01\xe2\x80\xae"
                             "b\nOdd Name\n";
  g_autoptr (MessageFacts) facts = read_text (mail);
  g_assert_cmpstr (message_header (facts, "SUBJECT"), ==, "caf\xc3\xa9! a b");
  g_assert_cmpstr (facts->subject, ==, "caf\xc3\xa9! a b");
  g_assert_cmpuint (facts->headers->len, ==, 2);
  g_assert_null (message_header (facts, "Odd Name"));
  assert_text (mail, strlen (mail), "Odd Name\n");
}

static void
test_subject_tag (void)
{
  static const struct { const char *subject; gint64 want; } rows[] = {
    { "Re: [DIYTel #1042] help", 1042 },
    { "[diytel #7]", 7 },
    { "[DIYTel #]", 0 },
    { "[DIYTel #12x] [DIYTel #5]", 5 },
    { "[Other #5]", 0 },
    { "[DIYTel #1234567890123456]", 0 },
    { "=?utf-8?q?=5BDIYTel_=2399=5D?=", 99 },
    { "", 0 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *mail = g_strdup_printf ("Subject: %s\n\n", rows[i].subject);
      g_autoptr (MessageFacts) facts = read_text (mail);
      g_assert_cmpint (facts->tag, ==, rows[i].want);
    }
}

static void
test_references (void)
{
  g_autoptr (MessageFacts) facts = read_text ("Message-ID: <m@x>\nIn-Reply-To: Your mail <d@x>\n"
                                              "References: <a@x> <b@x>\n <c c@x> <d@x>\n\n");
  g_autofree char *all = g_strjoinv (" ", facts->references);
  g_assert_cmpstr (all, ==, "d@x b@x a@x");
  g_assert_cmpstr (facts->message_id, ==, "m@x");
}

static void
test_references_bounded (void)
{
  GString *mail = g_string_new ("Message-ID: <");
  for (guint i = 0; i < 300; i++)
    g_string_append_c (mail, 'x');
  g_string_append (mail, "@x>\nReferences:");
  for (guint i = 0; i < 200; i++)
    g_string_append_printf (mail, " <%u@x>", i);
  g_string_append (mail, "\n\n");
  g_autoptr (MessageFacts) facts = read_octets (mail->str, mail->len);
  g_string_free (mail, TRUE);
  g_assert_null (facts->message_id);
  g_assert_cmpuint (g_strv_length (facts->references), ==, LIMIT_REFERENCES);
  g_assert_cmpstr (facts->references[0], ==, "199@x");
}

static void
test_people (void)
{
  static const char mail[] =
    "To: A <a@x.example>, g: b@x.example;\nCc: c@x.example\nReply-To: r@x.example\n"
    "Content-Language: fr-CA, en\nX-Frontdesk-Loop: y\nReceived: a\nReceived: b\n\n";
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_assert_true (raw_message_append (raw, mail, strlen (mail), NULL));
  g_auto (GStrv) recipients = message_read_recipients (raw);
  g_autofree char *to = g_strjoinv (" ", recipients);
  g_assert_cmpstr (to, ==, "a@x.example b@x.example c@x.example");
  g_autoptr (MessageFacts) facts = read_text (mail);
  g_assert_cmpstr (facts->reply_to[0], ==, "r@x.example");
  g_assert_cmpstr (facts->language, ==, "fr-CA");
  g_assert_true (facts->loop_mark);
  g_assert_cmpuint (facts->received, ==, 2);
}

static const char bounce[] =
  "From: MAILER-DAEMON@x.example\nContent-Type: multipart/report; report-type=Delivery-Status; boundary=\"b\"\n\n"
  "preamble\n--b\n\nYour mail bounced\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n"
  "X-Original-Message-ID: <one@x>\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <two@x>\nSubject: s\n\nhello\n"
  "--b\nContent-Type: text/rfc822-headers\n\nFrom: a\nMessage-ID:\n <three@x>\n--b--\n";

static void
test_report (void)
{
  g_autoptr (MessageFacts) facts = read_text (bounce);
  g_autofree char *ids = g_strjoinv (" ", facts->embedded_ids);
  g_assert_cmpstr (facts->content_type, ==, "multipart/report");
  g_assert_cmpstr (facts->report_type, ==, "delivery-status");
  g_assert_true (facts->has_delivery_status);
  g_assert_false (facts->has_disposition);
  g_assert_false (facts->has_feedback);
  g_assert_cmpstr (ids, ==, "two@x one@x three@x");
  assert_text (bounce, strlen (bounce), "Your mail bounced");
}

#define RETURNED "Received: from desk by relay;\n Thu, 26 Nov 2026 10:00:00 +0000\nFrom: support@x.example\n"

static const struct {
  const char *name, *text, *want;
} plain_reports[] = {
  { "qmail", "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\n"
    "I'm afraid I wasn't able to deliver your message.\n\n<ann@x.example>:\nSorry, no mailbox here by that name.\n\n"
    "--- Below this line is a copy of the message.\n\nReturn-Path: <>\n" RETURNED "Message-ID: <one@desk>\n\nThank you.\n", "one@desk" },
  { "exim", "From: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed\n"
    "Content-Type: text/plain; charset=us-ascii\n\nThis message was created automatically.\n\n  ann@x.example\n    Unrouteable address\n\n"
    "------ This is a copy of the message, including all the headers. ------\n\n" RETURNED "Message-Id:\n <two@desk>\n\nThank you.\n", "two@desk" },
  { "sendmail of old", "From: MAILER-DAEMON@mx.example\nSubject: Returned mail: User unknown\n\n   ----- Transcript of session follows -----\n"
    "550 ann@x.example... User unknown\n\n   ----- Unsent message follows -----\nMessage-ID: <three@desk>\n" RETURNED "\nThank you.\n", "three@desk" },
  { "encoded", "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nMessage-ID: <fo=\nur@desk>\n", "four@desk" },
  { "an id of its own is none", "Message-ID: <own@x>\n\nhello\n", "" },
  { "within a line", "\nwith Message-ID: <five@desk>\n  Message-ID: <six@desk>\n> Message-ID: <seven@desk>\n", "" },
  { "in HTML", "Content-Type: text/html\n\n<pre>\nMessage-ID: <eight@desk>\n", "" },
};

/* A report from before RFC 3464 is a text like any other, with the header of what comes back in it. */
static void
test_plain_report (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (plain_reports); i++)
    {
      g_autoptr (MessageFacts) facts = read_text (plain_reports[i].text);
      g_autofree char *ids = g_strjoinv (" ", facts->embedded_ids);
      if (!g_str_equal (ids, plain_reports[i].want))
        g_error ("%s: wanted \"%s\", got \"%s\"", plain_reports[i].name, plain_reports[i].want, ids);
    }
}

/* Neither a long text nor many ids in it are read to the end. */
static void
test_plain_report_bounds (void)
{
  g_autoptr (GString) text = g_string_new ("\n");
  for (int i = 0; i < LIMIT_EMBEDDED_IDS * 2; i++)
    g_string_append_printf (text, "Message-ID: <%d@desk>\n", i);
  g_autoptr (MessageFacts) many = read_text (text->str);
  g_assert_cmpuint (g_strv_length (many->embedded_ids), ==, LIMIT_EMBEDDED_IDS);
  g_string_assign (text, "\n");
  while (text->len < LIMIT_EMBEDDED_PART * 2)
    g_string_append (text, "0123456789 0123456789 0123456789 0123456789\n");
  g_string_append (text, "Message-ID: <late@desk>\n");
  g_autoptr (MessageFacts) late = read_text (text->str);
  g_assert_null (late->embedded_ids[0]);
}

#define ORIGIN "From: Anna <a@x.example>\nTo: b@x.example\nSubject: Hello\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n"

static void
test_digest_travels (void)
{
  static const char *const same[] = {
    ORIGIN "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\ncaf\xc3\xa9 = 1\nend\n",
    "Received: by y\nDKIM-Signature: v=1\nX-Spam: no\nAuthentication-Results: z; none\n" ORIGIN
    "Content-Type: text/plain;\n charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 =\n=3D 1\nend\n",
    "From: Anna\n <a@x.example>\nTo:  b@x.example\nSubject:\n Hello\nDate:  Mon, 1 Jan 2024 10:00:00 +0000\n"
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nY2Fmw6kgPSAxDQplbmQNCg==\n",
  };
  static const char *const other[] = {
    ORIGIN "Content-Type: text/plain; charset=utf-8\n\ncaf\xc3\xa9 = 2\nend\n",
    "X" ORIGIN "Content-Type: text/plain; charset=utf-8\n\ncaf\xc3\xa9 = 1\nend\n",
  };
  g_autoptr (MessageFacts) first = read_text (same[0]);
  for (guint i = 1; i < G_N_ELEMENTS (same); i++)
    {
      g_autoptr (MessageFacts) facts = read_text (same[i]);
      g_assert_cmpstr (facts->digest, ==, first->digest);
      assert_text (same[i], strlen (same[i]), "caf\xc3\xa9 = 1\nend\n");
    }
  for (guint i = 0; i < G_N_ELEMENTS (other); i++)
    {
      g_autoptr (MessageFacts) facts = read_text (other[i]);
      g_assert_cmpstr (facts->digest, !=, first->digest);
    }
}

static void
test_text (void)
{
  static const struct { const char *mail, *want; } rows[] = {
    { "Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9\n", "caf\xc3\xa9\n" },
    { "Content-Type: text/plain\n\ncaf\xe9\n", "caf\xc3\xa9\n" },
    { "Content-Type: text/plain; charset=nonsense\n\ncaf\xc3\xa9\n", "caf\xc3\xa9\n" },
    { "Content-Type: text/html\n\n<html><head><title>t</title></head><style>x{}</style><p>Hello &amp; <b>you</b>"
      "<br>2&#33;<!-- no --></p>", "Hello & you\n2!" },
    { "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>html\n--b\n\nplain\n--b--\n",
      "html\nplain" },
    { "Content-Type: multipart/mixed; boundary=b\n\nno part\n", "no part\n" },
    { "Content-Type: application/pdf\n\nx\n", "" },
    { "Content-Type: text/plain\nContent-Transfer-Encoding: nonsense\n\nx\r\ny\n", "x\ny\n" },
    /* which part */
    { "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html\n--b--\n", "plain" },
    { "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n\n--b\nContent-Type: text/html\n\n<p>html\n--b--\n", "html" },
    { "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: multipart/related; boundary=c\n\n--c\n"
      "Content-Type: text/html\n\n<p>html\n--c--\n--b--\n", "plain" },
    { "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n--b--\n", "" },
    { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: image/png\n\nx\n--b\n\ntwo\n--b\n"
      "Content-Type: text/plain; name=log.txt\n\nlog\n--b\nContent-Disposition: attachment\n\nkept apart\n--b--\n", "one\ntwo" },
    { "Content-Type: text/plain; name=only.txt\n\nfile\n", "file\n" },
    { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ninner\n--b--\n", "see" },
    /* charsets, also wrong ones */
    { "Content-Type: text/plain; charset=utf-8\n\ncaf\xe9\n", "caf\xc3\xa9\n" },
    { "Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xc3\xa9 \xe2\x82\xac\n", "caf\xc3\xa9 \xe2\x82\xac\n" },
    { "Content-Type: text/plain; charset=iso-8859-1\n\n5 \x80\n", "5 \xe2\x82\xac\n" },
    { "Content-Type: text/plain; charset=us-ascii\n\n\xc4\xe5\xed\xfc \xe4\xee\xe1\xf0\xfb\xe9, \xec\xee\xe9 \xf2\xe5\xeb\xe5\xf4\xee\xed \xed\xe5 "
      "\xf0\xe0\xe1\xee\xf2\xe0\xe5\xf2\n", "День добрый, мой телефон не работает\n" },
    { "Content-Type: text/plain; charset=utf-7\n\nHi Mom +Jjo-!\n", "Hi Mom \xe2\x98\xba!\n" },
    { "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$O$$\x1b(B\n", "はい\n" },
    { "Content-Type: text/plain\n\n\x1b$B$O$$\x1b(B\n", "はい\n" },
    { "Content-Type: text/plain; charset=us-ascii\n\nred \x1b[31m\n", "red [31m\n" },
    { "Content-Type: text/plain; charset=gb2312\n\n\xc4\xe3\xba\xc3\n", "你好\n" },
    { "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\nSABpAAoA\n", "Hi\n" },
    /* HTML */
    { "Content-Type: text/html\n\n<p>See <a href=\"https://x.example/a?b=1&amp;c\">the page</a>, <a href='https://y.example'>https://y.example</a>"
      "<a href='javascript:x'>!</a> <a href=mailto:a@b.example>a@b.example</a></p>",
      "See the page <https://x.example/a?b=1&c>, https://y.example! a@b.example" },
    { "Content-Type: text/html\n\n<div>On 1/2/26 09:01, Ann wrote:<br></div><blockquote><div>one</div><blockquote>two</blockquote></blockquote>three",
      "On 1/2/26 09:01, Ann wrote:\n\n> one\n> \n> > two\nthree" },
    { "Content-Type: text/html\n\n<pre>a  b\n  c</pre><ul><li>d<li>e</ul><img alt=\"logo\"><div style=\"display: none\">no</div><hr>f",
      "a  b\n  c\n- d\n- e\nlogo\n---\nf" },
    { "Content-Type: text/html\n\n<p>a<script>alert('<p>no</p>')</script><style>p{}</style>b &copy; &euro;&nbsp;5 &unknown;</p",
      "ab \xc2\xa9 \xe2\x82\xac\xc2\xa0" "5 &unknown;" },
    { "Content-Type: text/html\n\n<p class=MsoNormal>one<o:p></o:p></p>\n<p class='MsoPlainText'>two</p><p class=MsoNormal></p><p>three</p><p>four</p>",
      "one\ntwo\n\nthree\n\nfour" },
    /* format=flowed */
    { "Content-Type: text/plain; format=flowed\n\nOne \nline.\n two\n> quoted \n> line\n> \n-- \nAnn\n", "One line.\ntwo\n> quoted line\n> \n-- \nAnn\n" },
    { "Content-Type: text/plain; format=flowed; delsp=yes\n\nOne \nword.\n", "Oneword.\n" },
    { "Content-Type: text/plain; format=fixed\n\nOne \nline.\n", "One \nline.\n" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      assert_text (rows[i].mail, strlen (rows[i].mail), rows[i].want);
    }
}

/* Reads MAIL and frees it; a second is far more than any mail may take. */
static MessageFacts *
read_within_a_second (GString *mail)
{
  gint64 begin = g_get_monotonic_time ();
  MessageFacts *facts = read_octets (mail->str, mail->len);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_USEC_PER_SEC);
  g_string_free (mail, TRUE);
  return facts;
}

/* Past the bounds encoded words are not decoded, and nothing is lost. */
static void
test_encoded_words (void)
{
  GString *mail = g_string_new ("Subject: =?utf-8?q?first?=\nX-Many:");
  for (guint i = 0; i < 1001; i++)
    g_string_append (mail, " =?utf-8?q?b?=");
  for (guint i = 0; i < 50; i++)
    {
      g_string_append_printf (mail, "\nX-%u:", i);
      for (guint word = 0; word < 300; word++)
        g_string_append (mail, " =?utf-8?q?a?=");
    }
  g_string_append (mail, "\nX-Last: =?utf-8?q?last?=\n\nx\n");
  g_autoptr (MessageFacts) facts = read_within_a_second (mail);
  g_assert_cmpstr (facts->unread, ==, "its header has too many encoded words");
  g_assert_cmpstr (facts->subject, ==, "first");
  g_assert_nonnull (strstr (message_header (facts, "X-Many"), "=?utf-8?q?b?="));
  g_assert_null (strstr (message_header (facts, "X-1"), "=?"));
  g_assert_cmpstr (message_header (facts, "X-Last"), ==, "=?utf-8?q?last?=");
}

static void
test_deep (void)
{
  GString *mail = g_string_new ("From: a@a.example\n");
  for (guint i = 0; i < 10000; i++)
    g_string_append_printf (mail, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
  g_autoptr (MessageFacts) facts = read_within_a_second (mail);
  g_assert_nonnull (facts->unread);
  g_assert_cmpstr (facts->from, ==, "a@a.example");
}

static void
test_deep_messages (void)
{
  GString *mail = g_string_new ("From: a@a.example\n");
  for (guint i = 0; i < 10000; i++)
    g_string_append (mail, "Content-Type: message/rfc822\n\n");
  g_autoptr (MessageFacts) facts = read_within_a_second (mail);
  g_assert_nonnull (facts->unread);
}

/* Nothing behind the bound is left out of the digest. */
static void
test_many_parts (void)
{
  g_autofree char *digest = NULL;
  for (guint round = 0; round < 2; round++)
    {
      GString *mail = g_string_new ("Content-Type: multipart/mixed; boundary=b\n\n");
      for (guint i = 0; i < 20000; i++)
        g_string_append (mail, "--b\n\nx\n");
      g_string_append_printf (mail, "--b\n\nend %u\n--b--\n", round);
      g_autoptr (MessageFacts) facts = read_within_a_second (mail);
      g_assert_nonnull (facts->unread);
      g_assert_cmpstr (facts->digest, !=, digest);
      g_free (digest);
      digest = g_strdup (facts->digest);
    }
}

static void
test_hostile_from (void)
{
  static const char *const pieces[] = { "a:", "(", "<", "\"", ",", "@", "a@b,", "=?utf-8?q?=40?=", "[", "\\", ";" };
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      GString *mail = g_string_new ("From: ");
      while (mail->len < 1000 * 1000)
        g_string_append (mail, pieces[i]);
      g_string_append (mail, "\nTo: ");
      for (guint j = 0; j < 4000; j++)
        g_string_append (mail, pieces[i]);
      g_string_append (mail, "\nSubject: still read\n\n");
      g_autoptr (MessageFacts) facts = read_within_a_second (mail);
      g_assert_null (facts->from);
      g_assert_nonnull (facts->unread);
      g_assert_cmpstr (facts->subject, ==, "still read");
    }
}

static void
test_huge_header (void)
{
  GString *mail = g_string_new ("From: a@a.example\n");
  for (guint i = 0; i < 100000; i++)
    g_string_append_printf (mail, "X-%u: %070u\n", i, i);
  g_string_append (mail, "\nbody\n");
  assert_text (mail->str, mail->len, "body\n");
  g_autoptr (MessageFacts) facts = read_within_a_second (mail);
  g_assert_cmpuint (facts->headers->len, ==, LIMIT_HEADER_COUNT);
  g_assert_nonnull (facts->unread);
}

static void
test_line_ends (void)
{
  static const char lf[] = "From: a@a.example\nSubject: s\n\none\ntwo\n";
  static const char *const forms[] = { "\n", "\r\n", "\r" };
  g_autoptr (MessageFacts) plain = read_text (lf);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_auto (GStrv) lines = g_strsplit (lf, "\n", -1);
      g_autofree char *mail = g_strjoinv (forms[i], lines);
      g_autoptr (MessageFacts) facts = read_text (mail);
      g_assert_cmpstr (facts->from, ==, "a@a.example");
      assert_text (mail, strlen (mail), "one\ntwo\n");
      g_assert_cmpstr (facts->digest, ==, plain->digest);
    }
}

static void
test_odd_octets (void)
{
  static const char nul[] = "From: a@a.example\nSubject: a\0b\rc\n\nx\0y\n";
  g_autoptr (MessageFacts) facts = read_octets (nul, sizeof nul - 1);
  g_assert_cmpstr (facts->subject, ==, "a b c");
  assert_text (nul, sizeof nul - 1, "x y\n");
  g_autoptr (MessageFacts) empty = read_text ("");
  g_assert_cmpuint (empty->headers->len, ==, 0);
  g_assert_cmpstr (empty->subject, ==, "");
  assert_text ("", 0, "");
  g_autoptr (MessageFacts) bare = read_text ("no header here\nnone\n");
  g_assert_cmpuint (bare->headers->len, ==, 0);
  assert_text ("no header here\nnone\n", 20, "no header here\nnone\n");
}

static void
test_clean (void)
{
  static const struct { const char *value; gsize max; const char *want; } rows[] = {
    { "  a\r\nBcc: x ", 100, "a  Bcc: x" },     { "abc", 2, "ab" },
    { "\xc3\xa9\xc3\xa9\xc3\xa9", 2, "\xc3\xa9\xc3\xa9" }, { "a\xff", 9, "a\xef\xbf\xbd" },
    { "a\xe2\x80\xae" "b\xe2\x81\xa6", 9, "ab" },  { "\x1b[2J", 9, "[2J" }, { NULL, 9, "" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *clean = text_clean (rows[i].value, rows[i].max);
      g_assert_cmpstr (clean, ==, rows[i].want);
    }
}

/* The process's resident memory in KiB. */
static gint64
resident (void)
{
  g_autofree char *status = NULL;
  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  return g_ascii_strtoll (strstr (status, "VmHWM:") + strlen ("VmHWM:"), NULL, 10);
}

/* A first, small message makes the tables; then 50 MB may not cost what they weigh. */
static void
test_large (void)
{
  static const char head[] = "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n"
                             "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n";
  g_autofree char *block = g_malloc (65 * 1000);
  for (guint i = 0; i < 1000; i++)
    memcpy (block + 65 * i, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2\n", 65);
  gint64 before = 0;
  for (guint blocks = 2; blocks <= 800; blocks += 798)
    {
      g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
      g_assert_true (raw_message_append (raw, head, strlen (head), NULL));
      for (guint i = 0; i < blocks; i++)
        g_assert_true (raw_message_append (raw, block, 65 * 1000, NULL));
      g_autoptr (MessageFacts) facts = message_read (raw, "T");
      g_autofree char *text = message_read_text (raw);
      g_assert_cmpstr (text, ==, "hello");
      g_assert_null (raw_message_memory (raw));
      if (blocks > 2)
        g_assert_cmpint (resident () - before, <, 4 * 1024);
      before = resident ();
    }
}

static void
test_spool (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) raw = raw_message_new ("/nonexistent/folder");
  g_autofree char *block = g_malloc0 (LIMIT_MEMORY_BODY);
  g_assert_true (raw_message_append (raw, block, LIMIT_MEMORY_BODY, &error));
  g_assert_cmpint (raw_message_fd (raw), ==, -1);
  g_assert_false (raw_message_append (raw, "x", 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "/nonexistent/folder"));
}

/* A file size bound of the process fails a write as a full disk does. */
static void
test_disk_full (void)
{
  g_autoptr (GError) error = NULL;
  struct rlimit before, small;
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  small = before;
  small.rlim_cur = 2 * LIMIT_MEMORY_BODY;
  signal (SIGXFSZ, SIG_IGN);
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_autofree char *block = g_malloc0 (LIMIT_MEMORY_BODY);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  gboolean first = raw_message_append (raw, block, LIMIT_MEMORY_BODY, NULL) &&
                   raw_message_append (raw, block, LIMIT_MEMORY_BODY, NULL);
  gboolean beyond = raw_message_append (raw, block, 1, &error);
  setrlimit (RLIMIT_FSIZE, &before);
  signal (SIGXFSZ, SIG_DFL);
  g_assert_true (first);
  g_assert_false (beyond);
  g_assert_true (error != NULL && error->domain == G_FILE_ERROR);
}

static void
test_load_missing (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (raw_message_load ("/nonexistent/mail", g_get_tmp_dir (), &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/from", test_from);
  g_test_add_func ("/message/from-null", test_from_null);
  g_test_add_func ("/message/headers", test_headers);
  g_test_add_func ("/message/subject-tag", test_subject_tag);
  g_test_add_func ("/message/references", test_references);
  g_test_add_func ("/message/references-bounded", test_references_bounded);
  g_test_add_func ("/message/people", test_people);
  g_test_add_func ("/message/report", test_report);
  g_test_add_func ("/message/plain-report", test_plain_report);
  g_test_add_func ("/message/plain-report-bounds", test_plain_report_bounds);
  g_test_add_func ("/message/digest-travels", test_digest_travels);
  g_test_add_func ("/message/text", test_text);
  g_test_add_func ("/message/encoded-words", test_encoded_words);
  g_test_add_func ("/message/deep", test_deep);
  g_test_add_func ("/message/deep-messages", test_deep_messages);
  g_test_add_func ("/message/many-parts", test_many_parts);
  g_test_add_func ("/message/hostile-from", test_hostile_from);
  g_test_add_func ("/message/huge-header", test_huge_header);
  g_test_add_func ("/message/line-ends", test_line_ends);
  g_test_add_func ("/message/odd-octets", test_odd_octets);
  g_test_add_func ("/message/text-clean", test_clean);
  g_test_add_func ("/raw/large", test_large);
  g_test_add_func ("/raw/spool-fails", test_spool);
  g_test_add_func ("/raw/disk-full", test_disk_full);
  g_test_add_func ("/raw/load-missing", test_load_missing);
  return g_test_run ();
}
