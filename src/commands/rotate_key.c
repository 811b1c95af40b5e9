/* rotate-key: another secret key, while what the old one has signed stays good for a time. */
#include "commands/command.h"
#include "commands/output.h"

#include <stdio.h>
#include <string.h>

#include "desk/desk.h"
#include "mail/keys.h"

#define DAY G_GINT64_CONSTANT (86400)
#define LAST_DAYS 3660

/* Days; 0 when TEXT is no number of them. */
static gint64
read_days (const char *text)
{
  guint64 days = 0;
  return g_ascii_string_to_unsigned (text, 10, 1, LAST_DAYS, &days, NULL) ? (gint64) days : 0;
}

int
command_rotate_key (CommandContext *context, int argc, char **argv)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 days = argc == 1 ? 90 : argc == 3 && strcmp (argv[1], "--days") == 0 ? read_days (argv[2]) : 0;
  if (days == 0)
    {
      fprintf (stderr, "usage: frontdesk rotate-key [--days 1..%d]\n", LAST_DAYS);
      return COMMAND_USAGE;
    }
  g_autoptr (GError) error = NULL;
  g_autofree char *path = desk_secret_path (context->config);
  if (!keys_rotate (path, now, now + days * DAY, &error))
    return output_error ("rotate-key", error);
  if (context->json)
    output_json (json_pack ("{s:s, s:o}", "key", path, "old_key_good_until", output_time ((now + days * DAY) * G_USEC_PER_SEC)));
  else
    printf ("%s: there is a new key; what the old one has signed is good for %" G_GINT64_FORMAT " days more.\n", path, days);
  return COMMAND_OK;
}
