#include "directory/connection.h"

#include <string.h>

#include "config/limits.h"
#include "mail/message.h"

#define KEEPALIVE_IDLE 60 /* seconds; firewalls forget idle connections, and the next look-up would wait for nothing */

static const char *
uri_of (const Connection *connection)
{
  return connection->settings->uri[connection->server];
}

static gboolean
has_scheme (const Connection *connection, const char *scheme)
{
  return g_ascii_strncasecmp (uri_of (connection), scheme, strlen (scheme)) == 0;
}

static gboolean
wants_starttls (const Connection *connection)
{
  return connection->settings->starttls && has_scheme (connection, "ldap://");
}

struct timeval
connection_time_left (const Connection *connection)
{
  gint64 left = MAX (connection->deadline - g_get_monotonic_time (), 1000);
  return (struct timeval){ .tv_sec = left / G_USEC_PER_SEC, .tv_usec = left % G_USEC_PER_SEC };
}

void
connection_close (Connection *connection)
{
  if (connection->ldap != NULL)
    ldap_unbind_ext (connection->ldap, NULL, NULL);
  connection->ldap = NULL;
}

/* Whether waiting cannot help, because somebody must change a setting here or there. */
static gboolean
is_settings_fault (int code)
{
  switch (code)
    {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_AUTH_METHOD_NOT_SUPPORTED:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_UNWILLING_TO_PERFORM:
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_REFERRAL:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_FILTER_ERROR:
    case LDAP_PARAM_ERROR:
    case LDAP_PROTOCOL_ERROR:
    case LDAP_CONNECT_ERROR: /* the TLS handshake */
      return TRUE;
    default:
      return FALSE;
    }
}

