#include "gateway/gateway.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/limits.h"
#include "gateway/callbacks.h"

#define ANSWER_PAUSE (100 * 1000) /* until libmilter has sent what the last callback returned, microseconds */

G_DEFINE_QUARK (frontdesk-gateway-error-quark, gateway_error)

static Desk *current;
static GMutex current_lock;

void
gateway_set_desk (Desk *desk)
{
  g_mutex_lock (&current_lock);
  Desk *old = g_steal_pointer (&current);
  current = desk != NULL ? desk_ref (desk) : NULL;
  g_mutex_unlock (&current_lock);
  g_clear_pointer (&old, desk_unref);
}

Desk *
gateway_get_desk (void)
{
  g_mutex_lock (&current_lock);
  Desk *desk = current != NULL ? desk_ref (current) : NULL;
  g_mutex_unlock (&current_lock);
  return desk;
}

static const char *
unix_path (const char *listen)
{
  if (g_str_has_prefix (listen, "unix:"))
    return listen + strlen ("unix:");
  return g_str_has_prefix (listen, "local:") ? listen + strlen ("local:") : NULL;
}

/* libmilter would take the socket away from a daemon that serves it, and the mail with it. */
static gboolean
is_served (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  gboolean served = fd >= 0 && (connect (fd, (struct sockaddr *) &address, sizeof address) == 0 || errno == EAGAIN);
  if (fd >= 0)
    close (fd);
  return served;
}

/* "fd:N": the socket that systemd, or whoever started us, hands over. */
static gboolean
check_inherited (const char *listen, GError **error)
{
  guint64 fd;
  int listens = 0;
  socklen_t length = sizeof listens;
  if (!g_str_has_prefix (listen, "fd:"))
    return TRUE;
  if (g_ascii_string_to_unsigned (listen + strlen ("fd:"), 10, 0, G_MAXINT, &fd, NULL) &&
      getsockopt ((int) fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens)
    return TRUE;
  g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_LISTEN,
               "listen: there is no listening socket behind \"%s\"; systemd's first is fd:3, when a socket unit starts us",
               listen);
  return FALSE;
}

static gboolean
give_to_group (const char *path, const char *name, GError **error)
{
  char buffer[4096];
  struct group entry, *group = NULL;
  if (getgrnam_r (name, &entry, buffer, sizeof buffer, &group) != 0 || group == NULL)
    {
      g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_LISTEN, "socket-group: there is no group \"%s\"", name);
      return FALSE;
    }
  if (chown (path, (uid_t) -1, group->gr_gid) == 0)
    return TRUE;
  g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_LISTEN, "socket-group: cannot give %s to group \"%s\": %s", path, name,
               g_strerror (errno));
  return FALSE;
}

/* Makes the socket under an umask that gives it its mode from the first moment on. */
static gboolean
open_socket (const Config *config, GError **error)
{
  mode_t old = umask ((mode_t) ~config->socket_mode & 0777);
  int status = smfi_opensocket (TRUE); /* TRUE: a stale socket of a killed daemon is removed */
  umask (old);
  if (status == MI_SUCCESS)
    return TRUE;
  if (g_str_has_prefix (config->listen, "fd:"))
    g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_LISTEN,
                 "listen: this libmilter does not understand \"%s\", as Debian's does; write unix:PATH or inet:PORT@HOST",
                 config->listen);
  else
    g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_LISTEN,
                 "cannot listen on %s: is another daemon using it, and may this user write its folder?", config->listen);
  return FALSE;
}

gboolean
gateway_listen (const Config *config, GError **error)
{
  g_autofree char *listen = g_strdup (config->listen);
  const char *path = unix_path (config->listen);
  if (path != NULL && is_served (path))
    {
      g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_LISTEN,
                   "cannot listen on %s: another daemon serves it; find it with \"fuser %s\"", config->listen, path);
      return FALSE;
    }
  if (!check_inherited (listen, error))
    return FALSE;
  smfi_setmaxdatasize (LIMIT_MILTER_PACKET);
  if (smfi_register (gateway_callbacks) != MI_SUCCESS || smfi_setconn (listen) != MI_SUCCESS)
    {
      g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_LISTEN,
                   "listen: libmilter does not understand \"%s\"; write unix:PATH or inet:PORT@HOST", config->listen);
      return FALSE;
    }
  if (!open_socket (config, error))
    return FALSE;
  return path == NULL || config->socket_group == NULL || give_to_group (path, config->socket_group, error);
}

gboolean
gateway_run (GError **error)
{
  int status = smfi_main ();
  gateway_set_desk (NULL);
  if (status == MI_SUCCESS)
    return TRUE;
  g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_RUN, "libmilter stopped serving: see the lines above");
  return FALSE;
}

/* libmilter does not wait for its sessions. Its workers leave after the command in hand, so what has to be waited for is
 * the callbacks at work; a client that sits between two commands holds nothing up. */
gboolean
gateway_drain (gint64 seconds, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  while (gateway_count_busy () > 0 && g_get_monotonic_time () < deadline)
    g_usleep (20 * 1000);
  guint busy = gateway_count_busy ();
  if (busy == 0)
    {
      g_usleep (ANSWER_PAUSE);
      return TRUE;
    }
  g_set_error (error, GATEWAY_ERROR, GATEWAY_ERROR_BUSY,
               "%u messages were still being worked on when the time to stop (drain) was over: their senders try again", busy);
  return FALSE;
}
