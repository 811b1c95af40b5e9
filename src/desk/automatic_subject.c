/* The clues in subjects. Programs write them in their users' languages, and people may type the same words: alone they
 * prove nothing but that an answer is better not sent. Only the whole phrase counts, at the beginning. */
#include <string.h>

#include "desk/automatic_clues.h"

/* All case-folded. Postfix, Exim, Sendmail, qmail, Exchange and Domino in the languages that they are sold in. */
static const char *const BOUNCE[] = {
  "undelivered mail returned to sender", "undelivered mail", "undeliverable", "undeliverable mail",
  "undeliverable message", "message undeliverable", "mail delivery failed", "mail delivery failure",
  "mail delivery system", "delivery status notification", "delivery status", "delivery failure",
  "delivery failure notification", "delivery notification", "failure notice", "returned mail", "mail system error",
  "unzustellbar", "nicht zustellbar", "non remis", "non distribuable", "onbestelbaar", "no se puede entregar",
  "no entregable", "non recapitabile", "não é possível entregar", "não entregue", "kan ikke leveres",
  "går inte att leverera", "недоставленное сообщение", "не доставлено", "配信不能", "无法投递", "退信", NULL
};

static const char *const ABSENCE[] = {
  "auto", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "automatic reply",
  "automatic response", "automated reply", "automated response", "out of office", "out-of-office", "out of the office",
  "out of office autoreply", "out of office auto-reply", "out of office auto reply", "out of office reply",
  "out of office notification", "away from my mail", "vacation", "on vacation", "vacation reply",
  "abwesenheit", "abwesend", "abwesenheitsnotiz", "abwesenheitsnachricht", "abwesenheitsmeldung",
  "abwesenheitsbenachrichtigung", "automatische antwort", "automatische antwort (abwesend)",
  "réponse automatique", "réponse automatique d'absence", "reponse automatique", "absence du bureau",
  "absent du bureau", "notification d'absence", "message d'absence", "respuesta automática", "respuesta automatica",
  "fuera de la oficina", "fuera de oficina", "risposta automatica", "fuori sede", "fuori ufficio",
  "resposta automática", "resposta automatica", "fora do escritório", "ausência temporária", "automatisch antwoord", "automatische beantwoording",
  "niet aanwezig", "afwezig", "frånvaro", "automatiskt svar", "autosvar", "automatisk svar", "ikke til stede",
  "automaattinen vastaus", "poissa", "automatyczna odpowiedź", "automatická odpověď", "automatikus válasz",
  "otomatik yanıt", "ofis dışında", "автоматический ответ", "автоответ", "автоматична відповідь", "автоматичен отговор",
  "poza biurem", "mimo kancelář", "házon kívül", "răspuns automat", "αυτόματη απάντηση", "automatski odgovor",
  "automatická odpoveď", "samodejni odgovor", "automaatvastus", "automātiska atbilde", "automatinis atsakymas",
  "balasan otomatis", "trả lời tự động", "thư trả lời tự động", "vắng mặt", "không có mặt tại văn phòng", "رد تلقائي",
  "תשובה אוטומטית", "ตอบกลับอัตโนมัติ", "자동 회신", "자동 응답", "부재중", "自動応答", "自動返信", "不在通知", "自动答复",
  "自动回复", "自動回覆", NULL
};

/* Whether a phrase can end where REST begins: "Automatic reply: hello" is one, "Automatic reply is broken" is not. */
static gboolean
is_phrase_end (const char *rest)
{
  while (*rest == ' ')
    rest++;
  return *rest == '\0' || strchr (":(-!.", *rest) != NULL || g_str_has_prefix (rest, "re:");
}

static gboolean
begins_with_phrase (const char *subject, const char *const *phrases)
{
  for (; *phrases != NULL; phrases++)
    {
      if (**phrases != *subject) /* as in nearly all */
        continue;
      gsize length = strlen (*phrases);
      if (strncmp (subject, *phrases, length) == 0 && is_phrase_end (subject + length))
        return TRUE;
    }
  return FALSE;
}

/* SUBJECT behind its "Re:" and "[tag]"s: responders put their phrase behind both. Not behind "Fwd:", where a person
 * shows what came. */
static const char *
skip_prefixes (const char *subject)
{
  for (;;)
    {
      const char *close = *subject == '[' ? strchr (subject, ']') : NULL;
      if (close != NULL)
        subject = close + 1;
      else if (g_str_has_prefix (subject, "re:") || g_str_has_prefix (subject, "aw:") ||
               g_str_has_prefix (subject, "sv:"))
        subject += 3;
      else if (*subject == ' ')
        subject++;
      else
        return subject;
    }
}

gboolean
clue_bounce_subject (const Clues *clues, const char *const *words)
{
  (void) words;
  return begins_with_phrase (clues->subject, BOUNCE);
}

gboolean
clue_postmaster_bounce (const Clues *clues, const char *const *words)
{
  return clue_local_part (clues, words) && clue_bounce_subject (clues, NULL);
}

gboolean
clue_absence_subject (const Clues *clues, const char *const *words)
{
  (void) words;
  return begins_with_phrase (skip_prefixes (clues->subject), ABSENCE);
}

/* A person's answer has "Re:" in front, in some language; who answers a letter of ours with the phrase in front is a responder. */
gboolean
clue_absence_answer (const Clues *clues, const char *const *words)
{
  (void) words;
  return begins_with_phrase (clues->subject, ABSENCE) && clue_answers_us (clues);
}

gboolean
clue_absence_marked (const Clues *clues, const char *const *words)
{
  static const char *const AUTO_SUBMITTED[] = { "Auto-Submitted", "no", NULL };
  static const char *const SUPPRESS[] = { "all", "autoreply", "oof", NULL };
  return begins_with_phrase (clues->subject, ABSENCE) &&
         (clue_field_says_other (clues, AUTO_SUBMITTED) || clue_suppress (clues, SUPPRESS) ||
          clue_field_says (clues, words));
}
