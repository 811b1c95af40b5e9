/* merge, split: two tickets become one, and one becomes two. */
#include "commands/ticket_json.h"
#include "commands/work.h"

#include <stdio.h>

#include "config/limits.h"
#include "desk/promises.h"

static gboolean
merge (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data, GError **error)
{
  (void) context;
  return store_merge_ticket (store, number, *(const gint64 *) data, actor, now, error);
}

int
command_merge (CommandContext *context, int argc, char **argv)
{
  gint64 into = argc == 3 ? ticket_number_parse (argv[2]) : 0;
  if (into > 0)
    return work_on_ticket (context, "merge", argv[1], merge, &into);
  fputs ("usage: frontdesk merge ID INTO\n", stderr);
  return COMMAND_USAGE;
}

typedef struct {
  gint64 messages[LIMIT_SPLIT];
  guint count;
} SplitOrder;

/* When message ID of TICKET came; 0 with *ERROR. */
static gint64
find_time (Store *store, gint64 ticket, gint64 id, GError **error)
{
  g_autoptr (GPtrArray) messages = store_list_messages (store, ticket, error);
  for (guint i = 0; messages != NULL && i < messages->len; i++)
    {
      const Message *message = g_ptr_array_index (messages, i);
      if (message->id == id)
        return message->at;
    }
  if (messages != NULL)
    g_set_error (error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "ticket #%" G_GINT64_FORMAT " has no message %" G_GINT64_FORMAT, ticket, id);
  return 0;
}

/* The new ticket's clocks run from when its message came. */
static gboolean
split (CommandContext *context, Store *store, gint64 *number, const char *actor, gint64 now, gconstpointer data, GError **error)
{
  const SplitOrder *order = data;
  g_autoptr (Ticket) ticket = store_find_ticket (store, *number, error);
  const Role *role = ticket != NULL ? work_find_role (context, ticket, error) : NULL;
  gint64 came = role != NULL ? find_time (store, *number, order->messages[0], error) : 0;
  if (came == 0)
    return FALSE;
  const Policy *policy = role->policy;
  g_autoptr (GArray) promises = policy != NULL ? promises_open (policy, ticket->priority, policy_find_kind (policy, ticket->kind), came, FALSE, FALSE)
                                               : g_array_new (FALSE, FALSE, sizeof (Promise));
  *number = store_split_ticket (store, *number, order->messages, order->count, promises, policy != NULL ? policy->version : 0, actor, now, error);
  return *number != 0;
}

int
command_split (CommandContext *context, int argc, char **argv)
{
  SplitOrder order = { .count = 0 };
  gboolean good = argc >= 3 && argc - 2 <= LIMIT_SPLIT;
  for (int i = 2; good && i < argc; i++)
    good = (order.messages[order.count++] = ticket_number_parse (argv[i])) > 0;
  if (good)
    return work_on_moving_ticket (context, "split", argv[1], split, &order);
  fputs ("usage: frontdesk split ID MESSAGE...\n", stderr);
  return COMMAND_USAGE;
}
