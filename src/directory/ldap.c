/* LDAP by the OpenLDAP client. A handle is one connection, made at the first look-up and made anew once when it was lost.
 * Every wait is bounded: connecting, binding and searching each by what is left of the look-up's time. */
#include <errno.h>
#include <ldap.h>
#include <string.h>

#include "config/limits.h"
#include "directory/directory.h"
#include "mail/message.h"

typedef struct {
  const DirectorySettings *settings;
  Config *config;
  char *uris; /* blank-separated: libldap tries them in turn */
  LDAP *ldap; /* NULL: not connected */
  gint64 deadline; /* of the look-up under way, monotonic */
} Handle;

static void
disconnect (Handle *handle)
{
  if (handle->ldap != NULL)
    ldap_unbind_ext (handle->ldap, NULL, NULL);
  handle->ldap = NULL;
}

static struct timeval
time_left (const Handle *handle)
{
  gint64 left = MAX (handle->deadline - g_get_monotonic_time (), 1000);
  return (struct timeval){ .tv_sec = left / G_USEC_PER_SEC, .tv_usec = left % G_USEC_PER_SEC };
}

static gboolean
is_settings_fault (int code)
{
  return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INSUFFICIENT_ACCESS || code == LDAP_FILTER_ERROR ||
         code == LDAP_NO_SUCH_OBJECT || code == LDAP_INVALID_DN_SYNTAX || code == LDAP_CONFIDENTIALITY_REQUIRED ||
         code == LDAP_STRONG_AUTH_REQUIRED || code == LDAP_INAPPROPRIATE_AUTH || code == LDAP_PARAM_ERROR;
}

