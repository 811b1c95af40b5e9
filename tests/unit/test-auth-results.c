#include "mail/auth_results.h"

#include <string.h>

#define ID "mx.example.com"
#define AR "Authentication-Results: "
#define REST "From: Anna <anna@origin.example>\nSubject: x\n\nbody\n"

static const char *const our_ids[] = { ID, NULL };
static const char *const dmarc_only[] = { "dmarc", NULL };
static const char *const all_methods[] = { "dmarc", "dkim", "spf", NULL };

static MessageFacts *
read_text (const char *mail)
{
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_assert_true (raw_message_append (raw, mail, strlen (mail), NULL));
  return message_read (raw, "T");
}

/* "dmarc=pass/origin.example spf=fail/-", what is believed. */
static char *
believed_text (const MessageFacts *facts)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < facts->auth->len; i++)
    {
      const AuthResult *result = g_ptr_array_index (facts->auth, i);
      g_string_append_printf (text, "%s%s=%s/%s", i > 0 ? " " : "", result->method, result->result,
                              result->domain != NULL ? result->domain : "-");
    }
  return g_string_free (text, FALSE);
}

static char *
forged_text (const MessageFacts *facts, const AuthTrust *trust)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GArray) forged = auth_results_forged (facts, trust);
  for (guint i = 0; i < forged->len; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? " " : "", g_array_index (forged, guint, i));
  return g_string_free (text, FALSE);
}

typedef struct {
  const char *what;
  const char *const *methods;
  guint hops;
  gboolean authenticated;
  const char *mail;
  const char *want_believed;
  const char *want_forged;
} Row;

