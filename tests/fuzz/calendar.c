/* iCalendar: the input as a file of holidays and as an on-call calendar. */
#include "fuzz.h"

#include <string.h>

#include "config/config.h"
#include "config/holidays.h"
#include "config/limits.h"

#define CONFIG_TEXT \
  "agent \"alice\" { mail = \"alice@example.com\" }\nagent \"bob\" { mail = \"bob@example.com\" }\n" \
  "schedule \"noc\" { timezone = \"America/Vancouver\" calendar = \"noc.ics\" }\n"

static void
check_holidays (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) dates = g_array_new (FALSE, FALSE, sizeof (CalendarDate));
  GStringChunk *names = g_string_chunk_new (1024);
  gboolean read = holidays_read (path, dates, names, &error);
  FUZZ_CHECK (read == (error == NULL) && dates->len <= LIMIT_HOLIDAYS);
  for (guint i = 0; i < dates->len; i++)
    {
      const CalendarDate *date = &g_array_index (dates, CalendarDate, i);
      FUZZ_CHECK (date->kind == DATE_HOLIDAY && g_utf8_validate (date->name, -1, NULL));
    }
  g_string_chunk_free (names);
}

static void
check_shifts (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = fuzz_file ("frontdesk.conf", CONFIG_TEXT, sizeof CONFIG_TEXT - 1);
  g_autoptr (Config) config = config_load (path, &error);
  FUZZ_CHECK ((config == NULL) == (error != NULL));
  if (config == NULL)
    return;
  const Schedule *schedule = config_find_schedule (config, "noc");
  FUZZ_CHECK (schedule->shifts->len <= LIMIT_SHIFTS);
  for (guint i = 0; i < schedule->shifts->len; i++)
    {
      const Shift *shift = &g_array_index (schedule->shifts, Shift, i), *before = i > 0 ? shift - 1 : shift;
      FUZZ_CHECK (shift->agent != NULL && shift->time.from < shift->time.to && before->time.from <= shift->time.from);
      FUZZ_CHECK (shift->time.to - shift->time.from <= schedule->longest);
    }
}

/* It has a rule that is written out to some ten thousand shifts. */
static gboolean
is_slow (const guint8 *data, gsize size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_autofree char *upper = g_ascii_strup (text, -1);
  return strstr (upper, "HOURLY") != NULL || strstr (upper, "MINUTELY") != NULL || strstr (upper, "SECONDLY") != NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *path = fuzz_file ("noc.ics", data, size);
  check_holidays (path);
  if (!is_slow (data, size))
    check_shifts ();
  return 0;
}
