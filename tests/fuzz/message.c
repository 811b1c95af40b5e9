/* From a raw message to its facts, its text, what is new in it, its language, attachments and recipients, with LF and with CRLF. */
#include "fuzz.h"

#include <string.h>

#include "config/limits.h"
#include "mail/attachments.h"
#include "mail/language.h"
#include "mail/quotation.h"
#include "mail/removal.h"

static void
check_fields (const MessageFacts *facts)
{
  FUZZ_CHECK (facts->headers->len <= LIMIT_HEADER_COUNT);
  for (guint i = 0; i < facts->headers->len; i++)
    {
      const HeaderField *field = g_ptr_array_index (facts->headers, i);
      /* Each octet of a name that is no UTF-8 has become a character of three. */
      FUZZ_CHECK (fuzz_is_line (field->name, 3 * LIMIT_HEADER_NAME) && fuzz_is_line (field->value, LIMIT_HEADER_VALUE));
    }
}

static void
check_facts (const MessageFacts *facts)
{
  FUZZ_CHECK (strlen (facts->digest) == 64);
  FUZZ_CHECK (fuzz_is_line (facts->subject, 4 * LIMIT_SUBJECT) && g_utf8_strlen (facts->subject, -1) <= LIMIT_SUBJECT);
  FUZZ_CHECK (fuzz_is_line (facts->from, LIMIT_ADDRESS) && fuzz_is_line (facts->from_name, 4 * LIMIT_NAME));
  FUZZ_CHECK (facts->from == NULL || (facts->from_count == 1 && strchr (facts->from, '@') != NULL));
  FUZZ_CHECK (fuzz_is_line (facts->message_id, LIMIT_MESSAGE_ID) && fuzz_is_line (facts->language, 35));
  FUZZ_CHECK (fuzz_is_line (facts->content_type, LIMIT_HEADER_VALUE) && fuzz_is_line (facts->report_type, LIMIT_HEADER_VALUE));
  FUZZ_CHECK (g_strv_length (facts->references) <= LIMIT_REFERENCES);
  FUZZ_CHECK (g_strv_length (facts->embedded_ids) <= LIMIT_EMBEDDED_IDS);
  FUZZ_CHECK (facts->auth->len == 0 && facts->tag >= 0);
  check_fields (facts);
}

static void
check_text (const char *text)
{
  FUZZ_CHECK (strlen (text) <= LIMIT_LETTER && g_utf8_validate (text, -1, NULL));
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    FUZZ_CHECK (*at == '\n' || *at == '\t' || !g_unichar_iscntrl (g_utf8_get_char (at)));
}

static void
check_language (const char *text)
{
  const char *because = NULL;
  g_autofree char *language = language_detect (text, &because);
  FUZZ_CHECK ((language == NULL) == (because == NULL) && (language == NULL || strlen (language) == 2));
}

/* What is new and the rest are lines of the text, and no more of them. */
static void
check_quotation (const char *text)
{
  g_autofree char *rest = NULL;
  g_autofree char *fresh = quotation_cut (text, &rest);
  g_autofree char *own = quotation_own_words (text);
  FUZZ_CHECK (g_utf8_validate (fresh, -1, NULL) && g_utf8_validate (rest, -1, NULL) && g_utf8_validate (own, -1, NULL));
  FUZZ_CHECK (strlen (fresh) + strlen (rest) <= strlen (text) + 2 && strlen (own) <= strlen (text));
}

static gboolean
count_piece (const char *data, gsize length, gpointer user)
{
  (void) data;
  *(gint64 *) user += (gint64) length;
  return TRUE;
}

static void
check_attachments (const RawMessage *raw, const char *text)
{
  g_autoptr (Attachments) attachments = attachments_read (raw, text);
  FUZZ_CHECK (attachments->list->len <= LIMIT_MIME_PARTS);
  for (guint i = 0; i < attachments->list->len; i++)
    {
      const Attachment *attachment = g_ptr_array_index (attachments->list, i);
      g_autofree char *safe = attachments_safe_name (attachment->name);
      gint64 size = 0;
      attachments_each_piece (raw, attachments, attachment, count_piece, &size);
      FUZZ_CHECK (size == attachment->size && strlen (attachment->digest) == 64);
      FUZZ_CHECK (*attachment->name != '\0' && *safe != '\0' && *safe != '.' && strchr (safe, '/') == NULL && strlen (safe) <= LIMIT_FILE_NAME);
    }
}

static void
check_removal (const RawMessage *raw)
{
  static const char *const forbid[] = { "application/*", "image/png", ".exe", NULL };
  g_autoptr (GPtrArray) removed = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) kept = removal_apply (raw, forbid, g_get_tmp_dir (), &removed, &error);
  FUZZ_CHECK (error == NULL && (kept == NULL) == (removed == NULL || removed->len == 0));
}

static void
check_recipients (const RawMessage *raw)
{
  g_auto (GStrv) recipients = message_read_recipients (raw);
  FUZZ_CHECK (g_strv_length (recipients) <= LIMIT_RECIPIENTS);
  for (guint i = 0; recipients[i] != NULL; i++)
    FUZZ_CHECK (fuzz_is_line (recipients[i], LIMIT_ADDRESS));
}

static MessageFacts *
read_form (const guint8 *data, gsize size, const char *line_end)
{
  GString *form = fuzz_line_ends (data, size, line_end);
  g_autoptr (RawMessage) raw = fuzz_raw (form->str, form->len);
  g_string_free (form, TRUE);
  MessageFacts *facts = message_read (raw, "DIYTel");
  g_autofree char *text = message_read_text (raw);
  check_facts (facts);
  check_text (text);
  check_quotation (text);
  check_attachments (raw, text);
  check_removal (raw);
  if (*line_end == '\n')
    check_language (text);
  check_recipients (raw);
  return facts;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (MessageFacts) unix_facts = read_form (data, size, "\n");
  g_autoptr (MessageFacts) net_facts = read_form (data, size, "\r\n");
  FUZZ_CHECK (g_str_equal (unix_facts->digest, net_facts->digest));
  FUZZ_CHECK (g_strcmp0 (unix_facts->from, net_facts->from) == 0);
  return 0;
}
