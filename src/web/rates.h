/* rates: how often somebody may do something: a token bucket for each key. Any thread may call. */
#pragma once

#include <glib.h>

typedef struct Rates Rates;

/* Up to BURST at once, and one more each PAUSE microseconds, for each of up to KEYS keys. */
Rates *rates_new (guint burst, gint64 pause, guint keys);
void rates_free (Rates *rates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rates, rates_free)

/* TRUE when KEY may at NOW (microseconds, never going back), which is counted then. */
gboolean rates_take (Rates *rates, const char *key, gint64 now);
