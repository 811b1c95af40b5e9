/* channel: the ways out. Each takes one thing to one place, within its time-out, and says how it went. */
#pragma once

#include "config/config.h"
#include "store/incident.h"

/* A page as a letter, for channels of type mail. */
typedef struct {
  const RelaySettings *relay;
  const char *to;
  GBytes *message;
} PageLetter;

/* What a page says, whatever carries it. All belongs to the caller; what may be missing is nullable. */
typedef struct {
  gint64 page;            /* its outbox row's id */
  gint64 incident, ticket;
  gint64 created_at;      /* microseconds since 1970 */
  const char *event;      /* "trigger", "acknowledge", "resolve" */
  gboolean test;          /* nothing has happened: somebody tries the channel */
  gboolean possible_repeat; /* an earlier try may have arrived */
  const char *key;        /* idempotency key, the same in every try */
  const char *incident_key; /* the same for all pages of an incident, and no other installation's */
  const char *agent, *agent_name;
  const char *agent_mobile; /* nullable */
  const char *role, *priority, *subject, *requester, *customer, *phone, *company;
  const char *by;         /* who acknowledged, nullable */
  int count;              /* a grouped page: of how many incidents; else 0 */
  const char *list;       /* and a line for each; else NULL */
  const char *limit;      /* what it says of a limit that it is the last page within, nullable */
  const char *acknowledge_url; /* nullable: there is no web-url */
  const char *token;      /* names the page to the built-in web page; nullable, too */
  const char *text;       /* one line for a phone */
  const PageLetter *letter; /* for a channel of type mail, else NULL */
} PageNotice;

/* How it went. */
typedef struct {
  char *answer;       /* one line; set when the page was taken */
  char *provider_id;  /* what the gateway calls the page, nullable */
  gint64 retry_after; /* seconds until the next try is wanted, when it was not taken now; 0: not told */
} PageReceipt;

void page_receipt_clear (PageReceipt *receipt);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PageReceipt, page_receipt_clear)

/* Takes NOTICE to CHANNEL, by its type. RECEIPT is zeroed by the caller, who clears it whether or not the page was taken.
 * Errors: DELIVERY_ERROR. */
gboolean channel_send_page (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);

/* Hands MESSAGE to the relay for one recipient; FROM "" is the null sender. Reuses the calling thread's connection.
 * *ANSWER (the caller's) is the relay's last answer. Errors: DELIVERY_ERROR. */
gboolean channel_send_mail (const RelaySettings *relay, const char *from, const char *to, GBytes *message, char **answer,
                            GError **error);
/* Greets the relay and sends nothing: for `doctor`. Errors: DELIVERY_ERROR. */
gboolean channel_check_relay (const RelaySettings *relay, GError **error);

/* What CHANNEL's gateway tells of the page that it calls PROVIDER_ID: by its spool's folders, or by asking it. *DETAIL, the
 * caller's, is one line; NULL while nothing is known. A device that was reached is no acknowledgement. */
PageFate channel_find_fate (const Channel *channel, const char *provider_id, char **detail);

/* Tries what CHANNEL needs besides its gateway, for -t and `doctor`: its secrets, its template, its spool. Errors:
 * DELIVERY_ERROR. */
gboolean channel_check (const Channel *channel, GError **error);

/* PATTERN with the mobile of NOTICE's agent put in; NULL with a permanent error when there is no valid one. The caller's. */
char *channel_fill_mobile (const Channel *channel, const char *pattern, const PageNotice *notice, GError **error);

/* ---- one for each type, for channel_send_page() and channel_find_fate() ---- */

/* Sends NOTICE as JSON, as a form, as a chat program's message or by the channel's template; signed, when it has a secret. */
gboolean channel_send_webhook (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);
/* Fills the template of a webhook that has one with an example. */
gboolean channel_check_template (const Channel *channel, GError **error);
gboolean channel_send_pagerduty (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);
gboolean channel_send_twilio (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);
PageFate channel_ask_twilio (const Channel *channel, const char *provider_id, char **detail);
gboolean channel_send_ntfy (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);
/* Spools a call file. */
gboolean channel_send_asterisk (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);
PageFate channel_look_at_asterisk (const Channel *channel, const char *provider_id, char **detail);
/* Spools an SMS. */
gboolean channel_send_smstools (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);
PageFate channel_look_at_smstools (const Channel *channel, const char *provider_id, char **detail);
/* Runs the channel's argv with the NOTICE as JSON on standard input, no shell, bounded time and output; exit 0 is
 * delivered, 75 (EX_TEMPFAIL) and a time-out temporary, others permanent. */
gboolean channel_run_command (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error);
