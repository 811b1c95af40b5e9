/* channel: the ways out. Each takes one thing to one place, within its time-out, and says how it went. */
#pragma once

#include "config/config.h"

/* What a page says, whatever carries it. */
typedef struct {
  gint64 incident, ticket;
  const char *key;      /* idempotency key, the same in every try */
  const char *agent, *agent_name, *agent_mobile; /* the last nullable */
  const char *role, *priority, *subject, *requester, *customer, *phone, *company;
  const char *text;     /* one line for a phone */
} PageNotice;

/* Hands MESSAGE to the relay for one recipient; FROM "" is the null sender. Reuses the calling thread's connection.
 * *ANSWER (the caller's) is the relay's last answer. Errors: DELIVERY_ERROR. */
gboolean channel_send_mail (const RelaySettings *relay, const char *from, const char *to, GBytes *message, char **answer,
                            GError **error);
/* Greets the relay and sends nothing: for `doctor`. Errors: DELIVERY_ERROR. */
gboolean channel_check_relay (const RelaySettings *relay, GError **error);
/* POSTs NOTICE as JSON. 2xx is delivered; 408, 425, 429 and 5xx are temporary; other 4xx permanent. */
gboolean channel_send_webhook (const Channel *channel, const PageNotice *notice, char **answer, GError **error);
/* Runs the channel's argv with the NOTICE as JSON on standard input, no shell, bounded time and output; exit 0 is
 * delivered, 75 (EX_TEMPFAIL) and a time-out temporary, others permanent. */
gboolean channel_run_command (const Channel *channel, const PageNotice *notice, char **answer, GError **error);
