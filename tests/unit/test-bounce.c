/* Delivery reports in the forms that mail servers give them, and what is read of each. */
#include <string.h>

#include <glib/gstdio.h>

#include "config/limits.h"
#include "mail/bounce.h"

/* A field report around FIELDS, as Postfix writes one. */
#define REPORT(fields) \
  "From: MAILER-DAEMON@mx.example.net\nTo: desk@desk.example\nSubject: Undelivered Mail Returned to Sender\n" \
  "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\n" \
  "Content-Type: text/plain\n\nThis is the mail system at host mx.example.net.\n\n--b\nContent-Type: message/delivery-status\n\n" \
  "Reporting-MTA: dns; mx.example.net\n\n" fields "\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <a@desk.example>\n" \
  "From: desk@desk.example\nTo: kim@example.com\n\nuser unknown, mailbox full\n--b--\n"

/* A report that is one text. */
#define TEXT(text) "From: MAILER-DAEMON@mx.example.net\nTo: desk@desk.example\nSubject: Mail delivery failed\n\n" text

/* What is read of each recipient: address, status, reply code, what happened, cause, "dead" where it is. */
static const struct {
  const char *what, *mail, *want;
} ROWS[] = {
  { "RFC 3464: no such user",
    REPORT ("Final-Recipient: rfc822; Kim@Example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <kim@example.com>: "
            "Recipient address\n  rejected: User unknown in virtual mailbox table\n"),
    "kim@example.com 5.1.1 550 failed address dead" },
  { "the returned message's words are not the server's",
    REPORT ("Final-Recipient: rfc822; kim@example.com\nAction: failed\nStatus: 5.0.0\n"), "kim@example.com 5.0.0 0 failed other" },
  { "the address that was written to is told, and what it became",
    REPORT ("Original-Recipient: rfc822;kim@example.com\nFinal-Recipient: rfc822;k.smith@mail.example.com\nAction: failed\nStatus: 5.1.1\n"),
    "kim@example.com>k.smith@mail.example.com 5.1.1 0 failed address dead" },
  { "a full mailbox is no dead address, even when the status says that it is",
    REPORT ("Final-Recipient: rfc822; kim@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 552 5.2.2 Over quota\n"),
    "kim@example.com 5.1.1 552 failed full" },
  { "delayed", REPORT ("Final-Recipient: rfc822; kim@example.com\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Fri, 1 Jan 2027 00:00:00 +0000\n"),
    "kim@example.com 4.4.1 0 delayed other" },
  { "delivered, relayed, expanded, in blocks of their own",
    REPORT ("Final-Recipient: rfc822; a@example.com\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; b@example.com\n"
            "Action: relayed (to a host without DSN)\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; c@example.com\nAction: expanded\nStatus: 2.0.0\n"),
    "a@example.com 2.0.0 0 delivered other; b@example.com 2.0.0 0 relayed other; c@example.com 2.0.0 0 expanded other" },
  { "two recipients without an empty line between them",
    REPORT ("Final-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; b@example.com\nAction: failed\n"
            "Status: 5.7.1\nDiagnostic-Code: smtp; 554 5.7.1 looks like spam\n"),
    "a@example.com 5.1.1 0 failed address dead; b@example.com 5.7.1 554 failed refused" },
  { "a sender's domain that is unknown is not the recipient's",
    REPORT ("Final-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.8\nDiagnostic-Code: smtp; 553 5.1.8 Sender address rejected: "
            "Domain not found\n"),
    "a@example.com 5.1.8 553 failed refused" },
  { "RFC 6533: a report in UTF-8",
    "From: MAILER-DAEMON@mx.example.net\nSubject: failed\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    "Content-Type: text/plain; charset=utf-8\n\nNope.\n\n--b\nContent-Type: message/global-delivery-status\n\nReporting-MTA: dns; mx\n\n"
    "Final-Recipient: utf-8; zo\xc3\xab@ex\xc3\xa4mple.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
    "zo\xc3\xab@xn--exmple-cua.example 5.1.1 0 failed address dead" },
  { "RFC 7505: a domain that takes no mail",
    REPORT ("Final-Recipient: rfc822; kim@example.com\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp; 556 5.1.10 nullMX\n"),
    "kim@example.com 5.1.10 556 failed host dead" },
  { "a closed mailbox", REPORT ("Final-Recipient: rfc822; kim@example.com\nAction: failed\nStatus: 5.2.1\n"),
    "kim@example.com 5.2.1 0 failed disabled" },
  { "the report's part in base64",
    "Subject: failed\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64"
    "\n\nRmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGtpbUBleGFtcGxlLmNvbQpBY3Rpb246IGZhaWxlZApT\ndGF0dXM6IDUuMS4xCg==\n--b--\n",
    "kim@example.com 5.1.1 0 failed address dead" },

  { "qmail", TEXT ("Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message to the following "
                   "addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<kim@example.com>:\n192.0.2.5 does not like "
                   "recipient.\nRemote host said: 550 5.1.1 no mailbox by that name is currently available\nGiving up on 192.0.2.5.\n\n"
                   "<lee@example.com>:\nSorry, I couldn't find any host named example.com. (#5.1.2)\n\n--- Below this line is a copy of the message.\n\n"
                   "Return-Path: <desk@desk.example>\nTo: other@example.com\n"),
    "kim@example.com 5.1.1 550 failed address dead; lee@example.com 5.1.2 0 failed host dead" },
  { "Exim", "X-Failed-Recipients: kim@example.com\n" TEXT ("This message was created automatically by mail delivery software.\n\nA message that you sent "
            "could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
            "  kim@example.com\n    host mx.example.com [192.0.2.5]\n    SMTP error from remote mail server after RCPT TO:<kim@example.com>:\n"
            "    550 5.2.2 Mailbox full\n\n------ This is a copy of the message, including all the headers. ------\n\nReceived: from x\n"),
    "kim@example.com 5.2.2 550 failed full" },
  { "Gmail", "X-Failed-Recipients: kim@example.com\n" TEXT ("Delivery to the following recipient failed permanently:\n\n     kim@example.com\n\n"
             "Technical details of permanent failure: \nThe error that the other server returned was:\n550 5.1.1 <kim@example.com> User unknown\n\n"
             "----- Original message -----\n\nTo: kim@example.com\n"),
    "kim@example.com 5.1.1 550 failed address dead" },
  { "Sendmail without a report's parts", TEXT ("The original message was received at Mon, 2 Nov 2026 10:00:00 GMT\nfrom desk.example [192.0.2.1]\n\n"
             "   ----- The following addresses had permanent fatal errors -----\n<kim@example.com>\n    (reason: 550 5.1.1 User unknown)\n\n"
             "   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> RCPT To:<kim@example.com>\n"),
    "kim@example.com 5.1.1 550 failed address dead" },
  { "Postfix without a report's parts", TEXT ("This is the mail system at host mx.example.net.\n\n<kim@example.com>: host mx.example.com[192.0.2.5] said: 554 "
             "5.7.1\n    <kim@example.com>: Access denied (in reply to RCPT TO command)\n"),
    "kim@example.com 5.7.1 554 failed refused" },
  { "Exchange", TEXT ("Your message\n\n  To:      kim@example.com\n  Subject: hello\n\ndid not reach the following recipient(s):\n\n"
             "kim@example.com on Mon, 2 Nov 2026 10:00:00 +0100\n    The recipient name is not recognized\n    MSEXCH:IMS:A:B:C 0 (000C05A6)\n"),
    "kim@example.com none 0 failed address dead" },
  { "Lotus Notes", TEXT ("------- Failure Reasons  --------\n\nUser kim not listed in public Name & Address Book\nkim@example.com\n\n"
             "------- Returned Message --------\nReceived: from x\n"),
    "kim@example.com none 0 failed address dead" },
  { "an address within a sentence", TEXT ("Sorry: delivering your mail to <kim@example.com> failed.\n\n550 5.1.1 User unknown\n"),
    "kim@example.com 5.1.1 550 failed address dead" },
  { "a filter that has read the message calls the user unknown", TEXT ("<kim@example.com>: 550 User unknown (in reply to end of DATA command)\n"),
    "kim@example.com none 550 failed address" },
  { "the same in reply to RCPT", TEXT ("<kim@example.com>: 550 User unknown (in reply to RCPT TO command)\n"),
    "kim@example.com none 550 failed address dead" },
  { "the sender is refused, by words that would be the recipient's", TEXT ("<kim@example.com>: 550 5.1.7 No such domain (in reply to MAIL FROM "
             "command)\n"), "kim@example.com 5.1.7 550 failed refused" },
  { "a report whose boundaries are broken", TEXT ("-- \nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; kim@example.com\nAction: failed\n"
             "Status: 5.1.1\n"), "kim@example.com 5.1.1 0 failed address dead" },
  { "a reply of class 4 is not for ever", TEXT ("<kim@example.com>: 450 4.1.1 user unknown, try again\n"),
    "kim@example.com 4.1.1 450 failed address" },
  { "numbers that are no codes", TEXT ("<kim@example.com>: host 5.1.1.20 port 550x, version 5.1.1beta, id a550 gave up\n"),
    "kim@example.com none 0 failed other" },
  { "a person's mail names nobody", TEXT ("Hello, nothing works.\n"), "" },
  { "an empty message", "", "" },
};

