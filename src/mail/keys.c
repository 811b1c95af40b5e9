#include "mail/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_OCTETS 32
#define OLD_KEYS (KEYS_MOST - 1)
#define OLD_SUFFIX ".old"
#define OLD_OCTETS (KEY_OCTETS + 8) /* of one old key: itself, and its last second as a big-endian number */

/* One key, and until when what it has signed is good: seconds since 1970; the first one signs, and is good until it is replaced. */
typedef struct {
  guchar octets[KEY_OCTETS];
  gint64 until;
} Key;

/* What is known of the two files: another process may put a new key in their place. */
struct Keys {
  char *path;   /* NULL: a key that nobody else knows */
  GRWLock lock; /* guards all below */
  Key list[KEYS_MOST];
  guint count;
  struct stat seen; /* of the file with the key that signs */
};

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

/* Reads all of FD, a secret file of PIECES times PIECE octets, to OCTETS, which has room for MOST pieces. */
static gboolean
read_secret (int fd, const char *path, guchar *octets, gsize piece, guint most, guint *pieces, struct stat *seen, GError **error)
{
  struct stat status;
  if (fstat (fd, &status) != 0)
    return fail_errno (error, path, "read");
  if (!S_ISREG (status.st_mode))
    return fail (error, EINVAL, path, "is not a file");
  if ((status.st_mode & 077) != 0)
    return fail (error, EPERM, path, "is open to others: chmod 600 it, and think of who may have read it");
  gsize size = (gsize) status.st_size;
  if (size == 0 || size % piece != 0 || size / piece > most)
    return fail (error, EINVAL, path, "has a wrong length: restore it from a copy, or remove it to get a new one");
  ssize_t got = TEMP_FAILURE_RETRY (read (fd, octets, size));
  if (got < 0)
    return fail_errno (error, path, "read");
  *pieces = (guint) (size / piece);
  *seen = status;
  return (gsize) got == size || fail (error, EIO, path, "changed while it was read: start again");
}

static gboolean
read_key (Keys *keys, int fd, GError **error)
{
  return read_secret (fd, keys->path, keys->list[0].octets, KEY_OCTETS, 1, &keys->count, &keys->seen, error);
}

