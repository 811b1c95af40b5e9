/* What a message brings besides its text, and under which names it may be saved. */
#include <string.h>

#include "config/limits.h"
#include "mail/attachments.h"
#include "mail/removal.h"

static RawMessage *
hold (const char *mail)
{
  g_autoptr (GError) error = NULL;
  RawMessage *raw = raw_message_new (g_get_tmp_dir ());
  raw_message_append (raw, mail, strlen (mail), &error);
  g_assert_no_error (error);
  return raw;
}

/* "name type size", a line each, and the security behind. */
static char *
describe (const char *mail)
{
  g_autoptr (RawMessage) raw = hold (mail);
  g_autofree char *text = message_read_text (raw);
  g_autoptr (Attachments) attachments = attachments_read (raw, text);
  GString *all = g_string_new (NULL);
  for (guint i = 0; i < attachments->list->len; i++)
    {
      const Attachment *attachment = g_ptr_array_index (attachments->list, i);
      g_string_append_printf (all, "%s%s %s %" G_GINT64_FORMAT, i > 0 ? "\n" : "", attachment->name, attachment->type, attachment->size);
      g_assert_cmpuint (strlen (attachment->digest), ==, 64);
    }
  if (attachments->security != NULL)
    g_string_append_printf (all, "|%s", attachments->security);
  return g_string_free (all, FALSE);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n"
#define BASE64 "Content-Transfer-Encoding: base64\n\nQUJD\n--b--\n"

static const struct {
  const char *mail, *want;
} rows[] = {
  { "Subject: x\n\nhello\n", "" },
  { "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nQUJD\n", "part-1.pdf application/pdf 3" },
  { MIXED "Content-Type: application/pdf; name=a.pdf\n" BASE64, "a.pdf application/pdf 3" },
  { MIXED "Content-Type: image/png; name=old.png\nContent-Disposition: inline; filename=\"new name.png\"\n" BASE64, "new name.png image/png 3" },
  /* RFC 2231 with charset, language, continuations */
  { MIXED "Content-Type: image/png\nContent-Disposition: attachment; filename*=UTF-8''ti%e1%ba%bfng%20Vi%e1%bb%87t.png\n" BASE64,
    "tiếng Việt.png image/png 3" },
  { MIXED "Content-Type: image/png\nContent-Disposition: attachment;\n filename*0*=iso-8859-1'fr'caf%E9;\n filename*1=\" noir\";\n filename*2=.png\n" BASE64,
    "café noir.png image/png 3" },
  { MIXED "Content-Type: image/png;\n name*0=abc;\n name*1=def.png\n" BASE64, "abcdef.png image/png 3" },
  /* the wrong ways */
  { MIXED "Content-Type: image/png; name=\"=?UTF-8?B?Y2Fmw6kucG5n?=\"\n" BASE64, "café.png image/png 3" },
  { MIXED "Content-Type: image/png; name==?iso-8859-1?Q?caf=E9.png?=\n" BASE64, "café.png image/png 3" },
  { MIXED "Content-Type: image/png; name=\"=?utf-8?Q?caf=C3=A9?=\n =?utf-8?Q?_noir.png?=\"\n" BASE64, "café noir.png image/png 3" },
  { MIXED "Content-Type: image/png; name=\"caf\303\251.png\"\n" BASE64, "café.png image/png 3" },
  { MIXED "Content-Type: image/png; name=\"caf\351.png\"\n" BASE64, "café.png image/png 3" },
  { MIXED "Content-Type: image/png; name=\"gpj.\342\200\256exe\"\n" BASE64, "gpj.exe image/png 3" },
  { MIXED "Content-Type: image/png; name=\"unterminated.png\n" BASE64, "unterminated.png image/png 3" },
  { MIXED "Content-Type: image/jpeg\n" BASE64, "part-2.jpg image/jpeg 3" },
  { MIXED "Content-Type: x-unknown/y\n" BASE64, "part-2.bin x-unknown/y 3" },
  /* line ends of what is not encoded */
  { MIXED "Content-Type: text/plain; name=a.txt\n\none\r\ntwo\r\n--b--\n", "a.txt text/plain 7" },
  /* messages, TNEF, calendars */
  { MIXED "Content-Type: message/rfc822\n\nSubject: =?utf-8?q?caf=C3=A9?=\nContent-Type: multipart/mixed; boundary=c\n\n--c\n"
          "Content-Type: image/png; name=inner.png\n\nx\n--c--\n--b--\n", "café.eml message/rfc822 126" },
  { MIXED "Content-Type: message/rfc822\n\n\nno header\n--b--\n", "part-2.eml message/rfc822 10" },
  { MIXED "Content-Type: application/ms-tnef\n" BASE64, "winmail.dat application/ms-tnef 3" },
  { "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n",
    "part-2.ics text/calendar 15" },
  /* signed and encrypted */
  { "Content-Type: multipart/signed; boundary=b; protocol=\"application/pkcs7-signature\"\n\n--b\n\nx\n--b\nContent-Type: application/pkcs7-signature; "
    "name=smime.p7s\n" BASE64, "smime.p7s application/pkcs7-signature 3|signed with S/MIME (not checked)" },
  { "Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\n\n--b\n\nx\n--b\nContent-Type: application/pgp-signature\n" BASE64,
    "part-2.asc application/pgp-signature 3|signed with PGP (not checked)" },
  { "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nQUJD\n",
    "smime.p7m application/pkcs7-mime 3|encrypted with S/MIME: not readable here" },
  { "Content-Type: application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nQUJD\n",
    "smime.p7m application/x-pkcs7-mime 3|signed with S/MIME, the text within the signature: not readable here" },
  { "Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
    "--b\nContent-Type: application/octet-stream; name=encrypted.asc\n\nx\n--b--\n",
    "part-1.asc application/pgp-encrypted 10\nencrypted.asc application/octet-stream 1|encrypted with PGP: not readable here" },
  { "Subject: x\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n", "|encrypted with PGP: not readable here" },
  { "Subject: x\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nabc\n", "|signed with PGP (not checked)" },
};

static void
test_list (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *got = describe (rows[i].mail);
      if (!g_str_equal (got, rows[i].want))
        g_error ("%s\ngives \"%s\", and not \"%s\"", rows[i].mail, got, rows[i].want);
    }
}

