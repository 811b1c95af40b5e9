/* reply: what an agent's mail to a ticket does, from a terminal: command lines, and an answer to the customer. */
#include "commands/work.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/limits.h"
#include "desk/desk.h"
#include "desk/staff.h"

/* TEXT is UTF-8, and not too long to be looked at. */
static gboolean
check_text (const GString *text, GError **error)
{
  if (g_utf8_validate_len (text->str, text->len, NULL) && text->len <= LIMIT_LETTER)
    return TRUE;
  g_set_error_literal (error, STORE_ERROR, STORE_ERROR_STATE, "the text is not UTF-8, or much too long");
  return FALSE;
}

static GString *
read_all (FILE *file)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];
  gsize got;
  while (text->len <= LIMIT_LETTER && (got = fread (buffer, 1, sizeof buffer, file)) > 0)
    g_string_append_len (text, buffer, (gssize) got);
  return text;
}

static gboolean
run_editor (const char *path, GError **error)
{
  const char *editor = g_getenv ("VISUAL") != NULL ? g_getenv ("VISUAL") : g_getenv ("EDITOR");
  g_autofree char *quoted = g_shell_quote (path);
  g_autofree char *line = g_strdup_printf ("%s %s", editor != NULL ? editor : "editor", quoted);
  g_auto (GStrv) argv = NULL;
  gint status;
  return g_shell_parse_argv (line, NULL, &argv, error) &&
         g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL, &status, error) &&
         g_spawn_check_wait_status (status, error);
}

/* Has the user write in their editor, beginning with what POLICY (nullable) demands. */
static GString *
edit (const Policy *policy, GError **error)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("frontdesk-reply-XXXXXX", &path, error);
  FILE *file = fd >= 0 ? fdopen (fd, "r+") : NULL;
  GString *text = NULL;
  if (file == NULL)
    return NULL;
  fprintf (file, "%s\n\n\n\n%s\n", policy != NULL && policy->greeting != NULL ? policy->greeting : "",
           policy != NULL && policy->closing != NULL ? policy->closing : "");
  fclose (file);
  if (run_editor (path, error) && (file = fopen (path, "r")) != NULL)
    {
      text = read_all (file);
      fclose (file);
    }
  else if (error != NULL && *error == NULL)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s cannot be read again: %s", path, g_strerror (errno));
  unlink (path);
  return text;
}

/* Gives all copies of the answer one Message-ID, and other letters their own. */
static void
sign (const CommandContext *context, const Seal *seal, const Ticket *ticket, gint64 now, GPtrArray *outgoing)
{
  for (guint i = 0; i < outgoing->len; i++)
    {
      Outgoing *letter = g_ptr_array_index (outgoing, i);
      g_autofree char *key =
        g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u", ticket->number, now, letter->of_message ? 0 : i + 1);
      letter->message_id = seal_message_id (seal, outgoing_kind_to_string (letter->kind), key, context->config->hostname);
    }
}

static gboolean
reply (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
       GError **error)
{
  (void) data;
  g_autofree char *path = desk_secret_path (context->config);
  g_autoptr (Seal) seal = seal_open (path, FALSE, error);
  g_autoptr (Ticket) ticket = seal != NULL ? store_find_ticket (store, number, error) : NULL;
  const Role *role = ticket != NULL ? work_find_role (context, ticket, error) : NULL;
  if (role == NULL)
    return FALSE;
  g_autoptr (GString) text = isatty (STDIN_FILENO) ? edit (role->policy, error) : read_all (stdin);
  g_autoptr (GPtrArray) outgoing = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  g_autoptr (StaffWork) work = staff_work_new (actor);
  if (text == NULL || !check_text (text, error))
    return FALSE;
  const StaffMail mail = { .config = context->config, .ticket = ticket, .role = role, .text = text->str, .now = now };
  if (!staff_prepare (&mail, work, outgoing, error))
    return FALSE;
  sign (context, seal, ticket, now, outgoing);
  return store_do_staff_work (store, number, work, outgoing, now, error);
}

int
command_reply (CommandContext *context, int argc, char **argv)
{
  if (argc == 2)
    return work_on_ticket (context, "reply", argv[1], reply, NULL);
  fputs ("usage: frontdesk reply ID [< TEXT]\n", stderr);
  return COMMAND_USAGE;
}
