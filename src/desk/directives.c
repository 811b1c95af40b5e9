#include "desk/directives.h"

#include <string.h>

#include "config/limits.h"
#include "mail/message.h"

G_DEFINE_QUARK (frontdesk-directives-error-quark, directives_error)

typedef struct {
  const Config *config;
  gint64 now;
  StaffWork *work;
  GString *note; /* the rest of "#note" lines, and the text behind them */
} Reading;

static gboolean
refuse (GError **error, const char *format, const char *value)
{
  g_autofree char *clean = text_clean (value, LIMIT_NAME);
  g_autofree char *text = g_strdup_printf ("\"%s\"", clean);
  g_auto (GStrv) parts = g_strsplit (format, "@", 2);
  g_set_error (error, DIRECTIVES_ERROR, DIRECTIVES_ERROR_VALUE, "%s%s%s", parts[0], text, parts[1]);
  return FALSE;
}

static gboolean
read_nothing (const char *name, const char *value, GError **error)
{
  g_autofree char *format = g_strdup_printf ("#%s takes nothing behind it, and not @", name);
  return *value == '\0' || refuse (error, format, value);
}

static gboolean
read_close (Reading *reading, const char *value, GError **error)
{
  reading->work->close = TRUE;
  return read_nothing ("close", value, error);
}

static gboolean
read_assign (Reading *reading, const char *value, GError **error)
{
  g_free (reading->work->assignee);
  reading->work->assignee = g_strdup (value);
  return config_find_agent (reading->config, value) != NULL || refuse (error, "#assign: there is no agent @", value);
}

static gboolean
read_team (Reading *reading, const char *value, GError **error)
{
  g_free (reading->work->team);
  reading->work->team = g_strdup (value);
  return config_find_team (reading->config, value) != NULL || refuse (error, "#team: there is no team @", value);
}

static gboolean
read_priority (Reading *reading, const char *value, GError **error)
{
  gboolean good = strlen (value) == 2 && g_ascii_tolower (*value) == 'p' && value[1] >= '1' && value[1] <= '4';
  reading->work->priority = good ? value[1] - '0' : 0;
  return good || refuse (error, "#priority is p1, p2, p3 or p4, and not @", value);
}

/* "3d", "12h", "1w" of the clock on the wall; nothing: until the customer writes. */
static gboolean
read_pending (Reading *reading, const char *value, GError **error)
{
  enum { MOST_DAYS = 366 };
  static const struct {
    char unit;
    gint64 seconds;
  } units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
  char *end;
  guint64 amount = g_ascii_isdigit (*value) ? g_ascii_strtoull (value, &end, 10) : 0;
  gint64 seconds = 0;
  reading->work->pending = TRUE;
  reading->work->pending_until = 0;
  if (*value == '\0')
    return TRUE;
  for (guint i = 0; amount > 0 && amount < 1000000 && i < G_N_ELEMENTS (units); i++)
    if (g_ascii_tolower (*end) == units[i].unit && end[1] == '\0')
      seconds = (gint64) amount * units[i].seconds;
  reading->work->pending_until = reading->now + seconds * G_USEC_PER_SEC;
  return (seconds > 0 && seconds <= MOST_DAYS * G_GINT64_CONSTANT (86400)) ||
         refuse (error, "#pending takes a time such as 4h, 3d or 2w, of at most a year, and not @", value);
}

static gboolean
read_merge (Reading *reading, const char *value, GError **error)
{
  guint64 number = 0;
  const char *digits = *value == '#' ? value + 1 : value;
  gboolean good = g_ascii_string_to_unsigned (digits, 10, 1, G_MAXINT64 / 10, &number, NULL);
  reading->work->merge_into = (gint64) number;
  return good || refuse (error, "#merge takes the number of a ticket, and not @", value);
}

static gboolean
read_note (Reading *reading, const char *value, GError **error)
{
  (void) error;
  reading->work->use = STAFF_TEXT_NOTE;
  g_string_append_printf (reading->note, "%s%s", value, *value != '\0' ? "\n" : "");
  return TRUE;
}

