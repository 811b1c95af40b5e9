/* What the web pages do without a server: who asks, how often, and what a form says. */
#include <string.h>

#include "config/limits.h"
#include "config/network.h"
#include "mail/hash.h"
#include "web/client.h"
#include "web/form.h"
#include "web/rates.h"
#include "web/signature.h"
#include "web/words.h"

/* ---- who asks ---- */

static GPtrArray *
read_proxies (const char *list)
{
  g_auto (GStrv) texts = g_strsplit (list, " ", -1);
  GPtrArray *proxies = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; texts[i] != NULL; i++)
    g_ptr_array_add (proxies, network_parse_mask (texts[i]));
  return proxies;
}

static const struct {
  const char *peer, *forwarded_for, *forwarded, *client;
} callers[] = {
  { "192.0.2.1", NULL, NULL, "192.0.2.1" },
  { "192.0.2.1", "203.0.113.9", NULL, "192.0.2.1" }, /* no proxy: what it says is not believed */
  { "192.0.2.1", NULL, "for=203.0.113.9", "192.0.2.1" },
  { "127.0.0.1", NULL, NULL, "127.0.0.1" },
  { "127.0.0.1", "203.0.113.9", NULL, "203.0.113.9" },
  { "127.0.0.1", "198.51.100.1, 203.0.113.9", NULL, "203.0.113.9" }, /* the left one is what the client sent */
  { "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3", NULL, "203.0.113.9" }, /* through two proxies */
  { "127.0.0.1", "10.1.2.3,127.0.0.1", NULL, "10.1.2.3" },
  { "127.0.0.1", "203.0.113.9:4711", NULL, "203.0.113.9" },
  { "127.0.0.1", "[2001:db8:1::9]:4711", NULL, "2001:db8:1::9" },
  { "127.0.0.1", "2001:db8:1::9", NULL, "2001:db8:1::9" },
  { "127.0.0.1", "::ffff:203.0.113.9", NULL, "203.0.113.9" },
  { "127.0.0.1", "unknown", NULL, "127.0.0.1" },
  { "127.0.0.1", "203.0.113.9, unknown, 10.1.2.3", NULL, "10.1.2.3" }, /* nothing is known beyond the unknown one */
  { "127.0.0.1", "203.0.113.9,", NULL, "127.0.0.1" },
  { "127.0.0.1", "", NULL, "127.0.0.1" },
  { "127.0.0.1", "203.0.113.9; 203.0.113.8", NULL, "127.0.0.1" },
  { "127.0.0.1", NULL, "for=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9" },
  { "127.0.0.1", NULL, "proto=https; For=\"[2001:db8:1::9]:4711\"", "2001:db8:1::9" },
  { "127.0.0.1", NULL, "for=198.51.100.1, for=203.0.113.9", "203.0.113.9" },
  { "127.0.0.1", NULL, "for=203.0.113.9;host=\"a, for=198.51.100.1\"", "203.0.113.9" },
  { "127.0.0.1", NULL, "for=203.0.113.9;host=\"a\\\", for=198.51.100.1\"", "203.0.113.9" },
  { "127.0.0.1", NULL, "for=_hidden", "127.0.0.1" },
  { "127.0.0.1", NULL, "proto=https", "127.0.0.1" },
  { "127.0.0.1", "203.0.113.9", "for=203.0.113.9", "203.0.113.9" },
  { "127.0.0.1", "203.0.113.9", "for=198.51.100.1", "127.0.0.1" }, /* one of them is the client's own */
  { "10.200.0.1", "203.0.113.9", NULL, "203.0.113.9" },
  { "11.0.0.1", "203.0.113.9", NULL, "11.0.0.1" },
  { "2001:db8::5", "203.0.113.9", NULL, "203.0.113.9" },
  { "2001:db9::5", "203.0.113.9", NULL, "2001:db9::5" },
};

static void
test_client (void)
{
  g_autoptr (GPtrArray) proxies = read_proxies ("127.0.0.1 10.0.0.0/8 2001:db8::/48");
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++)
    {
      g_autoptr (GInetAddress) peer = g_inet_address_new_from_string (callers[i].peer);
      g_autoptr (GInetAddress) client = client_find (proxies, peer, callers[i].forwarded_for, callers[i].forwarded);
      g_autofree char *text = g_inet_address_to_string (client);
      g_test_message ("%s, %s, %s", callers[i].peer, callers[i].forwarded_for, callers[i].forwarded);
      g_assert_cmpstr (text, ==, callers[i].client);
    }
}

static void
test_client_long_list (void)
{
  g_autoptr (GPtrArray) proxies = read_proxies ("127.0.0.1");
  g_autoptr (GInetAddress) peer = g_inet_address_new_from_string ("127.0.0.1");
  g_autoptr (GString) list = g_string_new ("203.0.113.9");
  while (list->len < LIMIT_WEB_HEAD)
    g_string_append (list, ",127.0.0.1");
  g_autoptr (GInetAddress) client = client_find (proxies, peer, list->str, NULL);
  g_autofree char *text = g_inet_address_to_string (client);
  g_assert_cmpstr (text, ==, "203.0.113.9");
}

