/* What a server's words and codes mean. Codes are often wrong where words are right (many say 5.1.1 of a full mailbox and 5.0.0
 * of anything), so words that say something plain go first. */
#include "mail/bounce.h"

#include <string.h>

#include "config/limits.h"

/* A table's entry. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The first that is found counts. All in lower case. */
static const struct {
  BounceCause cause;
  const char *const *words;
} CAUSES[] = {
  { BOUNCE_FULL, WORDS ("mailbox full", "mailbox is full", "mailbox was full", "mailfolder is full", "over quota", "over their quota",
                        "overquota", "quota exceeded", "exceeded quota", "exceeded his quota", "exceeds the quota", "exceed the quota",
                        "quota limit", "quotaexceeded", "out of storage", "insufficient storage", "insufficient disk space",
                        "not enough storage", "disk quota", "exceeded storage", "exceeded the space", "storage quota",
                        "mailbox size limit", "exceeded the local limit", "inbox is full", "is over its quota", "no space left",
                        "mailbox exceeds", "mailbox too large", "mail box full", "account is full", "account is over",
                        "bloc utilisateur", "boite du destinataire pleine", "user is over quota") },
  /* It is the sender that is not liked, whatever is unknown about them. */
  { BOUNCE_REFUSED, WORDS ("reply to mail from", "after mail from", "sender address rejected", "sender rejected", "sender denied",
                           "sender domain", "sender address has no",
                           "domain of sender", "sender's domain", "envelope sender", "reverse dns", "ptr record", "unauthenticated email",
                           "authentication required", "not authenticated", "authentication information", "dmarc", "spf check", "spf record",
                           "sender verify", "client host rejected", "relay access denied", "relaying denied", "relay denied",
                           "not permitted to relay", "unable to relay", "we do not relay", "spamhaus", "blacklist", "blocklist",
                           "block list", "blocked using", "is listed in", "is listed at", "reputation", "spam", "virus", "unsolicited") },
  { BOUNCE_DISABLED, WORDS ("account disabled", "account is disabled", "account has been disabled", "mailbox disabled",
                            "mailbox is disabled", "account inactive", "account is inactive", "mailbox inactive", "inactive user",
                            "inactive account", "account suspended", "account is suspended", "has been suspended", "user suspended",
                            "is currently suspended", "temporarily locked", "account locked", "account closed",
                            "account is not active", "account not activated", "mailbox is inactive", "user disabled",
                            "has been deactivated", "account deactivated", "invalid/inactive user", "boite du destinataire archivee",
                            "mailbox currently suspended", "unavailable user", "disabled; not accepting", "not accepting messages",
                            "address no longer accepts mail") },
  { BOUNCE_HOST, WORDS ("host unknown", "unknown host", "host not found", "domain not found", "no such domain", "unknown domain",
                        "host or domain name not found", "couldn't find any host", "name or service not known",
                        "domain does not exist", "domain doesn't exist", "unrouteable mail domain", "no route to host known",
                        "domain name not found", "bad destination host", "invalid domain", "non-existent host", "no dns",
                        "does not accept mail", "doesn't accept mail", "nullmx", "null mx", "unknown mail host",
                        "all relevant mx records point to non-existent hosts", "recipientdomainnotfound", "nxdomain",
                        "domain is not accepting", "domain not valid", "domain is not reachable") },
  { BOUNCE_ADDRESS, WORDS ("user unknown", "unknown user", "unknownuser", "userunknown", "no such user", "no such recipient",
                           "no such address", "no such mailbox", "no such account", "no such person", "no such local user",
                           "no mailbox here", "no mailbox", "mailbox not found", "mailbox does not exist", "mailbox doesn't exist",
                           "mailbox unavailable or access denied", "recipient unknown", "unknown recipient", "recipient not found",
                           "recipnotfound", "recipientnotfound", "recipient name is not recognized", "recipient does not exist",
                           "recipient address does not exist", "address does not exist", "address doesn't exist",
                           "account does not exist", "account that you tried to reach does not exist", "user does not exist",
                           "user doesn't exist", "doesn't have a", "does not have an account", "user not found",
                           "no user", "not a valid user", "not a valid mailbox", "not a known user", "unknown address", "unknown email",
                           "unknown local", "unknown account", "unknown mailbox", "invalid recipient", "invalid mailbox",
                           "invalid user", "invalid address", "invalid final delivery userid", "unrouteable address", "unroutable address",
                           "not our customer", "address rejected: undeliverable", "user not exist", "registered gateway user",
                           "recipient address rejected: access denied", "recipient address rejected: user",
                           "is not a recognized", "not recognized", "not known here",
                           "bad destination mailbox", "bad recipient", "address unknown", "adresse d au moins un destinataire invalide",
                           "adresse invalide", "user is unknown", "not found in the recipient", "wasn't found at", "couldn't be found",
                           "unknown or illegal alias", "name is not recognized", "no longer available", "has moved",
                           "no account by that name", "there is no one at this address", "not listed in", "no valid recipients",
                           "this user doesn't", "user (", "undeliverable address", "does not exist") },
};

