#include "delivery/matter.h"

#include <string.h>

#include "delivery/delivery.h"
#include "delivery/enclosures.h"
#include "mail/language.h"
#include "mail/quotation.h"

#define EXCERPT_CHARACTERS 2000

void
matter_clear (Matter *matter)
{
  g_clear_pointer (&matter->messages, g_ptr_array_unref);
  g_clear_pointer (&matter->attachments, g_ptr_array_unref);
  g_free (matter->text);
  g_free (matter->languages);
}

gboolean
matter_is_answer (const OutboxRow *row)
{
  return g_str_equal (row->template, "reply");
}

/* The message that ROW is about, or the one that opened the ticket; NULL when there is none. */
static const Message *
find_message (const OutboxRow *row, const GPtrArray *messages)
{
  for (guint i = 0; i < messages->len; i++)
    {
      const Message *message = g_ptr_array_index (messages, i);
      if (row->message != 0 ? message->id == row->message : message->text != NULL)
        return message;
    }
  return NULL;
}

/* The customer's last mail before MESSAGE, which is the one that it answers; NULL when there is none. */
static const Message *
find_answered (const Message *message, const GPtrArray *messages)
{
  const Message *answered = NULL;
  for (guint i = 0; i < messages->len; i++)
    {
      const Message *earlier = g_ptr_array_index (messages, i);
      if (earlier->id < message->id && g_str_equal (earlier->direction, "in") && g_str_equal (earlier->kind, "message") &&
          earlier->message_id != NULL)
        answered = earlier;
    }
  return answered;
}

static char *
read_text (const OutboxRow *row, const Message *message)
{
  if (message == NULL || message->text == NULL || matter_is_answer (row))
    return message != NULL ? g_strdup (message->text) : NULL;
  g_autofree char *fresh = quotation_cut (message->text, NULL);
  return g_utf8_substring (fresh, 0, MIN (g_utf8_strlen (fresh, -1), EXCERPT_CHARACTERS));
}

/* Of the mail that the answer came by; none where it came from a terminal. */
static gboolean
read_attachments (Matter *matter, Store *store, GError **error)
{
  const Message *message = matter->message;
  g_autoptr (GError) failure = NULL;
  g_autoptr (RawMessage) raw = message->size > 0 ? store_read_message (store, message->id, &failure) : NULL;
  if (raw != NULL)
    matter->attachments = enclosures_read (raw, message->text != NULL ? message->text : "");
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
asks_for_language (const OutboxRow *row)
{
  return row->languages != NULL && strstr (row->languages, LANGUAGE_OF_TEXT) != NULL;
}

/* The languages of the row, that of the customer's text among them, which is kept for the letters to come. */
static gboolean
find_languages (Matter *matter, Store *store, const OutboxRow *row, const Ticket *ticket, GError **error)
{
  g_autofree char *found = g_strdup (ticket->language);
  if (!asks_for_language (row))
    {
      matter->languages = g_strdup (row->languages != NULL ? row->languages : "");
      return TRUE;
    }
  if (found == NULL && matter->message != NULL && matter->message->text != NULL)
    {
      g_autofree char *fresh = quotation_cut (matter->message->text, NULL);
      found = language_detect (fresh, NULL);
      if (found != NULL && !store_set_language (store, ticket->number, found, error))
        return FALSE;
    }
  matter->languages = language_fill_in (row->languages, found);
  return TRUE;
}

/* A letter's message may have become another ticket's since it was written, by merging or splitting. */
static GPtrArray *
list_messages (Store *store, const OutboxRow *row, const Ticket *ticket, GError **error)
{
  gint64 number = row->message != 0 ? store_find_message_ticket (store, row->message, error) : ticket->number;
  return number != 0 ? store_list_messages (store, number, error) : NULL;
}

/* What is about ROW. */
static gboolean
gather (Matter *matter, Store *store, const OutboxRow *row, const Ticket *ticket, GError **error)
{
  gboolean answer = matter_is_answer (row), told = g_str_equal (row->kind, outgoing_kind_to_string (OUTGOING_NOTIFICATION));
  if ((answer || told || (asks_for_language (row) && ticket->language == NULL)) &&
      (matter->messages = list_messages (store, row, ticket, error)) == NULL)
    return FALSE;
  if (matter->messages != NULL)
    matter->message = find_message (row, matter->messages);
  if (answer || told)
    matter->text = read_text (row, matter->message);
  if (answer && matter->message != NULL)
    matter->answered = find_answered (matter->message, matter->messages);
  return find_languages (matter, store, row, ticket, error) &&
         (!answer || matter->message == NULL || read_attachments (matter, store, error));
}

/* A message that brings the process down when it is read is not read again: staff are told of it without its text. */
gboolean
matter_gather (Matter *matter, Store *store, const OutboxRow *row, const Ticket *ticket, GError **error)
{
  guint64 mark = journal_mark (journal_mark (JOURNAL_MARK, "letter", 6), &row->id, sizeof row->id);
  JournalReading reading;
  if (store_begin_reading (store, mark, &reading))
    {
      gboolean gathered = gather (matter, store, row, ticket, error);
      store_end_reading (store, &reading);
      return gathered;
    }
  matter->languages = language_fill_in (row->languages, ticket->language);
  if (!matter_is_answer (row))
    return TRUE;
  g_set_error_literal (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT, "the agent's mail cannot be read: that has ended frontdeskd before");
  return FALSE;
}
