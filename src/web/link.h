/* link: what the token of a page leads to. */
#pragma once

#include "web/request.h"

typedef enum {
  LINK_GOOD,
  LINK_UNKNOWN,     /* forged, or its page or agent is there no more */
  LINK_EXPIRED,     /* the page is older than LIMIT_PAGE_LINK_DAYS */
  LINK_UNAVAILABLE, /* the store cannot be asked now */
} LinkState;

typedef struct {
  LinkState state;
  gint64 page;        /* its id; when LINK_GOOD */
  const Agent *agent; /* who was paged; NULL when LINK_UNKNOWN or LINK_UNAVAILABLE */
} Link;

/* TOKEN is nullable. */
Link link_open (const Request *request, const char *token);

/* "unknown", "expired" or "unavailable": what templates call it. NULL for LINK_GOOD. */
const char *link_problem (LinkState state);

/* 404, 410, 503; 200 for LINK_GOOD. */
guint link_status (LinkState state);

/* "acknowledge", "resolve", or NULL, which is the first. FALSE for anything else. */
gboolean link_read_action (const char *text, PageAction *action);
