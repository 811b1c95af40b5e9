/* customers: the embedded directory: fill it from a file, and ask it. */
#include "commands/import.h"
#include "commands/output.h"
#include "commands/ticket_json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "directory/directory.h"

#define BAR_WIDTH 40

typedef struct {
  StoreImport *import;
  gint64 rows;
  gboolean terminal;
} ImportTarget;

static gboolean
add_customer (const Contact *contact, gpointer data, GError **error)
{
  ImportTarget *target = data;
  target->rows++;
  return store_import_add (target->import, contact, error);
}

static void
show_progress (double share, gpointer data)
{
  const ImportTarget *target = data;
  if (!target->terminal)
    return;
  int filled = (int) (CLAMP (share, 0, 1) * BAR_WIDTH);
  fprintf (stderr, "\r[%.*s%*s] %3d %%", filled, "########################################", BAR_WIDTH - filled, "",
           (int) (share * 100));
}

static int
import_failed (const GError *error)
{
  if (!g_error_matches (error, IMPORT_ERROR, IMPORT_ERROR_DATA) && !g_error_matches (error, IMPORT_ERROR, IMPORT_ERROR_READ))
    return output_error ("customers", error);
  fprintf (stderr, "frontdesk customers: %s\nNothing was imported.\n", error->message);
  return COMMAND_DATA;
}

static gboolean
read_file (const CommandContext *context, const char *path, ImportTarget *target, GError **error)
{
  ImportSink sink = { .add = add_customer, .progress = show_progress, .data = target };
  gboolean read = g_str_has_suffix (path, ".ldif") ? import_ldif (path, &context->config->directory, &sink, error)
                                                   : import_csv (path, &sink, error);
  if (target->terminal)
    fputs ("\r\033[K", stderr);
  return read;
}

static int
import_customers (CommandContext *context, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = store_open (context->config->database, STORE_WRITE, &error);
  ImportTarget target = { .terminal = isatty (STDERR_FILENO) };
  target.import = store != NULL ? store_import_begin (store, &error) : NULL;
  if (target.import == NULL)
    return output_error ("customers", error);
  if (!read_file (context, path, &target, &error))
    {
      store_import_abandon (target.import);
      return import_failed (error);
    }
  if (!store_import_finish (target.import, &error))
    return output_error ("customers", error);
  if (context->json)
    output_json (json_pack ("{s:I}", "imported", (json_int_t) target.rows));
  else
    printf ("%" G_GINT64_FORMAT " customers imported\n", target.rows);
  return COMMAND_OK;
}

static json_t *
contact_to_json (const Contact *contact)
{
  return json_pack ("{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s, s:b}", "mail", contact->mail, "name", contact->name,
                    "organization", contact->organization, "customer", contact->customer, "language", contact->language, "level",
                    contact->level, "status", contact->suspended ? "suspended" : "active", "by_domain", contact->by_domain);
}

static int
find_customer (CommandContext *context, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Contact) contact = NULL;
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  g_autoptr (Directory) directory = store != NULL ? directory_new (context->config, store, &error) : NULL;
  if (directory == NULL ||
      directory_find_contact (directory, address, &contact, &error) == DIRECTORY_UNAVAILABLE)
    return output_error ("customers", error);
  json_t *list = json_array ();
  if (contact != NULL)
    json_array_append_new (list, contact_to_json (contact));
  g_autoptr (AddressState) state = store_find_address_state (store, address, NULL);
  if (context->json)
    {
      json_t *known = state != NULL ? address_state_to_json (state) : json_null ();
      output_json (json_pack ("{s:o, s:o}", "customers", list, "address_state", known));
      return COMMAND_OK;
    }
  const char *const keys[] = { "mail", "name", "organization", "customer", "language", "level", "status", NULL };
  const char *const titles[] = { "MAIL", "NAME", "ORGANIZATION", "CUSTOMER", "LANGUAGE", "LEVEL", "STATUS", NULL };
  output_table (list, keys, titles);
  json_decref (list);
  if (state != NULL)
    printf ("\nMail to %s has come back %d times (%s): %s\n", state->address, state->count, state->hard ? "hard" : "soft", state->detail);
  return COMMAND_OK;
}

int
command_customers (CommandContext *context, int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "import") == 0)
    return import_customers (context, argv[2]);
  if (argc == 3 && strcmp (argv[1], "find") == 0)
    return find_customer (context, argv[2]);
  fputs ("usage: frontdesk customers import FILE.csv|FILE.ldif\n       frontdesk customers find ADDRESS\n", stderr);
  return COMMAND_USAGE;
}
