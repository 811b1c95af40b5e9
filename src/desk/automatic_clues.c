#include "desk/automatic_clues.h"

#include <string.h>

#include "config/limits.h"
#include "desk/automatic.h"
#include "desk/standing.h"

/* The local part of ADDRESS in lower case without "+extension"; "" when there is none. */
static char *
local_part (const char *address)
{
  const char *at = strrchr (address, '@');
  gsize length = at != NULL ? (gsize) (at - address) : strlen (address);
  const char *plus = memchr (address, '+', length);
  if (plus != NULL && plus > address)
    length = (gsize) (plus - address);
  return g_ascii_strdown (address, (gssize) length);
}

static const Role *
find_sender_role (const Config *config, const char *from, const char *return_path)
{
  const Role *role = from != NULL ? config_find_role (config, from, NULL) : NULL;
  return role != NULL ? role : config_find_role (config, return_path, NULL);
}

/* Compatibility composition turns full-width colons and no-break spaces into plain ones. */
static char *
fold_subject (const char *subject)
{
  if (g_str_is_ascii (subject))
    return g_strstrip (g_ascii_strdown (subject, -1));
  g_autofree char *normal = g_utf8_normalize (subject, -1, G_NORMALIZE_NFKC);
  return g_strstrip (g_utf8_casefold (normal != NULL ? normal : "", -1));
}

/* One of 64 bits for a field name, by its length and first letter. */
static guint64
name_bit (const char *name)
{
  return G_GUINT64_CONSTANT (1) << ((strlen (name) + 7 * (guint) g_ascii_tolower (*name)) % 64);
}

Clues *
clues_new (const MessageFacts *facts, const Envelope *envelope, const Role *role, const Config *config,
           Standing standing)
{
  Clues *clues = g_new0 (Clues, 1);
  clues->facts = facts;
  clues->role = role;
  clues->config = config;
  clues->known = standing >= STANDING_KNOWN;
  clues->null_sender = *envelope->sender == '\0';
  gboolean to_from = standing == STANDING_VERIFIED && !clues->null_sender;
  clues->return_path = g_ascii_strdown (to_from ? facts->from : envelope->plain_sender, -1);
  clues->return_local = local_part (clues->return_path);
  clues->from_local = local_part (facts->from != NULL ? facts->from : "");
  clues->subject = fold_subject (facts->subject);
  clues->sender_role = find_sender_role (config, facts->from, clues->return_path);
  for (guint i = 0; i < facts->headers->len; i++)
    clues->names |= name_bit (((const HeaderField *) g_ptr_array_index (facts->headers, i))->name);
  return clues;
}

void
clues_free (Clues *clues)
{
  g_free (clues->return_path);
  g_free (clues->return_local);
  g_free (clues->from_local);
  g_free (clues->subject);
  g_free (clues);
}

/* ---- header fields ---- */

/* The first token of a structured field's VALUE in lower case: comments (RFC 5322 3.2.2, nested ones too), quotes and
 * parameters left out; "" when there is none. */
static char *
first_token (const char *value)
{
  int depth = 0;
  for (; *value != '\0'; value++)
    {
      if (*value == '\\' && depth > 0 && value[1] != '\0')
        value++;
      else if (*value == '(')
        depth++;
      else if (*value == ')' && depth > 0)
        depth--;
      else if (depth == 0 && !g_ascii_isspace (*value) && *value != '"')
        break;
    }
  return g_ascii_strdown (value, (gssize) strcspn (value, " \t\r\n;,(\""));
}

/* The value of the next field NAME from *INDEX on, or NULL. */
static const char *
next_field (const Clues *clues, const char *name, guint *index)
{
  const GPtrArray *headers = clues->facts->headers;
  if (!(clues->names & name_bit (name)))
    return NULL;
  while (*index < headers->len)
    {
      const HeaderField *field = g_ptr_array_index (headers, (*index)++);
      if (g_ascii_strcasecmp (field->name, name) == 0)
        return field->value;
    }
  return NULL;
}

gboolean
clue_field (const Clues *clues, const char *const *words)
{
  for (; *words != NULL; words++)
    {
      guint index = 0;
      if (next_field (clues, *words, &index) != NULL)
        return TRUE;
    }
  return FALSE;
}

/* Whether any of the fields in the pairs WORDS says its value (EQUAL), or something else. */
static gboolean
compare_fields (const Clues *clues, const char *const *words, gboolean equal)
{
  for (; *words != NULL; words += 2)
    {
      guint index = 0;
      for (const char *value; (value = next_field (clues, words[0], &index)) != NULL;)
        {
          g_autofree char *token = first_token (value);
          if (*token != '\0' && g_str_equal (token, words[1]) == equal)
            return TRUE;
        }
    }
  return FALSE;
}