static void
describe (GString *text, const BounceRecipient *recipient)
{
  static const char *const actions[] = { "failed", "delayed", "delivered", "relayed", "expanded" };
  static const char *const causes[] = { "other", "address", "host", "disabled", "full", "refused" };
  g_string_append_printf (text, "%s%s%s%s %s %d %s %s%s", text->len > 0 ? "; " : "", recipient->address,
                          recipient->final != NULL ? ">" : "", recipient->final != NULL ? recipient->final : "",
                          recipient->status != NULL ? recipient->status : "none", recipient->smtp, actions[recipient->action],
                          causes[recipient->cause], recipient->permanent ? " dead" : "");
}

static GPtrArray *
read_text (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_assert_true (raw_message_append (raw, text, strlen (text), &error));
  return bounce_read (raw);
}

static void
test_row (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GString) crlf = g_string_new (ROWS[i].mail);
  g_string_replace (crlf, "\n", "\r\n", 0);
  g_autofree char *cr = g_strdelimit (g_strdup (ROWS[i].mail), "\n", '\r');
  const char *const forms[] = { ROWS[i].mail, crlf->str, cr };
  for (guint form = 0; form < G_N_ELEMENTS (forms); form++)
    {
      g_autoptr (GPtrArray) list = read_text (forms[form]);
      g_autoptr (GString) text = g_string_new (NULL);
      for (guint j = 0; j < list->len; j++)
        describe (text, g_ptr_array_index (list, j));
      g_assert_cmpstr (text->str, ==, ROWS[i].want);
    }
}

