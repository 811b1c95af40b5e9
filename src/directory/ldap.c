/* LDAP by the OpenLDAP client. A handle is one connection, made at the first look-up, made anew once when it was lost, and
 * moved to the next server when this one does not answer in its share of the look-up's time. */
#include <string.h>

#include "config/limits.h"
#include "directory/connection.h"
#include "mail/message.h"

typedef struct {
  Config *config;
  Connection connection;
} Handle;

#define SIZE_LIMIT 2 /* one more than is used, so that a second entry is noticed */

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
clean_value (const struct berval *value)
{
  g_autofree char *text = g_strndup (value->bv_val, MIN (value->bv_len, (ber_len_t) LIMIT_DIRECTORY_VALUE));
  return text_clean (text, LIMIT_DIRECTORY_VALUE);
}

static char *
read_attribute (LDAP *ldap, LDAPMessage *entry, const char *name)
{
  struct berval **values = ldap_get_values_len (ldap, entry, name);
  char *value = values != NULL && values[0] != NULL ? clean_value (values[0]) : NULL;
  ldap_value_free_len (values);
  return value;
}

/* Values have no order, so any of them may say it. */
static gboolean
is_suspended (LDAP *ldap, LDAPMessage *entry, const char *name)
{
  struct berval **values = ldap_get_values_len (ldap, entry, name);
  gboolean suspended = FALSE;
  for (guint i = 0; values != NULL && values[i] != NULL && !suspended; i++)
    {
      g_autofree char *value = clean_value (values[i]);
      suspended = g_ascii_strcasecmp (value, "suspended") == 0;
    }
  ldap_value_free_len (values);
  return suspended;
}

static Contact *
read_contact (const Connection *connection, LDAPMessage *entry, const char *mail)
{
  const DirectorySettings *settings = connection->settings;
  LDAP *ldap = connection->ldap;
  Contact *contact = contact_new ();
  contact->mail = g_strdup (mail);
  contact->by_domain = *mail == '@';
  contact->name = contact->by_domain ? NULL : read_attribute (ldap, entry, settings->attribute_name);
  contact->organization = read_attribute (ldap, entry, settings->attribute_organization);
  contact->customer = read_attribute (ldap, entry, settings->attribute_customer);
  contact->language = read_attribute (ldap, entry, settings->attribute_language);
  if (settings->attribute_level != NULL)
    contact->level = read_attribute (ldap, entry, settings->attribute_level);
  contact->suspended = is_suspended (ldap, entry, settings->attribute_status);
  return contact;
}

static Contact *
read_first_contact (const Connection *connection, LDAPMessage *result, const char *mail)
{
  LDAPMessage *entry = ldap_first_entry (connection->ldap, result);
  if (entry == NULL)
    return NULL;
  if (ldap_count_entries (connection->ldap, result) > 1)
    {
      g_autofree char *shown = text_clean (mail, LIMIT_ADDRESS);
      g_debug ("the directory has several entries for %s: the first counts", shown);
    }
  return read_contact (connection, entry, mail);
}

/* One search, with VALUE in FILTER. An LDAP result code, and *CONTACT, for MAIL, when it found somebody. */
static int
search (const Connection *connection, const char *filter, const char *value, const char *mail, Contact **contact)
{
  const DirectorySettings *settings = connection->settings;
  const char *attributes[] = { settings->attribute_name,     settings->attribute_organization, settings->attribute_customer,
                               settings->attribute_language, settings->attribute_status,       settings->attribute_level,
                               NULL };
  g_autofree char *made = make_filter (filter, value);
  struct timeval left = connection_time_left (connection);
  LDAPMessage *result = NULL;
  if (made == NULL)
    return LDAP_NO_MEMORY;
  int code = ldap_search_ext_s (connection->ldap, settings->base, LDAP_SCOPE_SUBTREE, made, (char **) attributes, 0, NULL,
                                NULL, &left, SIZE_LIMIT, &result);
  if (code == LDAP_SIZELIMIT_EXCEEDED)
    code = LDAP_SUCCESS;
  if (code == LDAP_SUCCESS)
    *contact = read_first_contact (connection, result, mail);
  ldap_msgfree (result);
  return code;
}