gboolean
clue_field_says (const Clues *clues, const char *const *words)
{
  return compare_fields (clues, words, TRUE);
}

gboolean
clue_field_says_other (const Clues *clues, const char *const *words)
{
  return compare_fields (clues, words, FALSE);
}

gboolean
clue_foreign_loop (const Clues *clues, const char *const *words)
{
  (void) words;
  const GPtrArray *headers = clues->facts->headers;
  for (guint i = 0; i < headers->len; i++)
    {
      const HeaderField *field = g_ptr_array_index (headers, i);
      gsize length = strlen (field->name);
      if (length >= strlen ("X-Loop") && g_ascii_strncasecmp (field->name, "X-", 2) == 0 &&
          g_ascii_strcasecmp (field->name + length - 5, "-Loop") == 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
clue_suppress (const Clues *clues, const char *const *words)
{
  guint index = 0;
  for (const char *value; (value = next_field (clues, "X-Auto-Response-Suppress", &index)) != NULL;)
    {
      g_auto (GStrv) list = g_strsplit_set (value, ",;", -1);
      for (guint i = 0; list[i] != NULL; i++)
        {
          g_autofree char *word = g_ascii_strdown (g_strstrip (list[i]), -1);
          if (g_strv_contains (words, word))
            return TRUE;
        }
    }
  return FALSE;
}

gboolean
clue_unsubscribe (const Clues *clues, const char *const *words)
{
  return !clues->known && clue_field (clues, words);
}

/* ---- senders ---- */

gboolean
clue_null_sender (const Clues *clues, const char *const *words)
{
  (void) words;
  return clues->null_sender;
}

static gboolean
is_address (const char *text)
{
  g_autofree char *valid = text != NULL ? address_normalise (text) : NULL;
  return valid != NULL;
}

gboolean
clue_no_sender (const Clues *clues, const char *const *words)
{
  (void) words;
  if (clues->facts->from == NULL && clues->facts->from_count <= 1)
    return TRUE;
  return !is_address (clues->facts->from) && !is_address (clues->return_path);
}

static gboolean
matches_word (const char *local, const char *word)
{
  gsize length = strlen (word);
  if (*word == '*')
    return g_str_has_suffix (local, word + 1);
  if (word[length - 1] == '*')
    return strncmp (local, word, length - 1) == 0;
  return g_str_equal (local, word);
}

gboolean
clue_local_part (const Clues *clues, const char *const *words)
{
  for (; *words != NULL; words++)
    if (matches_word (clues->from_local, *words) || matches_word (clues->return_local, *words))
      return TRUE;
  return FALSE;
}

static gboolean
reads_as (const char *local, const char *const *words)
{
  g_autoptr (GString) flat = g_string_new (NULL);
  for (; *local != '\0'; local++)
    if (strchr ("-_.", *local) == NULL)
      g_string_append_c (flat, *local);
  for (; *words != NULL; words++)
    if (g_str_has_prefix (flat->str, *words) || g_str_has_suffix (flat->str, *words))
      return TRUE;
  return FALSE;
}

gboolean
clue_from_reads (const Clues *clues, const char *const *words)
{
  return reads_as (clues->from_local, words);
}

gboolean
clue_return_reads (const Clues *clues, const char *const *words)
{
  return reads_as (clues->return_local, words);
}

gboolean
clue_verp (const Clues *clues, const char *const *words)
{
  (void) words;
  const char *at = strrchr (clues->return_path, '@');
  return at != NULL && memchr (clues->return_path, '=', (gsize) (at - clues->return_path)) != NULL;
}

gboolean
clue_to_itself (const Clues *clues, const char *const *words)
{
  (void) words;
  return clues->sender_role != NULL && clues->sender_role == clues->role;
}

gboolean
clue_own_role (const Clues *clues, const char *const *words)
{
  (void) words;
  return clues->sender_role != NULL;
}

/* Whether From or the envelope sender is in LIST. */
static gboolean
sender_is_in (const Clues *clues, char **list)
{
  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    if (address_equal (list[i], clues->facts->from) || address_equal (list[i], clues->return_path))
      return TRUE;
  return FALSE;
}

gboolean
clue_own_address (const Clues *clues, const char *const *words)
{
  (void) words;
  return sender_is_in (clues, clues->config->own_address);
}

gboolean
clue_team (const Clues *clues, const char *const *words)
{
  (void) words;
  const GPtrArray *teams = clues->config->teams;
  for (guint i = 0; i < teams->len; i++)
    {
      const Team *team = g_ptr_array_index (teams, i);
      if (sender_is_in (clues, team->notify))
        return TRUE;
    }
  return FALSE;
}

gboolean
clue_agent (const Clues *clues, const char *const *words)
{
  (void) words;
  const char *from = clues->facts->from;
  return (from != NULL && config_find_agent_by_mail (clues->config, from) != NULL) ||
         config_find_agent_by_mail (clues->config, clues->return_path) != NULL;
}

gboolean
clue_reply_to_own (const Clues *clues, const char *const *words)
{
  (void) words;
  char **reply_to = clues->facts->reply_to;
  for (guint i = 0; reply_to != NULL && reply_to[i] != NULL; i++)
    if (config_find_role (clues->config, reply_to[i], NULL) != NULL)
      return TRUE;
  return FALSE;
}

/* ---- the message ---- */

gboolean
clue_loop_mark (const Clues *clues, const char *const *words)
{
  (void) words;
  return automatic_is_own_mark (clues->facts, clues->config);
}

/* The form of seal_message_id(): PURPOSE.MAC@HOSTNAME, or with the ticket's number in it: PURPOSE.NUMBER.MAC@HOSTNAME. A
 * forged one harms nobody but its own message. ID is nullable. */
static gboolean
is_own_id (const Clues *clues, const char *id)
{
  const char *at = id != NULL ? strrchr (id, '@') : NULL;
  if (at == NULL || at - id < 1 + 16 || g_ascii_strcasecmp (at + 1, clues->config->hostname) != 0)
    return FALSE;
  const char *dot = at - 16 - 1;
  const char *end = id + strspn (id, "abcdefghijklmnopqrstuvwxyz");
  if (end < dot && *end == '.')
    end += 1 + strspn (end + 1, "0123456789");
  return end == dot && *dot == '.' && strspn (dot + 1, "abcdefghijklmnopqrstuvwxyz234567") == 16;
}

gboolean
clue_own_message_id (const Clues *clues, const char *const *words)
{
  (void) words;
  return is_own_id (clues, clues->facts->message_id);
}

gboolean
clue_answers_us (const Clues *clues)
{
  char **references = clues->facts->references;
  for (guint i = 0; references != NULL && references[i] != NULL; i++)
    if (is_own_id (clues, references[i]))
      return TRUE;
  return clues->facts->tag != 0;
}

gboolean
clue_unread (const Clues *clues, const char *const *words)
{
  (void) words;
  return clues->facts->unread != NULL;
}

gboolean
clue_hops (const Clues *clues, const char *const *words)
{
  (void) words;
  return clues->facts->received > LIMIT_RECEIVED_HOPS;
}

gboolean
clue_dmarc_fail (const Clues *clues, const char *const *words)
{
  (void) words;
  return standing_has_result (clues->facts, "dmarc", "fail");
}

gboolean
clue_report (const Clues *clues, const char *const *words)
{
  return g_strcmp0 (clues->facts->content_type, "multipart/report") == 0 &&
         (words == NULL || g_strcmp0 (clues->facts->report_type, words[0]) == 0);
}

static gboolean
has_report_part (const MessageFacts *facts)
{
  return facts->has_delivery_status || facts->has_disposition || facts->has_feedback;
}

gboolean
clue_report_part (const Clues *clues, const char *const *words)
{
  static const char *const WHOLE[] = { "message/delivery-status", "message/disposition-notification",
                                       "message/feedback-report", NULL };
  const char *type = clues->facts->content_type;
  if (type != NULL && g_strv_contains (WHOLE, type))
    return TRUE;
  return has_report_part (clues->facts) && (clue_local_part (clues, words) || clue_bounce_subject (clues, NULL));
}

gboolean
clue_report_inside (const Clues *clues, const char *const *words)
{
  (void) words;
  return has_report_part (clues->facts);
}

gboolean
clue_dmarc_report (const Clues *clues, const char *const *words)
{
  (void) words;
  return strstr (clues->subject, "report domain:") != NULL && strstr (clues->subject, "submitter:") != NULL &&
         strstr (clues->subject, "report-id:") != NULL;
}

gboolean
clue_hotmail_complaint (const Clues *clues, const char *const *words)
{
  (void) words;
  return clues->facts->from != NULL && g_ascii_strcasecmp (clues->facts->from, "staff@hotmail.com") == 0 &&
         g_str_has_prefix (clues->subject, "complaint about message from");
}
