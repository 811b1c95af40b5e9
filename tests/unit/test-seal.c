#include "mail/seal.h"

#include "mail/keys.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

typedef struct {
  char *folder, *path;
} Place;

static void
place_set_up (Place *place, gconstpointer data)
{
  (void) data;
  place->folder = g_dir_make_tmp ("seal-XXXXXX", NULL);
  place->path = g_build_filename (place->folder, "secret", NULL);
}

static void
place_tear_down (Place *place, gconstpointer data)
{
  (void) data;
  g_autofree char *old = g_strconcat (place->path, ".old", NULL);
  g_unlink (place->path);
  g_unlink (old);
  g_assert_cmpint (g_rmdir (place->folder), ==, 0); /* nothing was left beside the key */
  g_free (place->path);
  g_free (place->folder);
}

static void
write_key (const Place *place, const char *key, gssize length)
{
  g_assert_true (g_file_set_contents_full (place->path, key, length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static void
test_known_answer (Place *place, gconstpointer data)
{
  (void) data;
  write_key (place, "0123456789abcdef0123456789abcdef", 32);
  g_autoptr (Seal) seal = seal_open (place->path, FALSE, NULL);
  g_autofree char *address = seal_address (seal, "support@example.com", 't', 1042);
  /* printf 'address\0t.1042\0support@example.com\0' | openssl dgst -sha256 -hmac KEY, the first 10 octets as base32:
   * addresses that were given out must stay good over versions. */
  g_assert_cmpstr (address, ==, "support+t.1042.g7c3eckryrllxcpq@example.com");
}

static void
test_round_trip (void)
{
  static const char *const roles[] = { "support@example.com", "Support@Example.COM", "élan@example.com" };
  static const gint64 numbers[] = { 1, 1042, G_GINT64_CONSTANT (999999999999999999) };
  g_autoptr (Seal) seal = seal_new ();
  for (guint r = 0; r < G_N_ELEMENTS (roles); r++)
    for (guint n = 0; n < G_N_ELEMENTS (numbers); n++)
      for (const char *kind = "tab"; *kind != '\0'; kind++)
        {
          g_autofree char *address = seal_address (seal, roles[r], *kind, numbers[n]);
          const char *plus = strchr (address, '+');
          g_autofree char *extension = g_strndup (plus + 1, strcspn (plus + 1, "@"));
          g_autofree char *upper = g_ascii_strup (extension, -1);
          g_assert_true (g_str_has_suffix (address, strchr (roles[r], '@')));
          g_assert_cmpuint (strcspn (address, "@"), <=, 64);
          g_assert_cmpint (seal_open_extension (seal, roles[r], extension, *kind), ==, numbers[n]);
          g_assert_cmpint (seal_open_extension (seal, roles[r], upper, *kind), ==, numbers[n]);
        }
}

static char *
extension_of (const Seal *seal, const char *role, char kind, gint64 number)
{
  g_autofree char *address = seal_address (seal, role, kind, number);
  const char *plus = strchr (address, '+');
  return g_strndup (plus + 1, strcspn (plus + 1, "@"));
}

static void
test_case_and_extension_of_the_role (void)
{
  g_autoptr (Seal) seal = seal_new ();
  g_autofree char *extension = extension_of (seal, "support@example.com", 't', 7);
  g_autofree char *tagged = seal_address (seal, "support+old@example.com", 't', 7);
  g_autofree char *expected = g_strdup_printf ("support+%s@example.com", extension);
  g_assert_cmpstr (tagged, ==, expected);
  g_assert_cmpint (seal_open_extension (seal, "SUPPORT@EXAMPLE.com", extension, 't'), ==, 7);
}

static void
test_wrong (void)
{
  g_autoptr (Seal) seal = seal_new ();
  g_autoptr (Seal) stranger = seal_new ();
  g_autofree char *good = extension_of (seal, "support@example.com", 't', 1042);
  g_assert_cmpint (seal_open_extension (seal, "support@example.com", good, 't'), ==, 1042);
  g_assert_cmpint (seal_open_extension (seal, "support@example.com", good, 'a'), ==, 0);
  g_assert_cmpint (seal_open_extension (seal, "billing@example.com", good, 't'), ==, 0);
  g_assert_cmpint (seal_open_extension (seal, "support@example.net", good, 't'), ==, 0);
  g_assert_cmpint (seal_open_extension (stranger, "support@example.com", good, 't'), ==, 0);
  g_assert_cmpint (seal_open_extension (seal, "support@example.com", NULL, 't'), ==, 0);
  for (gsize i = 0; good[i] != '\0'; i++)
    {
      g_autofree char *changed = g_strdup (good);
      changed[i] = changed[i] == 'a' ? 'b' : 'a';
      g_assert_cmpint (seal_open_extension (seal, "support@example.com", changed, 't'), ==, 0);
    }
  g_autofree char *other_number = g_strdup_printf ("t.1043%s", good + strlen ("t.1042"));
  g_assert_cmpint (seal_open_extension (seal, "support@example.com", other_number, 't'), ==, 0);
}

/* The right MAC of #1042 in another form than the one that is given out. "%" stands for it. */
static void
test_form (void)
{
  static const char *const forms[] = {
    "c.1042.%", "t.01042.%", "t.+1042.%", "t. 1042.%", "t.-1042.%", "t.1042 .%", "t.0x412.%", "t..%", "t.%", "tt.1042.%", "1042.%",
    "t.1042.%a", "t.1042.a%", "t.1042.%.", "t.1042", "t.1042.", "t.9223372036854776850.%", "t.99999999999999999999999999999999.%",
    "%", "t", "", "newsletter",
  };
  g_autoptr (Seal) seal = seal_new ();
  g_autofree char *address = seal_address (seal, "support@example.com", 't', 1042);
  g_autofree char *mac = g_strndup (strstr (address, ".1042.") + strlen (".1042."), 16);
  g_autofree char *good = g_strconcat ("t.1042.", mac, NULL);
  g_assert_cmpint (seal_open_extension (seal, "support@example.com", good, 't'), ==, 1042);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_auto (GStrv) pieces = g_strsplit (forms[i], "%", -1);
      g_autofree char *extension = g_strjoinv (mac, pieces);
      if (seal_open_extension (seal, "support@example.com", extension, 't') != 0)
        g_error ("\"%s\" was taken", extension);
    }
  g_assert_cmpint (seal_open_extension (seal, "support@example.com", NULL, 't'), ==, 0);
}

static void
test_local_part_bound (void)
{
  g_autoptr (Seal) seal = seal_new ();
  /* "+t.1042." and 16 characters of MAC leave 40 octets for the role. */
  g_autofree char *fits = g_strconcat ("abcdefghijabcdefghijabcdefghijabcdefghij", "@example.com", NULL);
  g_autofree char *passes = g_strconcat ("x", fits, NULL);
  g_autofree char *address = seal_address (seal, fits, 't', 1042);
  g_assert_cmpuint (strcspn (address, "@"), ==, 64);
  g_assert_null (seal_address (seal, passes, 't', 1042));
  g_assert_null (seal_address (seal, "no-at-sign", 't', 1042));
  g_assert_null (seal_address (seal, "@example.com", 't', 1042));
  g_assert_null (seal_address (seal, "+x@example.com", 't', 1042));
  g_assert_null (seal_address (seal, "\"a b\"@example.com", 't', 1042));
}

static void
test_message_id (void)
{
  g_autoptr (Seal) seal = seal_new ();
  g_autofree char *one = seal_message_id (seal, "ack", "key 1", "mail.example.com");
  g_autofree char *again = seal_message_id (seal, "ack", "key 1", "mail.example.com");
  g_autofree char *other_key = seal_message_id (seal, "ack", "key 2", "mail.example.com");
  g_autofree char *page = seal_message_id (seal, "page", "key 1", "mail.example.com");
  g_assert_true (g_regex_match_simple ("^ack\\.[a-z2-7]{16}@mail\\.example\\.com$", one, 0, 0));
  g_assert_cmpstr (one, ==, again);
  g_assert_cmpstr (one, !=, other_key);
  g_assert_cmpstr (one + strlen ("ack"), !=, page + strlen ("page"));
}

static void
test_token_known_answer (Place *place, gconstpointer data)
{
  (void) data;
  write_key (place, "0123456789abcdef0123456789abcdef", 32);
  g_autoptr (Seal) seal = seal_open (place->path, FALSE, NULL);
  g_autofree char *token = seal_token (seal, "page", "17");
  /* As above, over "token", "page" and "17": links that were given out must stay good over versions. */
  g_assert_cmpstr (token, ==, "17.55745ruitc2tsohg");
}

static void
test_token_round_trip (void)
{
  static const char *const values[] = { "1", "9223372036854775807", "alice", "Alice Nguyen", "a.b", "a.b.c.", "", "\303\251lan" };
  g_autoptr (Seal) seal = seal_new ();
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *token = seal_token (seal, "page", values[i]);
      g_autofree char *value = seal_open_token (seal, "page", token);
      g_assert_cmpstr (value, ==, values[i]);
    }
}

static void
assert_token_refused (const Seal *seal, const char *purpose, const char *token)
{
  g_autofree char *value = seal_open_token (seal, purpose, token);
  if (value != NULL)
    g_error ("\"%s\" was taken as \"%s\"", token, value);
}

static void
test_token_wrong (void)
{
  static const char *const forms[] = { "", ".", "17", "17.", ".%", "%", "17%", "017.%", "18.%", "17.%a", "17.a%", "17.%.", "17..%", " 17.%", "17 .%" };
  g_autoptr (Seal) seal = seal_new ();
  g_autoptr (Seal) stranger = seal_new ();
  g_autofree char *good = seal_token (seal, "page", "17");
  const char *mac = good + strlen ("17.");
  assert_token_refused (stranger, "page", good);
  assert_token_refused (seal, "oncall", good);
  assert_token_refused (seal, "", good);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_auto (GStrv) pieces = g_strsplit (forms[i], "%", -1);
      g_autofree char *token = g_strjoinv (mac, pieces);
      assert_token_refused (seal, "page", token);
    }
  for (gsize i = 0; good[i] != '\0'; i++)
    {
      g_autofree char *changed = g_strdup (good);
      changed[i] = changed[i] == '3' ? '4' : '3';
      assert_token_refused (seal, "page", changed);
    }
}

