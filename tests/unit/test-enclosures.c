/* What of an agent's mail goes along with the answer: their files, and not what belongs to the form of the mail. */
#include <string.h>

#include "delivery/enclosures.h"
#include "mail/message.h"

#define PART(header, body) "--b\n" header "\n\n" body "\n"
#define MAIL(kind, parts) "Content-Type: multipart/" kind "; boundary=b\n\n" parts "--b--\n"
#define TEXT PART ("Content-Type: text/plain", "See the plan.")
#define PDF PART ("Content-Type: application/pdf; name=plan.pdf\nContent-Disposition: attachment; filename=plan.pdf\nContent-Transfer-Encoding: base64", "QUJD")
#define LOGO "Content-Type: image/png; name=logo.png\nContent-ID: <logo>\nContent-Transfer-Encoding: base64"

static const struct {
  const char *mail, *want; /* "name type octets", with commas between */
} rows[] = {
  { "Subject: x\n\nSee the plan.\n", "" },
  { MAIL ("mixed", TEXT PDF), "plan.pdf application/pdf ABC" },
  { MAIL ("mixed", PDF TEXT PDF), "plan.pdf application/pdf ABC,plan.pdf application/pdf ABC" },
  { "Content-Type: application/pdf; name=only.pdf\nContent-Transfer-Encoding: base64\n\nQUJD\n", "only.pdf application/pdf ABC" },
  /* a picture of the text's, as signatures have it, and one that is a file */
  { MAIL ("related", PART ("Content-Type: text/html", "<img src=\"cid:logo\">") PART (LOGO, "QUJD")), "" },
  { MAIL ("related", PART ("Content-Type: text/html", "<img src=\"cid:logo\">") PART (LOGO "\nContent-Disposition: inline; filename=logo.png", "QUJD")), "" },
  { MAIL ("mixed", TEXT PART (LOGO "\nContent-Disposition: attachment; filename=logo.png", "QUJD")), "logo.png image/png ABC" },
  { MAIL ("mixed", TEXT PART ("Content-Type: image/png; name=photo.png\nContent-Transfer-Encoding: base64", "QUJD")), "photo.png image/png ABC" },
  { MAIL ("mixed", TEXT PART ("Content-Type: application/pdf; name=plan.pdf\nContent-ID: <1>\nContent-Transfer-Encoding: base64", "QUJD")), "plan.pdf application/pdf ABC" },
  /* the text in two forms is one */
  { MAIL ("alternative", TEXT PART ("Content-Type: text/html", "<p>See the plan.</p>")), "" },
  /* signatures of the mail, which the letter is not */
  { MAIL ("signed; protocol=\"application/pgp-signature\"", TEXT PART ("Content-Type: application/pgp-signature; name=signature.asc", "QUJD")), "" },
  { MAIL ("signed; protocol=\"application/pkcs7-signature\"", TEXT PART ("Content-Type: application/pkcs7-signature; name=smime.p7s", "QUJD")), "" },
  { MAIL ("mixed", TEXT PART ("Content-Type: application/x-pkcs7-signature; name=smime.p7s", "QUJD") PDF), "plan.pdf application/pdf ABC" },
  /* a message within the message, a text that is a file, and one without a name */
  { MAIL ("mixed", TEXT PART ("Content-Type: message/rfc822", "Subject: old\n\nx")), "old.eml message/rfc822 Subject: old\n\nx" },
  { MAIL ("mixed", TEXT PART ("Content-Type: text/plain; name=log.txt\nContent-Disposition: attachment; filename=log.txt", "line")), "log.txt text/plain line" },
  { MAIL ("mixed", TEXT PART ("Content-Type: application/zip\nContent-Transfer-Encoding: base64", "QUJD")), "part-2.zip application/zip ABC" },
  { MAIL ("mixed", TEXT PART ("Content-Type: application/pdf; name=empty.pdf", "")), "empty.pdf application/pdf " },
};

static void
test_row (gconstpointer data)
{
  const guint row = GPOINTER_TO_UINT (data);
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_autoptr (GString) all = g_string_new (NULL);
  raw_message_append (raw, rows[row].mail, strlen (rows[row].mail), NULL);
  g_autofree char *text = message_read_text (raw);
  g_autoptr (GPtrArray) enclosures = enclosures_read (raw, text);
  for (guint i = 0; i < enclosures->len; i++)
    {
      const LetterAttachment *enclosure = enclosures->pdata[i];
      gsize length;
      const char *octets = g_bytes_get_data (enclosure->octets, &length);
      g_string_append_printf (all, "%s%s %s %.*s", i > 0 ? "," : "", enclosure->name, enclosure->type, (int) length, octets != NULL ? octets : "");
    }
  g_assert_cmpstr (all->str, ==, rows[row].want);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/enclosures/%02u", i);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_row);
    }
  return g_test_run ();
}
