/* address: what is known of an address from mail of ours that came back. Plain data; the caller frees. */
#pragma once

#include <glib.h>

typedef struct {
  char *address;  /* as address_normalise() gives it */
  gboolean hard;  /* no mail reaches it; else it was refused for another reason, which may pass */
  char *status;   /* RFC 3463, nullable */
  char *detail;   /* what the server said */
  gint64 since;   /* the first time, microseconds since 1970 */
  gint64 last_at; /* the last time */
  int count;      /* how often */
} AddressState;

void address_state_free (AddressState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AddressState, address_state_free)

/* For so long after mail to a dead address came back nothing automatic is written to it. */
#define ADDRESS_HELD (60 * 24 * G_TIME_SPAN_HOUR)
