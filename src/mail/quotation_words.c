#include "mail/quotation_words.h"

#include <string.h>

static const char *const wrote[] = {
  "wrote", "writes", "schrieb", "écrit", "escribió", "scritto", "escreveu", "skrev", "schreef", "geschreven", "napisał",
  "napsal", "napísal", "написал", "писал", "пише", "написав", "kirjoitti", "írta", "yazdı", "şunları yazdı",
  "a scris", "έγραψε", "写道", "寫道",
  "書きました", "のメール", "작성", "đã viết", "viết", "ਲਿਖਿਆ", "ने लिखा", "כתב", "كتب", "menulis", "va escriure",
  NULL,
};

static const char *const openers[] = {
  "on ", "am ", "le ", "el ", "il ", "em ", "op ", "den ", "dnia ", "w dniu ", "dne ", "at ", "på ", "pe ", "în ",
  "vào ", "ngày ", "lúc ",
  "a(z) ", "στις ", "в ", "在", "於", "2", "1", "3", "4", "5", "6", "7", "8", "9", "0",
  NULL,
};

static const char *const markers[] = {
  "original message", "original appointment", "ursprüngliche nachricht", "originalnachricht", "message d'origine",
  "message d’origine",
  "message original", "mensaje original", "messaggio originale", "mensagem original", "oorspronkelijk bericht",
  "originalmeddelande",
  "ursprungligt meddelande", "oprindelig meddelelse", "opprinnelig melding", "alkuperäinen viesti",
  "wiadomość oryginalna",
  "oryginalna wiadomość", "původní zpráva", "исходное сообщение", "оригинальное сообщение", "原始邮件", "原始郵件", "邮件原件",
  "元のメッセージ",
  "원본 메시지", "thư gốc", "tin nhắn gốc", "ਅਸਲ ਸੁਨੇਹਾ", "forwarded message", "forwarded by",
  "weitergeleitete nachricht", "message transféré",
  "mensaje reenviado", "messaggio inoltrato", "mensagem encaminhada", "doorgestuurd bericht", "thư được chuyển tiếp",
  "转发的邮件", "轉寄的郵件",
  "begin forwarded message", "anfang der weitergeleiteten", "début du message", "inicio del mensaje",
  "inizio messaggio", "begin doorgestuurd",
  NULL,
};

/* Names of copied fields. */
static const char *const from_names[] = {
  "from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "от", "від", "发件人", "寄件者", "差出人", "보낸 사람",
  "từ", "người gửi",
  "ਵੱਲੋਂ", "kimden", "de la", "expéditeur", "remitente", "mittente", "remetente", "absender",
  NULL,
};
static const char *const subject_names[] = {
  "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "ämne", "emne", "aihe", "temat",
  "předmět", "тема", "主题", "主旨",
  "件名", "제목", "chủ đề", "tiêu đề", "ਵਿਸ਼ਾ", "konu", "subiect", "assumpte",
  NULL,
};
static const char *const other_names[] = {
  "to", "cc", "bcc", "date", "sent", "reply-to", "reply to", "importance", "attachments", "organization", "an",
  "gesendet", "datum", "antwort an",
  "kopie", "à", "a", "envoyé", "répondre à", "para", "enviado", "enviado el", "enviada em", "fecha", "data",
  "inviato", "risposta",
  "aan", "verzonden", "till", "skickat", "kopia", "til", "sendt", "dato", "lähetetty", "vastaanottaja", "do",
  "wysłano", "odesláno", "komu", "кому",
  "отправлено", "дата", "надіслано", "копия", "发送时间", "收件人", "抄送", "寄件日期", "日期", "收件者", "副本", "送信日時", "宛先", "日付",
  "받는 사람",
  "보낸 날짜", "날짜", "tới", "đến", "ngày", "đã gửi", "người nhận", "ਵੱਲ", "ਮਿਤੀ", "ਭੇਜਿਆ", "kime", "tarih", "gönderildi",
  NULL,
};

static const char *const devices[] = {
  "sent from", "sent via", "sent with", "sent by", "from my", "get outlook for", "get [outlook", "envoyé de",
  "envoyé à partir", "von meinem",
  "gesendet von", "gesendet mit", "diese nachricht wurde von mein", "verzonden met", "verzonden van",
  "verstuurd vanaf", "enviado desde", "enviado do",
  "enviado de", "enviado con", "inviato da", "inviato dal", "sendt fra", "skickat från", "lähetetty", "wysłane z",
  "wysłano z", "отправлено с",
  "надіслано з", "odesláno z", "从我的", "從我的", "发自我的", "發自我的", "iphoneから送信", "내 iphone에서 보냄", "gửi từ", "đã gửi từ",
  "trimis de pe",
  "télécharger outlook", "obtener outlook", "outlook für", "ottieni outlook", "someone from mobile",
  NULL,
};

static const char *const *const lists[] = {
  [WORDS_WROTE] = wrote,
  [WORDS_OPENERS] = openers,
  [WORDS_MARKERS] = markers,
  [WORDS_FROM] = from_names,
  [WORDS_SUBJECT] = subject_names,
  [WORDS_OTHER] = other_names,
  [WORDS_DEVICES] = devices,
};

gboolean
words_have (WordsOf words, const char *text)
{
  for (guint i = 0; lists[words][i] != NULL; i++)
    if (g_str_equal (text, lists[words][i]))
      return TRUE;
  return FALSE;
}

gboolean
words_begin (WordsOf words, const char *text)
{
  for (guint i = 0; lists[words][i] != NULL; i++)
    if (g_str_has_prefix (text, lists[words][i]))
      return TRUE;
  return FALSE;
}

gboolean
words_are_in (WordsOf words, const char *text)
{
  for (guint i = 0; lists[words][i] != NULL; i++)
    if (strstr (text, lists[words][i]) != NULL)
      return TRUE;
  return FALSE;
}
