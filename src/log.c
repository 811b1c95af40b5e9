#include "log.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

typedef struct {
  gboolean foreground, verbose, terminal;
} LogTarget;

static int
syslog_priority (GLogLevelFlags level)
{
  switch (level & G_LOG_LEVEL_MASK)
    {
    case G_LOG_LEVEL_ERROR:
    case G_LOG_LEVEL_CRITICAL:
      return LOG_ERR;
    case G_LOG_LEVEL_WARNING:
      return LOG_WARNING;
    case G_LOG_LEVEL_MESSAGE:
      return LOG_NOTICE;
    case G_LOG_LEVEL_INFO:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
    }
}

static const char *
find_field (const GLogField *fields, gsize count, const char *key)
{
  for (gsize i = 0; i < count; i++)
    if (g_str_equal (fields[i].key, key) && fields[i].length < 0)
      return fields[i].value;
  return NULL;
}

static GLogWriterOutput
write_line (GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
  const LogTarget *target = data;
  const char *text = find_field (fields, count, "MESSAGE");
  int priority = syslog_priority (level);
  if (text == NULL || (priority == LOG_DEBUG && !target->verbose))
    return G_LOG_WRITER_HANDLED;
  if (!target->foreground)
    syslog (priority, "%s", text);
  else if (target->terminal)
    fprintf (stderr, "%s\n", text);
  else
    fprintf (stderr, "<%d>%s\n", priority, text);
  return G_LOG_WRITER_HANDLED;
}

void
log_open (const char *ident, gboolean foreground, gboolean verbose)
{
  LogTarget *target = g_new0 (LogTarget, 1); /* the log's, to the end of the process */
  *target = (LogTarget){ .foreground = foreground, .verbose = verbose, .terminal = isatty (STDERR_FILENO) };
  if (!foreground)
    openlog (ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
  g_log_set_writer_func (write_line, target, g_free);
}