/* The address itself, then its domain. */
static int
search_both (const Connection *connection, const char *address, Contact **contact)
{
  const DirectorySettings *settings = connection->settings;
  const char *at = strrchr (address, '@');
  int code = search (connection, settings->filter, address, address, contact);
  if (code != LDAP_SUCCESS || *contact != NULL || settings->domain_filter == NULL)
    return code;
  return search (connection, settings->domain_filter, at + 1, at, contact);
}

static gboolean
find_on_server (Connection *connection, const char *address, Contact **contact, GError **error)
{
  gboolean used = connection->ldap != NULL;
  if (!connection_open (connection, error))
    return FALSE;
  int code = search_both (connection, address, contact);
  if (code == LDAP_SERVER_DOWN && used) /* the server closed an idle connection, or was restarted */
    {
      connection_close (connection);
      return find_on_server (connection, address, contact, error);
    }
  if (code != LDAP_SUCCESS)
    connection_set_error (connection, "search (check base, filter and domain-filter)", code, error);
  return code == LDAP_SUCCESS;
}

/* Of several servers' failures the first is kept, but one that somebody must act on goes before. Takes FAILURE. */
static void
keep_failure (GError **kept, GError *failure)
{
  if (*kept == NULL || (g_error_matches (failure, DIRECTORY_ERROR, DIRECTORY_ERROR_SETTINGS) &&
                        !g_error_matches (*kept, DIRECTORY_ERROR, DIRECTORY_ERROR_SETTINGS)))
    {
      g_clear_error (kept);
      *kept = failure;
      return;
    }
  g_error_free (failure);
}

static DirectoryStatus
ldap_find (gpointer engine, const char *address, gint64 deadline, Contact **contact, GError **error)
{
  Connection *connection = &((Handle *) engine)->connection;
  guint servers = g_strv_length (connection->settings->uri);
  GError *kept = NULL;
  for (guint rest = servers; rest > 0; rest--)
    {
      GError *failure = NULL;
      gint64 now = g_get_monotonic_time ();
      connection->deadline = now + (deadline - now) / rest; /* so that one that hangs leaves time for the others */
      if (find_on_server (connection, address, contact, &failure))
        {
          g_clear_error (&kept);
          return *contact != NULL ? DIRECTORY_FOUND : DIRECTORY_NOT_FOUND;
        }
      keep_failure (&kept, failure);
      connection_close (connection);
      connection->server = (connection->server + 1) % servers;
    }
  g_propagate_error (error, kept);
  return DIRECTORY_UNAVAILABLE;
}

/* A uri that libldap does not understand is found here, before any mail comes. It also makes libldap set its globals up
 * while there is one thread. */
static gboolean
check_uri (const char *uri, GError **error)
{
  LDAP *ldap = NULL;
  int code = ldap_initialize (&ldap, uri);
  if (code != LDAP_SUCCESS)
    {
      g_set_error (error, DIRECTORY_ERROR, DIRECTORY_ERROR_SETTINGS, "directory uri \"%s\": %s; write ldap://HOST:PORT, "
                   "ldaps://HOST or ldapi://", uri, ldap_err2string (code));
      return FALSE;
    }
  ldap_unbind_ext (ldap, NULL, NULL);
  return TRUE;
}

static gpointer
ldap_open (const Config *config, Store *store, GError **error)
{
  (void) store;
  for (char **uri = config->directory.uri; *uri != NULL; uri++)
    if (!check_uri (*uri, error))
      return NULL;
  Handle *handle = g_new0 (Handle, 1);
  handle->config = config_ref ((Config *) config);
  handle->connection.settings = &handle->config->directory;
  return handle;
}

static void
ldap_close (gpointer engine)
{
  Handle *handle = engine;
  connection_close (&handle->connection);
  config_unref (handle->config);
  g_free (handle);
}

const DirectoryEngine directory_ldap = {
  .name = "ldap",
  .open = ldap_open,
  .find = ldap_find,
  .close = ldap_close,
};