static void
test_digest (void)
{
  g_autoptr (RawMessage) raw = hold (MIXED "Content-Type: application/pdf\n" BASE64);
  g_autoptr (Attachments) attachments = attachments_read (raw, "");
  const Attachment *attachment = g_ptr_array_index (attachments->list, 0);
  g_autofree char *want = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "ABC", 3);
  g_assert_cmpstr (attachment->digest, ==, want);
}

static void
test_names (void)
{
  static const struct {
    const char *name, *safe;
  } names[] = {
    { "report.pdf", "report.pdf" }, { "../../etc/passwd", "passwd" }, { "C:\\dir\\a.exe", "a.exe" }, { ".bashrc", "bashrc" }, { "..", "file" },
    { "", "file" }, { "/", "file" }, { "-rf", "rf" }, { "a\nb\033[2J", "a b [2J" }, { "a\342\200\256gpj.exe", "agpj.exe" }, { "CON", "_CON" }, { "con.txt", "_con.txt" },
    { "com1.log", "_com1.log" }, { "command.com", "command.com" }, { "nul.", "_nul" }, { "a:b|c?.txt", "a_b_c_.txt" }, { "$(reboot).sh", "_(reboot).sh" },
    { "tiếng Việt.png", "tiếng Việt.png" }, { "trailing. . ", "trailing" }, { "a\357\277\277b", "a_b" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *safe = attachments_safe_name (names[i].name);
      g_assert_cmpstr (safe, ==, names[i].safe);
    }
  GString *long_name = g_string_new (NULL);
  for (guint i = 0; i < 300; i++)
    g_string_append (long_name, "\303\251");
  g_string_append (long_name, ".pdf");
  g_autofree char *safe = attachments_safe_name (long_name->str);
  g_assert_cmpuint (strlen (safe), <=, LIMIT_FILE_NAME);
  g_assert_true (g_utf8_validate (safe, -1, NULL));
  g_string_free (long_name, TRUE);
}

/* ---- what is not kept ---- */

static char *
without (const char *mail, const char *const *forbidden)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) removed = NULL;
  g_autoptr (RawMessage) raw = hold (mail);
  g_autoptr (RawMessage) kept = removal_apply (raw, forbidden, g_get_tmp_dir (), &removed, &error);
  g_assert_no_error (error);
  return kept != NULL ? g_strndup (raw_message_memory (kept), (gsize) raw_message_length (kept)) : NULL;
}

