#include "gateway/session.h"

#include <string.h>

#include "config/limits.h"

#define OUR_HEADERS "X-Frontdesk-"

static gint in_progress; /* atomic */

Session *
session_new (void)
{
  return g_new0 (Session, 1);
}

void
session_free (Session *session)
{
  session_forget (session);
  g_free (session->client);
  g_free (session);
}

void
session_forget (Session *session)
{
  Transaction *transaction = g_steal_pointer (&session->transaction);
  if (transaction == NULL)
    return;
  if (transaction->in_progress)
    g_atomic_int_add (&in_progress, -1);
  envelope_free (transaction->envelope);
  g_clear_pointer (&transaction->raw, raw_message_free);
  g_clear_pointer (&transaction->ours, g_hash_table_unref);
  g_free (transaction->failure);
  desk_unref (transaction->desk);
  g_free (transaction);
}

/* SIZE=N among the parameters of MAIL (RFC 1870), 0 when there is none. */
static gint64
declared_size (char **parameters)
{
  for (guint i = 0; parameters != NULL && parameters[i] != NULL; i++)
    if (g_ascii_strncasecmp (parameters[i], "SIZE=", 5) == 0)
      return g_ascii_strtoll (parameters[i] + 5, NULL, 10);
  return 0;
}

void
session_begin (Session *session, Desk *desk, const char *path, char **parameters, const char *auth_user)
{
  session_forget (session);
  g_autofree char *sender = envelope_bare_address (path);
  Transaction *transaction = g_new0 (Transaction, 1);
  transaction->desk = desk_ref (desk);
  transaction->envelope = envelope_new (sender);
  transaction->envelope->auth_user = g_strdup (auth_user);
  transaction->envelope->client = g_strdup (session->client);
  transaction->envelope->local = strchr (path, '<') == NULL;
  transaction->size = declared_size (parameters);
  session->transaction = transaction;
}

/* Counts the message as work in progress with its first role recipient. FALSE when the cap is reached. Mail submitted on
 * this machine is counted beyond the cap: Postfix cannot hand on a refusal of one of its recipients. After RSET the place
 * is held until the connection's next RCPT or its end, as Postfix tells of RSET only with what it needs an answer to. */
static gboolean
enter_progress (Transaction *transaction)
{
  if (transaction->in_progress)
    return TRUE;
  if (g_atomic_int_add (&in_progress, 1) >= transaction->desk->config->max_in_progress && !transaction->envelope->local)
    {
      g_atomic_int_add (&in_progress, -1);
      return FALSE;
    }
  transaction->in_progress = TRUE;
  return TRUE;
}

static void
drop_last_recipient (Envelope *envelope)
{
  g_ptr_array_set_size (envelope->recipients, (gint) envelope->recipients->len - 1);
}

static gboolean
is_beyond_limit (const Envelope *envelope)
{
  return envelope->recipients->len > LIMIT_RECIPIENTS;
}

static gboolean
has_earlier_recipient (const Envelope *envelope, const Role *role)
{
  for (guint i = 0; i + 1 < envelope->recipients->len; i++)
    if (((const Recipient *) g_ptr_array_index (envelope->recipients, i))->role == role)
      return TRUE;
  return FALSE;
}

static char *
screen_recipient (Transaction *transaction, const Recipient *recipient)
{
  const Envelope *envelope = transaction->envelope;
  if (is_beyond_limit (envelope) && !envelope->local)
    return g_strdup ("452 4.5.3 Too many recipients in one message");
  if (!enter_progress (transaction))
    return g_strdup ("451 4.3.2 Too many messages are being worked on. Please try again later.");
  return envelope->local ? NULL : desk_screen_recipient (transaction->desk, envelope, recipient, transaction->size);
}

char *
session_add_recipient (Session *session, const char *path)
{
  Transaction *transaction = session->transaction;
  if (transaction == NULL)
    return NULL;
  Envelope *envelope = transaction->envelope;
  const Recipient *recipient = envelope_add_recipient (envelope, transaction->desk->config, path);
  if (recipient == NULL)
    return NULL;
  char *answer = screen_recipient (transaction, recipient);
  /* Mail submitted on this machine cannot be refused a recipient: beyond the limit one stands for its role. */
  if (answer != NULL || (is_beyond_limit (envelope) && has_earlier_recipient (envelope, recipient->role)))
    drop_last_recipient (envelope);
  return answer;
}

static void
append (Transaction *transaction, gconstpointer data, gsize length)
{
  g_autoptr (GError) failure = NULL;
  if (transaction->failure != NULL)
    return;
  if (!raw_message_append (transaction->raw, data, length, &failure))
    transaction->failure = g_strdup (failure->message);
}

/* The folder for spool files: where raw messages go in the end, so that a full disk shows early. */
static void
begin_raw (Transaction *transaction)
{
  if (transaction->raw != NULL)
    return;
  g_autofree char *folder = g_strconcat (transaction->desk->config->database, ".d", NULL);
  transaction->raw = raw_message_new (folder);
}

/* The field as it was in the message: libmilter folds with LF alone, SMTP with CRLF. */
static void
append_header (Transaction *transaction, const char *name, const char *value, gboolean leading_space)
{
  append (transaction, name, strlen (name));
  append (transaction, ": ", leading_space ? 1 : 2);
  for (const char *end; (end = strchr (value, '\n')) != NULL; value = end + 1)
    {
      append (transaction, value, (gsize) (end - value) - (end > value && end[-1] == '\r' ? 1 : 0));
      append (transaction, "\r\n", 2);
    }
  append (transaction, value, strlen (value));
  append (transaction, "\r\n", 2);
}

static void
count_ours (Transaction *transaction, const char *name)
{
  if (g_ascii_strncasecmp (name, OUR_HEADERS, strlen (OUR_HEADERS)) != 0)
    return;
  if (transaction->ours == NULL)
    transaction->ours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *key = g_ascii_strdown (name, -1);
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (transaction->ours, key));
  g_hash_table_insert (transaction->ours, g_steal_pointer (&key), GUINT_TO_POINTER (count + 1));
}

void
session_add_header (Session *session, const char *name, const char *value)
{
  Transaction *transaction = session->transaction;
  if (transaction == NULL)
    return;
  begin_raw (transaction);
  count_ours (transaction, name);
  if (g_ascii_strcasecmp (name, "Authentication-Results") == 0)
    transaction->results++;
  append_header (transaction, name, value, session->leading_space);
}

void
session_end_header (Session *session)
{
  if (session->transaction == NULL)
    return;
  begin_raw (session->transaction);
  append (session->transaction, "\r\n", 2);
}

void
session_add_body (Session *session, gconstpointer data, gsize length)
{
  if (session->transaction != NULL && session->transaction->raw != NULL)
    append (session->transaction, data, length);
}
