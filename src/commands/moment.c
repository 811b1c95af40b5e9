#include "commands/moment.h"

#include <string.h>

/* TEXT with the seconds that g_date_time_new_from_iso8601() wants. The caller's. */
static char *
add_seconds (const char *text)
{
  const char *minutes = strchr (text, 'T');
  gsize short_time = strlen ("T08:00");
  if (minutes == NULL || strlen (minutes) < short_time || minutes[3] != ':' || minutes[short_time] == ':')
    return g_strdup (text);
  return g_strdup_printf ("%.*s:00%s", (int) (minutes - text + (gssize) short_time), text, minutes + short_time);
}

gboolean
moment_read (const char *text, GTimeZone *zone, gint64 *at, GError **error)
{
  *at = g_get_real_time ();
  if (text == NULL)
    return TRUE;
  g_autofree char *full = add_seconds (text);
  g_autoptr (GDateTime) moment = g_date_time_new_from_iso8601 (full, zone);
  if (moment == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "\"%s\" is no time; write 2026-11-23T08:00:00-08:00", text);
      return FALSE;
    }
  *at = g_date_time_to_unix (moment) * G_USEC_PER_SEC;
  return TRUE;
}