static void
set_error (GError **error, const Handle *handle, const char *what, int code)
{
  char *detail = NULL;
  if (handle->ldap != NULL)
    ldap_get_option (handle->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
  g_set_error (error, DIRECTORY_ERROR,
               is_settings_fault (code) ? DIRECTORY_ERROR_SETTINGS : DIRECTORY_ERROR_UNAVAILABLE, "directory %s: cannot %s: %s%s%s",
               handle->uris, what, ldap_err2string (code), detail != NULL && *detail != '\0' ? ": " : "",
               detail != NULL ? detail : "");
  ldap_memfree (detail);
}

static gboolean
set_option (Handle *handle, int option, const void *value, const char *what, GError **error)
{
  int code = ldap_set_option (handle->ldap, option, value);
  if (code == LDAP_OPT_SUCCESS)
    return TRUE;
  set_error (error, handle, what, LDAP_PARAM_ERROR);
  return FALSE;
}

static gboolean
set_tls (Handle *handle, GError **error)
{
  const DirectorySettings *settings = handle->settings;
  int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
  return set_option (handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, "demand a certificate", error) &&
         (settings->ca_file == NULL ||
          set_option (handle, LDAP_OPT_X_TLS_CACERTFILE, settings->ca_file, "use ca-file", error)) &&
         (settings->cert_file == NULL ||
          set_option (handle, LDAP_OPT_X_TLS_CERTFILE, settings->cert_file, "use cert-file", error)) &&
         (settings->key_file == NULL || set_option (handle, LDAP_OPT_X_TLS_KEYFILE, settings->key_file, "use key-file", error)) &&
         set_option (handle, LDAP_OPT_X_TLS_NEWCTX, &client, "set up TLS (check ca-file, cert-file and key-file)", error);
}

static gboolean
set_up (Handle *handle, GError **error)
{
  int version = LDAP_VERSION3, size_limit = 2;
  struct timeval left = time_left (handle);
  gboolean tls = handle->settings->starttls || strstr (handle->uris, "ldaps://") != NULL;
  return set_option (handle, LDAP_OPT_PROTOCOL_VERSION, &version, "speak LDAPv3", error) &&
         set_option (handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF, "leave referrals alone", error) &&
         set_option (handle, LDAP_OPT_SIZELIMIT, &size_limit, "limit the answers", error) &&
         set_option (handle, LDAP_OPT_NETWORK_TIMEOUT, &left, "bound connecting", error) &&
         set_option (handle, LDAP_OPT_TIMEOUT, &left, "bound waiting", error) && (!tls || set_tls (handle, error));
}

/* The password's file is read at each bind, so that a new one needs no reload. *PASSWORD is the caller's to wipe. */
static gboolean
read_password (const Handle *handle, char **password, GError **error)
{
  g_autoptr (GError) failure = NULL;
  const char *path = handle->settings->bind_password_file;
  if (path == NULL)
    return TRUE;
  if (!g_file_get_contents (path, password, NULL, &failure))
    {
      g_set_error (error, DIRECTORY_ERROR, DIRECTORY_ERROR_SETTINGS, "bind-password-file: %s", failure->message);
      return FALSE;
    }
  (*password)[strcspn (*password, "\r\n")] = '\0';
  return TRUE;
}

/* Starts a bind and waits for its end within the look-up's time: the synchronous calls wait for ever. */
static int
bind_within (Handle *handle, const char *dn, const char *mechanism, struct berval *credentials)
{
  int message_id, code;
  code = ldap_sasl_bind (handle->ldap, dn, mechanism, credentials, NULL, NULL, &message_id);
  if (code != LDAP_SUCCESS)
    return code;
  struct timeval left = time_left (handle);
  LDAPMessage *result = NULL;
  int got = ldap_result (handle->ldap, message_id, LDAP_MSG_ALL, &left, &result);
  if (got == 0)
    return LDAP_TIMEOUT;
  if (got < 0)
    {
      ldap_get_option (handle->ldap, LDAP_OPT_RESULT_CODE, &code);
      return code;
    }
  int status = ldap_parse_result (handle->ldap, result, &code, NULL, NULL, NULL, NULL, TRUE);
  return status != LDAP_SUCCESS ? status : code;
}

static gboolean
bind (Handle *handle, GError **error)
{
  char *password = NULL;
  if (handle->settings->sasl_external)
    {
      struct berval none = { 0, (char *) "" };
      int code = bind_within (handle, NULL, "EXTERNAL", &none);
      if (code != LDAP_SUCCESS)
        set_error (error, handle, "bind by SASL EXTERNAL", code);
      return code == LDAP_SUCCESS;
    }
  if (!read_password (handle, &password, error))
    return FALSE;
  struct berval credentials = { password != NULL ? strlen (password) : 0, password != NULL ? password : (char *) "" };
  int code = bind_within (handle, handle->settings->bind_dn, LDAP_SASL_SIMPLE, &credentials);
  if (password != NULL)
    explicit_bzero (password, strlen (password));
  g_free (password);
  if (code != LDAP_SUCCESS)
    set_error (error, handle, "bind (check bind-dn and bind-password-file)", code);
  return code == LDAP_SUCCESS;
}

static gboolean
start_tls (Handle *handle, GError **error)
{
  if (!handle->settings->starttls)
    return TRUE;
  int code = ldap_start_tls_s (handle->ldap, NULL, NULL);
  if (code != LDAP_SUCCESS)
    set_error (error, handle, "start TLS (check the certificate and ca-file)", code);
  return code == LDAP_SUCCESS;
}

static gboolean
connect_server (Handle *handle, GError **error)
{
  if (handle->ldap != NULL)
    return TRUE;
  int code = ldap_initialize (&handle->ldap, handle->uris);
  if (code != LDAP_SUCCESS)
    {
      set_error (error, handle, "use the uri", code);
      return FALSE;
    }
  if (set_up (handle, error) && start_tls (handle, error) && bind (handle, error))
    return TRUE;
  disconnect (handle);
  return FALSE;
}

/* FILTER with VALUE, escaped by RFC 4515, in the place of each %s. The caller's. */
static char *
make_filter (const char *filter, const char *value)
{
  struct berval plain = { strlen (value), (char *) value }, escaped = { 0 };
  if (ldap_bv2escaped_filter_value (&plain, &escaped) != 0)
    return NULL;
  g_auto (GStrv) parts = g_strsplit (filter, "%s", -1);
  char *made = g_strjoinv (escaped.bv_val, parts);
  ldap_memfree (escaped.bv_val);
  return made;
}

static char *
read_attribute (const Handle *handle, LDAPMessage *entry, const char *name)
{
  struct berval **values = ldap_get_values_len (handle->ldap, entry, name);
  char *value = NULL;
  if (values != NULL && values[0] != NULL)
    {
      g_autofree char *text = g_strndup (values[0]->bv_val, MIN (values[0]->bv_len, (ber_len_t) LIMIT_DIRECTORY_VALUE));
      value = text_clean (text, LIMIT_DIRECTORY_VALUE);
    }
  ldap_value_free_len (values);
  return value;
}

static Contact *
read_contact (const Handle *handle, LDAPMessage *entry, const char *mail, gboolean by_domain)
{
  const DirectorySettings *settings = handle->settings;
  Contact *contact = contact_new ();
  g_autofree char *status = read_attribute (handle, entry, settings->attribute_status);
  contact->mail = g_strdup (mail);
  contact->name = by_domain ? NULL : read_attribute (handle, entry, settings->attribute_name);
  contact->organization = read_attribute (handle, entry, settings->attribute_organization);
  contact->customer = read_attribute (handle, entry, settings->attribute_customer);
  contact->language = read_attribute (handle, entry, settings->attribute_language);
  contact->suspended = status != NULL && g_ascii_strcasecmp (status, "suspended") == 0;
  contact->by_domain = by_domain;
  return contact;
}

/* One search; an LDAP result code, and *CONTACT when it found somebody. */
static int
search (Handle *handle, const char *template, const char *value, const char *mail, gboolean by_domain, Contact **contact)
{
  const DirectorySettings *settings = handle->settings;
  const char *attributes[] = { settings->attribute_name,     settings->attribute_organization, settings->attribute_customer,
                               settings->attribute_language, settings->attribute_status,       NULL };
  g_autofree char *filter = make_filter (template, value);
  struct timeval left = time_left (handle);
  LDAPMessage *result = NULL;
  if (filter == NULL)
    return LDAP_FILTER_ERROR;
  int code = ldap_search_ext_s (handle->ldap, settings->base, LDAP_SCOPE_SUBTREE, filter, (char **) attributes, 0, NULL, NULL,
                                &left, 2, &result);
  if (code == LDAP_SIZELIMIT_EXCEEDED)
    code = LDAP_SUCCESS; /* several entries have the address: the first one counts */
  LDAPMessage *entry = code == LDAP_SUCCESS ? ldap_first_entry (handle->ldap, result) : NULL;
  if (entry != NULL)
    *contact = read_contact (handle, entry, mail, by_domain);
  ldap_msgfree (result);
  return code;
}

static int
search_address (Handle *handle, const char *address, Contact **contact)
{
  const char *domain = strrchr (address, '@') + 1;
  int code = search (handle, handle->settings->filter, address, address, FALSE, contact);
  if (code != LDAP_SUCCESS || *contact != NULL || handle->settings->domain_filter == NULL)
    return code;
  return search (handle, handle->settings->domain_filter, domain, domain - 1, TRUE, contact);
}

static DirectoryStatus
ldap_find (gpointer engine, const char *address, Contact **contact, GError **error)
{
  Handle *handle = engine;
  gboolean fresh = handle->ldap == NULL;
  handle->deadline = g_get_monotonic_time () + handle->settings->timeout * G_USEC_PER_SEC;
  if (!connect_server (handle, error))
    return DIRECTORY_UNAVAILABLE;
  int code = search_address (handle, address, contact);
  if (code == LDAP_SERVER_DOWN && !fresh) /* the server closed an idle connection, or was restarted */
    {
      disconnect (handle);
      if (!connect_server (handle, error))
        return DIRECTORY_UNAVAILABLE;
      code = search_address (handle, address, contact);
    }
  if (code == LDAP_SUCCESS)
    return *contact != NULL ? DIRECTORY_FOUND : DIRECTORY_NOT_FOUND;
  set_error (error, handle, "search", code);
  disconnect (handle);
  return DIRECTORY_UNAVAILABLE;
}

static gpointer
ldap_open (const Config *config, Store *store, GError **error)
{
  (void) store;
  (void) error;
  Handle *handle = g_new0 (Handle, 1);
  handle->config = config_ref ((Config *) config);
  handle->settings = &handle->config->directory;
  handle->uris = g_strjoinv (" ", handle->settings->uri);
  return handle;
}

static void
ldap_close (gpointer engine)
{
  Handle *handle = engine;
  disconnect (handle);
  config_unref (handle->config);
  g_free (handle->uris);
  g_free (handle);
}

const DirectoryEngine directory_ldap = {
  .name = "ldap",
  .open = ldap_open,
  .find = ldap_find,
  .close = ldap_close,
};
