/* page: one page, from its row and its ticket to its channel. Private to delivery. */
#pragma once

#include "delivery/channel.h"
#include "delivery/delivery.h"

/* What a page is made of. All belongs to the caller. */
typedef struct {
  LetterOrder letter;
  const char *by;   /* who has acknowledged, nullable */
  int count;        /* incidents that it tells of; 0: the one */
  const char *list; /* a line for each, nullable */
  const char *limit; /* that it is the last page within, nullable */
  gboolean test;
} PageSource;

/* Makes the page and sends it. RECEIPT as for channel_send_page(). Errors: DELIVERY_ERROR, LETTER_ERROR. */
gboolean page_send (const PageSource *source, PageReceipt *receipt, GError **error);

/* The letter of a page for CHANNEL, of type mail: in letters.c. NOTICE's letter is not looked at. *MESSAGE is the caller's.
 * Errors: DELIVERY_ERROR, LETTER_ERROR. */
gboolean page_write_letter (const PageSource *source, const Channel *channel, const PageNotice *notice, const char *to,
                            GBytes **message, GError **error);

/* A page that is about no ticket. All belongs to the caller. */
typedef struct {
  const Config *config;
  const Templates *templates;
  const Seal *seal;
  const Agent *agent;
  const Channel *channel;
  const char *subject;
  gboolean test;
  gint64 at; /* microseconds since 1970; with agent and channel it makes the page's key */
} PageNews;

/* Sends NEWS. *ANSWER (the caller's) is what the channel said. Errors: DELIVERY_ERROR, LETTER_ERROR. */
gboolean page_send_news (const PageNews *news, char **answer, GError **error);
