/* queue: what still waits to go out, and why. */
#include "commands/output.h"
#include "commands/ticket_json.h"

#include <stdio.h>

int
command_queue (CommandContext *context, int argc, char **argv)
{
  (void) argv;
  g_autoptr (GError) error = NULL;
  if (argc != 1)
    {
      fputs ("usage: frontdesk queue\n", stderr);
      return COMMAND_USAGE;
    }
  g_autoptr (Store) store = store_open (context->config->database, STORE_READ, &error);
  g_autoptr (GPtrArray) rows = store != NULL ? store_list_outbox (store, 0, &error) : NULL;
  if (rows == NULL)
    return output_error ("queue", error);
  json_t *list = json_array ();
  for (guint i = 0; i < rows->len; i++)
    {
      OutboxRow *row = g_ptr_array_index (rows, i);
      if (row->held && row->last_error == NULL && !context->json)
        row->last_error = g_strdup ("held: goes out together with others");
      json_array_append_new (list, outbox_row_to_json (row));
    }
  if (context->json)
    {
      output_json (json_pack ("{s:o}", "queue", list));
      return COMMAND_OK;
    }
  const char *const keys[] = { "ticket", "kind", "recipient", "channel", "state", "attempts", "due_at", "last_error", NULL };
  const char *const titles[] = { "TICKET", "KIND", "TO", "CHANNEL", "STATE", "TRIES", "NEXT TRY", "WHY", NULL };
  output_table (list, keys, titles);
  json_decref (list);
  return COMMAND_OK;
}
