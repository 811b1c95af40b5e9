#include "mail/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/hash.h"

#define KEY_OCTETS 32
#define MAC_OCTETS 10 /* 80 bits */
#define MAC_LENGTH 16 /* of them as base32 */
#define BASE32 "abcdefghijklmnopqrstuvwxyz234567" /* RFC 4648 6, in lower case */
#define NUMBER_LENGTH 18 /* digits that always fit a gint64 */
#define LOCAL_PART 64 /* octets, RFC 5321 4.5.3.1.1 */

struct Seal {
  guchar key[KEY_OCTETS];
};

/* Customers, staff, return address, page. */
static gboolean
is_kind (char kind)
{
  return kind == 't' || kind == 'a' || kind == 'b' || kind == 'p';
}

static gboolean
fail (GError **error, int code, const char *path, const char *text)
{
  g_set_error (error, G_FILE_ERROR, (gint) g_file_error_from_errno (code), "the secret key %s %s", path, text);
  return FALSE;
}

static gboolean
fail_errno (GError **error, const char *path, const char *what)
{
  int code = errno;
  g_autofree char *text = g_strdup_printf ("cannot be %s: %s", what, g_strerror (code));
  return fail (error, code, path, text);
}

static gboolean
read_key (Seal *seal, int fd, const char *path, GError **error)
{
  struct stat status;
  if (fstat (fd, &status) != 0)
    return fail_errno (error, path, "read");
  if (!S_ISREG (status.st_mode))
    return fail (error, EINVAL, path, "is not a file");
  if ((status.st_mode & 077) != 0)
    return fail (error, EPERM, path, "is open to others: chmod 600 it, and think of who may have read it");
  if (status.st_size != KEY_OCTETS)
    return fail (error, EINVAL, path, "has a wrong length: restore it from a copy, or remove it to get a new one");
  ssize_t got = TEMP_FAILURE_RETRY (read (fd, seal->key, KEY_OCTETS));
  if (got < 0)
    return fail_errno (error, path, "read");
  return got == KEY_OCTETS || fail (error, EIO, path, "changed while it was read: start again");
}

/* The kernel gives up to 256 octets whole once it has seeded its generator, see getrandom(2). */
static gboolean
fill_random (guchar *octets, gsize length)
{
  return TEMP_FAILURE_RETRY (getrandom (octets, length, 0)) == (ssize_t) length;
}

/* Syncs the folder of PATH, so that the name outlives a power failure. */
static gboolean
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync (fd) == 0;
  int code = errno;
  if (fd >= 0)
    close (fd);
  errno = code;
  return synced;
}

/* Writes a new key to the new file ASIDE. FALSE with errno set, and no file left. */
static gboolean
write_key (const char *aside)
{
  guchar key[KEY_OCTETS];
  int fd = open (aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  errno = EIO; /* what a short write is told as */
  gboolean written = fill_random (key, sizeof key) && TEMP_FAILURE_RETRY (write (fd, key, sizeof key)) == sizeof key &&
                     fsync (fd) == 0;
  int code = errno;
  explicit_bzero (key, sizeof key);
  close (fd);
  if (!written)
    unlink (aside);
  errno = code;
  return written;
}

/* Makes the key aside and links it into place, so that of two first starts at once both use the same one. */
static gboolean
create_key (const char *path, GError **error)
{
  g_autofree char *unique = g_uuid_string_random ();
  g_autofree char *aside = g_strdup_printf ("%s.%s", path, unique);
  if (!write_key (aside))
    return fail_errno (error, path, "made");
  gboolean linked = (link (aside, path) == 0 || errno == EEXIST) && sync_folder (path);
  if (!linked)
    fail_errno (error, path, "put in its place");
  unlink (aside);
  return linked;
}

Seal *
seal_open (const char *path, gboolean create, GError **error)
{
  g_autoptr (Seal) seal = g_new0 (Seal, 1);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT && create)
    {
      if (!create_key (path, error))
        return NULL;
      fd = open (path, O_RDONLY | O_CLOEXEC);
    }
  if (fd < 0)
    {
      fail_errno (error, path, "opened");
      return NULL;
    }
  gboolean good = read_key (seal, fd, path, error);
  close (fd);
  return good ? g_steal_pointer (&seal) : NULL;
}

Seal *
seal_new (void)
{
  Seal *seal = g_new0 (Seal, 1);
  if (!fill_random (seal->key, sizeof seal->key))
    g_error ("the kernel gives no random octets: %s", g_strerror (errno));
  return seal;
}

void
seal_free (Seal *seal)
{
  explicit_bzero (seal->key, sizeof seal->key);
  g_free (seal);
}

/* LENGTH octets give LENGTH * 8 / 5 characters, which must come out even. */
static char *
base32 (const guchar *octets, gsize length)
{
  GString *text = g_string_new (NULL);
  guint bits = 0, count = 0;
  for (gsize i = 0; i < length; i++)
    {
      bits = bits << 8 | octets[i];
      for (count += 8; count >= 5; count -= 5)
        g_string_append_c (text, BASE32[bits >> (count - 5) & 31]);
    }
  return g_string_free (text, FALSE);
}

