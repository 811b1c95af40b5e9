#include "mail/bounce.h"

#include <string.h>

#include "config/config.h"
#include "config/limits.h"
#include "mail/bounce_prose.h"
#include "mail/parts.h"

BounceRecipient *
bounce_recipient_new (void)
{
  BounceRecipient *recipient = g_new0 (BounceRecipient, 1);
  recipient->diagnostic = g_strdup ("");
  return recipient;
}

void
bounce_recipient_free (BounceRecipient *recipient)
{
  if (recipient == NULL)
    return;
  g_free (recipient->address);
  g_free (recipient->final);
  g_free (recipient->status);
  g_free (recipient->diagnostic);
  g_free (recipient);
}

/* ---- the fields of a delivery report ---- */

/* The block that is being read. */
typedef struct {
  GPtrArray *list;
  char *original, *final, *action, *status;
  GString *diagnostic;
  GString *value; /* where further lines of the last field go, nullable; DIAGNOSTIC */
} Block;

/* "rfc822; <a@example.com>", "utf-8; ...": the address, or NULL. xtext and utf-8-addr-xtext stay as they are. */
static char *
read_typed_address (const char *value)
{
  const char *semicolon = strchr (value, ';');
  g_autofree char *text = g_strstrip (g_strdup (semicolon != NULL ? semicolon + 1 : value));
  char *address = text;
  char *open = strchr (text, '<');
  if (open != NULL)
    {
      address = open + 1;
      address[strcspn (address, ">")] = '\0';
    }
  address[strcspn (address, " \t(")] = '\0';
  return address_normalise (address);
}

static BounceAction
read_action (const char *text)
{
  static const char *const names[] = { "failed", "delayed", "deliver", "relayed", "expanded" }; /* Postfix: "deliverable" */
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strncasecmp (text, names[i], strlen (names[i])) == 0)
      return (BounceAction) i;
  return BOUNCE_FAILED;
}

