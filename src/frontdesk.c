/* frontdesk: the command. A table of subcommands; each is a file in commands/. */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"

static const struct
{
  const char *name;
  CommandFunc run;
  const char *arguments;
  const char *help;
} commands[] = {
  { "explain", command_explain, "[--from A] [--to A]... [--auth USER] [--at TIME] FILE",
    "what would happen to this message" },
  { "tickets", command_tickets,
    "[--role R] [--state S] [--team T] [--assignee A] [--requester A] [--overdue] [--limit N]", "list tickets" },
  { "show", command_show, "ID [--full] [--save DIR]", "one ticket: fields, messages, deadlines, outbox, events" },
  { "reply", command_reply, "ID [< TEXT]", "answer the customer, or do what command lines say" },
  { "note", command_note, "ID [--root-cause] TEXT", "add a remark that the customer does not see" },
  { "assign", command_assign, "ID [--team T] [AGENT]", "give a ticket to an agent or a team" },
  { "priority", command_priority, "ID p1|p2|p3|p4", "set a ticket's priority" },
  { "kind", command_kind, "ID KIND", "set a ticket's kind, one of its policy's, or standard" },
  { "pending", command_pending, "ID [--until TIME]", "wait for the customer" },
  { "extend", command_extend, "ID respond|resolve TIME", "promise a new time, and tell the customer" },
  { "close", command_close, "ID [--quiet]", "resolve a ticket" },
  { "reopen", command_reopen, "ID", "go on with a pending, resolved or closed ticket" },
  { "merge", command_merge, "ID INTO", "make a ticket a part of another one" },
  { "split", command_split, "ID MESSAGE...", "make a new ticket of messages of one" },
  { "due", command_due, "--policy P [--priority N] [--kind K] [--at TIME]", "the deadlines that a policy gives a ticket opened then" },
  { "oncall", command_oncall,
    "[--schedule S] [--at TIME] | [--schedule S] --from TIME --to TIME\n"
    "         override SCHEDULE AGENT --from TIME --until TIME [--instead AGENT] | overrides [--all] | remove NUMBER",
    "who is on call, until when and why; the shifts of a span; and who takes whose place" },
  { "page", command_page, "list [--all] | ack|resolve INCIDENT [--as AGENT] | test AGENT [--channel CHANNEL]",
    "incidents, who takes them, and whether an agent can be reached" },
  { "customers", command_customers, "import FILE.csv|.ldif | find ADDRESS", "the embedded directory" },
  { "queue", command_queue, "", "what still waits to go out, and why" },
  { "report", command_report, "[--since TIME] [--until TIME] [--csv]", "what was promised, and what was kept" },
  { "rotate-key", command_rotate_key, "[--days N]", "another secret key; what the old one has signed stays good for 90 days" },
  { "doctor", command_doctor, "", "check configuration, store, directory, relay, templates and on-call schedules" },
};

static void
print_usage (FILE *stream)
{
  fputs ("usage: frontdesk [-c FILE] SUBCOMMAND [--json] [ARGUMENT...]\n\n", stream);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (stream, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
}

/* Takes --json out of ARGV, wherever it stands before a "--". */
static gboolean
take_json (int *argc, char **argv)
{
  for (int i = 1; i < *argc && strcmp (argv[i], "--") != 0; i++)
    if (strcmp (argv[i], "--json") == 0)
      {
        memmove (argv + i, argv + i + 1, sizeof *argv * (size_t) (*argc - i));
        --*argc;
        return TRUE;
      }
  return FALSE;
}

static int
run (CommandFunc command, const char *config_path, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) config = config_load (config_path, &error);
  if (config == NULL)
    {
      fprintf (stderr, "frontdesk: %s\n", error->message);
      return COMMAND_CONFIG;
    }
  CommandContext context = { .config_path = config_path, .config = config };
  context.json = take_json (&argc, argv);
  return command (&context, argc, argv);
}

int
main (int argc, char **argv)
{
  const char *config_path = SYSCONFDIR "/frontdesk/frontdesk.conf";
  setlocale (LC_ALL, "");
  int first = 1;
  for (; first < argc && argv[first][0] == '-'; first++)
    {
      if (strcmp (argv[first], "-c") == 0 && first + 1 < argc)
        config_path = argv[++first];
      else if (strcmp (argv[first], "-V") == 0 || strcmp (argv[first], "--version") == 0)
        return puts (PACKAGE_STRING) < 0;
      else if (strcmp (argv[first], "-h") == 0 || strcmp (argv[first], "--help") == 0)
        return print_usage (stdout), COMMAND_OK;
      else
        break;
    }
  for (guint i = 0; first < argc && i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, argv[first]) == 0)
      return run (commands[i].run, config_path, argc - first, argv + first);
  if (first < argc)
    fprintf (stderr, "frontdesk: there is no subcommand \"%s\"\n", argv[first]);
  print_usage (stderr);
  return COMMAND_USAGE;
}
