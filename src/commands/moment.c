#include "commands/moment.h"

gboolean
moment_read (const char *text, GTimeZone *zone, gint64 *at, GError **error)
{
  *at = g_get_real_time ();
  if (text == NULL)
    return TRUE;
  g_autoptr (GDateTime) moment = g_date_time_new_from_iso8601 (text, zone);
  if (moment == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "\"%s\" is no time; write 2026-11-23T08:00:00-08:00", text);
      return FALSE;
    }
  *at = g_date_time_to_unix (moment) * G_USEC_PER_SEC;
  return TRUE;
}
