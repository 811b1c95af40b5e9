#include "mail/message.h"

#include "config/limits.h"
#include "mail/addresses.h"
#include "mail/digest.h"
#include "mail/ids.h"
#include "mail/text.h"

#include <string.h>

static void
header_field_free (gpointer data)
{
  HeaderField *field = data;
  g_free (field->name);
  g_free (field->value);
  g_free (field);
}

static void
auth_result_free (gpointer data)
{
  AuthResult *result = data;
  g_free (result->method);
  g_free (result->result);
  g_free (result->domain);
  g_free (result);
}

void
message_facts_free (MessageFacts *facts)
{
  if (facts == NULL)
    return;
  g_free (facts->message_id);
  g_strfreev (facts->references);
  g_free (facts->from);
  g_free (facts->from_name);
  g_strfreev (facts->reply_to);
  g_strfreev (facts->recipients);
  g_free (facts->subject);
  g_free (facts->language);
  g_free (facts->content_type);
  g_free (facts->report_type);
  g_strfreev (facts->embedded_ids);
  g_ptr_array_unref (facts->headers);
  g_ptr_array_unref (facts->auth);
  g_free (facts->digest);
  g_free (facts->unread);
  g_free (facts);
}

/* Decoding costs more than anything else that is done with a header. */
static guint
words_left (MessageFacts *facts, const RawField *field, guint *words)
{
  guint count = strstr (field->value->str, "=?") != NULL ? headers_count_words (field) : 0;
  *words += count;
  if (count <= LIMIT_ENCODED_WORDS && *words <= LIMIT_ENCODED_WORDS_ALL)
    return LIMIT_ENCODED_WORDS;
  if (facts->unread == NULL)
    facts->unread = g_strdup ("its header has too many encoded words");
  return 0;
}

static void
read_headers (MessageFacts *facts, const GPtrArray *fields)
{
  guint words = 0;
  for (guint i = 0; i < fields->len; i++)
    {
      const RawField *field = g_ptr_array_index (fields, i);
      HeaderField *header = g_new0 (HeaderField, 1);
      header->name = text_clean (field->name, LIMIT_HEADER_NAME);
      header->value = headers_decode (field, words_left (facts, field, &words), LIMIT_HEADER_VALUE);
      if (strlen (header->value) > LIMIT_HEADER_VALUE) /* the bound is in octets */
        *g_utf8_find_prev_char (header->value, header->value + LIMIT_HEADER_VALUE + 1) = '\0';
      g_ptr_array_add (facts->headers, header);
      if (g_ascii_strcasecmp (field->name, "Received") == 0)
        facts->received++;
      if (g_ascii_strcasecmp (field->name, "X-Frontdesk-Loop") == 0)
        facts->loop_mark = TRUE;
    }
}

/* N of the first "[TAG #N]" in SUBJECT, else 0. */
static gint64
find_tag (const char *subject, const char *tag)
{
  enum { MOST_DIGITS = 15 };
  if (strstr (subject, " #") == NULL) /* as in most subjects: nothing to fold */
    return 0;
  g_autofree char *plain = g_strdup_printf ("[%s #", tag);
  g_autofree char *opening = g_utf8_casefold (plain, -1);
  g_autofree char *text = g_utf8_casefold (subject, -1);
  for (const char *at = text; (at = strstr (at, opening)) != NULL;)
    {
      at += strlen (opening);
      gsize digits = strspn (at, "0123456789");
      if (digits > 0 && digits <= MOST_DIGITS && at[digits] == ']')
        return g_ascii_strtoll (at, NULL, 10);
    }
  return 0;
}

/* The first language tag (RFC 5646) of Content-Language, or NULL. */
static char *
read_language (const MessageFacts *facts)
{
  const char *value = message_header (facts, "Content-Language");
  if (value == NULL)
    return NULL;
  gsize length = 0;
  while (g_ascii_isalnum (value[length]) || value[length] == '-')
    length++;
  return length > 0 && length <= 35 ? g_strndup (value, length) : NULL;
}

static const char *const recipient_names[] = { "To", "Cc", NULL };