/* Words that servers say of anything: only where no code tells more. */
static const char *const REFUSED[] = { "access denied", "policy", "prohibited", "not allowed", "not permitted", "refused", "rejected",
                                       "denied", "blocked", "message size", "too large", "too big", "attachment", "content",
                                       "restricted", NULL };

/* A reply code in *AT, and one that stands alone, or 0. */
static int
code_at (const char *text, const char *at)
{
  gboolean begins = at == text || !(g_ascii_isalnum (at[-1]) || strchr (".-_@[:", at[-1]) != NULL);
  if (at > text && at[-1] == ':' && at - text > 1) /* "ERROR_CODE :550" */
    begins = at[-2] == ' ';
  if (!begins || strchr ("245", *at) == NULL || strspn (at, "0123456789") != 3 || at[1] > '5')
    return 0;
  return at[3] == '\0' || strchr (" -:\t\n,.)]#", at[3]) != NULL ? (int) g_ascii_strtoull (at, NULL, 10) : 0;
}

/* The length of the status code in *AT, or 0. No part of an IP address or of a version. */
static gsize
status_at (const char *text, const char *at)
{
  if (strchr ("245", *at) == NULL || at[1] != '.' || (at > text && (g_ascii_isalnum (at[-1]) || strchr (".[/", at[-1]) != NULL)))
    return 0;
  gsize subject = strspn (at + 2, "0123456789");
  if (subject == 0 || subject > 3 || at[2 + subject] != '.')
    return 0;
  gsize detail = strspn (at + 3 + subject, "0123456789"), length = 3 + subject + detail;
  gboolean more = g_ascii_isalnum (at[length]) || at[length] == '@' || (at[length] == '.' && g_ascii_isdigit (at[length + 1]));
  return detail == 0 || detail > 3 || more ? 0 : length;
}

static gboolean
is_vague (const char *status)
{
  return status == NULL || g_str_has_suffix (status, ".0.0");
}

/* The first of either in WORDS, where RECIPIENT has none or a vague one. */
static void
find_codes (BounceRecipient *recipient, const char *words)
{
  for (const char *at = words; *at != '\0'; at++)
    {
      gsize length = *at >= '2' && *at <= '5' ? status_at (words, at) : 0;
      if (length > 0 && is_vague (recipient->status))
        {
          g_free (recipient->status);
          recipient->status = g_strndup (at, length);
        }
      else if (length == 0 && recipient->smtp == 0 && g_ascii_isdigit (*at))
        recipient->smtp = code_at (words, at);
    }
}

static gboolean
has_any (const char *lowered, const char *const *words)
{
  for (; *words != NULL; words++)
    if (strstr (lowered, *words) != NULL)
      return TRUE;
  return FALSE;
}

static BounceCause
cause_by_words (const char *lowered)
{
  for (guint i = 0; i < G_N_ELEMENTS (CAUSES); i++)
    if (has_any (lowered, CAUSES[i].words))
      return CAUSES[i].cause;
  return BOUNCE_OTHER;
}

