/* work: the subcommands that change one ticket: note, assign, priority, kind, pending, extend, close, reopen. */
#include "commands/work.h"

#include "commands/moment.h"
#include "commands/output.h"
#include "commands/ticket_json.h"

#include <stdio.h>
#include <string.h>

#include "desk/desk.h"
#include "desk/outgoing.h"
#include "desk/upkeep.h"

Store *
work_open_store (CommandContext *context, Seal **seal, GError **error)
{
  g_autoptr (Store) store = store_open (context->config->database, STORE_WRITE, error);
  g_autofree char *path = desk_secret_path (context->config);
  if (store == NULL || (*seal = seal_open (path, TRUE, error)) == NULL)
    return NULL;
  upkeep_install (store, context->config, *seal);
  return g_steal_pointer (&store);
}

int
work_on_moving_ticket (CommandContext *context, const char *name, const char *id, WorkMove move, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 number = ticket_number_parse (id);
  if (number == 0)
    {
      fprintf (stderr, "frontdesk %s: \"%s\" is no ticket number\n", name, id);
      return COMMAND_USAGE;
    }
  g_autoptr (Seal) seal = NULL;
  g_autoptr (Store) store = work_open_store (context, &seal, &error);
  if (store == NULL)
    return output_error (name, error);
  if (!move (context, store, &number, g_get_user_name (), g_get_real_time (), data, &error))
    return output_error (name, error);
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, &error);
  if (ticket == NULL)
    return output_error (name, error);
  if (context->json)
    output_json (ticket_to_json (ticket));
  else
    printf ("ticket #%" G_GINT64_FORMAT ": %s, p%d, %s, team %s, assignee %s\n", number, ticket->state,
            ticket->priority, ticket->kind != NULL ? ticket->kind : "standard", ticket->team,
            ticket->assignee != NULL ? ticket->assignee : "none");
  return COMMAND_OK;
}

/* A step that is one on the same ticket. */
typedef struct {
  WorkStep step;
  gconstpointer data;
} Stay;

static gboolean
stay (CommandContext *context, Store *store, gint64 *number, const char *actor, gint64 now, gconstpointer data, GError **error)
{
  const Stay *there = data;
  return there->step (context, store, *number, actor, now, there->data, error);
}

int
work_on_ticket (CommandContext *context, const char *name, const char *id, WorkStep step, gconstpointer data)
{
  const Stay there = { step, data };
  return work_on_moving_ticket (context, name, id, stay, &there);
}

Outgoing *
work_write_letter (CommandContext *context, const Ticket *ticket, const char *template, gint64 now, GError **error)
{
  g_autofree char *path = desk_secret_path (context->config);
  g_autoptr (Seal) seal = seal_open (path, FALSE, error);
  const Role *role = config_find_role_by_name (context->config, ticket->role);
  if (seal == NULL)
    return NULL;
  g_autofree char *key = g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, ticket->number, now);
  Outgoing *letter = outgoing_to_requester (ticket, role, template);
  letter->message_id = seal_message_id (seal, template, key, context->config->hostname);
  return letter;
}

const Role *
work_find_role (const CommandContext *context, const Ticket *ticket, GError **error)
{
  const Role *role = config_find_role_by_name (context->config, ticket->role);
  if (role == NULL)
    g_set_error (error, STORE_ERROR, STORE_ERROR_STATE,
                 "ticket #%" G_GINT64_FORMAT " is of role \"%s\", which the configuration does not have", ticket->number,
                 ticket->role);
  return role;
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

static gboolean
add_root_cause (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
                GError **error)
{
  (void) context;
  return store_add_root_cause (store, number, actor, data, now, error);
}

int
command_note (CommandContext *context, int argc, char **argv)
{
  gboolean cause = argc == 4 && strcmp (argv[2], "--root-cause") == 0;
  const char *text = cause ? argv[3] : argc == 3 ? argv[2] : "";
  if (*text == '\0' || (!cause && g_str_has_prefix (text, "--")))
    return usage ("note ID [--root-cause] TEXT");
  return work_on_ticket (context, "note", argv[1], cause ? add_root_cause : add_note, text);
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
  return work_on_ticket (context, "assign", argv[1], assign, &assignment);
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
  return work_on_ticket (context, "priority", argv[1], set_priority, GINT_TO_POINTER (argv[2][1] - '0'));
}

/* DATA: the kind's name. */
static gboolean
set_kind (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
          GError **error)
{
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, error);
  const Role *role = ticket != NULL ? work_find_role (context, ticket, error) : NULL;
  if (role == NULL)
    return FALSE;
  gboolean standard = strcmp (data, "standard") == 0;
  if (standard || (role->policy != NULL && policy_find_kind (role->policy, data) != NULL))
    return store_set_kind (store, number, standard ? NULL : data, actor, now, error);
  g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "the policy of role \"%s\" has no kind \"%s\"", ticket->role,
               (const char *) data);
  return FALSE;
}

