/* The server: what comes in by libmicrohttpd is bounded, made a Request, and given to the one who answers it. Each
 * connection is for one request. */
#include "web/web.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libical/ical.h>

#include "config/limits.h"
#include "config/network.h"
#include "web/client.h"
#include "web/guests.h"
#include "web/rates.h"
#include "web/request.h"

G_DEFINE_QUARK (frontdesk-web-error-quark, web_error)

struct Web {
  Rooms rooms;
  struct MHD_Daemon *server;
  Guests *guests;
  Rates *rates;
  GMutex lock; /* of the two below, which change at a reload */
  Config *config;
  Templates *templates;
};

/* A request that comes in: the Request and what is its own. */
typedef struct {
  Request request;
  char *target;
  gboolean begun, too_long;
} Visit;

typedef struct {
  const char *pattern; /* "*" is any piece */
  gboolean post;       /* may be posted */
  gboolean get;        /* may be read */
  void (*answer) (const Request *request, Answer *answer);
} Route;

static const Route routes[] = {
  { "/healthz", FALSE, TRUE, health_answer },
  { "/oncall.ics", FALSE, TRUE, feed_answer },
  { "/ack/*", TRUE, TRUE, ack_answer },
  { "/hooks/twilio/*/sms", TRUE, FALSE, twilio_answer_sms },
  { "/hooks/twilio/*/status", TRUE, FALSE, twilio_answer_status },
  { "/hooks/twilio/*/digits", TRUE, FALSE, twilio_answer_digits },
  { "/hooks/page/*", TRUE, FALSE, page_answer },
};

/* ---- what is asked for ---- */

static gboolean
matches (const char *pattern, char **path)
{
  g_auto (GStrv) pieces = g_strsplit (pattern + 1, "/", -1);
  guint i = 0;
  while (pieces[i] != NULL && path[i] != NULL && (g_str_equal (pieces[i], "*") || g_str_equal (pieces[i], path[i])))
    i++;
  return pieces[i] == NULL && path[i] == NULL;
}

static const Route *
find_route (char **path)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    if (matches (routes[i].pattern, path))
      return &routes[i];
  return NULL;
}

/* ---- answers ---- */

