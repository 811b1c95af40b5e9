/* ICU gives the languages' words, GLib the wall clock: deadlines are counted with the system's zone data, and ICU's own
 * may be older, so that it would name another hour. ICU's formatter therefore gets wall-clock times, as if of UTC. */
#include "mail/dates.h"

#include <string.h>

#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/udatpg.h>
#include <unicode/uloc.h>
#include <unicode/ures.h>

#define DAY 86400 /* seconds */
#define DAYS_NEAR 6
#define LANGUAGES_KEPT 16
#define ZONES_KEPT 32
#define TEXT_MAX 256 /* UTF-16 units: patterns, and what comes of them */
#define ZONE "vvvv"  /* in a pattern: the zone's name; it is put in by us */
#define DAY_OF_MONTH "d MMMM"

typedef enum { KIND_MOMENT, KIND_PROMISE, N_KINDS } Kind;
typedef enum { REACH_WEEK, REACH_YEAR, REACH_FAR, N_REACHES } Reach;

/* What we know of a language. Patterns are ICU's, with words in quotes. */
typedef struct {
  const char *language;
  const char *pattern[N_KINDS][N_REACHES];
  const char *first; /* what stands for DAY_OF_MONTH on the first; nullable */
  const char *run;   /* "Monday to Friday" */
  const char *colon;
  const char *comma; /* between days, and between spans */
} Words;

static const Words known[] = {
  { "en",
    { { "HH:mm 'on' EEEE, vvvv", "HH:mm 'on' EEEE d MMMM, vvvv", "HH:mm 'on' EEEE d MMMM y, vvvv" },
      { "'by' HH:mm 'on' EEEE, vvvv", "'by' HH:mm 'on' EEEE d MMMM, vvvv", "'by' HH:mm 'on' EEEE d MMMM y, vvvv" } },
    NULL,
    "%s to %s",
    ": ",
    ", " },
  { "fr",
    { { "EEEE 'à' HH:mm, vvvv", "'le' EEEE d MMMM 'à' HH:mm, vvvv", "'le' EEEE d MMMM y 'à' HH:mm, vvvv" },
      { "'au plus tard' EEEE 'à' HH:mm, vvvv", "'au plus tard le' EEEE d MMMM 'à' HH:mm, vvvv",
        "'au plus tard le' EEEE d MMMM y 'à' HH:mm, vvvv" } },
    "d'er' MMMM",
    "du %s au %s",
    " : ",
    ", " },
  { "vi",
    { { "HH:mm EEEE, vvvv", "HH:mm EEEE, 'ngày' d MMMM, vvvv", "HH:mm EEEE, 'ngày' d MMMM 'năm' y, vvvv" },
      { "'trước' HH:mm EEEE, vvvv", "'trước' HH:mm EEEE, 'ngày' d MMMM, vvvv",
        "'trước' HH:mm EEEE, 'ngày' d MMMM 'năm' y, vvvv" } },
    NULL,
    "%s đến %s",
    ": ",
    ", " },
  { "es",
    { { "'el' EEEE 'a las' HH:mm 'h' (vvvv)", "'el' EEEE d 'de' MMMM 'a las' HH:mm 'h' (vvvv)",
        "'el' EEEE d 'de' MMMM 'de' y 'a las' HH:mm 'h' (vvvv)" },
      { "'a más tardar el' EEEE 'a las' HH:mm 'h' (vvvv)", "'a más tardar el' EEEE d 'de' MMMM 'a las' HH:mm 'h' (vvvv)",
        "'a más tardar el' EEEE d 'de' MMMM 'de' y 'a las' HH:mm 'h' (vvvv)" } },
    NULL,
    "de %s a %s",
    ": ",
    ", " },
  { "de",
    { { "'am' EEEE 'um' HH:mm 'Uhr' (vvvv)", "'am' EEEE, 'dem' d. MMMM, 'um' HH:mm 'Uhr' (vvvv)",
        "'am' EEEE, 'dem' d. MMMM y, 'um' HH:mm 'Uhr' (vvvv)" },
      { "'spätestens am' EEEE 'um' HH:mm 'Uhr' (vvvv)", "'spätestens am' EEEE, 'dem' d. MMMM, 'um' HH:mm 'Uhr' (vvvv)",
        "'spätestens am' EEEE, 'dem' d. MMMM y, 'um' HH:mm 'Uhr' (vvvv)" } },
    NULL,
    "%s bis %s",
    ": ",
    ", " },
  { "zh",
    { { "EEEE HH:mm（vvvv）", "M月d日EEEE HH:mm（vvvv）", "y年M月d日EEEE HH:mm（vvvv）" },
      { "最迟于EEEE HH:mm（vvvv）", "最迟于M月d日EEEE HH:mm（vvvv）", "最迟于y年M月d日EEEE HH:mm（vvvv）" } },
    NULL,
    "%s至%s",
    "：",
    "、" },
  { "pa",
    { { "EEEE 'ਨੂੰ' HH:mm 'ਵਜੇ' (vvvv)", "EEEE, d MMMM 'ਨੂੰ' HH:mm 'ਵਜੇ' (vvvv)",
        "EEEE, d MMMM y 'ਨੂੰ' HH:mm 'ਵਜੇ' (vvvv)" },
      { "EEEE 'ਨੂੰ' HH:mm 'ਵਜੇ ਤੱਕ' (vvvv)", "EEEE, d MMMM 'ਨੂੰ' HH:mm 'ਵਜੇ ਤੱਕ' (vvvv)",
        "EEEE, d MMMM y 'ਨੂੰ' HH:mm 'ਵਜੇ ਤੱਕ' (vvvv)" } },
    NULL,
    "%s ਤੋਂ %s",
    ": ",
    ", " },
};
static const Words unknown = { .run = "%s – %s", .colon = ": ", .comma = ", " };
static const char *const skeletons[N_REACHES] = { "EEEEHHmm" ZONE, "EEEEdMMMMHHmm" ZONE, "yEEEEdMMMMHHmm" ZONE };

