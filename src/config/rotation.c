#include "config/rotation.h"

#include <string.h>

#include "config/hours.h"
#include "config/limits.h"

gboolean
rotation_parse_every (const char *text, TurnUnit *unit, int *length)
{
  static const char *const units[] = { "h", "d", "w", "mo" };
  char *rest;
  if (!g_ascii_isdigit (*text))
    return FALSE;
  guint64 number = g_ascii_strtoull (text, &rest, 10);
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_str_equal (rest, units[i]) && number >= 1 && number <= LIMIT_TURN)
      {
        *unit = (TurnUnit) i;
        *length = (int) number;
        return TRUE;
      }
  return FALSE;
}

/* Two digits below BOUND. */
static gboolean
parse_pair (const char *text, int bound, int *number)
{
  if (!g_ascii_isdigit (text[0]) || !g_ascii_isdigit (text[1]))
    return FALSE;
  *number = (text[0] - '0') * 10 + text[1] - '0';
  return *number < bound;
}

gboolean
rotation_parse_start (const char *text, gint32 *day, gint64 *clock)
{
  DaySpan whole;
  int hour, minute, second = 0;
  gsize date = strlen ("YYYY-MM-DD");
  g_autofree char *written = g_strndup (text, date);
  if (!hours_parse_date (written, day, &whole) || text[date] != 'T')
    return FALSE;
  const char *time = text + date + 1;
  if (!parse_pair (time, 24, &hour) || time[2] != ':' || !parse_pair (time + 3, 60, &minute))
    return FALSE;
  if (time[5] != '\0' && (time[5] != ':' || !parse_pair (time + 6, 60, &second) || time[8] != '\0'))
    return FALSE;
  *clock = ((gint64) hour * 3600 + minute * 60 + second) * G_USEC_PER_SEC;
  return TRUE;
}
