/* corpus FOLDER: reads every file below FOLDER as a mail, with LF, CRLF and CR line ends, and checks what holds for
 * any input: nothing crashes, the time is bounded, the facts are valid UTF-8 and complete, the same octets give the same
 * digest, with LF and CRLF alike, and text, quotation and attachments are the same with any line ends. */
#include "config/limits.h"
#include "mail/attachments.h"
#include "mail/quotation.h"
#include "mails.h"

#include <string.h>

static const double MOST_SECONDS = 2;

static gboolean
is_clean (const char *text, gsize most)
{
  return text == NULL || (g_utf8_validate (text, -1, NULL) && strlen (text) <= most);
}

/* What is wrong with FACTS, or NULL. */
static const char *
check_facts (const MessageFacts *facts)
{
  if (strlen (facts->digest) != 64)
    return "the digest is not 64 characters";
  if (!is_clean (facts->subject, 4 * LIMIT_SUBJECT) || !is_clean (facts->from, LIMIT_ADDRESS) ||
      !is_clean (facts->from_name, 4 * LIMIT_NAME) || !is_clean (facts->message_id, LIMIT_MESSAGE_ID))
    return "subject, From or Message-ID is not clean";
  if (facts->from != NULL && (facts->from_count != 1 || strchr (facts->from, '@') == NULL))
    return "From is not one address";
  for (guint i = 0; i < facts->headers->len; i++)
    {
      const HeaderField *field = g_ptr_array_index (facts->headers, i);
      if (!is_clean (field->value, LIMIT_HEADER_VALUE) || strpbrk (field->value, "\r\n") != NULL)
        return "a header field is not clean";
    }
  return NULL;
}

/* Text, what is new in it, and the attachments, as one text; NULL when a part of it is not clean. */
static char *
read_content (const RawMessage *raw)
{
  g_autofree char *text = message_read_text (raw), *rest = NULL;
  g_autofree char *kept = quotation_cut (text, &rest);
  g_autoptr (Attachments) attachments = attachments_read (raw, text);
  g_autoptr (GString) all = g_string_new (NULL);
  if (!is_clean (text, LIMIT_LETTER) || !is_clean (kept, LIMIT_LETTER) || !is_clean (rest, LIMIT_LETTER))
    return NULL;
  g_string_printf (all, "%s\n%s\n%s\n%s", text, kept, rest, attachments->security != NULL ? attachments->security : "");
  for (guint i = 0; i < attachments->list->len; i++)
    {
      const Attachment *attachment = g_ptr_array_index (attachments->list, i);
      g_autofree char *safe = attachments_safe_name (attachment->name);
      if (*attachment->name == '\0' || !is_clean (attachment->name, 4 * LIMIT_NAME) || !is_clean (safe, LIMIT_FILE_NAME) || strchr (safe, '/') != NULL)
        return NULL;
      g_string_append_printf (all, "\n%s %s %" G_GINT64_FORMAT " %s", attachment->name, attachment->type, attachment->size, attachment->digest);
    }
  return g_strdup (all->str);
}

static MessageFacts *
read_mail (const GString *mail, char **content, double *seconds)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  gint64 begin = g_get_monotonic_time ();
  if (!raw_message_append (raw, mail->str, mail->len, &error))
    g_error ("%s", error->message);
  MessageFacts *facts = message_read (raw, "DIYTel");
  *content = read_content (raw);
  *seconds = (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  return facts;
}

/* What is wrong with the mail, or NULL. *DIGEST and *CONTENT: its own, the caller's. */
static const char *
check_mail (const GString *mail, char **digest, char **content)
{
  double seconds, again;
  g_autofree char *same_content = NULL;
  g_autoptr (MessageFacts) facts = read_mail (mail, content, &seconds);
  g_autoptr (MessageFacts) same = read_mail (mail, &same_content, &again);
  *digest = g_strdup (facts->digest);
  if (seconds > MOST_SECONDS)
    return "it took too long";
  if (*content == NULL)
    return "its text or its attachments are not clean";
  if (!g_str_equal (facts->digest, same->digest))
    return "the digest is not the same twice";
  return check_facts (facts);
}

static const char *
check_file (const char *path)
{
  static const char *const line_ends[] = { "\n", "\r\n", "\r" };
  g_autofree char *mail = NULL;
  gsize length;
  if (!g_file_get_contents (path, &mail, &length, NULL))
    return "it cannot be read";
  char *digests[G_N_ELEMENTS (line_ends)] = { NULL }, *contents[G_N_ELEMENTS (line_ends)] = { NULL };
  const char *wrong = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (line_ends) && wrong == NULL; i++)
    {
      GString *form = mails_with_line_ends (mail, length, line_ends[i]);
      wrong = check_mail (form, &digests[i], &contents[i]);
      g_string_free (form, TRUE);
    }
  if (wrong == NULL && !g_str_equal (digests[0], digests[1]))
    wrong = "LF and CRLF give different digests";
  for (guint i = 1; i < G_N_ELEMENTS (line_ends) && wrong == NULL; i++)
    if (!g_str_equal (contents[0], contents[i]))
      wrong = i == 1 ? "LF and CRLF give different content" : "LF and CR give different content";
  for (guint i = 0; i < G_N_ELEMENTS (line_ends); i++)
    {
      g_free (digests[i]);
      g_free (contents[i]);
    }
  return wrong;
}

int
main (int argc, char **argv)
{
  const char *folder = argc > 1 ? argv[1] : g_getenv ("FRONTDESK_CORPUS");
  if (folder == NULL)
    {
      g_print ("1..0 # SKIP no folder of mails: give one, or set FRONTDESK_CORPUS\n");
      return 0;
    }
  g_autoptr (GPtrArray) files = mails_find (folder);
  g_print ("1..%u\n", files->len);
  int failed = 0;
  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i);
      const char *wrong = check_file (path);
      g_print ("%s %u - %s%s%s\n", wrong == NULL ? "ok" : "not ok", i + 1, path, wrong != NULL ? ": " : "",
               wrong != NULL ? wrong : "");
      failed += wrong != NULL;
    }
  return failed > 0;
}