static void
test_words (void)
{
  g_autoptr (GPtrArray) list = read_text (REPORT ("Final-Recipient: rfc822; kim@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 "
                                                  "gone\x01\x1b[31m\n\taway\n"));
  const BounceRecipient *recipient = g_ptr_array_index (list, 0);
  g_assert_cmpstr (recipient->diagnostic, ==, "550 gone  [31m away");
}

/* Whatever a report holds, so many recipients and so many words are read, and no more. */
static void
test_bounds (void)
{
  g_autoptr (GString) fields = g_string_new ("Subject: failed\nContent-Type: message/delivery-status\n\n");
  for (guint i = 0; i < 10 * LIMIT_BOUNCE_RECIPIENTS; i++)
    g_string_append_printf (fields, "Final-Recipient: rfc822; a%u@example.com\n\n", i);
  g_autoptr (GPtrArray) many = read_text (fields->str);
  g_assert_cmpuint (many->len, ==, LIMIT_BOUNCE_RECIPIENTS);

  g_autoptr (GString) prose = g_string_new ("Subject: failed\n\n");
  for (guint i = 0; i < 10 * LIMIT_BOUNCE_RECIPIENTS; i++)
    g_string_append_printf (prose, "<a%u@example.com>: 550 no\n", i);
  g_autoptr (GPtrArray) told = read_text (prose->str);
  g_assert_cmpuint (told->len, ==, LIMIT_BOUNCE_RECIPIENTS);

  g_autoptr (GString) words = g_string_new (TEXT ("<kim@example.com>: "));
  for (guint i = 0; i < LIMIT_BOUNCE_TEXT; i++)
    g_string_append (words, "very long ");
  g_autoptr (GPtrArray) wordy = read_text (words->str);
  g_assert_cmpuint (wordy->len, ==, 1);
  g_assert_cmpuint (strlen (((const BounceRecipient *) g_ptr_array_index (wordy, 0))->diagnostic), <=, LIMIT_BOUNCE_WORDS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++)
    {
      g_autofree char *name = g_strdup_printf ("/bounce/%s", ROWS[i].what);
      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_row);
    }
  g_test_add_func ("/bounce/words are cleaned", test_words);
  g_test_add_func ("/bounce/bounds", test_bounds);
  return g_test_run ();
}
