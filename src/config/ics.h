/* ics: an iCalendar file cut into its events and time zones, so that a mistake has its line: libical tells none. */
#pragma once

#include <glib.h>
#include <libical/ical.h>

typedef struct {
  icalcomponent *component; /* a VEVENT or VTIMEZONE */
  guint line;               /* where it begins */
} IcsPart;

/* The text of the file PATH, the caller's. Errors: CONFIG_ERROR_READ, and CONFIG_ERROR_VALUE when it has more than LIMIT
 * octets. */
char *ics_load (const char *path, gsize limit, GError **error);

/* The parts of TEXT in their order; (element-type IcsPart), the caller's. A text that breaks off, as of a file that is
 * being written, is a mistake. Errors: CONFIG_ERROR_VALUE with NAME:line. */
GArray *ics_parse (const char *name, const char *text, GError **error);

/* COMPONENT's properties of KIND; (element-type icalproperty), the caller's. libical can walk through only one kind at
 * a time. */
GPtrArray *ics_find (icalcomponent *component, icalproperty_kind kind);

/* EVENT's SUMMARY as UTF-8, "" when it has none. The caller's. */
char *ics_read_summary (icalcomponent *event);

/* Sets *ERROR to "PATH:LINE: TEXT". FALSE. */
gboolean ics_fail (const char *path, guint line, const char *text, GError **error);