static void
test_key_is_made_once (Place *place, gconstpointer data)
{
  (void) data;
  GStatBuf status;
  g_autoptr (Seal) first = seal_open (place->path, TRUE, NULL);
  g_autoptr (Seal) second = seal_open (place->path, TRUE, NULL);
  g_autofree char *one = seal_address (first, "support@example.com", 't', 1);
  g_autofree char *other = seal_address (second, "support@example.com", 't', 1);
  g_assert_cmpstr (one, ==, other);
  g_assert_cmpint (g_stat (place->path, &status), ==, 0);
  g_assert_cmpint (status.st_size, ==, 32);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

static gpointer
start (gpointer path)
{
  g_autoptr (Seal) seal = seal_open (path, TRUE, NULL);
  return seal != NULL ? seal_address (seal, "support@example.com", 't', 1) : NULL;
}

static void
test_starts_at_once_agree (Place *place, gconstpointer data)
{
  (void) data;
  GThread *threads[16];
  g_autofree char *first = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, start, place->path);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autofree char *address = g_thread_join (threads[i]);
      g_assert_nonnull (address);
      if (first == NULL)
        first = g_strdup (address);
      g_assert_cmpstr (address, ==, first);
    }
}

static void
assert_refused (const char *path, gboolean create, int code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Seal) seal = seal_open (path, create, &error);
  if (seal != NULL)
    g_error ("%s was taken, where \"%s\" was to be said", path, says);
  g_assert_error (error, G_FILE_ERROR, code);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_key_is_refused (Place *place, gconstpointer data)
{
  (void) data;
  assert_refused (place->path, FALSE, G_FILE_ERROR_NOENT, "No such file");
  g_autofree char *nowhere = g_build_filename (place->folder, "none", "secret", NULL);
  assert_refused (nowhere, TRUE, G_FILE_ERROR_NOENT, "cannot be made");
  assert_refused (place->folder, TRUE, G_FILE_ERROR_INVAL, "not a file");
  static const int modes[] = { 0640, 0604, 0620, 0601 };
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      write_key (place, "0123456789abcdef0123456789abcdef", 32);
      g_assert_cmpint (g_chmod (place->path, (mode_t) modes[i]), ==, 0);
      assert_refused (place->path, TRUE, G_FILE_ERROR_PERM, "chmod 600");
    }
  static const int lengths[] = { 0, 31, 33 };
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      write_key (place, "0123456789abcdef0123456789abcdefg", lengths[i]);
      g_assert_cmpint (g_chmod (place->path, 0600), ==, 0);
      assert_refused (place->path, TRUE, G_FILE_ERROR_INVAL, "wrong length");
    }
}

