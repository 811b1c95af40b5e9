/* A message is made of strings that strangers have chosen. Each goes through one of three doors here: text is cleaned,
 * addresses and ids are taken whole or not at all. */
#include "mail/letter.h"

#include <string.h>

#include "config/limits.h"
#include "mail/gmime.h"
#include "mail/message.h"

/* References keep the first and the last: enough to thread by, and the field stays short. */
#define REFERENCES_HEAD 4
#define REFERENCES_TAIL 6

static void
set_text (GMimeObject *message, const char *name, const char *value, gsize max)
{
  g_autofree char *clean = text_clean (value, max);
  if (*clean != '\0')
    g_mime_object_set_header (message, name, clean, "utf-8");
}

/* ---- addresses ---- */

/* ASCII controls, blanks and what divides addresses in a header field (RFC 5322 3.2.3) but "." and "@". */
static gboolean
is_special (char c)
{
  return (c >= 0 && c <= ' ') || c == 0x7f || strchr ("<>()[]:;,\\\"", c) != NULL;
}

/* TRUE for a dot-atom local part and a domain, or an address literal such as [192.0.2.1]. A quoted local part is not
 * taken: nobody has one but who tries something. */
static gboolean
is_mailbox (const char *address)
{
  g_autofree char *clean = text_clean (address, LIMIT_ADDRESS + 1);
  const char *at = strrchr (clean, '@');
  if (g_strcmp0 (clean, address) != 0 || strlen (clean) > LIMIT_ADDRESS)
    return FALSE;
  if (at == NULL || at == clean || strchr (clean, '@') != at || at[1] == '\0')
    return FALSE;
  gsize length = strlen (at + 1);
  gboolean literal = at[1] == '[' && at[length] == ']' && length > 2;
  for (const char *c = clean; *c != '\0'; c++)
    if (is_special (*c) && !(literal && c > at && (*c == ':' || c == at + 1 || c == at + length)))
      return FALSE;
  return TRUE;
}

/* A list of that one mailbox; a group without members (RFC 5322 3.4, RFC 6854) where ADDRESS is none. */
static void
set_mailbox (GMimeMessage *message, GMimeAddressType type, const char *name, const char *address)
{
  g_autofree char *clean = text_clean (name, LIMIT_NAME);
  InternetAddress *entry = is_mailbox (address)
                             ? internet_address_mailbox_new (*clean != '\0' ? clean : NULL, address)
                             : internet_address_group_new ("undisclosed-recipients");
  internet_address_set_charset (entry, "utf-8");
  internet_address_list_add (g_mime_message_get_addresses (message, type), entry);
  g_object_unref (entry);
}

static void
set_addresses (GMimeMessage *message, const Letter *letter)
{
  set_mailbox (message, GMIME_ADDRESS_TYPE_FROM, letter->from_name, letter->from);
  set_mailbox (message, GMIME_ADDRESS_TYPE_TO, letter->to_name, letter->to);
  for (guint i = 0; letter->cc != NULL && letter->cc[i] != NULL; i++)
    if (is_mailbox (letter->cc[i]))
      set_mailbox (message, GMIME_ADDRESS_TYPE_CC, NULL, letter->cc[i]);
  if (letter->reply_to != NULL && is_mailbox (letter->reply_to))
    set_mailbox (message, GMIME_ADDRESS_TYPE_REPLY_TO, NULL, letter->reply_to);
}

/* ---- Message-IDs ---- */

/* What looks like an encoded word (RFC 2047) is no id: who decodes it would find line ends in it. */
static gboolean
is_id (const char *id)
{
  if (id == NULL)
    return FALSE;
  for (const guchar *c = (const guchar *) id; *c != '\0'; c++)
    if (*c <= ' ' || *c >= 0x7f || *c == '<' || *c == '>')
      return FALSE;
  return strlen (id) <= LIMIT_MESSAGE_ID && strchr (id, '@') != NULL && strstr (id, "=?") == NULL;
}

