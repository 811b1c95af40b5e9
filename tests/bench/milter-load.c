/* milter-load: sends mails straight to a filter's socket and says how long the end of message took.
 *
 *   milter-load --socket PATH --to ADDRESS [--connections N] [--messages N] [--each N] [--size OCTETS] [--senders N]
 *               [--pause MILLISECONDS] [--times FILE] [--idle]
 *
 * Every mail has a sender of its own out of --senders, and a Message-ID of its own. --each: how many mails a connection
 * carries. --pause: between the mails of each connection's thread. --times: when each mail was answered, microseconds since
 * 1970, a line for each. --idle opens the connections, says so, and waits for the end of its input. Prints one line of JSON. */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "milter-client.h"

static char *path, *recipient, *times;
static int connections = 10, messages = 1000, each = 1, size = 2048, senders = 10000, pause_between;
static gboolean idle;

static const GOptionEntry options[] = {
  { "socket", 0, 0, G_OPTION_ARG_FILENAME, &path, "the filter's unix socket", "PATH" },
  { "to", 0, 0, G_OPTION_ARG_STRING, &recipient, "the recipient", "ADDRESS" },
  { "connections", 0, 0, G_OPTION_ARG_INT, &connections, "at the same time", "N" },
  { "messages", 0, 0, G_OPTION_ARG_INT, &messages, "in all", "N" },
  { "each", 0, 0, G_OPTION_ARG_INT, &each, "messages a connection", "N" },
  { "size", 0, 0, G_OPTION_ARG_INT, &size, "of the body", "OCTETS" },
  { "senders", 0, 0, G_OPTION_ARG_INT, &senders, "different ones", "N" },
  { "pause", 0, 0, G_OPTION_ARG_INT, &pause_between, "between mails", "MILLISECONDS" },
  { "times", 0, 0, G_OPTION_ARG_FILENAME, &times, "when each mail was answered", "FILE" },
  { "idle", 0, 0, G_OPTION_ARG_NONE, &idle, "connect and wait", NULL },
  G_OPTION_ENTRY_NULL,
};

static char *body;
static gint next_message; /* atomic */
static gint accepted, refused, deferred, broken; /* atomic */
static gint64 *waits; /* one a message, microseconds */
static gint64 *answered; /* as well, since 1970 */

static void
count (char answer, GError *error)
{
  if (answer == 'c' || answer == 'a')
    g_atomic_int_inc (&accepted);
  else if (answer == 't')
    g_atomic_int_inc (&deferred);
  else if (answer != 0)
    g_atomic_int_inc (&refused);
  else if (g_atomic_int_add (&broken, 1) == 0)
    g_printerr ("milter-load: %s\n", error != NULL ? error->message : "the connection broke");
}

static char
send_one (MilterClient *client, int number, GError **error)
{
  g_autofree char *sender = g_strdup_printf ("customer%d@customer.example", number % senders);
  g_autofree char *from = g_strdup_printf ("Customer %d <%s>", number % senders, sender);
  g_autofree char *subject = g_strdup_printf ("The line at site %d is down", number);
  g_autofree char *id = g_strdup_printf ("<%" G_GINT64_FORMAT ".%d@client.example>", g_get_real_time (), number);
  const char *head[] = { "Received", "from client.example by mail.example.com; Tue, 24 Nov 2026 08:00:00 +0000",
                         "From", from, "To", recipient, "Subject", subject, "Date", "Tue, 24 Nov 2026 08:00:00 +0000",
                         "Message-ID", id, "MIME-Version", "1.0", "Content-Type", "text/plain; charset=utf-8", NULL };
  return milter_client_send (client, sender, recipient, head, body, (gsize) size, &waits[number], error);
}

/* One connection after the other, until all messages are sent. */
static gpointer
run (gpointer data)
{
  (void) data;
  int number = g_atomic_int_add (&next_message, 1);
  while (number < messages)
    {
      g_autoptr (GError) error = NULL;
      MilterClient *client = milter_client_open (path, &error);
      char answer = 0;
      for (int i = 0; i < each && number < messages; i++, number = g_atomic_int_add (&next_message, 1))
        {
          answer = client != NULL ? send_one (client, number, &error) : 0;
          answered[number] = g_get_real_time ();
          count (answer, error);
          if (answer == 0)
            g_clear_pointer (&client, milter_client_close);
          g_clear_error (&error);
          g_usleep ((gulong) pause_between * 1000);
        }
      g_clear_pointer (&client, milter_client_close);
    }
  return NULL;
}

static void
stay_idle (void)
{
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) milter_client_close);
  for (int i = 0; i < connections; i++)
    {
      g_autoptr (GError) error = NULL;
      MilterClient *client = milter_client_open (path, &error);
      if (client == NULL)
        g_error ("%s", error->message);
      g_ptr_array_add (clients, client);
    }
  printf ("{\"idle\": %u}\n", clients->len);
  fflush (stdout);
  while (getchar () != EOF)
    ;
}

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return (x > y) - (x < y);
}

static double
milliseconds_at (double share)
{
  return (double) waits[(gsize) (share * (messages - 1))] / 1000;
}

static char *
make_body (gsize length)
{
  g_autoptr (GString) text = g_string_new (NULL);
  while (text->len < length)
    g_string_append (text, "The router has no light since this morning; please call us back soon.\r\n");
  return g_strdup (text->str);
}

static void
write_times (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  for (int i = 0; i < messages; i++)
    g_string_append_printf (text, "%" G_GINT64_FORMAT "\n", answered[i]);
  if (!g_file_set_contents (times, text->str, -1, &error))
    g_error ("%s", error->message);
}

static void
load (void)
{
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();
  waits = g_new0 (gint64, messages);
  answered = g_new0 (gint64, messages);
  body = make_body ((gsize) size);
  gint64 start = g_get_monotonic_time ();
  for (int i = 0; i < connections; i++)
    g_ptr_array_add (threads, g_thread_new ("load", run, NULL));
  for (guint i = 0; i < threads->len; i++)
    g_thread_join (g_ptr_array_index (threads, i));
  double seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  if (times != NULL)
    write_times ();
  qsort (waits, (gsize) messages, sizeof *waits, compare);
  printf ("{\"seconds\": %.4f, \"rate\": %.1f, \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f, \"accepted\": %d, "
          "\"refused\": %d, \"deferred\": %d, \"broken\": %d}\n", seconds, messages / seconds, milliseconds_at (0.5),
          milliseconds_at (0.99), milliseconds_at (1), accepted, refused, deferred, broken);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || path == NULL || (recipient == NULL && !idle))
    {
      g_printerr ("milter-load: %s\n", error != NULL ? error->message : "--socket and --to are needed");
      return 64;
    }
  if (idle)
    stay_idle ();
  else
    load ();
  return 0;
}
