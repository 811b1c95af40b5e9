#include "commands/output.h"

#include <stdio.h>
#include <string.h>

#include "delivery/delivery.h"
#include "desk/directives.h"
#include "desk/staff.h"
#include "directory/directory.h"
#include "mail/message.h"

json_t *
output_time (gint64 time)
{
  if (time == 0)
    return json_null ();
  g_autoptr (GDateTime) moment = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  g_autofree char *text = g_date_time_format (moment, "%Y-%m-%dT%H:%M:%S+00:00");
  return json_string (text);
}

json_t *
output_string (const char *text)
{
  return text != NULL ? json_string (text) : json_null ();
}

void
output_json (json_t *document)
{
  json_dumpf (document, stdout, JSON_INDENT (2));
  putchar ('\n');
  json_decref (document);
}

/* A value as one cell: clean, so that mail cannot steer the terminal. The caller's. */
static char *
cell (const json_t *value)
{
  if (json_is_string (value))
    return text_clean (json_string_value (value), 60);
  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  if (json_is_real (value))
    return g_strdup_printf ("%.1f", json_real_value (value));
  if (json_is_boolean (value))
    return g_strdup (json_is_true (value) ? "yes" : "no");
  return g_strdup ("-");
}

static glong
display_width (const char *text)
{
  glong width = 0;
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar letter = g_utf8_get_char (c);
      width += g_unichar_iszerowidth (letter) ? 0 : g_unichar_iswide (letter) ? 2 : 1;
    }
  return width;
}

static void
print_cell (const char *text, glong width, gboolean last)
{
  fputs (text, stdout);
  for (glong i = display_width (text); !last && i < width + 2; i++)
    putchar (' ');
  if (last)
    putchar ('\n');
}

void
output_table (const json_t *rows, const char *const *keys, const char *const *titles)
{
  guint columns = g_strv_length ((char **) keys);
  g_autofree glong *widths = g_new0 (glong, columns);
  size_t index;
  json_t *row;
  for (guint i = 0; i < columns; i++)
    widths[i] = display_width (titles[i]);
  json_array_foreach (rows, index, row)
    for (guint i = 0; i < columns; i++)
      {
        g_autofree char *text = cell (json_object_get (row, keys[i]));
        widths[i] = MAX (widths[i], display_width (text));
      }
  for (guint i = 0; i < columns; i++)
    print_cell (titles[i], widths[i], i + 1 == columns);
  json_array_foreach (rows, index, row)
    for (guint i = 0; i < columns; i++)
      {
        g_autofree char *text = cell (json_object_get (row, keys[i]));
        print_cell (text, widths[i], i + 1 == columns);
      }
}

int
output_error (const char *name, const GError *error)
{
  fprintf (stderr, "frontdesk %s: %s\n", name, error->message);
  if (error->domain == CONFIG_ERROR || error->domain == LETTER_ERROR)
    return COMMAND_CONFIG;
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_NOT_FOUND) ||
      g_error_matches (error, STORE_ERROR, STORE_ERROR_STATE) || error->domain == G_FILE_ERROR || error->domain == STAFF_ERROR ||
      error->domain == DIRECTIVES_ERROR)
    return COMMAND_DATA;
  if (g_error_matches (error, STORE_ERROR, STORE_ERROR_UNAVAILABLE))
    return COMMAND_AGAIN;
  return COMMAND_UNAVAILABLE;
}
