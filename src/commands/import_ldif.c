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
} LdifImport;

/* What one entry says: the addresses and domains that it makes known, and who they are. */
typedef struct {
  GPtrArray *mail; /* (element-type utf8) */
  Contact *contact;
} Entry;

static void
take_text (char **field, char **text)
{
  g_free (*field);
  *field = g_steal_pointer (text);
}

static void
take_attribute (const LdifImport *import, Entry *entry, const char *name, const struct berval *value)
{
  const DirectorySettings *names = import->names;
  g_autofree char *text = g_strndup (value->bv_val, MIN (value->bv_len, (gsize) LIMIT_DIRECTORY_VALUE));
  if (!g_utf8_validate (text, -1, NULL))
    return;
  if (g_ascii_strcasecmp (name, "mail") == 0)
    g_ptr_array_add (entry->mail, g_steal_pointer (&text));
  else if (g_ascii_strcasecmp (name, "associatedDomain") == 0)
    g_ptr_array_add (entry->mail, g_strconcat ("@", text, NULL));
  else if (g_ascii_strcasecmp (name, names->attribute_name) == 0)
    take_text (&entry->contact->name, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_organization) == 0)
    take_text (&entry->contact->organization, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_customer) == 0)
    take_text (&entry->contact->customer, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_language) == 0)
    take_text (&entry->contact->language, &text);
  else if (g_ascii_strcasecmp (name, names->attribute_status) == 0)
    entry->contact->suspended = g_ascii_strcasecmp (text, "suspended") == 0;
}

static gboolean
read_lines (const LdifImport *import, Entry *entry, unsigned long line_number, char *record, GError **error)
{
  char *next = record, *line;
  while ((line = ldif_getline (&next)) != NULL)
    {
      struct berval name = { 0 }, value = { 0 };
      int free_value = 0;
      if (*line == '\0' || *line == '#')
        continue;
      if (ldif_parse_line2 (line, &name, &value, &free_value) != 0)
        {
          g_set_error (error, IMPORT_ERROR, IMPORT_ERROR_DATA, "%s:%lu: the entry that begins here is not LDIF",
                       import->path, line_number);
          return FALSE;
        }
      take_attribute (import, entry, name.bv_val, &value);
      if (free_value)
        ber_memfree (value.bv_val);
    }
  return TRUE;
}

static gboolean
read_record (const LdifImport *import, unsigned long line, char *record, GError **error)
{
  Entry entry = { .mail = g_ptr_array_new_with_free_func (g_free), .contact = contact_new () };
  gboolean read = read_lines (import, &entry, line, record, error);
  for (guint i = 0; read && i < entry.mail->len; i++)
    {
      g_autoptr (Contact) contact = contact_copy (entry.contact);
      contact->mail = g_strdup (g_ptr_array_index (entry.mail, i));
      read = import_contact (import->path, (guint) line, contact, import->sink, error);
    }
  g_ptr_array_unref (entry.mail);
  contact_free (entry.contact);
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
  char *record = NULL;
  int size = 0, found = 0;
  unsigned long line = 0;
  gboolean read = TRUE;
  for (guint count = 1; read && (found = ldif_read_record (file, &line, &record, &size)) > 0; count++)
    {
      read = read_record (&import, line, record, error);
      if (count % 1000 == 0 && status.st_size > 0)
        sink->progress ((double) ftello (file->fp) / (double) status.st_size, sink->data);
    }
  ber_memfree (record);
  ldif_close (file);
  if (read && found < 0)
    g_set_error (error, IMPORT_ERROR, IMPORT_ERROR_DATA, "%s:%lu: not LDIF", path, line);
  return read && found == 0;
}