#define SUPPORT "support@example.com"

static gint64
number_in (const Seal *seal, const char *address)
{
  g_autofree char *extension = g_strndup (address + strlen ("support+"), strcspn (address, "@") - strlen ("support+"));
  return seal_open_extension (seal, SUPPORT, extension, 't');
}

/* What a key has signed is good until its time is over, and no longer, however often there is a new one. */
static void
test_rotation (Place *place, gconstpointer data)
{
  (void) data;
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (Seal) daemon = seal_open (place->path, TRUE, NULL);
  g_autofree char *first = seal_address (daemon, SUPPORT, 't', 1);
  g_autofree char *token = seal_token (daemon, "page", "7");
  g_assert_true (keys_rotate (place->path, now, now + 1000, NULL));
  g_autoptr (Seal) command = seal_open (place->path, FALSE, NULL);
  g_autofree char *second = seal_address (command, SUPPORT, 't', 2);
  g_autofree char *anew = seal_address (command, SUPPORT, 't', 1);
  g_assert_cmpstr (anew, !=, first);
  g_assert_cmpint (number_in (command, first), ==, 1);
  g_assert_cmpint (number_in (daemon, second), ==, 2); /* it looks for the new key by itself */
  g_assert_cmpint (number_in (daemon, first), ==, 1);
  g_autofree char *value = seal_open_token (daemon, "page", token);
  g_assert_cmpstr (value, ==, "7");
  g_assert_true (keys_rotate (place->path, now, now + 1000, NULL));
  g_assert_cmpint (number_in (daemon, second), ==, 2);
  g_assert_cmpint (number_in (daemon, first), ==, 1);
  g_assert_true (keys_rotate (place->path, now + 2000, now + 3000, NULL)); /* the first two are over by then, the third is not */
  g_autoptr (Seal) later = seal_open (place->path, FALSE, NULL);
  g_assert_cmpint (number_in (later, first), ==, 0);
  g_assert_cmpint (number_in (later, second), ==, 0);
}

