#include "mail/envelope.h"

#include <string.h>

#include "config/limits.h"

static void
recipient_free (gpointer data)
{
  Recipient *recipient = data;
  g_free (recipient->address);
  g_free (recipient->given);
  g_free (recipient->extension);
  g_free (recipient);
}

Envelope *
envelope_new (const char *sender)
{
  Envelope *envelope = g_new0 (Envelope, 1);
  envelope->sender = envelope_bare_address (sender);
  envelope->plain_sender = envelope_unwrap_sender (envelope->sender);
  envelope->recipients = g_ptr_array_new_with_free_func (recipient_free);
  envelope->strangers = g_ptr_array_new_with_free_func (recipient_free);
  return envelope;
}

void
envelope_free (Envelope *envelope)
{
  if (envelope == NULL)
    return;
  g_free (envelope->sender);
  g_free (envelope->plain_sender);
  g_free (envelope->auth_user);
  g_free (envelope->client);
  g_free (envelope->queue_id);
  g_ptr_array_unref (envelope->recipients);
  g_ptr_array_unref (envelope->strangers);
  g_free (envelope);
}

Recipient *
envelope_add_recipient (Envelope *envelope, const Config *config, const char *given)
{
  Recipient *recipient = g_new0 (Recipient, 1);
  recipient->address = envelope_bare_address (given);
  recipient->given = g_strdup (given);
  recipient->role = config_find_role (config, recipient->address, &recipient->extension);
  if (recipient->role == NULL)
    {
      envelope->others = TRUE;
      if (envelope->strangers->len < LIMIT_STRANGERS)
        g_ptr_array_add (envelope->strangers, recipient);
      else
        recipient_free (recipient);
      return NULL;
    }
  g_ptr_array_add (envelope->recipients, recipient);
  return recipient;
}

/* The end of the address at START: the first of STOPS outside a quoted local part. */
static const char *
address_end (const char *start, const char *stops)
{
  gboolean quoted = FALSE;
  const char *at = start;
  for (; *at != '\0' && (quoted || strchr (stops, *at) == NULL); at++)
    {
      if (*at == '"')
        quoted = !quoted;
      else if (*at == '\\' && at[1] != '\0')
        at++;
    }
  return at;
}

char *
envelope_bare_address (const char *path)
{
  const char *start = path != NULL ? path : "";
  while (g_ascii_isspace (*start))
    start++;
  gboolean bracket = *start == '<';
  if (bracket)
    start++;
  const char *end = address_end (start, bracket ? ">" : " \t\r\n>");
  if (*start == '@') /* a source route, RFC 5321 appendix C */
    {
      const char *colon = memchr (start, ':', (gsize) (end - start));
      if (colon != NULL)
        start = colon + 1;
    }
  return g_strstrip (g_strndup (start, (gsize) (end - start)));
}

static const char *
after_field (const char *text)
{
  const char *end = text != NULL ? strchr (text, '=') : NULL;
  return end != NULL ? end + 1 : NULL;
}

/* "HASH=TIME=DOMAIN=LOCAL", the part of an SRS0 local part behind its first separator, as LOCAL@DOMAIN. */
static char *
srs_original (const char *text)
{
  const char *domain = after_field (after_field (text));
  const char *local = after_field (domain);
  if (local == NULL || *local == '\0' || local - domain < 2)
    return NULL;
  return g_strdup_printf ("%s@%.*s", local, (int) (local - domain - 1), domain);
}

/* Sender Rewriting Scheme: SRS0=HASH=TIME=DOMAIN=LOCAL, and SRS1=HASH=FORWARDER= before a second "=HASH=...". */
static char *
unwrap_srs (const char *local)
{
  if (g_ascii_strncasecmp (local, "SRS", 3) != 0 || local[3] == '\0' || local[4] == '\0' ||
      strchr ("=+-", local[4]) == NULL)
    return NULL;
  const char *text = local + 5;
  if (local[3] == '0')
    return srs_original (text);
  if (local[3] != '1')
    return NULL;
  text = after_field (after_field (text));
  if (text == NULL || *text == '\0' || strchr ("=+-", *text) == NULL)
    return NULL;
  return srs_original (text + 1);
}

/* Whether the LENGTH characters at TEXT can be a tag: letters and digits, at least one digit. */
static gboolean
is_tag (const char *text, gsize length)
{
  gboolean digit = FALSE;
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isalnum (text[i]))
        return FALSE;
      digit = digit || g_ascii_isdigit (text[i]);
    }
  return digit && length >= 6 && length <= 20;
}

/* Bounce Address Tag Validation: prvs=TAG=LOCAL, the older prvs=LOCAL/TAG, and Barracuda's btv1==TAG==LOCAL. */
static char *
unwrap_batv (const char *local, const char *domain)
{
  if (g_ascii_strncasecmp (local, "btv1==", 6) == 0)
    {
      const char *end = strstr (local + 6, "==");
      return end != NULL && end[2] != '\0' ? g_strdup_printf ("%s@%s", end + 2, domain) : NULL;
    }
  if (g_ascii_strncasecmp (local, "prvs=", 5) != 0)
    return NULL;
  const char *text = local + 5;
  const char *end = strchr (text, '=');
  if (end != NULL && end[1] != '\0' && is_tag (text, (gsize) (end - text)))
    return g_strdup_printf ("%s@%s", end + 1, domain);
  const char *slash = strrchr (text, '/');
  if (slash != NULL && slash > text && is_tag (slash + 1, strlen (slash + 1)))
    return g_strdup_printf ("%.*s@%s", (int) (slash - text), text, domain);
  return NULL;
}

static char *
unwrap_once (const char *address)
{
  const char *at = strrchr (address, '@');
  if (at == NULL)
    return NULL;
  g_autofree char *local = g_strndup (address, (gsize) (at - address));
  char *plain = unwrap_srs (local);
  return plain != NULL ? plain : unwrap_batv (local, at + 1);
}

char *
envelope_unwrap_sender (const char *sender)
{
  enum { WRAPPINGS = 5 }; /* a tag, rewritten by some forwarders; more is nobody's mail */
  g_autofree char *address = g_strdup (sender != NULL ? sender : "");
  for (int i = 0; i < WRAPPINGS; i++)
    {
      char *plain = unwrap_once (address);
      if (plain == NULL)
        break;
      g_free (address);
      address = plain;
    }
  return g_steal_pointer (&address);
}