static const char *const forbidden[] = { ".exe", "video/*", "application/x-msdownload", NULL };

#define ABC "(application/x-y, 3 octets, SHA-256 b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78)"
#define LINE_OF(end) "Content-Type: text/plain; charset=utf-8; name=not-kept.txt" end "Content-Transfer-Encoding: 8bit" end \
  "Content-Disposition: attachment; filename=not-kept.txt" end end

static void
test_removal (void)
{
  static const struct {
    const char *mail, *want; /* NULL: nothing is removed */
  } mails[] = {
    { MIXED "Content-Type: application/x-y; name=a.exe\n" BASE64, MIXED LINE_OF ("\n") "Not kept: \"a.exe\" " ABC "\n--b--\n" },
    { "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x-y; name=a.exe\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD"
      "\r\n--b\r\n\r\nx\r\n--b--\r\n",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" LINE_OF ("\r\n") "Not kept: \"a.exe\" " ABC "\r\n--b\r\n\r\nx\r\n--b--\r\n" },
    { "X: 1\nContent-Type: application/x-y; name=a.exe\nContent-Transfer-Encoding: base64\n\nQUJD\n",
      "X: 1\nContent-Type: application/x-y; name=a.exe\nContent-Transfer-Encoding: base64\n\n"
      "Tm90IGtlcHQ6ICJhLmV4ZSIgKGFwcGxpY2F0aW9uL3gteSwgMyBvY3RldHMsIFNIQS0yNTYgYjVkNDA0NWMzZjQ2NmZhOTFmZTJjYzZhYmU3OTIzMmExYTU3Y2RmMTA0ZjdhMjZlNzE2ZTBhMWUyNzg5ZGY3OCk=\n" },
    { MIXED "Content-Type: application/pdf; name=a.pdf\n" BASE64, NULL },
    { MIXED "Content-Type: application/pdf; name=exe\n" BASE64, NULL },
    { "Subject: x\n\nrun a.exe\n", NULL },
  };
  for (guint i = 0; i < G_N_ELEMENTS (mails); i++)
    {
      g_autofree char *kept = without (mails[i].mail, forbidden);
      g_assert_cmpstr (kept, ==, mails[i].want);
    }
}

/* Whatever a mail program may take for the name or the type. */
static void
test_disguises (void)
{
  static const char *const heads[] = {
    "Content-Type: application/pdf; name=A.EXE\n",
    "Content-Type: application/pdf; name=\"a.exe. \"\n",
    "Content-Type: application/pdf; name=a.exe\nContent-Disposition: attachment; filename=a.pdf\n",
    "Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=a.exe\n",
    "Content-Type: application/pdf\nContent-Disposition: attachment; filename*0=a.;\n filename*1=exe\n",
    "Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''a%2Eexe\n",
    "Content-Type: application/pdf; name=\"=?utf-8?Q?a=2Eexe?=\"\n",
    "Content-Type: application/pdf; name=\"a.\342\200\256exe\"\n",
    "Content-Type: VIDEO/mp4\n",
    "Content-Type: text/plain; name=a.exe\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *mail = g_strconcat (MIXED, heads[i], BASE64, NULL);
      g_autofree char *kept = without (mail, forbidden);
      if (kept == NULL || strstr (kept, "QUJD") != NULL)
        g_error ("kept: %s", mail);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attachments/list", test_list);
  g_test_add_func ("/attachments/digest", test_digest);
  g_test_add_func ("/attachments/names", test_names);
  g_test_add_func ("/attachments/removal", test_removal);
  g_test_add_func ("/attachments/disguises", test_disguises);
  return g_test_run ();
}