/* The oldest ones go first when there are too many. */
static void
test_many_rotations (Place *place, gconstpointer data)
{
  (void) data;
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (Seal) seal = seal_open (place->path, TRUE, NULL);
  g_autofree char *address = seal_address (seal, SUPPORT, 't', 1);
  for (guint i = 1; i < KEYS_MOST; i++)
    g_assert_true (keys_rotate (place->path, now, now + 1000, NULL));
  g_autoptr (Seal) last = seal_open (place->path, FALSE, NULL);
  g_assert_cmpint (number_in (last, address), ==, 1);
  g_assert_true (keys_rotate (place->path, now, now + 1000, NULL));
  g_autoptr (Seal) beyond = seal_open (place->path, FALSE, NULL);
  g_assert_cmpint (number_in (beyond, address), ==, 0);
}

static void
test_rotation_is_refused (Place *place, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  g_assert_false (keys_rotate (place->path, 1, 2, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  g_autoptr (Seal) seal = seal_open (place->path, TRUE, NULL);
  g_assert_false (keys_rotate (place->path, 2, 2, &error)); /* nothing that was sent before would be good any more */
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
  g_clear_error (&error);
  g_assert_true (keys_rotate (place->path, 1, 2, NULL));
  g_autofree char *old = g_strconcat (place->path, ".old", NULL);
  g_chmod (old, 0644);
  g_assert_null (seal_open (place->path, FALSE, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_PERM);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define WITH_PLACE(name, test) g_test_add (name, Place, NULL, place_set_up, test, place_tear_down)
  WITH_PLACE ("/seal/known-answer", test_known_answer);
  g_test_add_func ("/seal/round-trip", test_round_trip);
  g_test_add_func ("/seal/case-and-extension-of-the-role", test_case_and_extension_of_the_role);
  g_test_add_func ("/seal/wrong", test_wrong);
  g_test_add_func ("/seal/form", test_form);
  g_test_add_func ("/seal/local-part-bound", test_local_part_bound);
  g_test_add_func ("/seal/message-id", test_message_id);
  WITH_PLACE ("/seal/token-known-answer", test_token_known_answer);
  g_test_add_func ("/seal/token-round-trip", test_token_round_trip);
  g_test_add_func ("/seal/token-wrong", test_token_wrong);
  WITH_PLACE ("/seal/key-is-made-once", test_key_is_made_once);
  WITH_PLACE ("/seal/starts-at-once-agree", test_starts_at_once_agree);
  WITH_PLACE ("/seal/key-is-refused", test_key_is_refused);
  WITH_PLACE ("/seal/rotation", test_rotation);
  WITH_PLACE ("/seal/many-rotations", test_many_rotations);
  WITH_PLACE ("/seal/rotation-is-refused", test_rotation_is_refused);
  return g_test_run ();
}
