/* http: one request to a gateway, bounded in time and size, and what its answer means. Private to delivery. */
#pragma once

#include <curl/curl.h>

#include "delivery/channel.h"

typedef struct {
  const char *method; /* "GET" sends no body */
  const char *url, *content_type;
  const char *body;
  gsize length;
  const struct curl_slist *headers; /* further ones, nullable */
  const char *user;                 /* of Basic authentication, nullable */
  const char *secret;               /* its password, or what else no message may show; nullable */
} HttpRequest;

typedef struct {
  long status;
  GString *body; /* its first LIMIT_GATEWAY_ANSWER octets */
} HttpAnswer;

void http_answer_clear (HttpAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HttpAnswer, http_answer_clear)

/* Sends REQUEST within CHANNEL's time-out. TRUE when the answer is 2xx; 408, 425, 429, 5xx and no answer at all are
 * temporary failures, all else is permanent. *RETRY_AFTER is set when the gateway tells it. Errors: DELIVERY_ERROR. */
gboolean http_send (const Channel *channel, const HttpRequest *request, HttpAnswer *answer, gint64 *retry_after, GError **error);

/* Says that ANSWER, though 2xx, is not what the gateway gives to what it has taken: WHAT is missing. Temporary: something
 * else may have answered in its place. Always FALSE. */
gboolean http_disbelieve (const Channel *channel, const HttpAnswer *answer, const char *what, GError **error);
