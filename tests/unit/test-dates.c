/* Dates in words. Moments are given by the wall clock, as zone data changes. */
#include "mail/dates.h"

#include <string.h>

#include <glib/gstdio.h>

#include "config/hours.h"

static gint64
moment (const char *zone, const char *wall_clock)
{
  g_autoptr (GTimeZone) known = g_time_zone_new_identifier (zone);
  g_autoptr (GTimeZone) taken = known != NULL ? g_steal_pointer (&known) : g_time_zone_new_utc ();
  g_autoptr (GDateTime) at = g_date_time_new_from_iso8601 (wall_clock, taken);
  g_assert_nonnull (at);
  return g_date_time_to_unix (at) * G_USEC_PER_SEC + g_date_time_get_microsecond (at);
}

/* ---- moments ---- */

typedef struct {
  const char *language, *zone, *at, *now, *promise, *moment;
} Row;

static void
check_row (const Row *row)
{
  gint64 at = moment (row->zone, row->at), now = moment (row->zone, row->now);
  g_autofree char *promise = dates_promise (row->language, row->zone, at, now);
  g_autofree char *when = dates_moment (row->language, row->zone, at, now);
  g_assert_cmpstr (promise, ==, row->promise);
  g_assert_cmpstr (when, ==, row->moment);
}

#define VANCOUVER "America/Vancouver"
#define SAIGON "Asia/Ho_Chi_Minh"
#define NOW "2026-11-30T09:00:00" /* a Monday */