static void
test_client_key (void)
{
  static const struct { const char *one, *other; gboolean same; } rows[] = {
    { "192.0.2.1", "192.0.2.1", TRUE },       { "192.0.2.1", "192.0.2.2", FALSE },
    { "2001:db8::1", "2001:db8::2", TRUE },   { "2001:db8::1", "2001:db8:0:1::1", FALSE },
    { "2001:db8::1", "2001:db8:0:0:ffff::1", TRUE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GInetAddress) one = g_inet_address_new_from_string (rows[i].one);
      g_autoptr (GInetAddress) other = g_inet_address_new_from_string (rows[i].other);
      g_autofree char *one_key = client_key (one), *other_key = client_key (other);
      g_test_message ("%s, %s", rows[i].one, rows[i].other);
      g_assert_cmpint (g_str_equal (one_key, other_key), ==, rows[i].same);
    }
}

/* ---- how often ---- */

static guint
take_many (Rates *rates, const char *key, gint64 now, guint tries)
{
  guint count = 0;
  for (guint i = 0; i < tries; i++)
    count += rates_take (rates, key, now);
  return count;
}

static void
test_rates (void)
{
  g_autoptr (Rates) rates = rates_new (5, 100, 10);
  g_assert_cmpuint (take_many (rates, "a", 1000, 9), ==, 5);
  g_assert_cmpuint (take_many (rates, "b", 1000, 9), ==, 5);
  g_assert_cmpuint (take_many (rates, "a", 1099, 9), ==, 0);
  g_assert_cmpuint (take_many (rates, "a", 1100, 9), ==, 1);
  g_assert_cmpuint (take_many (rates, "a", 1350, 9), ==, 2);
  g_assert_cmpuint (take_many (rates, "a", 100000, 9), ==, 5);
}

/* As many keys as there are do not lock out a new one, nor free one that has had its share while there is room. */
static void
test_rates_keys (void)
{
  g_autoptr (Rates) rates = rates_new (1, 100, 10);
  for (guint i = 0; i < 9; i++)
    {
      g_autofree char *key = g_strdup_printf ("%u", i);
      g_assert_true (rates_take (rates, key, 1000));
    }
  g_assert_true (rates_take (rates, "late", 1050));
  g_assert_true (rates_take (rates, "eleventh", 1100)); /* the nine are full again, and make room */
  g_assert_false (rates_take (rates, "late", 1100));
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *key = g_strdup_printf ("crowd %u", i);
      g_assert_true (rates_take (rates, key, 1100));
    }
}

/* ---- forms ---- */

static const struct {
  const char *text, *form; /* NULL: none */
} forms[] = {
  { "", "" },
  { "a=b", "a=b;" },
  { "a=b&c=d", "a=b;c=d;" },
  { "a=b&a=c", "a=b;a=c;" },
  { "&&a=b&", "a=b;" },
  { "a", "a=;" },
  { "=b", "=b;" },
  { "a=b=c", "a=b=c;" },
  { "Body=ack+1042%21&From=%2B16045550101", "Body=ack 1042!;From=+16045550101;" },
  { "a=%C3%A9%0D%0A", "a=\303\251\r\n;" },
  { "a=%e", NULL },
  { "a=%zz", NULL },
  { "a=%00", NULL },
  { "a=%ff", NULL },
  { "a=\377", NULL },
};

static void
test_form (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (GPtrArray) form = form_parse (forms[i].text, strlen (forms[i].text));
      g_autoptr (GString) text = g_string_new (NULL);
      for (guint j = 0; form != NULL && j < form->len; j++)
        {
          const Field *field = g_ptr_array_index (form, j);
          g_string_append_printf (text, "%s=%s;", field->name, field->value);
        }
      g_test_message ("%s", forms[i].text);
      g_assert_cmpstr (form != NULL ? text->str : NULL, ==, forms[i].form);
    }
  g_autoptr (GPtrArray) nul = form_parse ("a=b\0c", 5);
  g_assert_null (nul);
}

static void
test_form_bound (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < LIMIT_WEB_FIELDS; i++)
    g_string_append (text, "a=b&");
  g_autoptr (GPtrArray) form = form_parse (text->str, text->len);
  g_assert_cmpuint (form->len, ==, LIMIT_WEB_FIELDS);
  g_assert_cmpstr (form_find (form, "a"), ==, "b");
  g_assert_null (form_find (form, "A"));
  g_string_append (text, "a=b");
  g_autoptr (GPtrArray) more = form_parse (text->str, text->len);
  g_assert_null (more);
}

/* ---- signatures ---- */