/* The keys that were in use before, if any. */
static gboolean
read_old_keys (Keys *keys, GError **error)
{
  g_autofree char *path = g_strconcat (keys->path, OLD_SUFFIX, NULL);
  guchar octets[OLD_KEYS * OLD_OCTETS];
  struct stat seen;
  guint count = 0;
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT || fail_errno (error, path, "opened");
  gboolean good = read_secret (fd, path, octets, OLD_OCTETS, OLD_KEYS, &count, &seen, error);
  close (fd);
  for (guint i = 0; good && i < count; i++)
    {
      Key *key = &keys->list[keys->count++];
      guint64 until;
      memcpy (key->octets, octets + i * OLD_OCTETS, KEY_OCTETS);
      memcpy (&until, octets + i * OLD_OCTETS + KEY_OCTETS, sizeof until);
      key->until = (gint64) GUINT64_FROM_BE (until);
    }
  explicit_bzero (octets, sizeof octets);
  return good;
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

/* Writes LENGTH OCTETS to the new file ASIDE. FALSE with errno set, and no file left. */
static gboolean
write_secret (const char *aside, const guchar *octets, gsize length)
{
  int fd = open (aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  errno = EIO; /* what a short write is told as */
  gboolean written = TEMP_FAILURE_RETRY (write (fd, octets, length)) == (ssize_t) length && fsync (fd) == 0;
  int code = errno;
  close (fd);
  if (!written)
    unlink (aside);
  errno = code;
  return written;
}

static gboolean
write_key (const char *aside)
{
  guchar key[KEY_OCTETS];
  gboolean written = fill_random (key, sizeof key) && write_secret (aside, key, sizeof key);
  explicit_bzero (key, sizeof key);
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

static Keys *
new_keys (const char *path)
{
  Keys *keys = g_new0 (Keys, 1);
  keys->path = g_strdup (path);
  g_rw_lock_init (&keys->lock);
  return keys;
}

static gboolean
read_all (Keys *keys, gboolean create, GError **error)
{
  int fd = open (keys->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT && create)
    {
      if (!create_key (keys->path, error))
        return FALSE;
      fd = open (keys->path, O_RDONLY | O_CLOEXEC);
    }
  if (fd < 0)
    return fail_errno (error, keys->path, "opened");
  gboolean good = read_key (keys, fd, error) && read_old_keys (keys, error);
  close (fd);
  return good;
}

Keys *
keys_open (const char *path, gboolean create, GError **error)
{
  g_autoptr (Keys) keys = new_keys (path);
  return read_all (keys, create, error) ? g_steal_pointer (&keys) : NULL;
}

/* Whether there is another key now than the one that was read. */
static gboolean
has_changed (const Keys *keys)
{
  struct stat status;
  return keys->path != NULL && stat (keys->path, &status) == 0 &&
         (status.st_ino != keys->seen.st_ino || status.st_ctim.tv_sec != keys->seen.st_ctim.tv_sec ||
          status.st_ctim.tv_nsec != keys->seen.st_ctim.tv_nsec);
}

gboolean
keys_refresh (Keys *keys)
{
  g_autoptr (GError) failure = NULL;
  Keys read = { .path = keys->path };
  if (!has_changed (keys))
    return FALSE;
  gboolean good = read_all (&read, FALSE, &failure);
  g_rw_lock_writer_lock (&keys->lock);
  if (good)
    {
      memcpy (keys->list, read.list, sizeof keys->list);
      keys->count = read.count;
      keys->seen = read.seen;
    }
  g_rw_lock_writer_unlock (&keys->lock);
  explicit_bzero (read.list, sizeof read.list);
  if (!good)
    g_warning ("the new key is not used: %s", failure->message);
  return good;
}

/* The keys of KEYS behind each other as the file of old ones has them: those that are good at NOW, the latest first, and the one
 * that signs until UNTIL. Their number. */
static guint
collect_old (const Keys *keys, gint64 now, gint64 until, guchar *octets)
{
  guint count = 0;
  for (guint i = 0; i < keys->count && count < OLD_KEYS; i++)
    {
      gint64 last = i == 0 ? until : keys->list[i].until;
      guint64 number = GUINT64_TO_BE ((guint64) last);
      if (last <= now)
        continue;
      memcpy (octets + count * OLD_OCTETS, keys->list[i].octets, KEY_OCTETS);
      memcpy (octets + count++ * OLD_OCTETS + KEY_OCTETS, &number, sizeof number);
    }
  return count;
}

/* The old ones first: should this end in between, the key is among them too, which does no harm. */
static gboolean
replace_key (const Keys *keys, const guchar *old, gsize length, GError **error)
{
  g_autofree char *unique = g_uuid_string_random ();
  g_autofree char *aside = g_strdup_printf ("%s.%s", keys->path, unique);
  g_autofree char *old_aside = g_strconcat (aside, OLD_SUFFIX, NULL);
  g_autofree char *old_path = g_strconcat (keys->path, OLD_SUFFIX, NULL);
  gboolean replaced = write_key (aside) && write_secret (old_aside, old, length) && rename (old_aside, old_path) == 0 &&
                      rename (aside, keys->path) == 0 && sync_folder (keys->path);
  if (!replaced)
    fail_errno (error, keys->path, "replaced");
  unlink (aside);
  unlink (old_aside);
  return replaced;
}

gboolean
keys_rotate (const char *path, gint64 now, gint64 until, GError **error)
{
  g_autoptr (Keys) keys = keys_open (path, FALSE, error);
  guchar old[OLD_KEYS * OLD_OCTETS];
  if (keys == NULL)
    return FALSE;
  guint count = collect_old (keys, now, until, old);
  gboolean replaced = count > 0 ? replace_key (keys, old, count * OLD_OCTETS, error)
                                : fail (error, EINVAL, path, "would leave nothing that was signed before good: give a time to come");
  explicit_bzero (old, sizeof old);
  return replaced;
}

Keys *
keys_new (void)
{
  Keys *keys = new_keys (NULL);
  keys->count = 1;
  if (!fill_random (keys->list[0].octets, KEY_OCTETS))
    g_error ("the kernel gives no random octets: %s", g_strerror (errno));
  return keys;
}

void
keys_free (Keys *keys)
{
  explicit_bzero (keys->list, sizeof keys->list);
  g_rw_lock_clear (&keys->lock);
  g_free (keys->path);
  g_free (keys);
}

void
keys_sign (Keys *keys, const char *text, gsize length, guint8 *mac)
{
  g_rw_lock_reader_lock (&keys->lock);
  hash_sign (keys->list[0].octets, KEY_OCTETS, text, length, mac);
  g_rw_lock_reader_unlock (&keys->lock);
}

guint
keys_sign_all (Keys *keys, gint64 now, const char *text, gsize length, guint8 macs[][HASH_OCTETS])
{
  guint count = 0;
  g_rw_lock_reader_lock (&keys->lock);
  for (guint i = 0; i < keys->count; i++)
    if (i == 0 || keys->list[i].until >= now)
      hash_sign (keys->list[i].octets, KEY_OCTETS, text, length, macs[count++]);
  g_rw_lock_reader_unlock (&keys->lock);
  return count;
}