void
connection_set_error (const Connection *connection, const char *what, int code, GError **error)
{
  char *diagnostic = NULL;
  if (connection->ldap != NULL)
    ldap_get_option (connection->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
  g_autofree char *detail = text_clean (diagnostic, LIMIT_DIRECTORY_VALUE);
  ldap_memfree (diagnostic);
  if (g_get_monotonic_time () >= connection->deadline)
    code = LDAP_TIMEOUT; /* a handshake that is cut off calls itself a connect error */
  g_set_error (error, DIRECTORY_ERROR, is_settings_fault (code) ? DIRECTORY_ERROR_SETTINGS : DIRECTORY_ERROR_UNAVAILABLE,
               "directory %s: cannot %s: %s%s%s", uri_of (connection), what, ldap_err2string (code),
               *detail != '\0' ? ": " : "", detail);
}

static gboolean
set_option (Connection *connection, int option, const void *value, const char *what, GError **error)
{
  if (ldap_set_option (connection->ldap, option, value) == LDAP_OPT_SUCCESS)
    return TRUE;
  connection_set_error (connection, what, LDAP_PARAM_ERROR, error);
  return FALSE;
}

static gboolean
set_file (Connection *connection, int option, const char *path, const char *what, GError **error)
{
  return path == NULL || set_option (connection, option, path, what, error);
}

static gboolean
set_tls (Connection *connection, GError **error)
{
  const DirectorySettings *settings = connection->settings;
  const int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
  if (!wants_starttls (connection) && !has_scheme (connection, "ldaps://"))
    return TRUE;
  return set_option (connection, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, "demand a certificate", error) &&
         set_file (connection, LDAP_OPT_X_TLS_CACERTFILE, settings->ca_file, "use ca-file", error) &&
         set_file (connection, LDAP_OPT_X_TLS_CERTFILE, settings->cert_file, "use cert-file", error) &&
         set_file (connection, LDAP_OPT_X_TLS_KEYFILE, settings->key_file, "use key-file", error) &&
         set_option (connection, LDAP_OPT_X_TLS_NEWCTX, &client, "set up TLS (check ca-file, cert-file and key-file)", error);
}

static gboolean
set_up (Connection *connection, GError **error)
{
  const int version = LDAP_VERSION3, idle = KEEPALIVE_IDLE;
  struct timeval left = connection_time_left (connection);
  return set_option (connection, LDAP_OPT_PROTOCOL_VERSION, &version, "speak LDAPv3", error) &&
         set_option (connection, LDAP_OPT_REFERRALS, LDAP_OPT_OFF, "leave referrals alone", error) &&
         set_option (connection, LDAP_OPT_X_KEEPALIVE_IDLE, &idle, "keep the connection alive", error) &&
         set_option (connection, LDAP_OPT_NETWORK_TIMEOUT, &left, "bound connecting", error) &&
         set_option (connection, LDAP_OPT_TIMEOUT, &left, "bound waiting", error) && set_tls (connection, error);
}

/* The result of the operation MESSAGE_ID, waited for until the deadline: the calls that wait by themselves have bounds of
 * their own each. */
static int
await_result (Connection *connection, int message_id)
{
  struct timeval left = connection_time_left (connection);
  LDAPMessage *result = NULL;
  int code = LDAP_OTHER;
  int got = ldap_result (connection->ldap, message_id, LDAP_MSG_ALL, &left, &result);
  if (got == 0)
    return LDAP_TIMEOUT;
  if (got < 0)
    {
      ldap_get_option (connection->ldap, LDAP_OPT_RESULT_CODE, &code);
      return code;
    }
  int parsed = ldap_parse_result (connection->ldap, result, &code, NULL, NULL, NULL, NULL, TRUE);
  return parsed != LDAP_SUCCESS ? parsed : code;
}

static int
shake_hands (Connection *connection)
{
  int message_id;
  int code = ldap_start_tls (connection->ldap, NULL, NULL, &message_id);
  if (code == LDAP_SUCCESS)
    code = await_result (connection, message_id);
  if (code != LDAP_SUCCESS)
    return code;
  struct timeval left = connection_time_left (connection);
  ldap_set_option (connection->ldap, LDAP_OPT_NETWORK_TIMEOUT, &left);
  return ldap_install_tls (connection->ldap);
}

static gboolean
start_tls (Connection *connection, GError **error)
{
  if (!wants_starttls (connection))
    return TRUE;
  int code = shake_hands (connection);
  if (code != LDAP_SUCCESS)
    connection_set_error (connection, "start TLS (check the server's certificate and ca-file)", code, error);
  return code == LDAP_SUCCESS;
}

/* The password's file is read at each bind, so that a new one needs no reload. *PASSWORD is the caller's to wipe. */
static gboolean
read_password (const Connection *connection, char **password, GError **error)
{
  const char *path = connection->settings->bind_password_file;
  g_autoptr (GError) failure = NULL;
  if (path == NULL)
    {
      *password = g_strdup ("");
      return TRUE;
    }
  if (!g_file_get_contents (path, password, NULL, &failure))
    {
      g_set_error (error, DIRECTORY_ERROR, DIRECTORY_ERROR_SETTINGS, "bind-password-file: %s", failure->message);
      return FALSE;
    }
  (*password)[strcspn (*password, "\r\n")] = '\0';
  return TRUE;
}

static void
wipe (char *password)
{
  explicit_bzero (password, strlen (password));
  g_free (password);
}

static gboolean
bind_as (Connection *connection, const char *dn, const char *mechanism, const char *secret, GError **error)
{
  struct berval credentials = { .bv_len = strlen (secret), .bv_val = (char *) secret };
  int message_id;
  int code = ldap_sasl_bind (connection->ldap, dn, mechanism, &credentials, NULL, NULL, &message_id);
  if (code == LDAP_SUCCESS)
    code = await_result (connection, message_id);
  if (code != LDAP_SUCCESS)
    connection_set_error (connection, mechanism == LDAP_SASL_SIMPLE ? "bind (check bind-dn and bind-password-file)"
                                                                    : "bind by SASL EXTERNAL", code, error);
  return code == LDAP_SUCCESS;
}

static gboolean
bind_connection (Connection *connection, GError **error)
{
  const char *dn = connection->settings->bind_dn;
  char *password = NULL;
  if (connection->settings->sasl_external)
    return bind_as (connection, NULL, "EXTERNAL", "", error);
  if (!read_password (connection, &password, error))
    return FALSE;
  gboolean bound = FALSE;
  if (dn != NULL && *password == '\0') /* RFC 4513 5.1.2: servers may take that for an anonymous bind */
    g_set_error (error, DIRECTORY_ERROR, DIRECTORY_ERROR_SETTINGS,
                 "bind-password-file: bind-dn needs a password, and there is none in it");
  else
    bound = bind_as (connection, dn, LDAP_SASL_SIMPLE, password, error);
  wipe (password);
  return bound;
}

/* Connects now, and with ldaps shakes hands: the first operation would do so, but hide why it failed. */
static gboolean
reach (Connection *connection, GError **error)
{
  int code = ldap_connect (connection->ldap);
  if (code != LDAP_SUCCESS)
    connection_set_error (connection, has_scheme (connection, "ldaps://")
                                        ? "connect and start TLS (check the server's certificate and ca-file)"
                                        : "connect", code, error);
  return code == LDAP_SUCCESS;
}

gboolean
connection_open (Connection *connection, GError **error)
{
  if (connection->ldap != NULL)
    return TRUE;
  int code = ldap_initialize (&connection->ldap, uri_of (connection));
  if (code != LDAP_SUCCESS)
    {
      connection_set_error (connection, "use this uri", code, error);
      return FALSE;
    }
  if (set_up (connection, error) && reach (connection, error) && start_tls (connection, error) &&
      bind_connection (connection, error))
    return TRUE;
  connection_close (connection);
  return FALSE;
}
