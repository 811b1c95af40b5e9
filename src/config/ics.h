/* ics: an iCalendar file cut into its events and time zones, so that a mistake has its line: libical tells none. */
#pragma once

#include <glib.h>
#include <libical/ical.h>

typedef struct {
  icalcomponent *component; /* a VEVENT or VTIMEZONE */
  guint line;               /* where it begins */
} IcsPart;

/* The parts of the file PATH in their order; (element-type IcsPart), the caller's. A file beyond LIMIT octets is not
 * read. Errors: CONFIG_ERROR_READ, and CONFIG_ERROR_VALUE with file:line. */
GArray *ics_read (const char *path, gsize limit, GError **error);

/* COMPONENT's properties of KIND; (element-type icalproperty), the caller's. libical can walk through only one kind at
 * a time. */
GPtrArray *ics_find (icalcomponent *component, icalproperty_kind kind);

/* Sets *ERROR to "PATH:LINE: TEXT". FALSE. */
gboolean ics_fail (const char *path, guint line, const char *text, GError **error);
