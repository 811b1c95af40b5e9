#include "config.h"

#include "delivery/fetch.h"

#include <curl/curl.h>
#include <string.h>

#include "config/limits.h"
#include "delivery/delivery.h"

#define VERSION_OCTETS 500 /* of an ETag or Last-Modified that is kept */

typedef struct {
  const Schedule *schedule;
  const gint *stopping;
  GString *text;
  gboolean oversize;
  FetchVersion version; /* as the last answer says */
} Fetch;

void
fetch_version_clear (FetchVersion *version)
{
  g_clear_pointer (&version->etag, g_free);
  g_clear_pointer (&version->last_modified, g_free);
}

static size_t
take_body (char *data, size_t size, size_t count, void *user)
{
  Fetch *fetch = user;
  fetch->oversize |= size * count > LIMIT_SHIFT_FILE - fetch->text->len;
  if (fetch->oversize)
    return 0;
  g_string_append_len (fetch->text, data, (gssize) (size * count));
  return size * count;
}

static void
take_field (const char *line, const char *name, char **value)
{
  gsize length = strlen (name);
  if (g_ascii_strncasecmp (line, name, length) != 0 || line[length] != ':' || strlen (line) > VERSION_OCTETS)
    return;
  g_free (*value);
  *value = g_strstrip (g_strdup (line + length + 1));
}

/* A redirection's fields are not the calendar's. */
static size_t
take_header (char *data, size_t size, size_t count, void *user)
{
  Fetch *fetch = user;
  g_autofree char *line = g_strndup (data, size * count);
  if (g_str_has_prefix (line, "HTTP/"))
    fetch_version_clear (&fetch->version);
  take_field (line, "ETag", &fetch->version.etag);
  take_field (line, "Last-Modified", &fetch->version.last_modified);
  return size * count;
}

static int
watch_stop (void *user, curl_off_t all, curl_off_t now, curl_off_t up_all, curl_off_t up_now)
{
  const Fetch *fetch = user;
  (void) all;
  (void) now;
  (void) up_all;
  (void) up_now;
  return g_atomic_int_get (fetch->stopping);
}

static struct curl_slist *
add_condition (struct curl_slist *headers, const char *name, const char *value)
{
  g_autofree char *line = value != NULL && *value != '\0' ? g_strdup_printf ("%s: %s", name, value) : NULL;
  return line != NULL ? curl_slist_append (headers, line) : headers;
}

static void
set_bounds (CURL *handle, const Schedule *schedule, long timeout)
{
  gboolean local = g_str_has_prefix (schedule->origin, "http:");
  curl_easy_setopt (handle, CURLOPT_PROTOCOLS_STR, local ? "http,https" : "https");
  curl_easy_setopt (handle, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt (handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (handle, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt (handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt (handle, CURLOPT_TIMEOUT, timeout);
  curl_easy_setopt (handle, CURLOPT_MAXFILESIZE, (long) LIMIT_SHIFT_FILE);
  if (local)
    curl_easy_setopt (handle, CURLOPT_PROXY, "");
  if (schedule->ca_file != NULL)
    curl_easy_setopt (handle, CURLOPT_CAINFO, schedule->ca_file);
}

static gboolean
set_login (CURL *handle, const Schedule *schedule, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *login = NULL;
  if (schedule->password_file == NULL)
    return TRUE;
  if (!g_file_get_contents (schedule->password_file, &login, NULL, &failure))
    {
      g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "calendar-password-file: %s", failure->message);
      return FALSE;
    }
  login[strcspn (login, "\r\n")] = '\0';
  curl_easy_setopt (handle, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
  curl_easy_setopt (handle, CURLOPT_USERPWD, login);
  return TRUE;
}

static gboolean
fail (const Fetch *fetch, CURLcode result, long status, GError **error)
{
  g_autofree char *reason = NULL;
  if (fetch->oversize || result == CURLE_FILESIZE_EXCEEDED)
    reason = g_strdup_printf ("it is larger than %d octets", LIMIT_SHIFT_FILE);
  else if (result == CURLE_UNSUPPORTED_PROTOCOL)
    reason = g_strdup ("it redirects to something else than https");
  else if (result != CURLE_OK)
    reason = g_strdup (curl_easy_strerror (result));
  else
    reason = g_strdup_printf ("HTTP %ld", status);
  g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_TEMPORARY, "%s: %s", fetch->schedule->origin, reason);
  return FALSE;
}

static gboolean
perform (CURL *handle, Fetch *fetch, const FetchVersion *version, long *status, GError **error)
{
  struct curl_slist *headers = curl_slist_append (NULL, "Accept: text/calendar, */*;q=0.1");
  if (version != NULL)
    headers = add_condition (add_condition (headers, "If-None-Match", version->etag), "If-Modified-Since",
                             version->last_modified);
  curl_easy_setopt (handle, CURLOPT_URL, fetch->schedule->calendar);
  curl_easy_setopt (handle, CURLOPT_USERAGENT, "Frontdesk/" PACKAGE_VERSION);
  curl_easy_setopt (handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt (handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt (handle, CURLOPT_WRITEDATA, fetch);
  curl_easy_setopt (handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt (handle, CURLOPT_HEADERDATA, fetch);
  curl_easy_setopt (handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt (handle, CURLOPT_XFERINFOFUNCTION, watch_stop);
  curl_easy_setopt (handle, CURLOPT_XFERINFODATA, fetch);
  CURLcode result = curl_easy_perform (handle);
  curl_easy_getinfo (handle, CURLINFO_RESPONSE_CODE, status);
  curl_slist_free_all (headers);
  gboolean good = result == CURLE_OK && (*status == 200 || (*status == 304 && version != NULL));
  return good || fail (fetch, result, *status, error);
}

gboolean
fetch_calendar (const Schedule *schedule, long timeout, const FetchVersion *version, const gint *stopping, char **text,
                FetchVersion *new_version, GError **error)
{
  CURL *handle = curl_easy_init ();
  Fetch fetch = { .schedule = schedule, .stopping = stopping, .text = g_string_new (NULL) };
  long status = 0;
  set_bounds (handle, schedule, timeout);
  gboolean good = set_login (handle, schedule, error) && perform (handle, &fetch, version, &status, error);
  curl_easy_cleanup (handle);
  *text = NULL;
  if (good && status == 200)
    {
      *text = g_string_free (g_steal_pointer (&fetch.text), FALSE);
      *new_version = fetch.version;
      return TRUE;
    }
  g_string_free (fetch.text, TRUE);
  fetch_version_clear (&fetch.version);
  return good;
}
