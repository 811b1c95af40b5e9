#include "mail/envelope.h"

#include <string.h>

static const Role support = { .name = "support" };

/* Stands in for the configuration: support@ is a role, with any extension. */
const Role *
config_find_role (const Config *config G_GNUC_UNUSED, const char *address, char **extension)
{
  const char *plus = strchr (address, '+');
  *extension = plus != NULL ? g_strndup (plus + 1, strcspn (plus + 1, "@")) : NULL;
  return g_str_has_prefix (address, "support") ? &support : NULL;
}

static void
test_bare (void)
{
  static const struct { const char *path, *want; } rows[] = {
    { "<a@b>", "a@b" },
    { "a@b", "a@b" },
    { "<a@b> SIZE=1 BODY=8BITMIME", "a@b" },
    { "a@b SIZE=1", "a@b" },
    { "<>", "" },
    { "", "" },
    { "  <a@b>", "a@b" },
    { "<@relay.example,@other.example:a@b>", "a@b" },
    { "<\"a>b\"@c>", "\"a>b\"@c" },
    { "<\"a \\\" b\"@c> X=1", "\"a \\\" b\"@c" },
    { "<a@b", "a@b" },
    { "<@relay.example>", "@relay.example" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *bare = envelope_bare_address (rows[i].path);
      g_assert_cmpstr (bare, ==, rows[i].want);
    }
}

static void
test_unwrap (void)
{
  static const struct { const char *sender, *want; } rows[] = {
    { "a@b.example", "a@b.example" },
    { "", "" },
    { "SRS0=xK3q=7T=origin.example=anna@forwarder.example", "anna@origin.example" },
    { "srs0+xK3q=7T=origin.example=anna@forwarder.example", "anna@origin.example" },
    { "SRS0-xK3q=7T=origin.example=an=na@forwarder.example", "an=na@origin.example" },
    { "SRS1=aB9c=first.example==xK3q=7T=origin.example=anna@second.example", "anna@origin.example" },
    { "SRS1=aB9c=first.example=+xK3q=7T=origin.example=anna@second.example", "anna@origin.example" },
    { "SRS1=aB9c=first.example=-xK3q=7T=origin.example=anna@second.example", "anna@origin.example" },
    { "prvs=0387a1b2c3=anna@origin.example", "anna@origin.example" },
    { "PRVS=0387A1B2C3=anna@origin.example", "anna@origin.example" },
    { "prvs=anna/0387a1b2c3@origin.example", "anna@origin.example" },
    { "btv1==0387a1b2c3d==anna@origin.example", "anna@origin.example" },
    { "SRS0=xK3q=7T=origin.example=prvs=0387a1b2c3=anna@forwarder.example", "anna@origin.example" },
    { "SRS0=xK3q=7T@forwarder.example", "SRS0=xK3q=7T@forwarder.example" },
    { "SRS0=xK3q=7T==anna@forwarder.example", "SRS0=xK3q=7T==anna@forwarder.example" },
    { "prvs=notag=anna@origin.example", "prvs=notag=anna@origin.example" },
    { "srs0", "srs0" },
    { "SRS@x", "SRS@x" },
    { "SRS1=@x", "SRS1=@x" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *plain = envelope_unwrap_sender (rows[i].sender);
      g_assert_cmpstr (plain, ==, rows[i].want);
    }
}

static void
test_recipients (void)
{
  g_autoptr (Envelope) envelope = envelope_new ("<anna@origin.example> SIZE=10");
  g_assert_cmpstr (envelope->sender, ==, "anna@origin.example");
  const Recipient *role = envelope_add_recipient (envelope, NULL, "<support+t.1.abc@example.com>");
  g_assert_true (role->role == &support);
  g_assert_cmpstr (role->extension, ==, "t.1.abc");
  g_assert_cmpstr (role->given, ==, "<support+t.1.abc@example.com>");
  g_assert_false (envelope->others);
  g_assert_null (envelope_add_recipient (envelope, NULL, "<bob@example.com> NOTIFY=NEVER"));
  g_assert_true (envelope->others);
  g_assert_cmpuint (envelope->recipients->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/envelope/bare-address", test_bare);
  g_test_add_func ("/envelope/unwrap-sender", test_unwrap);
  g_test_add_func ("/envelope/recipients", test_recipients);
  return g_test_run ();
}