static void
read_people (MessageFacts *facts, const GPtrArray *fields)
{
  static const char *const reply_to[] = { "Reply-To", NULL };
  if (!addresses_read_from (facts, fields))
    {
      g_free (facts->unread);
      facts->unread = g_strdup ("its From field is too long");
    }
  facts->reply_to = addresses_list (fields, reply_to);
  facts->recipients = addresses_list (fields, recipient_names);
}

static void
read_subject (MessageFacts *facts, const char *tag)
{
  const char *subject = message_header (facts, "Subject");
  facts->subject = text_clean (subject, LIMIT_SUBJECT);
  facts->tag = subject != NULL ? find_tag (subject, tag) : 0;
}

static gboolean
has_part (const Parts *parts, const char *type)
{
  for (guint i = 0; i < parts->leaves->len; i++)
    if (g_str_equal (((const Part *) g_ptr_array_index (parts->leaves, i))->type, type))
      return TRUE;
  return FALSE;
}

static void
read_body (MessageFacts *facts, const RawMessage *raw, Lines *lines, const GPtrArray *fields)
{
  g_autoptr (Parts) parts = parts_read (lines, fields, raw_message_length (raw));
  facts->content_type = g_strdup (parts->type);
  facts->report_type = g_strdup (parts->report_type);
  facts->has_delivery_status = has_part (parts, "message/delivery-status") ||
                               has_part (parts, "message/global-delivery-status");
  facts->has_disposition = has_part (parts, "message/disposition-notification") ||
                           has_part (parts, "message/global-disposition-notification");
  facts->has_feedback = has_part (parts, "message/feedback-report");
  facts->embedded_ids = ids_embedded (raw, parts);
  facts->digest = digest_message (raw, fields, parts);
  if (facts->unread == NULL)
    facts->unread = g_strdup (parts->unread);
}

static MessageFacts *
new_facts (void)
{
  MessageFacts *facts = g_new0 (MessageFacts, 1);
  facts->headers = g_ptr_array_new_with_free_func (header_field_free);
  facts->auth = g_ptr_array_new_with_free_func (auth_result_free);
  return facts;
}

MessageFacts *
message_leave_unopened (char *digest)
{
  MessageFacts *facts = new_facts ();
  facts->unopened = TRUE;
  facts->unread = g_strdup (MESSAGE_NOT_OPENED);
  facts->subject = g_strdup ("(not opened)");
  facts->content_type = g_strdup ("");
  facts->digest = digest;
  return facts;
}

MessageFacts *
message_read (const RawMessage *raw, const char *tag)
{
  gmime_start ();
  MessageFacts *facts = new_facts ();
  g_autoptr (Lines) lines = lines_new (raw);
  gboolean beyond = FALSE;
  g_autoptr (GPtrArray) fields = headers_read (lines, FALSE, &beyond);
  read_headers (facts, fields);
  facts->message_id = ids_one (headers_value (fields, "Message-ID"));
  facts->references = ids_references (fields);
  read_people (facts, fields);
  read_subject (facts, tag);
  facts->language = read_language (facts);
  read_body (facts, raw, lines, fields);
  if (beyond && facts->unread == NULL)
    facts->unread = g_strdup ("its header is too long");
  return facts;
}

char **
message_read_recipients (const RawMessage *raw)
{
  gmime_start ();
  g_autoptr (Lines) lines = lines_new (raw);
  gboolean beyond = FALSE;
  g_autoptr (GPtrArray) fields = headers_read (lines, FALSE, &beyond);
  return addresses_list (fields, recipient_names);
}

char *
message_read_text (const RawMessage *raw)
{
  gmime_start ();
  g_autoptr (Lines) lines = lines_new (raw);
  gboolean beyond = FALSE;
  g_autoptr (GPtrArray) fields = headers_read (lines, FALSE, &beyond);
  g_autoptr (Parts) parts = parts_list (lines, fields, raw_message_length (raw));
  return text_read (raw, parts);
}

const char *
message_header (const MessageFacts *facts, const char *name)
{
  for (guint i = 0; i < facts->headers->len; i++)
    {
      const HeaderField *field = g_ptr_array_index (facts->headers, i);
      if (g_ascii_strcasecmp (field->name, name) == 0)
        return field->value;
    }
  return NULL;
}