/* The MAC over WHAT is signed and the two strings, as base32. Each string counts with its final NUL, so that no
 * other division of the same octets gives the same MAC. */
static char *
sign (const Seal *seal, const char *what, const char *one, const char *other)
{
  guint8 mac[HASH_OCTETS];
  const char *parts[] = { what, one, other };
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_string_append_len (text, parts[i], (gssize) strlen (parts[i]) + 1);
  hash_sign (seal->key, sizeof seal->key, text->str, text->len, mac);
  return base32 (mac, MAC_OCTETS);
}

/* ROLE_ADDRESS without an extension of its own; NULL when nothing can be put behind its local part. */
static char *
plain_address (const char *role_address)
{
  const char *at = strrchr (role_address, '@');
  if (at == NULL || at == role_address || *role_address == '"')
    return NULL;
  gsize length = strcspn (role_address, "+@");
  return length > 0 ? g_strdup_printf ("%.*s%s", (int) length, role_address, at) : NULL;
}

static char *
sign_number (const Seal *seal, const char *address, char kind, gint64 number)
{
  g_autofree char *valid = g_utf8_make_valid (address, -1);
  g_autofree char *lower = g_utf8_strdown (valid, -1);
  g_autofree char *text = g_strdup_printf ("%c.%" G_GINT64_FORMAT, kind, number);
  return sign (seal, "address", text, lower);
}

char *
seal_address (const Seal *seal, const char *role_address, char kind, gint64 number)
{
  g_return_val_if_fail (number > 0 && is_kind (kind), NULL);
  g_autofree char *address = plain_address (role_address);
  if (address == NULL)
    return NULL;
  const char *at = strrchr (address, '@');
  g_autofree char *mac = sign_number (seal, address, kind, number);
  g_autofree char *local =
    g_strdup_printf ("%.*s+%c.%" G_GINT64_FORMAT ".%s", (int) (at - address), address, kind, number, mac);
  return strlen (local) <= LOCAL_PART ? g_strconcat (local, at, NULL) : NULL;
}

/* Takes EXTENSION apart: "t.1042.MAC". *MAC points into it. */
static gboolean
split_extension (const char *extension, char *kind, gint64 *number, const char **mac)
{
  if (extension == NULL || !is_kind (g_ascii_tolower (*extension)) || extension[1] != '.')
    return FALSE;
  const char *digits = extension + 2;
  gsize count = strspn (digits, "0123456789");
  if (count == 0 || count > NUMBER_LENGTH || *digits == '0' || digits[count] != '.')
    return FALSE;
  *mac = digits + count + 1;
  if (strlen (*mac) != MAC_LENGTH || strspn (*mac, BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != MAC_LENGTH)
    return FALSE;
  *kind = g_ascii_tolower (*extension);
  *number = g_ascii_strtoll (digits, NULL, 10);
  return TRUE;
}

/* Compares without case, in a time that does not tell how much was right. */
static gboolean
macs_are_equal (const char *one, const char *other)
{
  guchar difference = 0;
  for (guint i = 0; i < MAC_LENGTH; i++)
    difference |= (guchar) (g_ascii_tolower (one[i]) ^ g_ascii_tolower (other[i]));
  return difference == 0;
}

gint64
seal_open_extension (const Seal *seal, const char *role_address, const char *extension, char kind)
{
  char given_kind;
  gint64 number;
  const char *given;
  if (!split_extension (extension, &given_kind, &number, &given) || given_kind != kind)
    return 0;
  g_autofree char *address = plain_address (role_address);
  if (address == NULL)
    return 0;
  g_autofree char *mac = sign_number (seal, address, kind, number);
  return macs_are_equal (mac, given) ? number : 0;
}

gboolean
seal_looks_signed (const char *extension, char kind)
{
  char given_kind;
  gint64 number;
  const char *mac;
  return split_extension (extension, &given_kind, &number, &mac) && given_kind == kind;
}

char *
seal_message_id (const Seal *seal, const char *purpose, const char *key, const char *hostname)
{
  g_autofree char *mac = sign (seal, "message-id", purpose, key);
  return g_strdup_printf ("%s.%s@%s", purpose, mac, hostname);
}

char *
seal_token (const Seal *seal, const char *purpose, const char *value)
{
  g_autofree char *mac = sign (seal, "token", purpose, value);
  return g_strconcat (value, ".", mac, NULL);
}

char *
seal_open_token (const Seal *seal, const char *purpose, const char *token)
{
  const char *dot = strrchr (token, '.');
  if (dot == NULL || strlen (dot + 1) != MAC_LENGTH)
    return NULL;
  g_autofree char *value = g_strndup (token, (gsize) (dot - token));
  g_autofree char *mac = sign (seal, "token", purpose, value);
  return macs_are_equal (mac, dot + 1) ? g_steal_pointer (&value) : NULL;
}