/* For pages and lines alike: nothing is run, loaded, framed, kept, guessed, told onward or indexed. */
static const struct { const char *name, *value; } always[] = {
  { "Content-Security-Policy",
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" },
  { "X-Frame-Options", "DENY" },
  { "X-Content-Type-Options", "nosniff" },
  { "Referrer-Policy", "no-referrer" },
  { "X-Robots-Tag", "noindex, nofollow" },
  { "Connection", "close" },
};

static enum MHD_Result
send_answer (struct MHD_Connection *connection, const Answer *answer)
{
  struct MHD_Response *response = MHD_create_response_from_buffer (answer->body->len, answer->body->str,
                                                                   MHD_RESPMEM_MUST_COPY);
  if (response == NULL)
    return MHD_NO;
  for (guint i = 0; i < G_N_ELEMENTS (always); i++)
    MHD_add_response_header (response, always[i].name, always[i].value);
  MHD_add_response_header (response, "Cache-Control", answer->cache);
  if (answer->status != MHD_HTTP_NOT_MODIFIED)
    MHD_add_response_header (response, "Content-Type", answer->type);
  if (answer->etag != NULL)
    MHD_add_response_header (response, "ETag", answer->etag);
  if (answer->allow != NULL)
    MHD_add_response_header (response, "Allow", answer->allow);
  g_autofree char *seconds = g_strdup_printf ("%u", answer->retry_after);
  if (answer->retry_after > 0)
    MHD_add_response_header (response, "Retry-After", seconds);
  enum MHD_Result queued = MHD_queue_response (connection, answer->status, response);
  MHD_destroy_response (response);
  return queued;
}

static void
answer_init (Answer *answer)
{
  *answer = (Answer){ .type = "text/plain; charset=utf-8", .body = g_string_new (NULL), .cache = "no-store" };
}

static void
answer_clear (Answer *answer)
{
  g_string_free (answer->body, TRUE);
  g_free (answer->etag);
}

/* ---- a request ---- */

static void
take_config (Web *web, Request *request)
{
  g_mutex_lock (&web->lock);
  request->config = config_ref (web->config);
  request->templates = templates_ref (web->templates);
  g_mutex_unlock (&web->lock);
}

static GInetAddress *
find_client (const Request *request)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (request->connection,
                                                                  MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  g_autoptr (GInetAddress) peer = client_read_peer (info->client_addr);
  g_autofree char *forwarded_for = request_header (request, "X-Forwarded-For");
  g_autofree char *forwarded = request_header (request, "Forwarded");
  return peer != NULL ? client_find (request->config->web_proxies, peer, forwarded_for, forwarded) : NULL;
}

static gboolean
is_too_frequent (Web *web, const Request *request)
{
  g_autoptr (GInetAddress) client = find_client (request);
  if (client == NULL)
    return TRUE;
  g_autofree char *key = client_key (client);
  return !rates_take (web->rates, key, g_get_monotonic_time ());
}

/* What is declared; what is not is counted as it comes. */
static gboolean
is_too_long (const Request *request)
{
  guint64 length;
  g_autofree char *declared = request_header (request, "Content-Length");
  return declared != NULL && (!g_ascii_string_to_unsigned (declared, 10, 0, G_MAXUINT64, &length, NULL) ||
                              length > LIMIT_WEB_BODY);
}

/* What can be refused before the body is there. FALSE with ANSWER filled in. */
static gboolean
screen (Web *web, Visit *visit, const char *method, Answer *answer)
{
  Request *request = &visit->request;
  gboolean post = g_str_equal (method, "POST"), get = g_str_equal (method, "GET") || g_str_equal (method, "HEAD");
  const Route *route = NULL;
  if (is_too_frequent (web, request))
    {
      answer_line (answer, MHD_HTTP_TOO_MANY_REQUESTS, "Too many requests. Try again soon.");
      answer->retry_after = 1;
    }
  else if (!request_read_target (&visit->request, visit->target) || (route = find_route (request->path)) == NULL)
    answer_line (answer, MHD_HTTP_NOT_FOUND, "There is nothing here.");
  else if (!(post && route->post) && !(get && route->get))
    {
      answer_line (answer, MHD_HTTP_METHOD_NOT_ALLOWED, "This is not done here.");
      answer->allow = !route->post ? "GET, HEAD" : route->get ? "GET, HEAD, POST" : "POST";
    }
  else if (is_too_long (request))
    answer_line (answer, MHD_HTTP_CONTENT_TOO_LARGE, "That is too long.");
  else
    return TRUE;
  return FALSE;
}

static enum MHD_Result
begin (Web *web, Visit *visit, struct MHD_Connection *connection, const char *method)
{
  Request *request = &visit->request;
  visit->begun = TRUE;
  request->rooms = &web->rooms;
  request->connection = connection;
  request->method = g_str_equal (method, "POST") ? "POST" : "GET";
  request->body = g_string_new (NULL);
  take_config (web, request);
  Answer answer;
  answer_init (&answer);
  enum MHD_Result result = screen (web, visit, method, &answer) ? MHD_YES : send_answer (connection, &answer);
  answer_clear (&answer);
  return result;
}

static enum MHD_Result
finish (Web *web, Visit *visit, struct MHD_Connection *connection)
{
  Request *request = &visit->request;
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  if (info->socket_context != NULL)
    guests_serve (web->guests, info->socket_context);
  request->now = g_get_real_time ();
  Answer answer;
  answer_init (&answer);
  find_route (request->path)->answer (request, &answer);
  enum MHD_Result result = send_answer (connection, &answer);
  answer_clear (&answer);
  return result;
}

/* Called once when the header fields are there, for each piece of the body, and at its end. */
static enum MHD_Result
on_request (void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
            const char *upload, size_t *length, void **context)
{
  (void) url;
  (void) version;
  Web *web = data;
  Visit *visit = *context;
  if (visit == NULL)
    return MHD_NO;
  if (!visit->begun)
    return begin (web, visit, connection, method);
  if (*length == 0)
    return finish (web, visit, connection);
  if (visit->request.body->len + *length > LIMIT_WEB_BODY)
    return MHD_NO; /* ends the connection: no answer can be given before the end */
  g_string_append_len (visit->request.body, upload, (gssize) *length);
  *length = 0;
  return MHD_YES;
}

/* Called with the target as it stands in the request line. */
static void *
on_target (void *data, const char *target, struct MHD_Connection *connection)
{
  (void) data;
  (void) connection;
  Visit *visit = g_new0 (Visit, 1);
  visit->target = g_strdup (target);
  return visit;
}

static void
on_end (void *data, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
  (void) data;
  (void) connection;
  (void) code;
  Visit *visit = *context;
  *context = NULL;
  if (visit == NULL)
    return;
  Request *request = &visit->request;
  g_clear_pointer (&request->config, config_unref);
  g_clear_pointer (&request->templates, templates_unref);
  g_clear_pointer (&request->path, g_strfreev);
  g_clear_pointer (&request->query, g_ptr_array_unref);
  if (request->body != NULL)
    g_string_free (request->body, TRUE);
  g_free (visit->target);
  g_free (visit);
}

/* ---- connections ---- */

/* What ADDRESS's connections are counted by; NULL when they are not, as those of a proxy. */
static char *
count_key (Web *web, const struct sockaddr *address)
{
  g_autoptr (GInetAddress) peer = client_read_peer (address);
  if (peer == NULL)
    return NULL;
  g_mutex_lock (&web->lock);
  gboolean proxy = client_is_proxy (web->config->web_proxies, peer);
  g_mutex_unlock (&web->lock);
  return proxy ? NULL : client_key (peer);
}

static enum MHD_Result
on_accept (void *data, const struct sockaddr *address, socklen_t length)
{
  Web *web = data;
  (void) length;
  g_autofree char *key = count_key (web, address);
  return key == NULL || guests_may_enter (web->guests, key) ? MHD_YES : MHD_NO;
}

static void
on_connection (void *data, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
  Web *web = data;
  if (code == MHD_CONNECTION_NOTIFY_CLOSED)
    {
      if (*context != NULL)
        guests_leave (web->guests, *context);
      *context = NULL;
      return;
    }
  int socket = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  const struct sockaddr *address = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
  g_autofree char *key = count_key (web, address);
  *context = guests_enter (web->guests, key, socket);
}

/* What libmicrohttpd complains of is what clients do. */
static void G_GNUC_PRINTF (2, 0)
on_complaint (void *data, const char *format, va_list arguments)
{
  (void) data;
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  g_debug ("web: %s", g_strchomp (text));
}

/* ---- the room ---- */

static int
fail_to_listen (const char *where, int socket, GError **error)
{
  g_set_error (error, WEB_ERROR, WEB_ERROR_LISTEN,
               "the web pages cannot be served on %s: %s; see who listens there, or change \"web\" in the "
               "configuration",
               where, g_strerror (errno));
  if (socket >= 0)
    close (socket);
  return -1;
}

static int
open_listener (const char *where, GError **error)
{
  struct sockaddr_storage native;
  g_autoptr (GSocketAddress) endpoint = network_parse_endpoint (where);
  gssize length = g_socket_address_get_native_size (endpoint);
  if (!g_socket_address_to_native (endpoint, &native, sizeof native, error))
    return -1;
  int fd = socket (native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind (fd, (struct sockaddr *) &native, (socklen_t) length) != 0 || listen (fd, LIMIT_WEB_CONNECTIONS) != 0)
    return fail_to_listen (where, fd, error);
  return fd;
}

static struct MHD_Daemon *
start_server (Web *web, int listener)
{
  return MHD_start_daemon (MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, on_accept, web, on_request, web,
                           MHD_OPTION_EXTERNAL_LOGGER, on_complaint, NULL,
                           MHD_OPTION_LISTEN_SOCKET, listener,
                           MHD_OPTION_THREAD_POOL_SIZE, (unsigned int) LIMIT_WEB_THREADS,
                           MHD_OPTION_CONNECTION_LIMIT, (unsigned int) LIMIT_WEB_CONNECTIONS,
                           MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) LIMIT_WEB_ANSWER_TIME,
                           MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) LIMIT_WEB_HEAD,
                           MHD_OPTION_STRICT_FOR_CLIENT, 1,
                           MHD_OPTION_URI_LOG_CALLBACK, on_target, web,
                           MHD_OPTION_NOTIFY_COMPLETED, on_end, web,
                           MHD_OPTION_NOTIFY_CONNECTION, on_connection, web,
                           MHD_OPTION_END);
}

