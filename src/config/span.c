#include <string.h>

#include "config/config.h"

static gint64
seconds_of_unit (char unit)
{
  switch (unit)
    {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    case 'w':
      return 604800;
    default:
      return 0;
    }
}

gboolean
span_parse (const char *text, Span *span)
{
  char *end;
  if (!g_ascii_isdigit (*text))
    return FALSE;
  guint64 amount = g_ascii_strtoull (text, &end, 10);
  if (amount > 1000000)
    return FALSE;
  if (g_str_equal (end, "bd"))
    {
      *span = (Span){ SPAN_BUSINESS_DAYS, (gint64) amount };
      return amount > 0;
    }
  gint64 unit = seconds_of_unit (*end);
  if (unit == 0)
    return FALSE;
  const char *rest = end + 1;
  gboolean elapsed = *rest == ' ' && g_str_equal (rest + strspn (rest, " "), "elapsed");
  if (*rest != '\0' && !elapsed)
    return FALSE;
  *span = (Span){ elapsed ? SPAN_ELAPSED : SPAN_BUSINESS, (gint64) amount * unit };
  return TRUE;
}

char *
span_to_string (Span span)
{
  const struct {
    gint64 seconds;
    char unit;
  } units[] = { { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
  if (span.kind == SPAN_BUSINESS_DAYS)
    return g_strdup_printf ("%" G_GINT64_FORMAT "bd", span.amount);
  guint i = 0;
  while (span.amount % units[i].seconds != 0)
    i++;
  return g_strdup_printf ("%" G_GINT64_FORMAT "%c%s", span.amount / units[i].seconds, units[i].unit,
                          span.kind == SPAN_ELAPSED ? " elapsed" : "");
}