/* A language in use. Making the ICU objects takes milliseconds, so they are kept. */
typedef struct {
  char *locale;
  const Words *words;
  char *best[N_REACHES]; /* ICU's patterns, where WORDS has none */
  UDateFormat *format;   /* of UTC */
  GHashTable *zones;     /* (element-type utf8 utf8) time zone -> its name in words */
} Language;

/* No ICU object may be used by two threads at once: one lock for all, held for some microseconds a date. */
static GMutex lock;
static GHashTable *languages; /* (element-type utf8 Language) by tag */

/* ---- ICU ---- */

static char *
to_utf8 (const UChar *text, int32_t length, UErrorCode status)
{
  return U_SUCCESS (status) && length <= TEXT_MAX ? g_utf16_to_utf8 (text, length, NULL, NULL, NULL) : NULL;
}

/* MOMENT: milliseconds since 1970. NULL when ICU fails. */
static char *
format_pattern (UDateFormat *format, const char *pattern, UDate moment)
{
  UErrorCode status = U_ZERO_ERROR;
  UChar text[TEXT_MAX];
  g_autofree gunichar2 *wide = g_utf8_to_utf16 (pattern, -1, NULL, NULL, NULL);
  udat_applyPattern (format, FALSE, wide, -1);
  int32_t length = udat_format (format, moment, text, TEXT_MAX, NULL, &status);
  return to_utf8 (text, length, status);
}

/* ICU's locale for TAG, or NULL: of a language that it does not know, ICU itself would take the process's locale. */
static char *
find_locale (const char *tag)
{
  char locale[ULOC_FULLNAME_CAPACITY];
  UErrorCode status = U_ZERO_ERROR;
  uloc_forLanguageTag (tag, locale, sizeof locale, NULL, &status);
  if (status != U_ZERO_ERROR || strcspn (locale, "_@") == 0)
    return NULL;
  UResourceBundle *data = ures_open (NULL, locale, &status);
  gboolean found = U_SUCCESS (status) && status != U_USING_DEFAULT_WARNING;
  if (data != NULL)
    ures_close (data);
  return found ? g_strdup (locale) : NULL;
}