int
command_kind (CommandContext *context, int argc, char **argv)
{
  return argc == 3 ? work_on_ticket (context, "kind", argv[1], set_kind, argv[2]) : usage ("kind ID KIND");
}

/* DATA: the time, or NULL. */
static gboolean
set_pending (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
             GError **error)
{
  (void) context;
  const gint64 *until = data;
  return store_set_pending (store, number, until != NULL ? *until : 0, actor, now, error);
}

/* Reads TEXT as a time that is to come, for the subcommand NAME. */
static gboolean
read_time_to_come (const char *name, const char *text, gint64 *at)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  if (!moment_read (text, zone, at, &error))
    fprintf (stderr, "frontdesk %s: %s\n", name, error->message);
  else if (*at <= g_get_real_time ())
    fprintf (stderr, "frontdesk %s: \"%s\" has passed already\n", name, text);
  else
    return TRUE;
  return FALSE;
}

int
command_pending (CommandContext *context, int argc, char **argv)
{
  gint64 until = 0;
  gboolean limited = argc == 4 && strcmp (argv[2], "--until") == 0;
  if (argc != 2 && !limited)
    return usage ("pending ID [--until TIME]");
  if (limited && !read_time_to_come ("pending", argv[3], &until))
    return COMMAND_USAGE;
  return work_on_ticket (context, "pending", argv[1], set_pending, limited ? &until : NULL);
}

typedef struct {
  TargetKind target;
  gint64 due;
} Extension;

static gboolean
extend (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
        GError **error)
{
  const Extension *extension = data;
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, error);
  if (ticket == NULL || work_find_role (context, ticket, error) == NULL)
    return FALSE;
  g_autoptr (Outgoing) letter = work_write_letter (context, ticket, "extension", now, error);
  if (letter == NULL)
    return FALSE;
  letter->reason =
    g_strdup_printf ("%s %" G_GINT64_FORMAT, target_to_string (extension->target), ticket->due[extension->target]);
  return store_move_promise (store, number, extension->target, extension->due, letter, actor, now, error);
}

int
command_extend (CommandContext *context, int argc, char **argv)
{
  Extension extension = { .target = TARGET_RESPOND };
  if (argc != 4 || (strcmp (argv[2], "respond") != 0 && strcmp (argv[2], "resolve") != 0))
    return usage ("extend ID respond|resolve TIME");
  if (strcmp (argv[2], "resolve") == 0)
    extension.target = TARGET_RESOLVE;
  if (!read_time_to_come ("extend", argv[3], &extension.due))
    return COMMAND_USAGE;
  return work_on_ticket (context, "extend", argv[1], extend, &extension);
}

/* DATA: whether the customer is not told. Who was never written to is not told of the end either. A ticket can be ended
 * whether or not the configuration still has its role. */
static gboolean
close_ticket (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
              GError **error)
{
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, error);
  if (ticket == NULL)
    return FALSE;
  const Role *role = config_find_role_by_name (context->config, ticket->role);
  gboolean cause = role != NULL && role->policy != NULL && role->policy->root_cause[ticket->priority - 1];
  gboolean told =
    !GPOINTER_TO_INT (data) && role != NULL && (ticket->acknowledged_at != 0 || ticket->responded_at != 0);
  g_autoptr (Outgoing) letter = told ? work_write_letter (context, ticket, "resolved", now, error) : NULL;
  if (told && letter == NULL)
    return FALSE;
  gint64 close_at = now + context->config->close_after * G_USEC_PER_SEC;
  return store_close_ticket (store, number, cause, letter, actor, close_at, now, error);
}

int
command_close (CommandContext *context, int argc, char **argv)
{
  gboolean quiet = argc == 3 && strcmp (argv[2], "--quiet") == 0;
  return argc == 2 || quiet ? work_on_ticket (context, "close", argv[1], close_ticket, GINT_TO_POINTER (quiet))
                            : usage ("close ID [--quiet]");
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
  return argc == 2 ? work_on_ticket (context, "reopen", argv[1], reopen_ticket, NULL) : usage ("reopen ID");
}