static void
test_languages (void)
{
  static const Row rows[] = {
    { "en", VANCOUVER, "2026-12-01T10:15:00", NOW, "by 10:15 on Tuesday, Pacific Time",
      "10:15 on Tuesday, Pacific Time" },
    { "en", VANCOUVER, "2026-12-06T23:59:00", NOW, "by 23:59 on Sunday, Pacific Time",
      "23:59 on Sunday, Pacific Time" },
    { "en", VANCOUVER, "2026-12-08T10:15:00", NOW, "by 10:15 on Tuesday 8 December, Pacific Time",
      "10:15 on Tuesday 8 December, Pacific Time" },
    { "en-GB", "Europe/London", "2027-01-05T08:05:00", NOW, "by 08:05 on Tuesday 5 January 2027, United Kingdom Time",
      "08:05 on Tuesday 5 January 2027, United Kingdom Time" },
    { "fr", VANCOUVER, "2026-12-01T10:15:00", NOW, "au plus tard mardi à 10:15, heure du Pacifique nord-américain",
      "mardi à 10:15, heure du Pacifique nord-américain" },
    { "fr-ca", "America/Toronto", "2026-12-08T17:00:00", NOW,
      "au plus tard le mardi 8 décembre à 17:00, heure de l’Est",
      "le mardi 8 décembre à 17:00, heure de l’Est" },
    { "fr", "Europe/Paris", "2027-02-01T08:00:00", NOW,
      "au plus tard le lundi 1er février 2027 à 08:00, heure d’Europe centrale",
      "le lundi 1er février 2027 à 08:00, heure d’Europe centrale" },
    { "vi", SAIGON, "2026-12-01T10:15:00", NOW, "trước 10:15 Thứ Ba, Giờ Đông Dương", "10:15 Thứ Ba, Giờ Đông Dương" },
    { "vi", SAIGON, "2026-12-13T13:30:00", NOW, "trước 13:30 Chủ Nhật, ngày 13 tháng 12, Giờ Đông Dương",
      "13:30 Chủ Nhật, ngày 13 tháng 12, Giờ Đông Dương" },
    { "vi-vn", SAIGON, "2027-01-05T13:30:00", NOW, "trước 13:30 Thứ Ba, ngày 5 tháng 1 năm 2027, Giờ Đông Dương",
      "13:30 Thứ Ba, ngày 5 tháng 1 năm 2027, Giờ Đông Dương" },
    { "de", "Europe/Berlin", "2026-12-01T10:15:00", NOW,
      "spätestens am Dienstag um 10:15 Uhr (Mitteleuropäische Zeit)",
      "am Dienstag um 10:15 Uhr (Mitteleuropäische Zeit)" },
    { "de", "Europe/Berlin", "2026-12-08T10:15:00", NOW,
      "spätestens am Dienstag, dem 8. Dezember, um 10:15 Uhr (Mitteleuropäische Zeit)",
      "am Dienstag, dem 8. Dezember, um 10:15 Uhr (Mitteleuropäische Zeit)" },
    { "de-at", "Europe/Vienna", "2027-02-01T08:05:00", NOW,
      "spätestens am Montag, dem 1. Februar 2027, um 08:05 Uhr (Mitteleuropäische Zeit)",
      "am Montag, dem 1. Februar 2027, um 08:05 Uhr (Mitteleuropäische Zeit)" },
    { "es", "America/Mexico_City", "2026-12-01T10:15:00", NOW, "a más tardar el martes a las 10:15 h (hora central)",
      "el martes a las 10:15 h (hora central)" },
    { "es", "Europe/Madrid", "2026-12-08T17:00:00", NOW,
      "a más tardar el martes 8 de diciembre a las 17:00 h (hora de Europa central)",
      "el martes 8 de diciembre a las 17:00 h (hora de Europa central)" },
    { "es-mx", VANCOUVER, "2027-02-01T08:05:00", NOW,
      "a más tardar el lunes 1 de febrero de 2027 a las 08:05 h (hora del Pacífico)",
      "el lunes 1 de febrero de 2027 a las 08:05 h (hora del Pacífico)" },
    { "zh", "Asia/Shanghai", "2026-12-01T10:15:00", NOW, "最迟于星期二 10:15（中国标准时间）",
      "星期二 10:15（中国标准时间）" },
    { "zh-cn", VANCOUVER, "2026-12-08T17:00:00", NOW, "最迟于12月8日星期二 17:00（北美太平洋时间）",
      "12月8日星期二 17:00（北美太平洋时间）" },
    { "pa", "Asia/Kolkata", "2026-12-01T10:15:00", NOW, "ਮੰਗਲਵਾਰ ਨੂੰ 10:15 ਵਜੇ ਤੱਕ (ਭਾਰਤੀ ਮਿਆਰੀ ਵੇਲਾ)",
      "ਮੰਗਲਵਾਰ ਨੂੰ 10:15 ਵਜੇ (ਭਾਰਤੀ ਮਿਆਰੀ ਵੇਲਾ)" },
    { "pa", VANCOUVER, "2026-12-08T17:00:00", NOW,
      "ਮੰਗਲਵਾਰ, 8 ਦਸੰਬਰ ਨੂੰ 17:00 ਵਜੇ ਤੱਕ (ਉੱਤਰੀ ਅਮਰੀਕੀ ਪੈਸਿਫਿਕ ਵੇਲਾ)",
      "ਮੰਗਲਵਾਰ, 8 ਦਸੰਬਰ ਨੂੰ 17:00 ਵਜੇ (ਉੱਤਰੀ ਅਮਰੀਕੀ ਪੈਸਿਫਿਕ ਵੇਲਾ)" },
    { "pa-in", "Asia/Kolkata", "2027-02-01T08:05:00", NOW,
      "ਸੋਮਵਾਰ, 1 ਫ਼ਰਵਰੀ 2027 ਨੂੰ 08:05 ਵਜੇ ਤੱਕ (ਭਾਰਤੀ ਮਿਆਰੀ ਵੇਲਾ)",
      "ਸੋਮਵਾਰ, 1 ਫ਼ਰਵਰੀ 2027 ਨੂੰ 08:05 ਵਜੇ (ਭਾਰਤੀ ਮਿਆਰੀ ਵੇਲਾ)" },
    { "it", "Europe/Rome", "2026-12-08T10:15:00", NOW,
      "martedì 8 dicembre alle ore 10:15 Ora dell’Europa centrale",
      "martedì 8 dicembre alle ore 10:15 Ora dell’Europa centrale" },
    { "pt-br", "America/Sao_Paulo", "2026-12-01T10:15:00", NOW, "terça-feira, 10:15 Horário Padrão de Brasília",
      "terça-feira, 10:15 Horário Padrão de Brasília" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_row (&rows[i]);
}

/* What is done by AT is done by the minute that is promised. */
static void
test_seconds (void)
{
  static const Row rows[] = {
    { "en", VANCOUVER, "2026-12-01T10:15:00.000001", NOW, "by 10:16 on Tuesday, Pacific Time",
      "10:15 on Tuesday, Pacific Time" },
    { "en", VANCOUVER, "2026-12-01T23:59:59", NOW, "by 00:00 on Wednesday, Pacific Time",
      "23:59 on Tuesday, Pacific Time" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_row (&rows[i]);
}

/* Days are those of the calendar, not of 24 hours, and the past counts as the future does. */
static void
test_reach (void)
{
  static const Row rows[] = {
    { "en", VANCOUVER, "2026-12-07T00:00:00", NOW, "by 00:00 on Monday 7 December, Pacific Time",
      "00:00 on Monday 7 December, Pacific Time" },
    { "en", VANCOUVER, "2026-11-24T00:00:00", NOW, "by 00:00 on Tuesday, Pacific Time",
      "00:00 on Tuesday, Pacific Time" },
    { "en", VANCOUVER, "2026-11-23T23:00:00", NOW, "by 23:00 on Monday 23 November, Pacific Time",
      "23:00 on Monday 23 November, Pacific Time" },
    { "en", VANCOUVER, "2027-01-02T09:00:00", "2026-12-30T09:00:00", "by 09:00 on Saturday, Pacific Time",
      "09:00 on Saturday, Pacific Time" },
    { "en", VANCOUVER, "2027-01-08T09:00:00", "2026-12-30T09:00:00", "by 09:00 on Friday 8 January 2027, Pacific Time",
      "09:00 on Friday 8 January 2027, Pacific Time" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_row (&rows[i]);
}

/* The clocks of Paris go from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October. */
static void
test_changes_of_the_clock (void)
{
  static const struct {
    const char *utc, *now, *promise;
  } rows[] = {
    { "2026-03-29T00:59:00", "2026-03-28T12:00:00", "by 01:59 on Sunday, Central European Time" },
    { "2026-03-29T01:00:00", "2026-03-28T12:00:00", "by 03:00 on Sunday, Central European Time" },
    { "2026-03-29T22:00:00", "2026-03-23T12:00:00", "by 00:00 on Monday 30 March, Central European Time" },
    { "2026-10-25T00:30:00", "2026-10-25T00:00:00", "by 02:30 on Sunday, Central European Time" },
    { "2026-10-25T01:30:00", "2026-10-25T00:00:00", "by 02:30 on Sunday, Central European Time" },
    { "2026-10-25T22:59:00", "2026-10-19T12:00:00", "by 23:59 on Sunday, Central European Time" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *promise =
        dates_promise ("en", "Europe/Paris", moment ("UTC", rows[i].utc), moment ("UTC", rows[i].now));
      g_assert_cmpstr (promise, ==, rows[i].promise);
    }
}

/* main() has set the process's own language to French and its zone to Tokyo's: neither shows. */
static void
test_unknown (void)
{
  static const char *const tags[] = { "xx", "xx-ca", "nosuchlanguage", "../../etc/passwd", "", "x-klingon", "\xff" };
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    check_row (&(Row){ tags[i], VANCOUVER, "2026-12-01T10:15:00", NOW, "Tuesday, 10:15 Pacific Time",
                       "Tuesday, 10:15 Pacific Time" });
  static const char *const zones[] = { "Nowhere/Atlantis", "", "\xff", "../../etc/passwd" };
  for (guint i = 0; i < G_N_ELEMENTS (zones); i++)
    check_row (&(Row){ "en", zones[i], "2026-12-01T10:15:00", NOW, "by 10:15 on Tuesday, GMT",
                       "10:15 on Tuesday, GMT" });
  gint64 at = moment ("UTC", "2026-12-01T10:15:00");
  g_autofree char *no_zone = dates_promise (NULL, NULL, at, at);
  g_assert_cmpstr (no_zone, ==, "by 10:15 on Tuesday, GMT");
}

static void
test_beyond_the_calendar (void)
{
  static const gint64 times[] = { G_MAXINT64, G_MININT64 };
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autofree char *promise = dates_promise ("en", VANCOUVER, times[i], 0);
      g_autofree char *from_there = dates_moment ("en", VANCOUVER, 0, times[i]);
      g_assert_cmpstr (promise, ==, "");
      g_assert_cmpstr (from_there, ==, "");
    }
}

/* Zone data of the system that is newer than ICU's: the hour is the system's, as deadlines are counted with it. */
static void
test_zone_data_of_the_system (void)
{
  g_autofree char *folder = g_dir_make_tmp ("dates-XXXXXX", NULL);
  g_autofree char *america = g_build_filename (folder, "America", NULL);
  g_autofree char *changed = g_build_filename (america, "Vancouver", NULL);
  g_autofree char *unheard = g_build_filename (america, "Cascadia", NULL);
  g_autofree char *octets = NULL;
  gsize length;
  gint64 at = moment ("UTC", "2026-12-01T10:15:00");
  g_assert_true (g_file_get_contents ("/usr/share/zoneinfo/Etc/GMT+3", &octets, &length, NULL));
  g_assert_cmpint (g_mkdir (america, 0755), ==, 0);
  g_assert_true (g_file_set_contents (changed, octets, (gssize) length, NULL));
  g_assert_true (g_file_set_contents (unheard, octets, (gssize) length, NULL));
  g_setenv ("TZDIR", folder, TRUE);
  g_autofree char *hour = dates_promise ("en", VANCOUVER, at, at);
  g_autofree char *name = dates_promise ("en", "America/Cascadia", at, at);
  g_unsetenv ("TZDIR");
  g_assert_cmpstr (hour, ==, "by 07:15 on Tuesday, Pacific Time");
  g_assert_cmpstr (name, ==, "by 07:15 on Tuesday, America/Cascadia");
  g_assert_cmpint (g_remove (changed), ==, 0);
  g_assert_cmpint (g_remove (unheard), ==, 0);
  g_assert_cmpint (g_rmdir (america), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* ---- opening hours ---- */

/* What dates_hours() makes of HOURS, which are written as in the configuration, "; " between them. */
static char *
write_hours (const char *language, const char *zone, const char *hours, gint32 holiday)
{
  Calendar calendar = { .timezone = (char *) zone, .dates = g_array_new (FALSE, FALSE, sizeof (CalendarDate)) };
  g_auto (GStrv) windows = g_strsplit (hours, "; ", -1);
  for (guint i = 0; i < 7; i++)
    calendar.week[i] = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  for (guint i = 0; windows[i] != NULL; i++)
    {
      guint days;
      DaySpan span;
      g_assert_true (hours_parse (windows[i], &days, &span));
      for (guint day = 0; day < 7; day++)
        if (days & 1u << day)
          g_array_append_val (calendar.week[day], span);
    }
  if (holiday > 0)
    g_array_append_val (calendar.dates, ((CalendarDate){ .day = holiday, .kind = DATE_HOLIDAY, .name = "Holiday" }));
  char *text = dates_hours (language, &calendar);
  for (guint i = 0; i < 7; i++)
    g_array_unref (calendar.week[i]);
  g_array_unref (calendar.dates);
  return text;
}

static void
test_hours (void)
{
  static const struct {
    const char *language, *zone, *hours, *text;
  } rows[] = {
    { "en", VANCOUVER, "mon-fri 06:00-18:00", "Monday to Friday: 06:00-18:00\nPacific Time" },
    { "fr-ca", VANCOUVER, "mon-fri 06:00-18:00", "Du lundi au vendredi : 06:00-18:00\nHeure du Pacifique" },
    { "vi", SAIGON, "mon-sat 08:00-12:00; mon-fri 13:30-16:30",
      "Thứ Hai đến Thứ Sáu: 08:00-12:00, 13:30-16:30\nThứ Bảy: 08:00-12:00\nGiờ Đông Dương" },
    { "de", "Europe/Berlin", "mon-thu 09:00-17:00", "Montag bis Donnerstag: 09:00-17:00\nMitteleuropäische Zeit" },
    { "es", VANCOUVER, "mon-fri 09:00-14:00; mon-thu 15:00-18:00",
      "De lunes a jueves: 09:00-14:00, 15:00-18:00\nViernes: 09:00-14:00\nHora del Pacífico" },
    { "zh", "Asia/Shanghai", "mon-fri 09:00-12:00; mon-fri 13:30-18:00; sat-sun 10:00-16:00",
      "星期一至星期五：09:00-12:00、13:30-18:00\n星期六、星期日：10:00-16:00\n中国标准时间" },
    { "pa", "Asia/Kolkata", "mon-sat 09:00-17:00", "ਸੋਮਵਾਰ ਤੋਂ ਸ਼ਨਿੱਚਰਵਾਰ: 09:00-17:00\nਭਾਰਤੀ ਮਿਆਰੀ ਵੇਲਾ" },
    { "it", "Europe/Rome", "mon-thu 09:00-17:00", "Lunedì – giovedì: 09:00-17:00\nOra dell’Europa centrale" },
    { "xx", "UTC", "sat 09:00-17:00", "Saturday: 09:00-17:00\nGMT" },
    { "en", "UTC", "mon 13:30-16:30; mon 08:00-12:00", "Monday: 08:00-12:00, 13:30-16:30\nGMT" },
    { "en", "UTC", "mon-sun 22:00-06:00", "Monday to Sunday: 22:00-06:00\nGMT" },
    { "en", "UTC", "sat-sun 00:00-24:00", "Saturday, Sunday: 00:00-24:00\nGMT" },
    { "en", "UTC", "mon-wed 09:00-17:00; fri 09:00-17:00; thu 09:00-20:00",
      "Monday to Wednesday, Friday: 09:00-17:00\nThursday: 09:00-20:00\nGMT" },
    { "fr", "UTC", "sun 10:00-12:00; tue 10:00-12:00", "Mardi, dimanche : 10:00-12:00\nUTC" },
    { "en", "UTC", "mon 06:00-18:00; mon 10:00-20:00; mon 20:00-21:00", "Monday: 06:00-21:00\nGMT" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = write_hours (rows[i].language, rows[i].zone, rows[i].hours, 0);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_always_open (void)
{
  g_assert_null (write_hours ("en", "UTC", "mon-sun 00:00-24:00", 0));
  g_autofree char *but_for_a_holiday = write_hours ("en", "UTC", "mon-sun 00:00-24:00", 20000);
  g_assert_cmpstr (but_for_a_holiday, ==, "Monday to Sunday: 00:00-24:00\nGMT");
}

/* ---- threads ---- */

/* More languages and zones than are kept, so that they are dropped while others write. */
static gpointer
write_dates (gpointer data)
{
  gint64 at = moment ("UTC", "2026-12-01T10:15:00");
  gsize wrong = 0;
  for (guint i = 0; i < 120; i++)
    {
      g_autofree char *tag = g_strdup_printf ("en-x-%c%u", 'a' + GPOINTER_TO_INT (data) % 4, i % 9);
      g_autofree char *zone = g_strdup_printf ("Etc/GMT-%u", i % 15);
      const char *day = i % 15 == 14 ? "Wednesday" : "Tuesday";
      g_autofree char *expected = g_strdup_printf ("by %02u:15 on %s, ", (10 + i % 15) % 24, day);
      g_autofree char *promise = dates_promise (tag, zone, at, at);
      g_autofree char *french = dates_moment ("fr", "UTC", at, at);
      wrong += !g_str_has_prefix (promise, expected) || !g_str_equal (french, "mardi à 10:15, UTC");
    }
  return GSIZE_TO_POINTER (wrong);
}

static void
test_eight_threads (void)
{
  GThread *threads[8];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, write_dates, GINT_TO_POINTER ((int) i));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmpuint (GPOINTER_TO_SIZE (g_thread_join (threads[i])), ==, 0);
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "fr_FR.UTF-8", TRUE);
  g_setenv ("TZ", "Asia/Tokyo", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dates/languages", test_languages);
  g_test_add_func ("/dates/seconds", test_seconds);
  g_test_add_func ("/dates/reach", test_reach);
  g_test_add_func ("/dates/changes-of-the-clock", test_changes_of_the_clock);
  g_test_add_func ("/dates/unknown", test_unknown);
  g_test_add_func ("/dates/beyond-the-calendar", test_beyond_the_calendar);
  g_test_add_func ("/dates/zone-data-of-the-system", test_zone_data_of_the_system);
  g_test_add_func ("/dates/hours", test_hours);
  g_test_add_func ("/dates/always-open", test_always_open);
  g_test_add_func ("/dates/eight-threads", test_eight_threads);
  return g_test_run ();
}
