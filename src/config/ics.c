#include "config/ics.h"

#include <string.h>

#include "config/config.h"

gboolean
ics_fail (const char *path, guint line, const char *text, GError **error)
{
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s:%u: %s", path, line, text);
  return FALSE;
}

GPtrArray *
ics_find (icalcomponent *component, icalproperty_kind kind)
{
  GPtrArray *found = g_ptr_array_new ();
  for (icalproperty *property = icalcomponent_get_first_property (component, kind); property != NULL;
       property = icalcomponent_get_next_property (component, kind))
    g_ptr_array_add (found, property);
  return found;
}

/* libical takes an octet behind a backslash where a character of several may stand. */
char *
ics_read_summary (icalcomponent *event)
{
  const char *summary = icalcomponent_get_summary (event);
  return g_utf8_make_valid (summary != NULL ? summary : "", -1);
}

static void
clear_part (gpointer part)
{
  g_clear_pointer (&((IcsPart *) part)->component, icalcomponent_free);
}

/* What is being cut: TEXT holds the part that began on line BEGIN (0: none), whose name is NAME. */
typedef struct {
  const char *path;
  GArray *parts;
  GString *text;
  const char *name;
  guint begin;
} Cutting;

static gboolean
end_part (Cutting *cutting, GError **error)
{
  IcsPart part = { .component = icalparser_parse_string (cutting->text->str), .line = cutting->begin };
  icalcomponent_kind kind = part.component != NULL ? icalcomponent_isa (part.component) : ICAL_NO_COMPONENT;
  if (kind != ICAL_VEVENT_COMPONENT && kind != ICAL_VTIMEZONE_COMPONENT)
    {
      clear_part (&part);
      return ics_fail (cutting->path, cutting->begin, "the event that begins here is not iCalendar (RFC 5545)", error);
    }
  g_array_append_val (cutting->parts, part);
  cutting->begin = 0;
  return TRUE;
}

/* The name of the part that LINE begins or ends, or NULL. */
static const char *
part_of (const char *line, const char *word)
{
  static const char *const names[] = { "VEVENT", "VTIMEZONE" };
  gsize length = strlen (word);
  for (guint i = 0; g_ascii_strncasecmp (line, word, length) == 0 && i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (line + length, names[i]) == 0)
      return names[i];
  return NULL;
}

static gboolean
cut_line (Cutting *cutting, const char *line, guint number, GError **error)
{
  const char *begins = part_of (line, "BEGIN:"), *ends = part_of (line, "END:");
  if (begins != NULL && cutting->begin > 0)
    return ics_fail (cutting->path, cutting->begin, "the event that begins here does not end", error);
  if (begins != NULL)
    {
      cutting->begin = number;
      cutting->name = begins;
      g_string_truncate (cutting->text, 0);
    }
  if (cutting->begin > 0)
    g_string_append_printf (cutting->text, "%s\r\n", line);
  return cutting->begin == 0 || ends != cutting->name || end_part (cutting, error);
}

static gboolean
cut (Cutting *cutting, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean calendar = FALSE, ended = FALSE;
  guint count = g_strv_length (lines);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strchomp (lines[i]);
      calendar = calendar || g_ascii_strcasecmp (line, "BEGIN:VCALENDAR") == 0;
      if (*line != '\0')
        ended = g_ascii_strcasecmp (line, "END:VCALENDAR") == 0;
      if (*line != '\0' && *line != ' ' && *line != '\t' && (!calendar || strchr (line, ':') == NULL))
        return ics_fail (cutting->path, i + 1, "this is no line of an iCalendar file (RFC 5545)", error);
      if (!cut_line (cutting, line, i + 1, error))
        return FALSE;
    }
  if (cutting->begin > 0)
    return ics_fail (cutting->path, cutting->begin, "the event that begins here does not end", error);
  if (!calendar)
    return ics_fail (cutting->path, 1, "this is no iCalendar file: BEGIN:VCALENDAR is missing", error);
  return ended || ics_fail (cutting->path, count, "the file breaks off here: END:VCALENDAR is missing", error);
}

char *
ics_load (const char *path, gsize limit, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!g_file_get_contents (path, &text, &length, &failure))
    {
      g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_READ, "%s", failure->message);
      return NULL;
    }
  if (length > limit)
    {
      ics_fail (path, 1, "the file is too large for an iCalendar file of this kind", error);
      return NULL;
    }
  return g_steal_pointer (&text);
}

GArray *
ics_parse (const char *name, const char *text, GError **error)
{
  icalerror_set_errors_are_fatal (0);
  g_autoptr (GString) buffer = g_string_new (NULL);
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (IcsPart));
  g_array_set_clear_func (parts, clear_part);
  Cutting cutting = { .path = name, .parts = parts, .text = buffer };
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  return cut (&cutting, valid, error) ? g_steal_pointer (&parts) : NULL;
}
