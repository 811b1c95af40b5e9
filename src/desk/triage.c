#include "desk/triage.h"

#include <string.h>

#include "mail/quotation.h"

/* TEXT folded for comparing: compatibility forms and case are gone, each run of white space is one blank. */
static char *
fold (const char *text)
{
  g_autofree char *normal = g_utf8_normalize (text, -1, G_NORMALIZE_ALL_COMPOSE);
  g_autofree char *lower = g_utf8_casefold (normal != NULL ? normal : "", -1);
  GString *folded = g_string_sized_new (strlen (lower));
  for (const char *at = lower; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (!g_unichar_isspace (c))
        g_string_append_unichar (folded, c);
      else if (folded->len > 0 && folded->str[folded->len - 1] != ' ')
        g_string_append_c (folded, ' ');
    }
  return g_string_free (folded, FALSE);
}

static gboolean
has_folded (const char *text, const char *phrase)
{
  gsize length = strlen (phrase);
  if (length == 0)
    return FALSE;
  for (const char *at = strstr (text, phrase); at != NULL; at = strstr (at + 1, phrase))
    {
      const char *before = at > text ? g_utf8_prev_char (at) : NULL;
      gboolean starts = before == NULL || !g_unichar_isalnum (g_utf8_get_char (before));
      if (starts && !g_unichar_isalnum (g_utf8_get_char (at + length)))
        return TRUE;
    }
  return FALSE;
}

gboolean
triage_has_words (const char *text, const char *phrase)
{
  g_autofree char *folded = fold (text);
  g_autofree char *wanted = fold (phrase);
  return has_folded (folded, wanted);
}

/* The subject without what the ticket's own says already. */
static char *
new_subject (const TriageCase *triage)
{
  g_autofree char *subject = fold (triage->facts->subject);
  g_autofree char *old = fold (triage->old_subject != NULL ? triage->old_subject : "");
  g_strstrip (old);
  const char *at = *old != '\0' ? strstr (subject, old) : NULL;
  if (at == NULL)
    return g_steal_pointer (&subject);
  return g_strdup_printf ("%.*s . %s", (int) (at - subject), subject, at + strlen (old));
}

/* Subject and what was newly written: the rest is somebody else's words. No phrase goes over the end of a line. */
static char *
new_words (const TriageCase *triage)
{
  g_autofree char *own = quotation_own_words (triage->text);
  g_auto (GStrv) lines = g_strsplit (own, "\n", -1);
  g_autofree char *subject = new_subject (triage);
  g_autofree char *text = g_strjoinv (" . ", lines);
  g_autofree char *words = g_strdup_printf ("%s . %s", subject, text);
  return fold (words);
}

typedef struct {
  const TriageCase *given;
  char *words; /* folded, NULL: not needed yet */
} Triage;

/* The reason, the caller's, when one of LISTS' words is there; NULL when none is. */
static char *
find_word (Triage *triage, const WordList *lists)
{
  if (triage->words == NULL)
    triage->words = new_words (triage->given);
  for (; lists->language != NULL; lists++)
    for (guint i = 0; lists->any[i] != NULL; i++)
      {
        g_autofree char *phrase = fold (lists->any[i]);
        if (has_folded (triage->words, phrase))
          return g_strdup_printf ("\"%s\" (%s)", lists->any[i], lists->language);
      }
  return NULL;
}

/* Importance (RFC 4021 2.1.54) or the older X-Priority. */
static gboolean
is_important (const MessageFacts *facts)
{
  const char *importance = message_header (facts, "Importance"), *priority = message_header (facts, "X-Priority");
  return (importance != NULL && g_ascii_strcasecmp (importance, "high") == 0) ||
         (priority != NULL && (*priority == '1' || *priority == '2'));
}

static gboolean
is_of_level (const Contact *contact, char **levels)
{
  for (guint i = 0; contact != NULL && contact->level != NULL && levels[i] != NULL; i++)
    if (g_ascii_strcasecmp (contact->level, levels[i]) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
came_again (const TriageCase *triage, const PolicyRule *rule)
{
  return triage->again_at != 0 && triage->now - triage->again_at <= rule->again_within * G_USEC_PER_SEC;
}

/* Why RULE applies, the caller's; NULL when it does not. */
static char *
match (Triage *triage, const PolicyRule *rule, int priority)
{
  const TriageCase *given = triage->given;
  g_autofree char *word = NULL;
  g_autoptr (GString) reason = g_string_new (NULL);
  if (rule->at_priority != 0 && (rule->at_priority & 1u << priority) == 0)
    return NULL;
  if ((rule->important && !is_important (given->facts)) || (rule->again_within != 0 && !came_again (given, rule)) ||
      (rule->level[0] != NULL && !is_of_level (given->contact, rule->level)))
    return NULL;
  if (rule->words[0].language != NULL && (word = find_word (triage, rule->words)) == NULL)
    return NULL;
  if (word != NULL)
    g_string_append_printf (reason, ", %s", word);
  if (rule->important)
    g_string_append (reason, ", marked as important");
  if (rule->level[0] != NULL)
    g_string_append_printf (reason, ", a customer of level %s", given->contact->level);
  if (rule->again_within != 0)
    g_string_append (reason, ", the same subject came again");
  return g_strdup_printf ("rule \"%s\"%s", rule->name, reason->str);
}

static void
follow (const PolicyRule *rule, Decision *decision)
{
  if (rule->priority != 0)
    decision->priority = rule->priority;
  if (rule->kind != NULL)
    decision->ticket_kind = rule->kind;
  if (rule->team != NULL)
    decision->team = rule->team;
  if (rule->escalate && decision->team->escalate_to != NULL)
    decision->team = decision->team->escalate_to;
  if (rule->page != NULL)
    {
      decision->escalation = rule->page;
      decision->rule_pages = TRUE;
    }
  decision->escalated = decision->escalated || rule->escalate;
  decision->root_cause = decision->root_cause || rule->root_cause;
}

void
triage_apply (const TriageCase *triage, Decision *decision)
{
  Triage work = { .given = triage };
  g_autoptr (GStrvBuilder) reasons = g_strv_builder_new ();
  for (guint i = 0; triage->policy->rules[i] != NULL; i++)
    {
      g_autofree char *reason = match (&work, triage->policy->rules[i], decision->priority);
      if (reason == NULL)
        continue;
      follow (triage->policy->rules[i], decision);
      g_strv_builder_add (reasons, reason);
    }
  g_free (work.words);
  g_auto (GStrv) list = g_strv_builder_end (reasons);
  if (list[0] != NULL)
    decision->rules = g_strjoinv ("; ", list);
}

gboolean
triage_asks_words (const Policy *policy)
{
  for (guint i = 0; policy->rules[i] != NULL; i++)
    if (policy->rules[i]->words[0].language != NULL)
      return TRUE;
  return FALSE;
}

gboolean
triage_asks_again (const Policy *policy)
{
  for (guint i = 0; policy->rules[i] != NULL; i++)
    if (policy->rules[i]->again_within != 0)
      return TRUE;
  return FALSE;
}