static gboolean
read_root_cause (Reading *reading, const char *value, GError **error)
{
  g_free (reading->work->root_cause);
  reading->work->root_cause = g_strdup (value);
  return *value != '\0' || refuse (error, "#root-cause takes the cause in the same line, and there is @", value);
}

static const struct {
  const char *name;
  gboolean (*read) (Reading *reading, const char *value, GError **error);
} directives[] = {
  { "close", read_close },     { "assign", read_assign }, { "team", read_team }, { "priority", read_priority },
  { "pending", read_pending }, { "merge", read_merge },   { "note", read_note }, { "root-cause", read_root_cause },
};

static gboolean
refuse_unknown (const char *name, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (directives); i++)
    g_string_append_printf (known, "%s#%s", i > 0 ? " " : "", directives[i].name);
  g_autofree char *clean = text_clean (name, LIMIT_NAME);
  g_set_error (error, DIRECTIVES_ERROR, DIRECTIVES_ERROR_UNKNOWN, "#%s is no command; there are %s", clean, known->str);
  return FALSE;
}

/* Mail programs write no-break spaces and marks without a width where there seems to be nothing. */
static gboolean
is_blank (gunichar c)
{
  return g_unichar_isspace (c) || c == 0x00AD || (c >= 0x200B && c <= 0x200F) || c == 0x2060 || c == 0xFEFF;
}

/* Behind the blanks that the line at TEXT begins with. */
static const char *
skip_blanks (const char *text)
{
  while (*text != '\0' && *text != '\n' && is_blank (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  return text;
}

/* TEXT without blanks around it; the caller's. */
static char *
strip (const char *text)
{
  const char *end = text + strlen (text);
  while (*text != '\0' && is_blank (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  while (end > text && is_blank (g_utf8_get_char (g_utf8_prev_char (end))))
    end = g_utf8_prev_char (end);
  return g_strndup (text, (gsize) (end - text));
}

/* LINE is "#name value". */
static gboolean
read_line (Reading *reading, const char *line, GError **error)
{
  const char *end = line + 1;
  while (*end != '\0' && *end != ':' && !is_blank (g_utf8_get_char (end)))
    end = g_utf8_next_char (end);
  g_autofree char *name = g_ascii_strdown (line + 1, end - line - 1);
  g_autofree char *value = strip (end + (*end == ':'));
  for (guint i = 0; i < G_N_ELEMENTS (directives); i++)
    if (g_str_equal (name, directives[i].name))
      return directives[i].read (reading, value, error);
  return refuse_unknown (name, error);
}

static gboolean
check_together (const StaffWork *work, GError **error)
{
  if (!work->pending || !work->close)
    return TRUE;
  g_set_error_literal (error, DIRECTIVES_ERROR, DIRECTIVES_ERROR_VALUE, "#close and #pending exclude each other");
  return FALSE;
}

/* Behind the line at TEXT. */
static const char *
next_line (const char *text)
{
  const char *end = strchr (text, '\n');
  return end != NULL ? end + 1 : text + strlen (text);
}

gboolean
directives_read (const char *text, const Config *config, gint64 now, StaffWork *work, GError **error)
{
  g_autoptr (GString) note = g_string_new (NULL);
  Reading reading = { .config = config, .now = now, .work = work, .note = note };
  for (guint count = 0; *text != '\0'; text = next_line (text))
    {
      const char *begin = skip_blanks (text);
      if (*begin == '\n')
        continue;
      if (*begin != '#' || !g_ascii_isalpha (begin[1]))
        break;
      g_autofree char *line = g_strndup (begin, strcspn (begin, "\n"));
      if (++count > LIMIT_DIRECTIVES)
        return refuse (error, "there are too many commands: @", line);
      if (!read_line (&reading, line, error))
        return FALSE;
    }
  g_string_append (note, text);
  g_free (work->text);
  work->text = strip (note->str);
  return check_together (work, error);
}
