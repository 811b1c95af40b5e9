#include "mail/flowed.h"

#include <string.h>

/* RFC 3676 section 4.3: a signature line ends with a blank and does not flow. */
static gboolean
is_flowing (const char *line, gsize length)
{
  return length > 0 && line[length - 1] == ' ' && !(length == 3 && memcmp (line, "-- ", 3) == 0);
}

char *
flowed_unfold (const char *text, gboolean delete_space)
{
  GString *out = g_string_sized_new (strlen (text));
  gsize depth_before = 0;
  gboolean flowing = FALSE;
  while (*text != '\0')
    {
      gsize depth = strspn (text, ">"), length;
      const char *line = text + depth;
      line += *line == ' '; /* stuffed */
      length = strcspn (line, "\n");
      gboolean joins = flowing && depth == depth_before && !(length == 3 && memcmp (line, "-- ", 3) == 0);
      if (flowing && !joins)
        g_string_append_c (out, '\n');
      for (gsize i = 0; !joins && i < depth; i++)
        g_string_append (out, i + 1 < depth ? ">" : "> ");
      flowing = is_flowing (line, length);
      g_string_append_len (out, line, (gssize) (length - (flowing && delete_space ? 1 : 0)));
      if (!flowing && line[length] == '\n')
        g_string_append_c (out, '\n');
      depth_before = depth;
      text = line + length + (line[length] == '\n');
    }
  return g_string_free (out, FALSE);
}
