/* work: the subcommands that change one ticket: note, assign, priority, close, reopen. */
#include "commands/output.h"
#include "commands/ticket_json.h"

#include <stdio.h>
#include <string.h>

/* One change of ticket NUMBER, by ACTOR, now. */
typedef gboolean (*Change) (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now,
                            gconstpointer data, GError **error);

/* Opens the store, makes the change, and prints the ticket as it is then. */
static int
change_ticket (CommandContext *context, const char *name, const char *id, Change change, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 number = ticket_number_parse (id);
  if (number == 0)
    {
      fprintf (stderr, "frontdesk %s: \"%s\" is no ticket number\n", name, id);
      return COMMAND_USAGE;
    }
  g_autoptr (Store) store = store_open (context->config->database, STORE_WRITE, &error);
  if (store == NULL || !change (context, store, number, g_get_user_name (), g_get_real_time (), data, &error))
    return output_error (name, error);
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, &error);
  if (ticket == NULL)
    return output_error (name, error);
  if (context->json)
    output_json (ticket_to_json (ticket));
  else
    printf ("ticket #%" G_GINT64_FORMAT ": %s, p%d, team %s, assignee %s\n", number, ticket->state, ticket->priority,
            ticket->team, ticket->assignee != NULL ? ticket->assignee : "none");
  return COMMAND_OK;
}

static int
usage (const char *text)
{
  fprintf (stderr, "usage: frontdesk %s\n", text);
  return COMMAND_USAGE;
}

static gboolean
add_note (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
          GError **error)
{
  (void) context;
  return store_add_note (store, number, actor, data, now, error);
}

int
command_note (CommandContext *context, int argc, char **argv)
{
  return argc == 3 && *argv[2] != '\0' ? change_ticket (context, "note", argv[1], add_note, argv[2])
                                       : usage ("note ID TEXT");
}

typedef struct {
  const char *team, *assignee;
} Assignment;

static gboolean
assign (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
        GError **error)
{
  (void) context;
  const Assignment *assignment = data;
  return store_assign (store, number, assignment->team, assignment->assignee, actor, now, error);
}

int
command_assign (CommandContext *context, int argc, char **argv)
{
  Assignment assignment = { 0 };
  for (int i = 2; i < argc; i++)
    {
      if (strcmp (argv[i], "--team") == 0 && i + 1 < argc)
        assignment.team = argv[++i];
      else if (*argv[i] != '-' && assignment.assignee == NULL)
        assignment.assignee = argv[i];
      else
        return usage ("assign ID [--team T] [AGENT]");
    }
  if (assignment.team == NULL && assignment.assignee == NULL)
    return usage ("assign ID [--team T] [AGENT]");
  if ((assignment.team != NULL && config_find_team (context->config, assignment.team) == NULL) ||
      (assignment.assignee != NULL && config_find_agent (context->config, assignment.assignee) == NULL))
    {
      fputs ("frontdesk assign: the configuration has no such team or agent\n", stderr);
      return COMMAND_DATA;
    }
  return change_ticket (context, "assign", argv[1], assign, &assignment);
}

static gboolean
set_priority (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
              GError **error)
{
  (void) context;
  return store_set_priority (store, number, GPOINTER_TO_INT (data), actor, now, error);
}

int
command_priority (CommandContext *context, int argc, char **argv)
{
  if (argc != 3 || argv[2][0] != 'p' || argv[2][1] < '1' || argv[2][1] > '4' || argv[2][2] != '\0')
    return usage ("priority ID p1|p2|p3|p4");
  return change_ticket (context, "priority", argv[1], set_priority, GINT_TO_POINTER (argv[2][1] - '0'));
}

static gboolean
close_ticket (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
              GError **error)
{
  (void) data;
  gint64 close_at = now + context->config->close_after * G_USEC_PER_SEC;
  return store_close_ticket (store, number, actor, close_at, now, error);
}

int
command_close (CommandContext *context, int argc, char **argv)
{
  return argc == 2 ? change_ticket (context, "close", argv[1], close_ticket, NULL) : usage ("close ID");
}

static gboolean
reopen_ticket (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
               GError **error)
{
  (void) context;
  (void) data;
  return store_reopen_ticket (store, number, actor, now, error);
}

int
command_reopen (CommandContext *context, int argc, char **argv)
{
  return argc == 2 ? change_ticket (context, "reopen", argv[1], reopen_ticket, NULL) : usage ("reopen ID");
}
