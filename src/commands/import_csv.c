#include "commands/import.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/limits.h"

G_DEFINE_QUARK (frontdesk-import-error-quark, import_error)

#define PROGRESS_LINES 1000

static const char *const column_names[] = { "mail", "name", "organization", "customer", "language", "status", "level", NULL };
enum { COLUMN_MAIL, COLUMN_NAME, COLUMN_ORGANIZATION, COLUMN_CUSTOMER, COLUMN_LANGUAGE, COLUMN_STATUS, COLUMN_LEVEL, N_COLUMNS };

typedef struct {
  const char *path;
  const ImportSink *sink;
  GPtrArray *fields;      /* (element-type utf8) of the row under way */
  int place[N_COLUMNS];   /* where a column stands, -1: nowhere */
  guint columns;          /* of the header line; 0 before it */
  guint line;             /* that is being fed */
  guint row_line;         /* where the row under way begins */
  GError *error;
} CsvImport;

gboolean
import_contact (const char *path, guint line, Contact *contact, const ImportSink *sink, GError **error)
{
  g_autofree char *given = g_steal_pointer (&contact->mail);
  if (given != NULL && *given == '@')
    {
      g_autofree char *probe = g_strconcat ("domain", given, NULL);
      g_autofree char *normal = address_normalise (probe);
      contact->mail = normal != NULL ? g_strdup (strchr (normal, '@')) : NULL;
    }
  else if (given != NULL)
    contact->mail = address_normalise (given);
  if (contact->mail != NULL)
    return sink->add (contact, sink->data, error);
  g_set_error (error, IMPORT_ERROR, IMPORT_ERROR_DATA, "%s:%u: \"%s\" is neither an address nor @domain", path, line,
               given != NULL ? given : "");
  return FALSE;
}

static void
fail (CsvImport *import, const char *what, const char *value)
{
  if (import->error == NULL)
    import->error = g_error_new (IMPORT_ERROR, IMPORT_ERROR_DATA, "%s:%u: %s%s", import->path, import->row_line, what, value);
}

static void
on_field (void *text, size_t length, void *data)
{
  CsvImport *import = data;
  g_autofree char *field = g_strndup (text, length);
  if (!g_utf8_validate (field, -1, NULL))
    fail (import, "the line is not UTF-8", "");
  else
    g_ptr_array_add (import->fields, g_strstrip (g_steal_pointer (&field)));
}

static void
read_header (CsvImport *import)
{
  for (guint column = 0; column < N_COLUMNS; column++)
    import->place[column] = -1;
  for (guint i = 0; i < import->fields->len; i++)
    {
      const char *field = g_ptr_array_index (import->fields, i);
      guint column = 0;
      while (column < N_COLUMNS && g_ascii_strcasecmp (field, column_names[column]) != 0)
        column++;
      if (column == N_COLUMNS)
        fail (import, "the header line must be mail,name,organization,customer,language,status, perhaps with level, and has: ", field);
      else
        import->place[column] = (int) i;
    }
  if (import->place[COLUMN_MAIL] < 0)
    fail (import, "the header line has no column mail", "");
  import->columns = import->fields->len;
}

/* The row's value of COLUMN, NULL when empty or not there. The caller's. */
static char *
take_value (const CsvImport *import, guint column)
{
  if (import->place[column] < 0)
    return NULL;
  const char *value = g_ptr_array_index (import->fields, (guint) import->place[column]);
  return *value != '\0' ? g_strndup (value, LIMIT_DIRECTORY_VALUE) : NULL;
}

static void
read_customer (CsvImport *import)
{
  if (import->fields->len != import->columns)
    {
      fail (import, "the line has more or fewer fields than the header line", "");
      return;
    }
  g_autoptr (Contact) contact = contact_new ();
  g_autofree char *status = take_value (import, COLUMN_STATUS);
  contact->mail = take_value (import, COLUMN_MAIL);
  contact->name = take_value (import, COLUMN_NAME);
  contact->organization = take_value (import, COLUMN_ORGANIZATION);
  contact->customer = take_value (import, COLUMN_CUSTOMER);
  contact->language = take_value (import, COLUMN_LANGUAGE);
  contact->level = take_value (import, COLUMN_LEVEL);
  contact->suspended = g_strcmp0 (status, "suspended") == 0;
  if (status != NULL && !contact->suspended && !g_str_equal (status, "active"))
    fail (import, "status must be active or suspended, not: ", status);
  else
    import_contact (import->path, import->row_line, contact, import->sink, &import->error);
}

static void
on_row (int end, void *data)
{
  CsvImport *import = data;
  (void) end;
  gboolean empty = import->fields->len == 0 || (import->fields->len == 1 && *(char *) import->fields->pdata[0] == '\0');
  if (import->error == NULL && !empty)
    {
      if (import->columns == 0)
        read_header (import);
      else
        read_customer (import);
    }
  g_ptr_array_set_size (import->fields, 0);
  import->row_line = import->line + 1;
}

static gboolean
feed_lines (CsvImport *import, struct csv_parser *parser, FILE *file, double size)
{
  g_autofree char *line = g_malloc (LIMIT_CSV_LINE);
  while (import->error == NULL && fgets (line, LIMIT_CSV_LINE, file) != NULL)
    {
      gsize length = strlen (line);
      import->line++;
      if (length + 1 == LIMIT_CSV_LINE)
        fail (import, "the line is too long", "");
      else if (csv_parse (parser, line, length, on_field, on_row, import) != length)
        fail (import, "not CSV: ", csv_strerror (csv_error (parser)));
      if (import->line % PROGRESS_LINES == 0 && size > 0)
        import->sink->progress ((double) ftello (file) / size, import->sink->data);
    }
  if (import->error == NULL && csv_fini (parser, on_field, on_row, import) != 0)
    fail (import, "the last field is not closed", "");
  if (import->error == NULL && import->columns == 0)
    fail (import, "the file has no header line", "");
  return import->error == NULL;
}

gboolean
import_csv (const char *path, const ImportSink *sink, GError **error)
{
  FILE *file = fopen (path, "re");
  struct stat status;
  if (file == NULL || fstat (fileno (file), &status) != 0)
    {
      g_set_error (error, IMPORT_ERROR, IMPORT_ERROR_READ, "cannot read %s: %s", path, g_strerror (errno));
      if (file != NULL)
        fclose (file);
      return FALSE;
    }
  CsvImport import = { .path = path, .sink = sink, .row_line = 1, .fields = g_ptr_array_new_with_free_func (g_free) };
  struct csv_parser parser;
  csv_init (&parser, CSV_STRICT | CSV_STRICT_FINI);
  gboolean read = feed_lines (&import, &parser, file, (double) status.st_size);
  csv_free (&parser);
  fclose (file);
  g_ptr_array_unref (import.fields);
  if (!read)
    g_propagate_error (error, import.error);
  return read;
}