static char *
sign (const char *token, const char *url, const char *text)
{
  g_autoptr (GPtrArray) form = form_parse (text, strlen (text));
  return signature_twilio (token, url, form);
}

/* Twilio's own example, in "Validating requests". */
static void
test_twilio_vector (void)
{
  static const char url[] = "https://mycompany.com/myapp.php?foo=1&bar=2";
  g_autofree char *right = sign ("12345", url,
                                 "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212");
  g_autofree char *mixed = sign ("12345", url,
                                 "To=%2B18005551212&Digits=1234&From=%2B14158675310&CallSid=CA1234567890ABCDE&Caller=%2B14158675310");
  g_autofree char *other_digits = sign ("12345", url,
                                        "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1235&From=%2B14158675310&To=%2B18005551212");
  g_autofree char *other_url = sign ("12345", "https://mycompany.com/myapp.php?foo=1&bar=3",
                                     "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212");
  g_autofree char *other_token = sign ("12346", url,
                                       "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212");
  g_assert_cmpstr (right, ==, "GvWf1cFY/Q7PnoempGyD5oXAezc=");
  g_assert_cmpstr (mixed, ==, right);
  g_assert_cmpstr (other_digits, !=, right);
  g_assert_cmpstr (other_url, !=, right);
  g_assert_cmpstr (other_token, !=, right);
}

static void
test_signature_equal (void)
{
  g_assert_true (signature_equal ("", ""));
  g_assert_true (signature_equal ("abc=", "abc="));
  g_assert_false (signature_equal ("abc=", "abC="));
  g_assert_false (signature_equal ("abc=", "abc"));
  g_assert_false (signature_equal ("abc", "abc="));
  g_assert_false (signature_equal ("xbc", "abc"));
}

/* As channels of type webhook sign what goes out. */
static void
test_webhook_signature (void)
{
  /* printf '1764100000.{"a":1}' | openssl dgst -sha256 -hmac secret */
  g_autofree char *signature = hash_sign_dated ("secret", "1764100000", "{\"a\":1}", 7);
  g_assert_cmpstr (signature, ==, "sha256=5dc112a28ca34638fc808d3559952c8b6d6c5e6035b039a1b0aa0dae081e1321");
}

/* ---- an SMS ---- */

static const struct {
  const char *text;
  gboolean good;
  PageAction action;
  gint64 ticket;
} answers[] = {
  { "ack", TRUE, PAGE_ACKNOWLEDGE, 0 },
  { " Ack. ", TRUE, PAGE_ACKNOWLEDGE, 0 },
  { "ACKNOWLEDGE", TRUE, PAGE_ACKNOWLEDGE, 0 },
  { "a", TRUE, PAGE_ACKNOWLEDGE, 0 },
  { "ack 1042", TRUE, PAGE_ACKNOWLEDGE, 1042 },
  { "a #1042!", TRUE, PAGE_ACKNOWLEDGE, 1042 },
  { "ack, on my way", TRUE, PAGE_ACKNOWLEDGE, 0 },
  { "ack\n1042\nAlice", TRUE, PAGE_ACKNOWLEDGE, 1042 },
  { "resolve", TRUE, PAGE_RESOLVE, 0 },
  { "R 7", TRUE, PAGE_RESOLVE, 7 },
  { "resolve #7 thanks", TRUE, PAGE_RESOLVE, 7 },
  { "", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "  \n", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "acks", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "back", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "please ack", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "1042", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "ack 1042x", FALSE, PAGE_ACKNOWLEDGE, 0 }, /* not the last page instead */
  { "ack 0", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "ack 99999999999999999999", FALSE, PAGE_ACKNOWLEDGE, 0 },
  { "\303\240ck", FALSE, PAGE_ACKNOWLEDGE, 0 },
};

static void
test_words (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      PageAction action;
      gint64 ticket;
      g_test_message ("%s", answers[i].text);
      g_assert_cmpint (words_read (answers[i].text, &action, &ticket), ==, answers[i].good);
      if (!answers[i].good)
        continue;
      g_assert_cmpint (action, ==, answers[i].action);
      g_assert_cmpint (ticket, ==, answers[i].ticket);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/web/client", test_client);
  g_test_add_func ("/web/client-long-list", test_client_long_list);
  g_test_add_func ("/web/client-key", test_client_key);
  g_test_add_func ("/web/rates", test_rates);
  g_test_add_func ("/web/rates-keys", test_rates_keys);
  g_test_add_func ("/web/form", test_form);
  g_test_add_func ("/web/form-bound", test_form_bound);
  g_test_add_func ("/web/twilio-vector", test_twilio_vector);
  g_test_add_func ("/web/webhook-signature", test_webhook_signature);
  g_test_add_func ("/web/words", test_words);
  g_test_add_func ("/web/signature-equal", test_signature_equal);
  return g_test_run ();
}
