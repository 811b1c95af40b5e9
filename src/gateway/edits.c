#include "gateway/edits.h"

#include "desk/participants.h"

/* Deletes the fields NAME behind the first KEPT of COUNT, last first: Sendmail keeps the numbers of deleted fields,
 * Postfix counts anew, and from the end both agree. */
static gboolean
delete_fields (SMFICTX *context, char *name, guint count, guint kept)
{
  for (guint i = count; i > kept; i--)
    if (smfi_chgheader (context, name, (int) i, NULL) != MI_SUCCESS)
      return FALSE;
  return TRUE;
}

static guint
count_read (const MessageFacts *facts, const char *name)
{
  guint count = 0;
  for (guint i = 0; i < facts->headers->len; i++)
    if (g_ascii_strcasecmp (((const HeaderField *) g_ptr_array_index (facts->headers, i))->name, name) == 0)
      count++;
  return count;
}

/* Results in our name, and all behind the part of the header that is read: they may be. */
static gboolean
remove_results (SMFICTX *context, const Transaction *transaction, const Reception *reception)
{
  char name[] = "Authentication-Results";
  if (transaction->desk->config->authserv_id[0] == NULL)
    return TRUE;
  if (!delete_fields (context, name, transaction->results, count_read (reception->facts, name)))
    return FALSE;
  for (guint i = reception->forged_results->len; i > 0; i--)
    if (smfi_chgheader (context, name, (int) g_array_index (reception->forged_results, guint, i - 1), NULL) != MI_SUCCESS)
      return FALSE;
  return TRUE;
}

static gboolean
remove_forged (SMFICTX *context, const Transaction *transaction, const Reception *reception)
{
  if (transaction->ours != NULL)
    {
      GHashTableIter iter;
      gpointer name, count;
      g_hash_table_iter_init (&iter, transaction->ours);
      while (g_hash_table_iter_next (&iter, &name, &count))
        if (!delete_fields (context, name, GPOINTER_TO_UINT (count), 0))
          return FALSE;
    }
  return remove_results (context, transaction, reception);
}

static gboolean
add_field (SMFICTX *context, const Session *session, const char *name, const char *value)
{
  g_autofree char *field = g_strdup (name);
  g_autofree char *text = g_strconcat (session->leading_space ? " " : "", value, NULL);
  return smfi_addheader (context, field, text) == MI_SUCCESS;
}

static gboolean
add_ours (SMFICTX *context, const Session *session, const Reception *reception)
{
  const char *standing = NULL;
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      const Decision *decision = g_ptr_array_index (reception->decisions, i);
      standing = standing_to_string (decision->standing);
      if (decision->ticket == 0 || decision_refuses (decision))
        continue;
      g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, decision->ticket);
      if (!add_field (context, session, "X-Frontdesk-Ticket", number))
        return FALSE;
    }
  return standing == NULL || add_field (context, session, "X-Frontdesk-Standing", standing);
}

/* An agent's answer goes to nobody outside as it is: what stands in it is for staff, and a letter of ours goes in its place. */
static gboolean
remove_strangers (SMFICTX *context, const Config *config, const Envelope *envelope)
{
  for (guint i = 0; i < envelope->strangers->len; i++)
    {
      const Recipient *stranger = g_ptr_array_index (envelope->strangers, i);
      if (!participants_is_staff (config, stranger->address) && smfi_delrcpt (context, stranger->given) != MI_SUCCESS)
        return FALSE;
    }
  return TRUE;
}

/* Taken and refused roles do not get the mail; everybody else's copy goes on. Never DISCARD: that is for all. */
static gboolean
remove_recipients (SMFICTX *context, const Config *config, const Envelope *envelope, const Reception *reception)
{
  for (guint i = 0; i < reception->decisions->len; i++)
    if (((const Decision *) g_ptr_array_index (reception->decisions, i))->take_all && !remove_strangers (context, config, envelope))
      return FALSE;
  for (guint i = 0; i < envelope->recipients->len; i++)
    {
      const Recipient *recipient = g_ptr_array_index (envelope->recipients, i);
      const Decision *decision = reception_find (reception, recipient);
      if (decision == NULL || (decision->role->deliver != DELIVER_TAKE && !decision->take && !decision_refuses (decision)))
        continue;
      if (smfi_delrcpt (context, recipient->given) != MI_SUCCESS)
        return FALSE;
    }
  return TRUE;
}

/* A report goes on as it is, to the postmaster in place of the role: once, whichever roles it came to. */
static gboolean
add_postmaster (SMFICTX *context, const Reception *reception)
{
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      const Decision *decision = g_ptr_array_index (reception->decisions, i);
      if (decision->forward != NULL)
        return smfi_addrcpt (context, decision->forward) == MI_SUCCESS;
    }
  return TRUE;
}

gboolean
edits_apply (SMFICTX *context, const Session *session, const Reception *reception)
{
  const Transaction *transaction = session->transaction;
  if (remove_forged (context, transaction, reception) && add_ours (context, session, reception) &&
      add_postmaster (context, reception) && remove_recipients (context, transaction->desk->config, transaction->envelope, reception))
    return TRUE;
  g_warning ("%s: the MTA did not take our changes to the message", transaction->envelope->queue_id);
  return FALSE;
}