/* RFC 3463 and IANA's registry after it; 5.1.10 and reply 556 are RFC 7505's, the others Exchange Online's. */
static BounceCause
cause_by_codes (const BounceRecipient *recipient)
{
  static const struct {
    const char *code; /* without its class */
    BounceCause cause;
  } codes[] = {
    { "1.0", BOUNCE_ADDRESS }, { "1.1", BOUNCE_ADDRESS }, { "1.2", BOUNCE_HOST },     { "1.3", BOUNCE_ADDRESS },
    { "1.4", BOUNCE_ADDRESS }, { "1.6", BOUNCE_ADDRESS }, { "1.7", BOUNCE_REFUSED },  { "1.8", BOUNCE_REFUSED },
    { "1.9", BOUNCE_OTHER },   { "1.10", BOUNCE_HOST },   { "1.20", BOUNCE_ADDRESS }, { "2.1", BOUNCE_DISABLED },
    { "2.2", BOUNCE_FULL },    { "2.3", BOUNCE_REFUSED }, { "3.4", BOUNCE_REFUSED },  { "4.4", BOUNCE_HOST },
  };
  const char *code = recipient->status != NULL ? recipient->status + 2 : "";
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_str_equal (code, codes[i].code))
      return codes[i].cause;
  if (recipient->smtp == 556 || recipient->smtp == 521)
    return BOUNCE_HOST;
  return g_str_has_prefix (code, "7.") || g_str_has_prefix (code, "6.") ? BOUNCE_REFUSED : BOUNCE_OTHER;
}

/* A reply or status of class 4: it may go well another time. */
static gboolean
is_passing (const BounceRecipient *recipient, const char *lowered)
{
  if (recipient->status != NULL)
    return *recipient->status == '4';
  return (recipient->smtp >= 400 && recipient->smtp < 500) || strstr (lowered, "try again") != NULL;
}

/* Filters that read the message say "user unknown", too, to whom they do not like. It is the address that is refused where the
 * status says so, or the reply was one to RCPT, or the words are those of a server that never saw the message. */
static gboolean
is_about_address (const BounceRecipient *recipient, const char *lowered)
{
  static const char *const sure[] = { "rcpt", "name is not recognized", "final delivery userid", "not listed in", "unrouteable",
                                      "couldn't be found", "invalid recipient", NULL };
  static const char *const likely[] = { "no such user", "not exist", NULL };
  static const char *const later[] = { "end of data", "data command", "command data", ">>> data", NULL };
  const char *code = recipient->status != NULL ? recipient->status + 2 : "";
  if (recipient->cause == BOUNCE_HOST || (g_str_has_prefix (code, "1.") && strlen (code) < 5))
    return TRUE;
  return has_any (lowered, sure) || (has_any (lowered, likely) && !has_any (lowered, later));
}

void
bounce_judge (BounceRecipient *recipient, const char *words)
{
  g_autofree char *own = g_utf8_strdown (recipient->diagnostic, -1);
  g_autofree char *others = g_utf8_strdown (words, -1);
  g_autofree char *all = g_strconcat (own, "\n", others, NULL);
  find_codes (recipient, recipient->diagnostic);
  find_codes (recipient, words);
  recipient->cause = cause_by_words (*own != '\0' ? own : others);
  if (recipient->cause == BOUNCE_OTHER)
    recipient->cause = cause_by_codes (recipient);
  if (recipient->cause == BOUNCE_OTHER && has_any (own, REFUSED))
    recipient->cause = BOUNCE_REFUSED;
  if (recipient->cause == BOUNCE_OTHER)
    recipient->cause = cause_by_words (others);
  gboolean dead = (recipient->cause == BOUNCE_ADDRESS || recipient->cause == BOUNCE_HOST) && is_about_address (recipient, all);
  recipient->permanent = dead && recipient->action == BOUNCE_FAILED && !is_passing (recipient, all);
}
