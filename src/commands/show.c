/* show: one ticket with all that belongs to it. */
#include "commands/deadlines.h"
#include "commands/content.h"
#include "commands/output.h"
#include "commands/save.h"
#include "commands/ticket_json.h"

#include <stdio.h>

#include "mail/message.h"

typedef struct {
  gboolean full;
  char *save; /* nullable */
} ShowOptions;

static json_t *
event_to_json (const Event *event)
{
  return json_pack ("{s:o, s:s?, s:s?, s:s?}", "at", output_time (event->at), "kind", event->kind, "actor", event->actor,
                    "detail", event->detail);
}

/* Appends LIST's items as JSON to a new array; NULL when LIST is NULL. */
static json_t *
list_to_json (GPtrArray *list, json_t *(*convert) (gconstpointer item))
{
  if (list == NULL)
    return NULL;
  json_t *array = json_array ();
  for (guint i = 0; i < list->len; i++)
    json_array_append_new (array, convert (g_ptr_array_index (list, i)));
  g_ptr_array_unref (list);
  return array;
}

static json_t *
convert_row (gconstpointer item)
{
  return outbox_row_to_json (item);
}

static json_t *
convert_incident (gconstpointer item)
{
  return incident_to_json (item);
}

static json_t *
convert_event (gconstpointer item)
{
  return event_to_json (item);
}

/* Outbox rows are letters; pages have a list of their own. */
static void
split_outbox (json_t *object, json_t *rows)
{
  json_t *outbox = json_array (), *pages = json_array (), *row;
  size_t index;
  json_array_foreach (rows, index, row)
    {
      const char *kind = json_string_value (json_object_get (row, "kind"));
      json_array_append (g_strcmp0 (kind, "page") == 0 ? pages : outbox, row);
    }
  json_object_set_new (object, "outbox", outbox);
  json_object_set_new (object, "pages", pages);
  json_decref (rows);
}

static json_t *
read_addresses (Store *store, const Ticket *ticket, GError **error)
{
  g_autoptr (GError) failure = NULL;
  json_t *array = json_array ();
  const char *address = ticket->requester;
  for (char **next = ticket->participants; address != NULL && failure == NULL; address = next != NULL ? *next++ : NULL)
    {
      g_autoptr (AddressState) state = store_find_address_state (store, address, &failure);
      if (state != NULL)
        json_array_append_new (array, address_state_to_json (state));
    }
  if (failure == NULL)
    return array;
  json_decref (array);
  g_propagate_error (error, g_steal_pointer (&failure));
  return NULL;
}

static json_t *
messages_to_json (Store *store, gint64 number, GError **error)
{
  g_autoptr (GPtrArray) messages = store_list_messages (store, number, error);
  if (messages == NULL)
    return NULL;
  json_t *array = json_array ();
  for (guint i = 0; i < messages->len; i++)
    json_array_append_new (array, content_to_json (store, g_ptr_array_index (messages, i)));
  return array;
}

static json_t *
read_ticket (const Config *config, Store *store, gint64 number, GError **error)
{
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, error);
  if (ticket == NULL)
    return NULL;
  json_t *deadlines = deadlines_to_json (config, store, ticket, error);
  if (deadlines == NULL)
    return NULL;
  json_t *object = ticket_to_json (ticket);
  json_object_set_new (object, "deadlines", deadlines);
  json_t *messages = messages_to_json (store, number, error);
  json_t *rows = messages != NULL ? list_to_json (store_list_outbox (store, number, error), convert_row) : NULL;
  json_t *incidents = rows != NULL ? list_to_json (store_list_ticket_incidents (store, number, error), convert_incident) : NULL;
  json_t *addresses = incidents != NULL ? read_addresses (store, ticket, error) : NULL;
  json_t *events = addresses != NULL ? list_to_json (store_list_events (store, number, error), convert_event) : NULL;
  if (events == NULL)
    {
      json_decref (addresses);
      json_decref (incidents);
      json_decref (object);
      json_decref (messages);
      json_decref (rows);
      return NULL;
    }
  json_object_set_new (object, "messages", messages);
  split_outbox (object, rows);
  json_object_set_new (object, "incidents", incidents);
  json_object_set_new (object, "address_state", addresses);
  json_object_set_new (object, "events", events);
  return object;
}

