/* tickets: lists them, most urgent first. */
#include "commands/output.h"
#include "commands/ticket_json.h"

#include <stdio.h>

/* The filter as the options give it; the strings are the caller's. */
static gboolean
read_query (int *argc, char ***argv, TicketQuery *query)
{
  g_autoptr (GError) error = NULL;
  gboolean overdue = FALSE;
  const GOptionEntry entries[] = {
    { "role", 0, 0, G_OPTION_ARG_STRING, &query->role, "of this role", "R" },
    { "state", 0, 0, G_OPTION_ARG_STRING, &query->state, "in this state", "S" },
    { "team", 0, 0, G_OPTION_ARG_STRING, &query->team, "of this team", "T" },
    { "assignee", 0, 0, G_OPTION_ARG_STRING, &query->assignee, "of this agent", "A" },
    { "requester", 0, 0, G_OPTION_ARG_STRING, &query->requester, "opened by this address", "A" },
    { "overdue", 0, 0, G_OPTION_ARG_NONE, &overdue, "past a deadline", NULL },
    { "limit", 0, 0, G_OPTION_ARG_INT, &query->limit, "at most so many (100)", "N" },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- list tickets");
  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse (context, argc, argv, &error) && *argc == 1 && query->limit >= 0)
    {
      query->overdue_at = overdue ? g_get_real_time () : 0;
      return TRUE;
    }
  fprintf (stderr, "frontdesk tickets: %s\n", error != NULL ? error->message : "unexpected argument");
  return FALSE;
}

static void
free_query (const TicketQuery *query)
{
  g_free ((char *) query->role);
  g_free ((char *) query->state);
  g_free ((char *) query->team);
  g_free ((char *) query->assignee);
  g_free ((char *) query->requester);
}

/* A role's tickets come in the order of arrival where its policy says so. */
static gboolean
is_by_arrival (const Config *config, const char *role_name)
{
  const Role *role = role_name != NULL ? config_find_role_by_name (config, role_name) : NULL;
  return role != NULL && role->policy != NULL && role->policy->arrival_order;
}

/* The time to the most urgent deadline, "-" in front when it has passed: "2 h 5 min"; NULL without one. The caller's. */
static char *
time_left (const Ticket *ticket, gint64 now)
{
  gint64 urgent = 0;
  for (TargetKind target = 0; target < TARGETS; target++)
    if (ticket->due[target] != 0 && (urgent == 0 || ticket->due[target] < urgent))
      urgent = ticket->due[target];
  if (urgent == 0)
    return NULL;
  gint64 minutes = ABS (urgent - now) / G_USEC_PER_SEC / 60, hours = minutes / 60;
  const char *sign = urgent < now ? "-" : "";
  return hours < 48 ? g_strdup_printf ("%s%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", sign, hours, minutes % 60)
                    : g_strdup_printf ("%s%" G_GINT64_FORMAT " d %" G_GINT64_FORMAT " h", sign, hours / 24, hours % 24);
}

int
command_tickets (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  TicketQuery query = { 0 };
  if (!read_query (&argc, &argv, &query))
    {
      free_query (&query);
      return COMMAND_USAGE;
    }
  query.by_arrival = is_by_arrival (context->config, query.role);
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  g_autoptr (GPtrArray) tickets = store != NULL ? store_list_tickets (store, &query, &error) : NULL;
  free_query (&query);
  if (tickets == NULL)
    return output_error ("tickets", error);
  json_t *list = json_array ();
  for (guint i = 0; i < tickets->len; i++)
    {
      json_t *object = ticket_to_json (g_ptr_array_index (tickets, i));
      g_autofree char *left = time_left (g_ptr_array_index (tickets, i), g_get_real_time ());
      json_object_set_new (object, "left", output_string (left));
      json_array_append_new (list, object);
    }
  if (context->json)
    {
      output_json (json_pack ("{s:o}", "tickets", list));
      return COMMAND_OK;
    }
  const char *const keys[] = { "number", "state", "priority", "role", "requester", "assignee", "opened_at", "left", "subject", NULL };
  const char *const titles[] = { "TICKET", "STATE", "PRIO", "ROLE", "REQUESTER", "ASSIGNEE", "OPENED", "LEFT", "SUBJECT", NULL };
  output_table (list, keys, titles);
  json_decref (list);
  return COMMAND_OK;
}