static const Words *
find_words (const char *locale)
{
  gsize length = strcspn (locale, "_@");
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strlen (known[i].language) == length && strncmp (known[i].language, locale, length) == 0)
      return &known[i];
  return &unknown;
}

static void
find_best_patterns (Language *language)
{
  UErrorCode status = U_ZERO_ERROR;
  UDateTimePatternGenerator *generator = udatpg_open (language->locale, &status);
  for (guint i = 0; i < N_REACHES; i++)
    {
      UChar pattern[TEXT_MAX];
      g_autofree gunichar2 *skeleton = g_utf8_to_utf16 (skeletons[i], -1, NULL, NULL, NULL);
      int32_t length = udatpg_getBestPattern (generator, skeleton, -1, pattern, TEXT_MAX, &status);
      language->best[i] = to_utf8 (pattern, length, status);
    }
  if (generator != NULL)
    udatpg_close (generator);
}

/* "Pacific Time"; the name itself of a zone that ICU has not heard of. */
static char *
name_zone (const char *locale, const char *timezone)
{
  UErrorCode status = U_ZERO_ERROR;
  UChar canonical[TEXT_MAX];
  char *name = NULL;
  g_autofree gunichar2 *zone = g_utf8_to_utf16 (timezone, -1, NULL, NULL, NULL);
  if (zone != NULL)
    ucal_getCanonicalTimeZoneID (zone, -1, canonical, TEXT_MAX, NULL, &status);
  if (zone == NULL || U_FAILURE (status))
    return g_strdup (timezone);
  UDateFormat *format = udat_open (UDAT_PATTERN, UDAT_PATTERN, locale, zone, -1, u"" ZONE, -1, &status);
  if (U_SUCCESS (status))
    {
      name = format_pattern (format, ZONE, (UDate) (g_get_real_time () / 1000));
      udat_close (format);
    }
  return name != NULL ? name : g_strdup (timezone);
}

/* ---- languages in use ---- */

static void
language_free (Language *language)
{
  if (language->format != NULL)
    udat_close (language->format);
  for (guint i = 0; i < N_REACHES; i++)
    g_free (language->best[i]);
  g_hash_table_unref (language->zones);
  g_free (language->locale);
  g_free (language);
}

static Language *
language_new (const char *tag)
{
  UErrorCode status = U_ZERO_ERROR;
  Language *language = g_new0 (Language, 1);
  language->locale = find_locale (tag);
  language->words = language->locale != NULL ? find_words (language->locale) : &unknown;
  if (language->locale == NULL)
    language->locale = g_strdup ("en"); /* its names of days, at least */
  language->format = udat_open (UDAT_PATTERN, UDAT_PATTERN, language->locale, u"UTC", -1, u"HH:mm", -1, &status);
  language->zones = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (language->words == &unknown)
    find_best_patterns (language);
  return language;
}

/* Tables do not grow beyond MAX, whatever comes in. */
static void
keep (GHashTable *table, guint max, const char *key, gpointer value)
{
  if (g_hash_table_size (table) >= max)
    g_hash_table_remove_all (table);
  g_hash_table_insert (table, g_strdup (key), value);
}

/* With the lock held, and good until it is let go. */
static Language *
find_language (const char *tag)
{
  if (languages == NULL)
    languages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) language_free);
  Language *language = g_hash_table_lookup (languages, tag);
  if (language == NULL)
    {
      language = language_new (tag);
      keep (languages, LANGUAGES_KEPT, tag, language);
    }
  return language;
}

static const char *
find_zone_name (Language *language, const char *timezone)
{
  char *name = g_hash_table_lookup (language->zones, timezone);
  if (name == NULL)
    {
      name = name_zone (language->locale, timezone);
      keep (language->zones, ZONES_KEPT, timezone, name);
    }
  return name;
}

/* ---- moments ---- */