static void
print_fields (const json_t *ticket)
{
  const char *key;
  json_t *value;
  json_object_foreach ((json_t *) ticket, key, value)
    {
      if (json_is_string (value))
        {
          g_autofree char *text = text_clean (json_string_value (value), 200);
          printf ("%-16s %s\n", key, text);
        }
      else if (json_is_integer (value))
        printf ("%-16s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value (value));
    }
}

/* Why it is due then: a line a day that counts. */
static void
print_days (const json_t *deadlines)
{
  size_t i, j;
  const json_t *deadline, *day;
  json_array_foreach (deadlines, i, deadline)
    json_array_foreach (json_object_get (deadline, "days"), j, day)
      {
        json_int_t seconds = json_integer_value (json_object_get (day, "seconds"));
        printf ("  %s %" JSON_INTEGER_FORMAT ": %s %02d:%02d:%02d counted\n", json_string_value (json_object_get (deadline, "target")),
                json_integer_value (json_object_get (deadline, "cycle")), json_string_value (json_object_get (day, "date")),
                (int) (seconds / 3600), (int) (seconds / 60 % 60), (int) (seconds % 60));
      }
}

static void
print_ticket (const json_t *ticket, gboolean full)
{
  print_fields (ticket);
  puts ("\nDEADLINES");
  const char *const promise_keys[] = { "target", "cycle", "state", "promised", "calendar", "since", "due", "met_at", NULL };
  const char *const promise_titles[] = { "TARGET", "CYCLE", "STATE", "PROMISED", "CALENDAR", "SINCE", "DUE", "MET", NULL };
  output_table (json_object_get (ticket, "deadlines"), promise_keys, promise_titles);
  print_days (json_object_get (ticket, "deadlines"));
  puts ("\nMESSAGES");
  const char *const message_keys[] = { "id", "at", "direction", "kind", "sender", "size", "subject", NULL };
  const char *const message_titles[] = { "ID", "AT", "DIRECTION", "KIND", "SENDER", "OCTETS", "SUBJECT", NULL };
  output_table (json_object_get (ticket, "messages"), message_keys, message_titles);
  content_print (json_object_get (ticket, "messages"), full);
  const char *const row_keys[] = { "kind", "template", "recipient", "channel", "state", "attempts", "sent_at", "last_error", NULL };
  const char *const row_titles[] = { "KIND", "TEMPLATE", "TO", "CHANNEL", "STATE", "TRIES", "SENT", "LAST ERROR", NULL };
  puts ("\nOUTBOX");
  output_table (json_object_get (ticket, "outbox"), row_keys, row_titles);
  puts ("\nINCIDENTS");
  const char *const incident_keys[] = { "id", "state", "acknowledged_by", "escalation", "step", "round", "started_at", "next_at", NULL };
  const char *const incident_titles[] = { "ID", "STATE", "BY", "ESCALATION", "STEP", "ROUND", "SINCE", "NEXT", NULL };
  output_table (json_object_get (ticket, "incidents"), incident_keys, incident_titles);
  puts ("\nPAGES");
  output_table (json_object_get (ticket, "pages"), row_keys, row_titles);
  const char *const address_keys[] = { "address", "state", "status", "count", "since", "last_at", "detail", NULL };
  const char *const address_titles[] = { "ADDRESS", "STATE", "STATUS", "TIMES", "SINCE", "LAST", "DETAIL", NULL };
  if (json_array_size (json_object_get (ticket, "address_state")) > 0)
    {
      puts ("\nMAIL CAME BACK");
      output_table (json_object_get (ticket, "address_state"), address_keys, address_titles);
    }
  puts ("\nEVENTS");
  const char *const event_keys[] = { "at", "kind", "actor", "detail", NULL };
  const char *const event_titles[] = { "AT", "EVENT", "BY", "DETAIL", NULL };
  output_table (json_object_get (ticket, "events"), event_keys, event_titles);
}

static gboolean
read_options (int *argc, char ***argv, ShowOptions *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "full", 0, 0, G_OPTION_ARG_NONE, &options->full, "with what the messages quote", NULL },
    { "save", 0, 0, G_OPTION_ARG_FILENAME, &options->save, "write messages and attachments into this folder", "DIR" },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("ID - one ticket with all that belongs to it");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static int
show (CommandContext *context, gint64 number, const ShowOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  json_t *ticket = store != NULL ? read_ticket (context->config, store, number, &error) : NULL;
  if (ticket == NULL)
    return output_error ("show", error);
  if (options->save != NULL &&
      !save_messages (store, json_object_get (ticket, "messages"), options->save, context->json, &error))
    {
      json_decref (ticket);
      return output_error ("show", error);
    }
  if (context->json)
    {
      output_json (ticket);
      return COMMAND_OK;
    }
  if (options->save == NULL)
    print_ticket (ticket, options->full);
  json_decref (ticket);
  return COMMAND_OK;
}

int
command_show (CommandContext *context, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  ShowOptions options = { 0 };
  gboolean read = read_options (&argc, &argv, &options, &error);
  gint64 number = read && argc == 2 ? ticket_number_parse (argv[1]) : 0;
  int status = COMMAND_USAGE;
  if (!read)
    fprintf (stderr, "frontdesk show: %s\n", error->message);
  if (number == 0)
    fputs ("usage: frontdesk show ID [--full] [--save DIR]\n", stderr);
  else
    status = show (context, number, &options);
  g_free (options.save);
  return status;
}
