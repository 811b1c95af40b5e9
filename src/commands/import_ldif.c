#include "commands/import.h"

#include <errno.h>
#include <stdio.h>
#include <ldap.h>
#include <ldif.h>
#include <string.h>
#include <sys/stat.h>

#include "config/limits.h"

typedef struct {
  const char *path;
  const DirectorySettings *names;
  const ImportSink *sink;
  gint64 size;  /* of the file, octets */
  guint values; /* addresses and domains so far */
} LdifImport;

/* An address or "@domain", and the line that it stands in. */
typedef struct {
  char *text;
  guint line;
} Mail;

/* What one entry says: the addresses and domains that it makes known, and who they are. */
typedef struct {
  GArray *mail; /* (element-type Mail) */
  Contact *contact;
} Entry;

static void
mail_clear (gpointer mail)
{
  g_free (((Mail *) mail)->text);
}

static void
take_text (char **field, char **text)
{
  g_free (*field);
  *field = g_steal_pointer (text);
}

static gboolean
fail (const LdifImport *import, guint line, const char *what, GError **error)
{
  g_set_error (error, IMPORT_ERROR, IMPORT_ERROR_DATA, "%s:%u: %s", import->path, line, what);
  return FALSE;
}

static void
take_attribute (const LdifImport *import, Entry *entry, const char *name, const char *value)
{
  const DirectorySettings *names = import->names;
  g_autofree char *text = g_strndup (value, LIMIT_DIRECTORY_VALUE);
  if (!g_utf8_validate (text, -1, NULL))
    return;
  if (g_ascii_strcasecmp (name, names->attribute_name) == 0)
    take_text (&entry->contact->name, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_organization) == 0)
    take_text (&entry->contact->organization, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_customer) == 0)
    take_text (&entry->contact->customer, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_language) == 0)
    take_text (&entry->contact->language, &text);
  else if (names->attribute_level != NULL && g_ascii_strcasecmp (name, names->attribute_level) == 0)
    take_text (&entry->contact->level, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_status) == 0)
    entry->contact->suspended = g_ascii_strcasecmp (text, "suspended") == 0;
}

static gboolean
take_value (const LdifImport *import, Entry *entry, guint line, const char *name, const struct berval *value, GError **error)
{
  gboolean mail = g_ascii_strcasecmp (name, "mail") == 0, domain = g_ascii_strcasecmp (name, "associatedDomain") == 0;
  g_autofree char *text = g_strndup (value->bv_val, value->bv_len);
  if (g_ascii_strcasecmp (name, "changetype") == 0 && g_ascii_strcasecmp (text, "add") != 0)
    return fail (import, line, "only entries are imported, or changes with \"changetype: add\"", error);
  if (!mail && !domain)
    {
      take_attribute (import, entry, name, text);
      return TRUE;
    }
  if (strlen (text) < value->bv_len || !g_utf8_validate (text, -1, NULL))
    return fail (import, line, "the value is no text", error);
  const Mail one = { .text = domain ? g_strconcat ("@", text, NULL) : g_steal_pointer (&text), .line = line };
  g_array_append_val (entry->mail, one);
  return TRUE;
}

static gboolean
read_line (const LdifImport *import, Entry *entry, guint number, char *line, GError **error)
{
  struct berval name = { 0 }, value = { 0 };
  int free_value = 0;
  if (*line == '\0' || *line == '#')
    return TRUE;
  if (ldif_parse_line2 (line, &name, &value, &free_value) != 0)
    return fail (import, number, "this is not LDIF", error);
  gboolean taken = take_value (import, entry, number, name.bv_val, &value, error);
  if (free_value)
    ber_memfree (value.bv_val);
  return taken;
}

/* LINE is the one that RECORD begins with. */
static gboolean
read_lines (const LdifImport *import, Entry *entry, guint line, char *record, GError **error)
{
  g_autofree char *written = g_strdup (record); /* ldif_getline() leaves every octet in its place, but not the line ends */
  const char *seen = written;
  char *next = record, *text;
  while ((text = ldif_getline (&next)) != NULL)
    {
      for (; seen < written + (text - record); seen++)
        line += *seen == '\n';
      if (!read_line (import, entry, line, text, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_record (LdifImport *import, guint line, char *record, GError **error)
{
  Entry entry = { .mail = g_array_new (FALSE, FALSE, sizeof (Mail)), .contact = contact_new () };
  g_array_set_clear_func (entry.mail, mail_clear);
  gboolean read = read_lines (import, &entry, line, record, error);
  for (guint i = 0; read && i < entry.mail->len; i++)
    {
      const Mail *mail = &g_array_index (entry.mail, Mail, i);
      g_autoptr (Contact) contact = contact_copy (entry.contact);
      contact->mail = g_strdup (mail->text);
      read = import_contact (import->path, mail->line, contact, import->sink, error);
    }
  import->values += entry.mail->len;
  g_array_unref (entry.mail);
  contact_free (entry.contact);
  return read;
}

/* The line that RECORD began with, when LINES have been read: up to the empty one behind it, or to the end of FILE. */
static guint
first_line (const LDIFFP *file, unsigned long lines, const char *record)
{
  guint count = 0;
  for (const char *at = record; (at = strchr (at, '\n')) != NULL; at++)
    count++;
  return (guint) lines - count + (feof (file->fp) != 0);
}

static gboolean
read_records (LdifImport *import, LDIFFP *file, GError **error)
{
  char *record = NULL;
  int size = 0, found = 0;
  unsigned long line = 0;
  gboolean read = TRUE;
  for (guint count = 1; read && (found = ldif_read_record (file, &line, &record, &size)) > 0; count++)
    {
      read = read_record (import, first_line (file, line, record), record, error);
      if (count % 1000 == 0 && import->size > 0)
        import->sink->progress ((double) ftello (file->fp) / (double) import->size, import->sink->data);
    }
  ber_memfree (record);
  if (read && found < 0)
    return fail (import, (guint) line, "this is not LDIF", error);
  if (read && ferror (file->fp) != 0)
    return fail (import, (guint) line, "what follows cannot be read", error);
  if (read && import->values == 0) /* the table would be empty from now on */
    return fail (import, (guint) line, "no entry has a value of mail or associatedDomain", error);
  return read;
}

gboolean
import_ldif (const char *path, const DirectorySettings *names, const ImportSink *sink, GError **error)
{
  LdifImport import = { .path = path, .names = names, .sink = sink };
  struct stat status;
  LDIFFP *file = stat (path, &status) == 0 ? ldif_open (path, "r") : NULL;
  if (file == NULL)
    {
      g_set_error (error, IMPORT_ERROR, IMPORT_ERROR_READ, "cannot read %s: %s", path, g_strerror (errno));
      return FALSE;
    }
  import.size = status.st_size;
  gboolean read = read_records (&import, file, error);
  ldif_close (file);
  return read;
}
