/* Pages by a program of the administrator's: no shell, bounded time and output. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/limits.h"
#include "delivery/channel.h"
#include "delivery/delivery.h"
#include "delivery/notice.h"
#include "mail/message.h"

typedef struct {
  GPid pid;
  int in, out; /* the child's standard input and output; -1 when closed */
  gint64 deadline; /* monotonic */
  GString *output;
} Child;

/* In the child: its own process group, so that a time-out ends all it started, and no blocked signals. */
static void
prepare_child (gpointer data)
{
  sigset_t none;
  (void) data;
  setpgid (0, 0);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static void
give_input (Child *child, const char **input)
{
  ssize_t count = write (child->in, *input, strlen (*input));
  if (count > 0)
    *input += count;
  if (**input == '\0' || (count < 0 && errno != EAGAIN && errno != EINTR))
    close_fd (&child->in);
}

static void
take_output (Child *child)
{
  char buffer[1024];
  ssize_t count = read (child->out, buffer, sizeof buffer);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
    close_fd (&child->out);
  else if (count > 0 && child->output->len < LIMIT_COMMAND_OUTPUT)
    g_string_append_len (child->output, buffer, MIN (count, (ssize_t) (LIMIT_COMMAND_OUTPUT - child->output->len)));
}

/* Feeds the child and listens to it until it closes its output. FALSE at the deadline. */
static gboolean
talk (Child *child, const char *input)
{
  while (child->out >= 0)
    {
      gint64 left = (child->deadline - g_get_monotonic_time ()) / 1000;
      struct pollfd fds[] = { { .fd = child->in, .events = POLLOUT }, { .fd = child->out, .events = POLLIN } };
      if (left <= 0)
        return FALSE;
      if (poll (fds, G_N_ELEMENTS (fds), (int) left) <= 0)
        continue;
      if (child->in >= 0 && fds[0].revents != 0)
        give_input (child, &input);
      if (fds[1].revents != 0)
        take_output (child);
    }
  return TRUE;
}

/* Waits for the end until the deadline, then ends the child's whole group. FALSE when it had to. */
static gboolean
reap (Child *child, gboolean in_time, int *status)
{
  while (in_time && waitpid (child->pid, status, WNOHANG) == 0)
    {
      if (g_get_monotonic_time () >= child->deadline)
        in_time = FALSE;
      else
        g_usleep (5000);
    }
  if (!in_time)
    {
      kill (-child->pid, SIGKILL);
      waitpid (child->pid, status, 0);
    }
  return in_time;
}

static gboolean
start (const Channel *channel, Child *child, GError **error)
{
  g_autoptr (GError) failure = NULL;
  if (!g_spawn_async_with_pipes (NULL, channel->command, NULL,
                                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL | G_SPAWN_CLOEXEC_PIPES, prepare_child,
                                 NULL, &child->pid, &child->in, &child->out, NULL, &failure))
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "channel %s: %s", channel->name, failure->message);
      return FALSE;
    }
  fcntl (child->in, F_SETFL, O_NONBLOCK);
  fcntl (child->out, F_SETFL, O_NONBLOCK);
  return TRUE;
}

static gboolean
finish (const Channel *channel, gboolean in_time, int status, const char *said, PageReceipt *receipt, GError **error)
{
  int code = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  if (in_time && code == 0)
    {
      receipt->answer = g_strdup (*said != '\0' ? said : "exit 0");
      return TRUE;
    }
  gboolean temporary = !in_time || code == EX_TEMPFAIL;
  g_autofree char *what = !in_time  ? g_strdup_printf ("no end after %d s", channel->timeout)
                          : code >= 0 ? g_strdup_printf ("exit %d", code)
                                      : g_strdup ("ended by a signal");
  g_set_error (error, DELIVERY_ERROR, temporary ? DELIVERY_ERROR_TEMPORARY : DELIVERY_ERROR_PERMANENT, "channel %s: %s: %s %s",
               channel->name, channel->command[0], what, said);
  return FALSE;
}

gboolean
channel_run_command (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  Child child = { .in = -1, .out = -1, .deadline = g_get_monotonic_time () + channel->timeout * G_USEC_PER_SEC };
  if (!start (channel, &child, error))
    return FALSE;
  child.output = g_string_new (NULL);
  g_autofree char *json = notice_to_json (notice);
  int status = 0;
  gboolean in_time = talk (&child, json);
  close_fd (&child.in);
  close_fd (&child.out);
  in_time = reap (&child, in_time, &status);
  g_autofree char *said = text_clean (child.output->str, LIMIT_ERROR_TEXT);
  g_string_free (child.output, TRUE);
  return finish (channel, in_time, status, said, receipt, error);
}