static const Row rows[] = {
  { "plain", dmarc_only, 0, FALSE, AR ID "; dmarc=pass header.from=origin.example\n" REST,
    "dmarc=pass/origin.example", "" },
  { "case, version, comments, quotes", dmarc_only, 0, FALSE,
    AR "(hi (there;)) MX.Example.COM 1 ; (a) DMARC / 1 = (b) PASS (p=none; x)\n reason=\"a; b=\\\"c\" header (c) . "
       "from = \"Origin.Example.\"\n" REST, "dmarc=pass/origin.example", "" },
  { "none", dmarc_only, 0, FALSE, AR ID "; none\n" REST, "", "1" },
  { "another's id", dmarc_only, 0, FALSE, AR "other.example; dmarc=pass header.from=origin.example\n" REST, "", "" },
  { "forged below ours", dmarc_only, 0, FALSE,
    AR ID "; dmarc=fail header.from=origin.example\n" AR ID "; dmarc=pass header.from=origin.example\n" REST,
    "dmarc=fail/origin.example", "2" },
  { "run broken", dmarc_only, 0, FALSE,
    "X-Spam: no\n" AR ID "; dmarc=pass header.from=origin.example\n" REST, "", "1" },
  { "Received above, no hops", dmarc_only, 0, FALSE,
    "Received: by x\n" AR ID "; dmarc=pass header.from=origin.example\n" REST, "", "1" },
  { "Received above, one hop", dmarc_only, 1, FALSE,
    "Received: by x\n" AR ID "; dmarc=pass header.from=origin.example\n" REST, "dmarc=pass/origin.example", "" },
  { "hops allowed, Received hidden by the server", dmarc_only, 1, FALSE,
    AR ID "; dmarc=pass header.from=origin.example\n" REST, "dmarc=pass/origin.example", "" },
  { "two Received, one hop", dmarc_only, 1, FALSE,
    "Received: by x\nReceived: by y\n" AR ID "; dmarc=pass header.from=origin.example\n" REST, "", "1" },
  { "one below the run", dmarc_only, 1, FALSE,
    AR ID "; dmarc=none\nReceived: by x\n" AR ID "; dmarc=pass header.from=origin.example\n" REST, "dmarc=none/-", "2" },
  { "authenticated", dmarc_only, 0, TRUE, AR ID "; dmarc=pass header.from=origin.example\n" REST, "", "1" },
  { "method not believed", dmarc_only, 0, FALSE,
    AR ID "; dmarc=pass header.from=origin.example\n" AR ID "; dkim=pass header.d=origin.example\n" REST,
    "dmarc=pass/origin.example", "2" },
  { "several methods in several fields", all_methods, 0, FALSE,
    AR ID "; dmarc=pass header.from=origin.example\n" AR "other.example; spf=fail\n"
    AR ID ";\n dkim=fail (bad) header.d=a.example header.b=\"ab=\";\n dkim=pass header.i=@b.example header.s=s1\n"
    AR ID "; spf=pass smtp.helo=h.example smtp.mailfrom=anna@m.example\n" REST,
    "dmarc=pass/origin.example dkim=fail/a.example dkim=pass/b.example spf=pass/m.example", "" },
  { "spf by HELO of a bounce", all_methods, 0, FALSE, AR ID "; spf=pass smtp.mailfrom=<> smtp.helo=h.example\n" REST,
    "spf=pass/h.example", "" },
  { "dmarc of another domain", dmarc_only, 0, FALSE,
    AR ID "; dmarc=pass header.from=else.example\n" AR ID "; dmarc=pass header.from=origin.example\n" REST, "", "2" },
  { "encoded word as our id", dmarc_only, 0, FALSE,
    AR "=?utf-8?q?mx=2Eexample=2Ecom=3B?= dmarc=pass header.from=origin.example\n" REST, "", "" },
  { "unterminated quote", dmarc_only, 0, FALSE, AR ID "; x=\"y; dmarc=pass header.from=origin.example\n" REST, "", "1" },
  { "quoted id", dmarc_only, 0, FALSE, AR "\"" ID "\"; dmarc=pass header.from=origin.example\n" REST,
    "dmarc=pass/origin.example", "" },
  { "in a comment", dmarc_only, 0, FALSE, AR ID "; spf=fail (; dmarc=pass header.from=origin.example)\n" REST, "", "1" },
  { "in a value", all_methods, 0, FALSE,
    AR ID "; spf=fail smtp.mailfrom=\"; dmarc=pass header.from=origin.example\"@evil.example\n" REST,
    "spf=fail/evil.example", "" },
  { "no results", dmarc_only, 0, FALSE, AR ID "\n" AR "\n" AR ";;;=;/=\n" REST, "", "1" },
};

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];
      const AuthTrust trust = { our_ids, row->methods, row->hops, row->authenticated };
      g_autoptr (MessageFacts) facts = read_text (row->mail);
      auth_results_believe (facts, &trust);
      g_autofree char *believed = believed_text (facts);
      g_autofree char *forged = forged_text (facts, &trust);
      g_test_message ("%s", row->what);
      g_assert_cmpstr (believed, ==, row->want_believed);
      g_assert_cmpstr (forged, ==, row->want_forged);
    }
}

static void
test_no_id (void)
{
  static const char *const nobody[] = { NULL };
  const AuthTrust trust = { nobody, dmarc_only, 0, FALSE };
  g_autoptr (MessageFacts) facts = read_text (rows[0].mail);
  auth_results_believe (facts, &trust);
  g_autofree char *forged = forged_text (facts, &trust);
  g_assert_cmpuint (facts->auth->len, ==, 0);
  g_assert_cmpstr (forged, ==, "");
}

static void
test_aligned (void)
{
  static const struct { const char *one, *other; gboolean want; } pairs[] = {
    { "example.com", "example.com", TRUE },      { "mail.Example.com", "example.COM", TRUE },
    { "a.example.co.uk", "b.example.co.uk", TRUE }, { "a.co.uk", "b.co.uk", FALSE },
    { "co.uk", "example.co.uk", FALSE },         { "example.com.", "example.com", TRUE },
    { "evil-example.com", "example.com", FALSE }, { "", "example.com", FALSE },
    { "m\xc3\xbcller.example", "xn--mller-kva.example", TRUE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_assert_cmpint (auth_domain_aligned (pairs[i].one, pairs[i].other), ==, pairs[i].want);
  g_assert_false (auth_domain_aligned (NULL, "example.com"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth-results/rows", test_rows);
  g_test_add_func ("/auth-results/no-id-believes-none", test_no_id);
  g_test_add_func ("/auth-results/aligned", test_aligned);
  return g_test_run ();
}