/* The valid ids of the answered message's References, and its own behind them (RFC 5322 3.6.4). */
static GPtrArray *
list_references (const Letter *letter)
{
  GPtrArray *ids = g_ptr_array_new ();
  for (guint i = 0; letter->references != NULL && letter->references[i] != NULL; i++)
    if (is_id (letter->references[i]) && !g_str_equal (letter->references[i], letter->in_reply_to))
      g_ptr_array_add (ids, (gpointer) letter->references[i]);
  g_ptr_array_add (ids, (gpointer) letter->in_reply_to);
  if (ids->len > REFERENCES_HEAD + REFERENCES_TAIL)
    g_ptr_array_remove_range (ids, REFERENCES_HEAD, ids->len - REFERENCES_HEAD - REFERENCES_TAIL);
  return ids;
}

static void
set_ids (GMimeMessage *message, const Letter *letter)
{
  if (is_id (letter->message_id))
    g_mime_message_set_message_id (message, letter->message_id);
  if (!is_id (letter->in_reply_to))
    return;
  g_autofree char *answered = g_strdup_printf ("<%s>", letter->in_reply_to);
  g_autoptr (GPtrArray) ids = list_references (letter);
  g_autoptr (GString) references = g_string_new (NULL);
  for (guint i = 0; i < ids->len; i++)
    g_string_append_printf (references, "%s<%s>", i > 0 ? " " : "", (const char *) g_ptr_array_index (ids, i));
  g_mime_object_set_header (GMIME_OBJECT (message), "In-Reply-To", answered, NULL);
  g_mime_object_set_header (GMIME_OBJECT (message), "References", references->str, NULL);
}

/* ---- the body ---- */

/* BODY as UTF-8 with LF line ends and no other control characters than tabs. */
static char *
clean_body (const char *body)
{
  g_autofree char *valid = g_utf8_make_valid (body != NULL ? body : "", -1);
  GString *clean = g_string_sized_new (strlen (valid));
  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (c == '\n' || c == '\t' || !g_unichar_iscntrl (c))
        g_string_append_unichar (clean, c);
    }
  if (clean->len > 0 && clean->str[clean->len - 1] != '\n')
    g_string_append_c (clean, '\n');
  return g_string_free (clean, FALSE);
}

/* Not by g_mime_text_part_set_text(): that turns the text into the narrowest charset that it finds. */
static void
set_content (GMimePart *part, const char *text)
{
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer (text, strlen (text));
  GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream (stream, GMIME_CONTENT_ENCODING_DEFAULT);
  g_mime_part_set_content (part, content);
  g_object_unref (content);
  g_object_unref (stream);
}

static GMimeObject *
make_text (const char *body)
{
  g_autofree char *text = clean_body (body);
  GMimePart *part = g_mime_part_new_with_type ("text", "plain");
  g_mime_object_set_content_type_parameter (GMIME_OBJECT (part), "charset", "utf-8");
  set_content (part, text);
  GMimeContentEncoding encoding = g_mime_part_get_best_content_encoding (part, GMIME_ENCODING_CONSTRAINT_7BIT);
  if (encoding == GMIME_CONTENT_ENCODING_BASE64)
    {
      /* Line ends inside base64 are ours to write (RFC 2045 6.8); everywhere else GMime does. */
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
      g_autofree char *canonical = g_strjoinv ("\r\n", lines);
      set_content (part, canonical);
    }
  g_mime_part_set_content_encoding (part, encoding);
  return GMIME_OBJECT (part);
}

/* TRUE for what RFC 6838 4.2 lets a type or a subtype be. */
static gboolean
is_media_name (const char *name)
{
  gsize length = strlen (name);
  for (const char *c = name; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("!#$&-^_.+", *c) == NULL)
      return FALSE;
  return length > 0 && length <= LIMIT_NAME;
}

