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

/* One line, whatever a stranger's mail brought into it. */
static char *
flatten (const char *text)
{
  char *line = g_strdup (text);
  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return line;
}

static gboolean
is_shown (const LogTarget *target, int priority, const GLogField *fields, gsize count)
{
  if (priority != LOG_DEBUG)
    return TRUE;
  const char *domain = find_field (fields, count, "GLIB_DOMAIN");
  return target->verbose && domain != NULL && g_str_equal (domain, G_LOG_DOMAIN);
}

static GLogWriterOutput
write_line (GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
  const LogTarget *target = data;
  const char *text = find_field (fields, count, "MESSAGE");
  int priority = syslog_priority (level);
  if (text == NULL || !is_shown (target, priority, fields, count))
    return G_LOG_WRITER_HANDLED;
  g_autofree char *line = flatten (text);
  if (!target->foreground)
    syslog (priority, "%s", line);
  else if (target->terminal)
    fprintf (stderr, "%s\n", line);
  else
    fprintf (stderr, "<%d>%s\n", priority, line);
  return G_LOG_WRITER_HANDLED;
}

void
log_open (const char *ident, gboolean foreground, gboolean verbose)
{
  LogTarget *target = g_new0 (LogTarget, 1); /* the log's, to the end of the process */
  *target = (LogTarget){ .foreground = foreground, .verbose = verbose, .terminal = isatty (STDERR_FILENO) };
  /* In the foreground it is libmilter that uses syslog. LOG_PERROR: standard error has the line, too, for as long as it
   * leads anywhere. */
  openlog (ident, LOG_PID | LOG_PERROR | (foreground ? 0 : LOG_NDELAY), LOG_MAIL);
  setlogmask (LOG_UPTO (verbose ? LOG_DEBUG : LOG_INFO));
  g_log_set_writer_func (write_line, target, g_free);
}