/* The diagnostic behind "smtp;". */
static const char *
skip_type (const char *diagnostic)
{
  gsize type = strspn (diagnostic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
  const char *rest = diagnostic + type + strspn (diagnostic + type, " \t");
  return type > 0 && *rest == ';' ? rest + 1 : diagnostic;
}

static void
end_block (Block *block)
{
  gboolean named = block->original != NULL || block->final != NULL;
  if (named && block->list->len < LIMIT_BOUNCE_RECIPIENTS)
    {
      BounceRecipient *recipient = bounce_recipient_new ();
      gboolean moved = block->original != NULL && block->final != NULL && !address_equal (block->original, block->final);
      recipient->address = g_strdup (block->original != NULL ? block->original : block->final);
      recipient->final = moved ? g_strdup (block->final) : NULL;
      recipient->action = read_action (block->action != NULL ? block->action : "");
      recipient->status = g_strdup (block->status);
      g_free (recipient->diagnostic);
      recipient->diagnostic = text_clean (skip_type (block->diagnostic->str), LIMIT_BOUNCE_WORDS);
      g_ptr_array_add (block->list, recipient);
    }
  g_clear_pointer (&block->original, g_free);
  g_clear_pointer (&block->final, g_free);
  g_clear_pointer (&block->action, g_free);
  g_clear_pointer (&block->status, g_free);
  g_string_truncate (block->diagnostic, 0);
  block->value = NULL;
}

/* A status code at the beginning of VALUE, or NULL: "5.1.1 (bad destination)". */
static char *
read_status (const char *value)
{
  gsize length = strspn (value, "0123456789.");
  gboolean good = length >= 5 && length <= 9 && strchr ("245", value[0]) != NULL && value[1] == '.';
  return good ? g_strndup (value, length) : NULL;
}

static gboolean
is_field (const char *line, gsize name, const char *wanted)
{
  return strlen (wanted) == name && g_ascii_strncasecmp (line, wanted, name) == 0;
}

/* Some write several recipients without an empty line between them: a field that is there already begins the next one. */
static void
take_field (Block *block, const char *line, gsize name)
{
  const char *value = line + name + 1 + strspn (line + name + 1, " \t");
  gboolean original = is_field (line, name, "Original-Recipient");
  gboolean final = is_field (line, name, "Final-Recipient");
  block->value = NULL;
  if ((original && block->original != NULL) || (final && block->final != NULL))
    end_block (block);
  if (original)
    block->original = read_typed_address (value);
  else if (final)
    block->final = read_typed_address (value);
  else if (is_field (line, name, "Action") && block->action == NULL)
    block->action = g_strdup (value);
  else if (is_field (line, name, "Status") && block->status == NULL)
    block->status = read_status (value);
  else if (is_field (line, name, "Diagnostic-Code"))
    {
      g_string_append (block->diagnostic, block->diagnostic->len > 0 ? " " : "");
      g_string_append (block->diagnostic, value);
      block->value = block->diagnostic;
    }
}

/* Servers break the diagnostic's lines, and even put empty ones between them: what is no field goes on with it. */
static void
take_line (Block *block, char *line)
{
  gsize name = strspn (line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
  if (*line == '\0')
    {
      if (block->original != NULL || block->final != NULL)
        end_block (block);
    }
  else if (name > 0 && line[name] == ':' && !g_ascii_isdigit (*line))
    take_field (block, line, name);
  else if (block->value != NULL && block->value->len < LIMIT_BOUNCE_WORDS)
    {
      g_string_append_c (block->value, ' ');
      g_string_append (block->value, g_strstrip (line));
    }
}

static gboolean
add_piece (const char *data, gsize length, gpointer user)
{
  GString *text = user;
  g_string_append_len (text, data, (gssize) MIN (length, LIMIT_BOUNCE_TEXT - text->len));
  return text->len < LIMIT_BOUNCE_TEXT;
}

static void
read_fields (char *text, GPtrArray *list)
{
  Block block = { .list = list, .diagnostic = g_string_new (NULL) };
  for (char *line = text; line != NULL;)
    {
      char *next = strpbrk (line, "\r\n");
      if (next != NULL)
        {
          gsize end = *next == '\r' && next[1] == '\n' ? 2 : 1;
          *next = '\0';
          next += end;
        }
      take_line (&block, line);
      line = next;
    }
  end_block (&block);
  g_string_free (block.diagnostic, TRUE);
}

static void
read_part (const RawMessage *raw, const Part *part, GPtrArray *list)
{
  g_autoptr (GString) octets = g_string_new (NULL);
  parts_each_piece (raw, part, add_piece, octets);
  g_autofree char *text = headers_repair (octets->str, (gssize) strlen (octets->str));
  read_fields (text, list);
}

/* The first such part: later ones belong to the message that is returned, which may have been a report itself. */
static void
read_report (const RawMessage *raw, const Parts *parts, GPtrArray *list)
{
  for (guint i = 0; i < parts->leaves->len; i++)
    {
      const Part *part = g_ptr_array_index (parts->leaves, i);
      if (!g_str_equal (part->type, "message/delivery-status") && !g_str_equal (part->type, "message/global-delivery-status"))
        continue;
      read_part (raw, part, list);
      return;
    }
}

/* Broken boundaries leave the report's fields within the text. */
static void
read_fields_within (const char *text, GPtrArray *list)
{
  const char *fields = strstr (text, "\nReporting-MTA:");
  g_autofree char *copy = fields != NULL ? g_strdup (fields + 1) : NULL;
  if (copy != NULL)
    read_fields (copy, list);
}

/* ---- the whole ---- */

static BounceRecipient *
find_recipient (const GPtrArray *list, const char *address)
{
  for (guint i = 0; i < list->len; i++)
    {
      BounceRecipient *recipient = g_ptr_array_index (list, i);
      if (address_equal (recipient->address, address) || address_equal (recipient->final, address))
        return recipient;
    }
  return NULL;
}

/* Exim, and Gmail after it. */
static void
read_failed_recipients (const GPtrArray *fields, GPtrArray *list)
{
  const char *value = headers_value (fields, "X-Failed-Recipients");
  g_auto (GStrv) words = g_strsplit_set (value, ", \t", LIMIT_BOUNCE_RECIPIENTS);
  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autofree char *address = address_normalise (words[i]);
      if (address == NULL || find_recipient (list, address) != NULL || list->len >= LIMIT_BOUNCE_RECIPIENTS)
        continue;
      BounceRecipient *recipient = bounce_recipient_new ();
      recipient->address = g_steal_pointer (&address);
      g_ptr_array_add (list, recipient);
    }
}

GPtrArray *
bounce_read (const RawMessage *raw)
{
  gmime_start ();
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) bounce_recipient_free);
  g_autoptr (Lines) lines = lines_new (raw);
  gboolean beyond = FALSE;
  g_autoptr (GPtrArray) fields = headers_read (lines, FALSE, &beyond);
  g_autoptr (Parts) parts = parts_read (lines, fields, raw_message_length (raw));
  g_autofree char *text = message_read_text (raw);
  g_autofree char *tail = NULL;
  read_report (raw, parts, list);
  if (list->len == 0)
    read_fields_within (text, list);
  if (list->len == 0)
    read_failed_recipients (fields, list);
  bounce_read_prose (text, list, list->len > 0, &tail);
  g_autofree char *subject = text_clean (headers_value (fields, "Subject"), LIMIT_SUBJECT);
  g_autofree char *words = text_clean (tail, 8 * LIMIT_BOUNCE_WORDS); /* they are gone through for each recipient */
  g_autofree char *rest = g_strconcat (words, " ", subject, NULL);
  for (guint i = 0; i < list->len; i++)
    bounce_judge (g_ptr_array_index (list, i), rest);
  return list;
}
