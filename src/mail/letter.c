#include "mail/letter.h"

#include <gmime/gmime.h>
#include <string.h>

#include "config/limits.h"
#include "mail/message.h"

/* References keep the first and the last: enough to thread by, and the field stays short. */
#define REFERENCES_HEAD 4
#define REFERENCES_TAIL 6

static void
set_header (GMimeMessage *message, const char *name, const char *value)
{
  if (value != NULL)
    g_mime_object_set_header (GMIME_OBJECT (message), name, value, "utf-8");
}

static gboolean
is_id (const char *id)
{
  for (const guchar *c = (const guchar *) id; *c != '\0'; c++)
    if (*c <= ' ' || *c >= 0x7f || *c == '<' || *c == '>')
      return FALSE;
  return *id != '\0' && strlen (id) <= LIMIT_MESSAGE_ID;
}

static void
add_reference (GString *field, const char *id)
{
  if (is_id (id))
    g_string_append_printf (field, "%s<%s>", field->len > 0 ? " " : "", id);
}

static void
set_references (GMimeMessage *message, const Letter *letter)
{
  if (letter->in_reply_to == NULL || !is_id (letter->in_reply_to))
    return;
  g_autoptr (GString) field = g_string_new (NULL);
  guint count = letter->references != NULL ? g_strv_length ((char **) letter->references) : 0;
  for (guint i = 0; i < count; i++)
    if (i < REFERENCES_HEAD || i + REFERENCES_TAIL > count)
      add_reference (field, letter->references[i]);
  add_reference (field, letter->in_reply_to);
  g_autofree char *answered = g_strdup_printf ("<%s>", letter->in_reply_to);
  set_header (message, "In-Reply-To", answered);
  set_header (message, "References", field->str);
}

static void
add_mailbox (GMimeMessage *message, GMimeAddressType type, const char *name, const char *address)
{
  g_autofree char *clean_name = name != NULL ? text_clean (name, LIMIT_NAME) : NULL;
  g_autofree char *clean_address = text_clean (address, LIMIT_ADDRESS);
  g_mime_message_add_mailbox (message, type, clean_name, clean_address);
}

static void
set_body (GMimeMessage *message, const char *text)
{
  GMimeTextPart *part = g_mime_text_part_new_with_subtype ("plain");
  g_mime_text_part_set_charset (part, "utf-8");
  g_mime_text_part_set_text (part, text);
  g_mime_part_set_content_encoding (GMIME_PART (part), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  g_mime_message_set_mime_part (message, GMIME_OBJECT (part));
  g_object_unref (part);
}

static GBytes *
to_bytes (GMimeMessage *message)
{
  GMimeFormatOptions *options = g_mime_format_options_clone (NULL);
  g_mime_format_options_set_newline_format (options, GMIME_NEWLINE_FORMAT_DOS);
  GMimeStream *stream = g_mime_stream_mem_new ();
  g_mime_object_write_to_stream (GMIME_OBJECT (message), options, stream);
  GByteArray *array = g_mime_stream_mem_get_byte_array (GMIME_STREAM_MEM (stream));
  GBytes *bytes = g_bytes_new (array->data, array->len);
  g_object_unref (stream);
  g_mime_format_options_free (options);
  return bytes;
}

GBytes *
letter_compose (const Letter *letter)
{
  g_mime_init ();
  GMimeMessage *message = g_mime_message_new (TRUE);
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (letter->date / G_USEC_PER_SEC);
  g_autofree char *subject = text_clean (letter->subject, LIMIT_SUBJECT);
  add_mailbox (message, GMIME_ADDRESS_TYPE_FROM, letter->from_name, letter->from);
  add_mailbox (message, GMIME_ADDRESS_TYPE_TO, letter->to_name, letter->to);
  if (letter->reply_to != NULL)
    add_mailbox (message, GMIME_ADDRESS_TYPE_REPLY_TO, NULL, letter->reply_to);
  g_mime_message_set_subject (message, subject, "utf-8");
  g_mime_message_set_date (message, date);
  g_mime_message_set_message_id (message, letter->message_id);
  set_references (message, letter);
  set_header (message, "Auto-Submitted", letter->auto_submitted);
  set_header (message, "Precedence", "bulk");
  set_header (message, "X-Auto-Response-Suppress", "All");
  set_header (message, "X-Frontdesk-Loop", letter->loop);
  set_header (message, "Content-Language", letter->language);
  set_body (message, letter->body);
  GBytes *bytes = to_bytes (message);
  g_object_unref (message);
  return bytes;
}
