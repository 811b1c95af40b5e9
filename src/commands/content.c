#include "commands/content.h"

#include <stdio.h>
#include <string.h>

#include "commands/output.h"
#include "config/limits.h"
#include "mail/attachments.h"
#include "mail/quotation.h"

static json_t *
attachment_to_json (const Attachment *attachment)
{
  return json_pack ("{s:s, s:s, s:I, s:s}", "name", attachment->name, "type", attachment->type, "size", (json_int_t) attachment->size,
                    "digest", attachment->digest);
}

static void
add_mail (json_t *object, const Message *message, const RawMessage *raw)
{
  const char *text = message->text != NULL ? message->text : "";
  g_autoptr (Attachments) attachments = attachments_read (raw, text);
  g_autofree char *quoted = NULL;
  gboolean ours = !g_str_equal (message->direction, "in"); /* what was newly written was told apart when it came */
  g_autofree char *kept = ours ? g_strdup (text) : quotation_cut (text, &quoted);
  json_t *list = json_object_get (object, "attachments");
  for (guint i = 0; i < attachments->list->len; i++)
    json_array_append_new (list, attachment_to_json (g_ptr_array_index (attachments->list, i)));
  json_object_set_new (object, "text", json_string (kept));
  json_object_set_new (object, "quoted", json_string (quoted != NULL ? quoted : ""));
  json_object_set_new (object, "security", output_string (attachments->security));
}

json_t *
content_to_json (Store *store, const Message *message)
{
  g_autoptr (GError) error = NULL;
  json_t *object =
      json_pack ("{s:I, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s, s:s?, s:I, s:o, s:[], s:n, s:s?}", "id",
                 (json_int_t) message->id, "kind", message->kind, "direction", message->direction, "message_id",
                 message->message_id, "sender", message->sender, "subject", message->subject, "text", message->text,
                 "quoted", "", "queue_id", message->queue_id, "size", (json_int_t) message->size, "at",
                 output_time (message->at), "attachments", "security", "unread", message->unread);
  if (g_strcmp0 (message->unread, MESSAGE_NOT_OPENED) == 0)
    return object;
  g_autoptr (RawMessage) raw = store_read_message (store, message->id, &error);
  if (raw != NULL)
    add_mail (object, message, raw);
  else if (!g_error_matches (error, STORE_ERROR, STORE_ERROR_NOT_FOUND))
    json_object_set_new (object, "unread", json_string (error->message));
  return object;
}

static void
print_lines (const char *text, const char *before)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *clean = text_clean (lines[i], LIMIT_LETTER);
      gsize indent = strspn (lines[i], " ");
      printf ("%s%.*s%s\n", before, (int) MIN (indent, 40), lines[i], clean);
    }
}

static void
print_message (const json_t *message, gboolean full)
{
  const char *text = json_string_value (json_object_get (message, "text")),
             *quoted = json_string_value (json_object_get (message, "quoted"));
  const char *security = json_string_value (json_object_get (message, "security")),
             *unread = json_string_value (json_object_get (message, "unread"));
  const json_t *attachments = json_object_get (message, "attachments");
  const char *const keys[] = { "name", "type", "size", "digest", NULL };
  const char *const titles[] = { "ATTACHMENT", "TYPE", "OCTETS", "SHA-256", NULL };
  printf ("\nMESSAGE %" JSON_INTEGER_FORMAT "\n", json_integer_value (json_object_get (message, "id")));
  if (unread != NULL)
    printf ("(not fully read: %s)\n", unread);
  if (security != NULL)
    printf ("(%s)\n", security);
  if (text != NULL && *text != '\0')
    print_lines (text, "  ");
  if (quoted != NULL && *quoted != '\0' && full)
    print_lines (quoted, "  | ");
  else if (quoted != NULL && *quoted != '\0')
    puts ("  (more is quoted: --full)");
  if (json_array_size (attachments) > 0)
    output_table (attachments, keys, titles);
}

void
content_print (const json_t *messages, gboolean full)
{
  size_t index;
  const json_t *message;
  json_array_foreach (messages, index, message)
    print_message (message, full);
}