/* A part of TYPE, or of octets where it is none or has a form of its own. */
static GMimePart *
new_part (const char *type)
{
  g_auto (GStrv) names = g_strsplit (type, "/", 2);
  gboolean good = g_strv_length (names) == 2 && is_media_name (names[0]) && is_media_name (names[1]) &&
                  g_ascii_strcasecmp (names[0], "multipart") != 0 && g_ascii_strcasecmp (names[0], "message") != 0;
  return good ? g_mime_part_new_with_type (names[0], names[1]) : g_mime_part_new_with_type ("application", "octet-stream");
}

/* All as base64: what is in it is none of our business, and lines stay short. */
static GMimeObject *
make_attachment (const LetterAttachment *attachment)
{
  gsize length;
  const char *octets = g_bytes_get_data (attachment->octets, &length);
  g_autofree char *name = text_clean (attachment->name, LIMIT_FILE_NAME);
  GMimePart *part = new_part (attachment->type);
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer (octets != NULL ? octets : "", length); /* NULL: an empty file */
  GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream (stream, GMIME_CONTENT_ENCODING_DEFAULT);
  g_mime_part_set_content (part, content);
  g_mime_part_set_content_encoding (part, GMIME_CONTENT_ENCODING_BASE64);
  g_mime_object_set_disposition (GMIME_OBJECT (part), GMIME_DISPOSITION_ATTACHMENT);
  g_mime_part_set_filename (part, name);
  g_object_unref (content);
  g_object_unref (stream);
  return GMIME_OBJECT (part);
}

static void
set_body (GMimeMessage *message, const Letter *letter)
{
  GMimeObject *text = make_text (letter->body);
  if (letter->attachments != NULL && letter->attachments->len > 0)
    {
      GMimeMultipart *mixed = g_mime_multipart_new_with_subtype ("mixed");
      g_mime_multipart_add (mixed, text);
      for (guint i = 0; i < letter->attachments->len; i++)
        {
          GMimeObject *part = make_attachment (g_ptr_array_index (letter->attachments, i));
          g_mime_multipart_add (mixed, part);
          g_object_unref (part);
        }
      g_object_unref (text);
      text = GMIME_OBJECT (mixed);
    }
  g_mime_message_set_mime_part (message, text);
  g_object_unref (text);
}

/* ---- the whole ---- */

static void
set_marks (GMimeMessage *message, const Letter *letter)
{
  GMimeObject *object = GMIME_OBJECT (message);
  if (letter->auto_submitted != NULL)
    {
      set_text (object, "Auto-Submitted", letter->auto_submitted, LIMIT_NAME);
      set_text (object, "Precedence", "bulk", LIMIT_NAME);
      set_text (object, "X-Auto-Response-Suppress", "All", LIMIT_NAME);
    }
  set_text (object, "X-Frontdesk-Loop", letter->loop, LIMIT_ADDRESS);
  set_text (object, "Content-Language", letter->language, LIMIT_NAME);
}

static GBytes *
write_message (GMimeMessage *message)
{
  GMimeFormatOptions *options = g_mime_format_options_clone (NULL);
  g_mime_format_options_set_newline_format (options, GMIME_NEWLINE_FORMAT_DOS);
  GByteArray *octets = g_byte_array_new ();
  GMimeStream *stream = g_mime_stream_mem_new_with_byte_array (octets);
  g_mime_stream_mem_set_owner (GMIME_STREAM_MEM (stream), FALSE);
  g_mime_object_write_to_stream (GMIME_OBJECT (message), options, stream);
  g_object_unref (stream);
  g_mime_format_options_free (options);
  return g_byte_array_free_to_bytes (octets);
}

GBytes *
letter_compose (const Letter *letter)
{
  gmime_start ();
  g_autofree char *subject = text_clean (letter->subject, LIMIT_SUBJECT);
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (letter->date / G_USEC_PER_SEC);
  GMimeMessage *message = g_mime_message_new (TRUE);
  set_addresses (message, letter);
  g_mime_message_set_subject (message, subject, "utf-8");
  if (date != NULL)
    g_mime_message_set_date (message, date);
  set_ids (message, letter);
  set_marks (message, letter);
  set_body (message, letter);
  GBytes *octets = write_message (message);
  g_object_unref (message);
  return octets;
}