/* The wall clock at AT. *TIMEZONE becomes "UTC" when there is none of that name. NULL beyond the year 9999. */
static GDateTime *
to_wall_clock (const char **timezone, gint64 at)
{
  g_autoptr (GTimeZone) zone = *timezone != NULL ? g_time_zone_new_identifier (*timezone) : NULL;
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (at / G_USEC_PER_SEC);
  if (zone == NULL)
    *timezone = "UTC";
  return utc == NULL || zone == NULL ? g_steal_pointer (&utc) : g_date_time_to_timezone (utc, zone);
}

static gint64
wall_seconds (GDateTime *wall)
{
  return g_date_time_to_unix (wall) + g_date_time_get_utc_offset (wall) / G_USEC_PER_SEC;
}

/* How much of the date is needed to know it from any other that may be meant. */
static Reach
measure_reach (GDateTime *at, GDateTime *now)
{
  gint64 days = wall_seconds (at) / DAY - wall_seconds (now) / DAY;
  if (ABS (days) <= DAYS_NEAR)
    return REACH_WEEK;
  return g_date_time_get_year (at) == g_date_time_get_year (now) ? REACH_YEAR : REACH_FAR;
}

/* PATTERN with the field WHAT, which stands in it by itself, as the pattern BY. */
static char *
replace_field (const char *pattern, const char *what, const char *by)
{
  const char *at = strstr (pattern, what);
  if (at == NULL)
    return g_strdup (pattern);
  return g_strdup_printf ("%.*s%s%s", (int) (at - pattern), pattern, by, at + strlen (what));
}

/* TEXT as a quoted word of a pattern. */
static char *
quote (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "'", -1);
  g_autofree char *doubled = g_strjoinv ("''", parts);
  return g_strdup_printf ("'%s'", doubled);
}

static char *
write_wall_clock (Language *language, Kind kind, Reach reach, GDateTime *wall, const char *timezone)
{
  const char *pattern = language->words->pattern[kind][reach];
  if (pattern == NULL)
    pattern = language->best[reach];
  if (pattern == NULL || language->format == NULL)
    return NULL;
  gboolean first = language->words->first != NULL && g_date_time_get_day_of_month (wall) == 1;
  g_autofree char *zone = quote (find_zone_name (language, timezone));
  g_autofree char *day = first ? replace_field (pattern, DAY_OF_MONTH, language->words->first) : g_strdup (pattern);
  g_autofree char *whole = replace_field (day, ZONE, zone);
  return format_pattern (language->format, whole, (UDate) wall_seconds (wall) * 1000);
}

static char *
write_moment (const char *tag, Kind kind, const char *timezone, gint64 at, gint64 now)
{
  g_autoptr (GDateTime) wall = to_wall_clock (&timezone, at);
  g_autoptr (GDateTime) wall_now = to_wall_clock (&timezone, now);
  if (wall == NULL || wall_now == NULL)
    return g_strdup ("");
  g_mutex_lock (&lock);
  Language *language = find_language (tag != NULL ? tag : "en");
  char *text = write_wall_clock (language, kind, measure_reach (wall, wall_now), wall, timezone);
  g_mutex_unlock (&lock);
  return text != NULL ? text : g_date_time_format (wall, "%Y-%m-%d %H:%M %z"); /* no ICU data here */
}

char *
dates_promise (const char *language, const char *timezone, gint64 at, gint64 now)
{
  const gint64 minute = 60 * G_USEC_PER_SEC;
  gint64 beyond = at % minute;
  if (beyond > 0 && at < G_MAXINT64 - minute)
    at += minute - beyond;
  return write_moment (language, KIND_PROMISE, timezone, at, now);
}

char *
dates_moment (const char *language, const char *timezone, gint64 at, gint64 now)
{
  return write_moment (language, KIND_MOMENT, timezone, at, now);
}

/* ---- opening hours ---- */

static int
compare_spans (gconstpointer one, gconstpointer other)
{
  const DaySpan *a = one, *b = other;
  return a->from != b->from ? (a->from < b->from ? -1 : 1) : (a->to > b->to) - (a->to < b->to);
}

