#include "config/hours.h"

#include <string.h>

#define DAY 86400 /* seconds */

/* "HH:MM" at TEXT, up to "24:00"; -1 when it is none. */
static gint32
parse_time (const char *text)
{
  if (!g_ascii_isdigit (text[0]) || !g_ascii_isdigit (text[1]) || text[2] != ':' || !g_ascii_isdigit (text[3]) ||
      !g_ascii_isdigit (text[4]))
    return -1;
  gint32 hours = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';
  return hours * 60 + minutes <= 24 * 60 && minutes < 60 ? (hours * 60 + minutes) * 60 : -1;
}

/* "HH:MM-HH:MM". One that ends before it begins ends on the next day; from a time to itself could mean two things. */
static gboolean
parse_span (const char *text, DaySpan *span)
{
  if (strlen (text) != strlen ("HH:MM-HH:MM") || text[5] != '-')
    return FALSE;
  span->from = parse_time (text);
  span->to = parse_time (text + 6);
  if (span->from < 0 || span->from >= DAY || span->to < 0 || span->from == span->to)
    return FALSE;
  if (span->to < span->from)
    span->to += DAY;
  return TRUE;
}

/* The day that TEXT begins with, Monday 0; -1 when it begins with none. */
static int
parse_day (const char *text)
{
  static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strncasecmp (text, names[i], 3) == 0)
      return (int) i;
  return -1;
}

gboolean
hours_parse (const char *text, guint *days, DaySpan *span)
{
  int first = parse_day (text), last = first;
  if (first < 0)
    return FALSE;
  text += 3;
  if (*text == '-')
    {
      last = parse_day (text + 1);
      text += 4;
    }
  if (last < 0 || *text != ' ')
    return FALSE;
  *days = 0;
  for (int day = first;; day = (day + 1) % 7) /* "fri-mon" goes over the end of the week */
    {
      *days |= 1u << day;
      if (day == last)
        break;
    }
  return parse_span (text + strspn (text, " "), span);
}

enum { JULIAN_1970 = 719163 };

gint32
hours_day (const GDate *date)
{
  return (gint32) g_date_get_julian (date) - JULIAN_1970;
}

GDate
hours_date (gint32 day)
{
  GDate date;
  g_date_clear (&date, 1);
  g_date_set_julian (&date, (guint32) (day + JULIAN_1970));
  return date;
}

/* YYYY-MM-DD at TEXT. */
static gboolean
parse_date (const char *text, gint32 *day)
{
  static const char form[] = "0000-00-00";
  guint part[3] = { 0 }, field = 0;
  for (guint i = 0; form[i] != '\0'; i++)
    {
      if (form[i] == '-' ? text[i] != '-' : !g_ascii_isdigit (text[i]))
        return FALSE;
      if (form[i] == '-')
        field++;
      else
        part[field] = part[field] * 10 + (guint) (text[i] - '0');
    }
  if (!g_date_valid_dmy ((GDateDay) part[2], (GDateMonth) part[1], (GDateYear) part[0]))
    return FALSE;
  GDate date;
  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay) part[2], (GDateMonth) part[1], (GDateYear) part[0]);
  *day = hours_day (&date);
  return TRUE;
}

gboolean
hours_parse_date (const char *text, gint32 *day, DaySpan *span)
{
  if (!parse_date (text, day))
    return FALSE;
  text += strlen ("YYYY-MM-DD");
  *span = (DaySpan){ 0, DAY };
  return *text == '\0' || (*text == ' ' && parse_span (text + strspn (text, " "), span));
}
