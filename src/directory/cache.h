/* cache: the directory's answers, found or not, by address. Not locked: the directory does that. The time is an argument,
 * microseconds on any steady clock. */
#pragma once

#include "directory/contact.h"

typedef struct Cache Cache;

/* Answers count as fresh for LIFETIME microseconds; at most MAXIMUM are kept, the oldest go first. */
Cache *cache_new (gint64 lifetime, guint maximum);
void cache_free (Cache *cache);

/* The answer for ADDRESS: *CONTACT is a copy, NULL when it was "not found". FALSE when there is none, or, unless STALE
 * will do, when it is too old. */
gboolean cache_find (Cache *cache, const char *address, gboolean stale, gint64 now, Contact **contact);

/* CONTACT NULL: not found. It is held. */
void cache_put (Cache *cache, const char *address, Contact *contact, gint64 now);