Web *
web_start (Store *store, const Seal *seal, Config *config, Templates *templates, WebAudit audit, gpointer data,
           GError **error)
{
  int listener = open_listener (config->web, error);
  if (listener < 0)
    return NULL;
  icaltimezone_get_utc_timezone (); /* makes libical's zones, which is not for several threads at once */
  Web *web = g_new0 (Web, 1);
  web->rooms = (Rooms){ .store = store, .seal = seal, .audit = audit, .audit_data = data };
  g_mutex_init (&web->lock);
  web->config = config_ref (config);
  web->templates = templates_ref (templates);
  web->guests = guests_new ();
  web->rooms.replies = rates_new (LIMIT_WEB_REPLIES, G_TIME_SPAN_HOUR / LIMIT_WEB_REPLIES, LIMIT_WEB_CLIENTS);
  web->rooms.health = health_new ();
  web->rates = rates_new (LIMIT_WEB_BURST, G_USEC_PER_SEC / LIMIT_WEB_RATE, LIMIT_WEB_CLIENTS);
  web->server = start_server (web, listener);
  if (web->server != NULL)
    return web;
  fail_to_listen (config->web, listener, error);
  web_stop (web);
  return NULL;
}

void
web_reload (Web *web, Config *config, Templates *templates)
{
  g_mutex_lock (&web->lock);
  config_unref (web->config);
  templates_unref (web->templates);
  web->config = config_ref (config);
  web->templates = templates_ref (templates);
  g_mutex_unlock (&web->lock);
}

void
web_stop (Web *web)
{
  if (web->server != NULL)
    MHD_stop_daemon (web->server);
  guests_free (web->guests);
  rates_free (web->rates);
  rates_free (web->rooms.replies);
  health_free (web->rooms.health);
  config_unref (web->config);
  templates_unref (web->templates);
  g_mutex_clear (&web->lock);
  g_free (web);
}