/* A day's spans in order; those that touch or overlap are one. */
static GArray *
join_spans (const GArray *day)
{
  g_autoptr (GArray) sorted = g_array_copy ((GArray *) day);
  GArray *joined = g_array_new (FALSE, FALSE, sizeof (DaySpan));
  g_array_sort (sorted, compare_spans);
  for (guint i = 0; i < sorted->len; i++)
    {
      const DaySpan *span = &g_array_index (sorted, DaySpan, i);
      DaySpan *last = joined->len > 0 ? &g_array_index (joined, DaySpan, joined->len - 1) : NULL;
      if (last != NULL && span->from <= last->to)
        last->to = MAX (last->to, span->to);
      else
        g_array_append_val (joined, *span);
    }
  return joined;
}

/* "08:00-12:00, 13:30-16:30"; "" for a day without hours. */
static char *
write_spans (const GArray *day, const char *comma)
{
  g_autoptr (GArray) spans = join_spans (day);
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < spans->len; i++)
    {
      const DaySpan *span = &g_array_index (spans, DaySpan, i);
      gint32 to = span->to > DAY ? span->to - DAY : span->to;
      g_string_append_printf (text, "%s%02d:%02d-%02d:%02d", i > 0 ? comma : "", span->from / 3600,
                              span->from / 60 % 60, to / 3600, to / 60 % 60);
    }
  return g_string_free (text, FALSE);
}

static gboolean
is_always_open (const Calendar *calendar)
{
  for (guint i = 0; i < G_N_ELEMENTS (calendar->week); i++)
    {
      g_autofree char *spans = write_spans (calendar->week[i], ", ");
      if (!g_str_equal (spans, "00:00-24:00"))
        return FALSE;
    }
  return calendar->dates->len == 0;
}

/* The name of DAY, 0 for Monday, by itself. */
static char *
name_day (Language *language, guint day)
{
  const UDate monday = 4.0 * DAY * 1000; /* 1970-01-05 */
  char *name = language->format != NULL ? format_pattern (language->format, "cccc", monday + 1000.0 * DAY * day) : NULL;
  return name != NULL ? name : g_strdup_printf ("%u", day + 1);
}

static void
append_capitalised (GString *text, const char *line)
{
  g_string_append_unichar (text, g_unichar_totitle (g_utf8_get_char (line)));
  g_string_append (text, g_utf8_next_char (line));
}

/* The days from FIRST to LAST. Two days are no run worth the word. */
static void
append_run (GString *line, Language *language, guint first, guint last)
{
  const char *comma = language->words->comma;
  g_autofree char *from = name_day (language, first);
  g_autofree char *to = name_day (language, last);
  g_autofree char *two = g_strdup_printf ("%%s%s%%s", comma);
  const char *form = last - first > 1 ? language->words->run : first < last ? two : "%s";
  g_autofree char *with_first = replace_field (form, "%s", from);
  g_autofree char *run = replace_field (with_first, "%s", to);
  g_string_append_printf (line, "%s%s", line->len > 0 ? comma : "", run);
}

/* Takes the days from FIRST on that have its hours out of HOURS, and writes their line. */
static void
append_days (GString *text, Language *language, char *hours[7], guint first)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *same = g_strdup (hours[first]);
  for (guint day = first; day < 7; day++)
    {
      guint last = day;
      while (last < 7 && g_str_equal (hours[last], same))
        *hours[last++] = '\0';
      if (last > day)
        append_run (line, language, day, last - 1);
      day = MAX (day, last);
    }
  append_capitalised (text, line->str);
  g_string_append_printf (text, "%s%s\n", language->words->colon, same);
}

char *
dates_hours (const char *language, const Calendar *calendar)
{
  char *hours[7];
  GString *text = g_string_new (NULL);
  if (is_always_open (calendar))
    return g_string_free (text, TRUE);
  g_mutex_lock (&lock);
  Language *found = find_language (language != NULL ? language : "en");
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++)
    hours[i] = write_spans (calendar->week[i], found->words->comma);
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++)
    if (*hours[i] != '\0')
      append_days (text, found, hours, i);
  if (text->len > 0)
    append_capitalised (text, find_zone_name (found, calendar->timezone));
  g_mutex_unlock (&lock);
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++)
    g_free (hours[i]);
  return g_string_free (text, text->len == 0);
}
