#include "delivery/failure.h"

static gboolean
is_page (const OutboxRow *row)
{
  return g_str_equal (row->kind, "page");
}

static gboolean
is_permanent (const GError *failure)
{
  return g_error_matches (failure, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT);
}

gint64
failure_backoff (OutgoingKind kind, int attempts, double random)
{
  gint64 first = kind == OUTGOING_PAGE ? 2 : 5, last = kind == OUTGOING_PAGE ? 60 : 1800;
  gint64 pause = first << CLAMP (attempts - 1, 0, 20);
  double jitter = 0.875 + random / 4;
  return (gint64) ((double) MIN (pause, last) * jitter * G_USEC_PER_SEC);
}

gboolean
failure_is_final (const OutboxRow *row, const GError *failure, gint64 give_up, gint64 now)
{
  return !is_page (row) && (is_permanent (failure) || now - row->created_at > give_up * G_USEC_PER_SEC);
}

gint64
failure_due_again (const OutboxRow *row, const GError *failure, gint64 retry_after, gint64 now, double random)
{
  if (!is_page (row))
    return now + failure_backoff (OUTGOING_NOTIFICATION, row->attempts, random);
  if (retry_after > 0)
    return now + MAX (retry_after * G_USEC_PER_SEC, failure_backoff (OUTGOING_PAGE, 1, random));
  /* Refused for good, a page waits its longest pause from the beginning: the configuration may be mended meanwhile. */
  return now + failure_backoff (OUTGOING_PAGE, is_permanent (failure) ? G_MAXINT : row->attempts, random);
}

GPtrArray *
failure_plan_notices (const Role *role, const OutboxRow *row, const char *reason, const Seal *seal, const char *hostname)
{
  GPtrArray *notices = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  gboolean customer = g_str_equal (row->kind, "acknowledgement") || g_str_equal (row->kind, "letter");
  if (role == NULL || !customer)
    return notices;
  for (guint i = 0; role->team->notify[i] != NULL; i++)
    {
      Outgoing *notice = outgoing_new (OUTGOING_NOTIFICATION, role->team->notify[i], "team-failed");
      g_autofree char *key = g_strdup_printf ("%s %u", row->message_id, i);
      notice->reason = g_strdup_printf ("%s to %s: %s", row->kind, row->recipient, reason);
      notice->message_id = seal_message_id (seal, "failed", key, hostname);
      g_ptr_array_add (notices, notice);
    }
  return notices;
}
