#include "config/values.h"

#include <glib.h>
#include <limits.h>
#include <string.h>

#include "config/config.h"
#include "config/hours.h"
#include "config/limits.h"
#include "config/mobile.h"
#include "config/network.h"
#include "config/rotation.h"

#define HOUR 3600L
#define DAY (24 * HOUR)
#define PRIORITIES "p1 p2 p3 p4"

typedef struct Rule Rule;
struct Rule {
  const char *section, *option;
  gboolean (*check) (const Rule *rule, cfg_t *section, cfg_opt_t *option);
  long least, most;
  const char *words; /* separated by blanks */
};

static gboolean
check_target (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  Span span;
  const char *text = cfg_opt_getnstr (option, 0);
  if (!span_parse (text, &span))
    cfg_error (section, "%s: \"%s\" is no duration; write 90s, 15m, 4h, \"24h elapsed\" or 7bd", option->name, text);
  else if (span.kind == SPAN_BUSINESS && strpbrk (text, "dw") != NULL)
    cfg_error (section, "%s: \"%s\" could mean two things; write hours, \"48h elapsed\" of clock time, or 2bd",
               option->name, text);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_clock (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  Span span;
  const char *text = cfg_opt_getnstr (option, 0);
  if (!span_parse (text, &span) || span.kind == SPAN_BUSINESS_DAYS)
    cfg_error (section, "%s: \"%s\" is no duration of clock time; write 30s, 15m, 4h, 2d or 1w", option->name, text);
  else if (span.amount < rule->least || span.amount > rule->most)
    cfg_error (section, "%s: \"%s\" is out of bounds; from %lds to %lds will do", option->name, text, rule->least,
               rule->most);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_number (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  long value = cfg_opt_getnint (option, 0);
  if (value >= rule->least && value <= rule->most)
    return TRUE;
  cfg_error (section, "%s: %ld is out of bounds; from %ld to %ld will do", option->name, value, rule->least,
             rule->most);
  return FALSE;
}

static gboolean
check_word (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  const char *value = cfg_opt_getnstr (option, 0);
  g_auto (GStrv) list = g_strsplit (rule->words, " ", -1);
  if (g_strv_contains ((const char *const *) list, value))
    return TRUE;
  cfg_error (section, "%s: \"%s\" is none of: %s", option->name, value, rule->words + strspn (rule->words, " "));
  return FALSE;
}

/* An empty path would have SQLite keep everything in a file that vanishes. */
static gboolean
check_some (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  if (*cfg_opt_getnstr (option, 0) != '\0')
    return TRUE;
  cfg_error (section, "%s: this cannot be empty; without the line, the default counts", option->name);
  return FALSE;
}

/* Every value of the list OPTION must be GOOD; COMPLAINT goes on from the name and the value. */
static gboolean
check_each (cfg_t *section, cfg_opt_t *option, gboolean (*good) (const char *text), const char *complaint)
{
  for (unsigned int i = 0; i < cfg_opt_size (option); i++)
    {
      const char *text = cfg_opt_getnstr (option, i);
      if (good (text))
        continue;
      cfg_error (section, "%s: \"%s\" %s", option->name, text, complaint);
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_hours (const char *text)
{
  guint days;
  DaySpan span;
  return hours_parse (text, &days, &span);
}

static gboolean
check_hours (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_hours, "is not understood; write \"mon-fri 08:00-12:00\"");
}

static gboolean
is_date (const char *text)
{
  gint32 day;
  DaySpan span;
  return hours_parse_date (text, &day, &span);
}

static gboolean
check_dates (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_date, "is not understood; write \"2026-12-24 08:00-12:00\", or a date alone");
}

static gboolean
check_timezone (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  const char *name = cfg_opt_getnstr (option, 0);
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (name);
  if (zone != NULL)
    return TRUE;
  cfg_error (section, "timezone: there is no zone \"%s\"; write one like America/Vancouver or UTC", name);
  return FALSE;
}

static gboolean
check_every (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  TurnUnit unit;
  int length;
  const char *text = cfg_opt_getnstr (option, 0);
  if (rotation_parse_every (text, &unit, &length))
    return TRUE;
  cfg_error (section, "every: \"%s\" is no length of a turn; write 12h, 1d, 1w or 1mo, up to %ld of them", text,
             rule->most);
  return FALSE;
}

static gboolean
check_start (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  gint32 day;
  gint64 clock;
  const char *text = cfg_opt_getnstr (option, 0);
  if (rotation_parse_start (text, &day, &clock))
    return TRUE;
  cfg_error (section, "start: \"%s\" is no local time; write 2026-11-23T08:00", text);
  return FALSE;
}

/* The subject tag is found again by its brackets. */
static gboolean
check_tag (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  const char *text = cfg_opt_getnstr (option, 0);
  if (*text != '\0' && strpbrk (text, "[]\r\n") == NULL)
    return TRUE;
  cfg_error (section, "tag: \"%s\" would not be found again in a subject; write a word without brackets", text);
  return FALSE;
}

static gboolean
check_mode (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  const char *text = cfg_opt_getnstr (option, 0);
  if (g_ascii_string_to_unsigned (text, 8, 0, 0777, NULL, NULL))
    return TRUE;
  cfg_error (section, "socket-mode: \"%s\" is no mode; write \"0660\"", text);
  return FALSE;
}

static gboolean
is_address (const char *text)
{
  g_autofree char *normal = address_normalise (text);
  return normal != NULL;
}

static gboolean
check_addresses (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_address, "is no address");
}

/* An address, once a number stands in it. */
static gboolean
check_to (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  const char *text = cfg_opt_getnstr (option, 0);
  g_autofree char *example = mobile_fill (text, "+16045550101");
  if (is_address (example) && strpbrk (example, "{}") == NULL)
    return TRUE;
  cfg_error (section, "to: \"%s\" is no address; write {mobile}@sms.example.net", text);
  return FALSE;
}

static gboolean
is_priority (const char *text)
{
  const char *const priorities[] = { "p1", "p2", "p3", "p4", NULL };
  return g_strv_contains (priorities, text);
}

static gboolean
check_priorities (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_priority, "is none of: " PRIORITIES);
}

static gboolean
check_url (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  const char *text = cfg_opt_getnstr (option, 0);
  if (g_str_has_prefix (text, "https://") || g_str_has_prefix (text, "http://"))
    return TRUE;
  cfg_error (section, "%s: \"%s\" is no address of a web server; write https://...", option->name, text);
  return FALSE;
}

/* No line of a request or of a call file can be made two. */
static gboolean
is_line (const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text))
      return FALSE;
  return TRUE;
}

static gboolean
check_line (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_line, "holds a line end or another control character");
}

/* "Name: value" (RFC 9110 5.1: the name is a token). */
static gboolean
is_header (const char *text)
{
  gsize length = strspn (text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  return length > 0 && text[length] == ':' && is_line (text);
}

static gboolean
check_headers (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_header, "is no header field; write \"Name: value\"");
}

static gboolean
check_web (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  const char *text = cfg_opt_getnstr (option, 0);
  g_autoptr (GSocketAddress) endpoint = network_parse_endpoint (text);
  if (endpoint != NULL || *text == '\0')
    return TRUE;
  cfg_error (section, "web: \"%s\" is no address with a port; write \"127.0.0.1:8880\" or \"[::1]:8880\"", text);
  return FALSE;
}

static gboolean
check_web_url (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  const char *text = cfg_opt_getnstr (option, 0);
  if (*text == '\0' || network_is_base_url (text))
    return TRUE;
  cfg_error (section, "web-url: \"%s\" is no URL that links can begin with; write \"https://desk.example.com\"", text);
  return FALSE;
}

static gboolean
is_mask (const char *text)
{
  g_autoptr (GInetAddressMask) mask = network_parse_mask (text);
  return mask != NULL;
}

static gboolean
check_masks (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_mask, "is no address and no network; write \"192.0.2.1\" or \"10.0.0.0/8\"");
}

/* An ending (".exe"), a type ("video/mp4") or all types of a kind ("video", a slash and an asterisk). */
static gboolean
is_kind_of_file (const char *text)
{
  const char *slash = strchr (text, '/');
  if (strpbrk (text, " \t,;\"") != NULL)
    return FALSE;
  return slash == NULL ? text[0] == '.' && text[1] != '\0'
                       : slash > text && slash[1] != '\0' && strchr (slash + 1, '/') == NULL;
}

static gboolean
check_kinds (const Rule *rule, cfg_t *section, cfg_opt_t *option)
{
  (void) rule;
  return check_each (section, option, is_kind_of_file,
                     "is no kind of file; write \".exe\", \"application/x-msdownload\" or \"video/*\"");
}

#define TARGETS_OF(name)                                                       \
  { .section = name, .option = "acknowledge", .check = check_target },         \
  { .section = name, .option = "respond", .check = check_target },             \
  { .section = name, .option = "update", .check = check_target },              \
  { .section = name, .option = "resolve", .check = check_target }

static const Rule rules[] = {
  { .section = "root", .option = "listen", .check = check_some },
  { .section = "root", .option = "database", .check = check_some },
  { .section = "root", .option = "templates", .check = check_some },
  { .section = "root", .option = "socket-mode", .check = check_mode },
  { .section = "root", .option = "max-in-progress", .check = check_number, .least = 1, .most = 100000 },
  { .section = "root", .option = "max-size", .check = check_number, .least = 0, .most = LONG_MAX },
  { .section = "root", .option = "drain", .check = check_clock, .least = 0, .most = HOUR },
  { .section = "root", .option = "authserv-hops", .check = check_number, .least = 0, .most = 100 },
  { .section = "root", .option = "tag", .check = check_tag },
  { .section = "root", .option = "web", .check = check_web },
  { .section = "root", .option = "web-url", .check = check_web_url },
  { .section = "root", .option = "web-proxies", .check = check_masks },
  { .section = "root", .option = "own-address", .check = check_addresses },
  { .section = "root", .option = "reports", .check = check_word, .words = "file forward drop" },
  { .section = "root", .option = "postmaster", .check = check_addresses },
  { .section = "root", .option = "give-up", .check = check_clock, .least = 1, .most = 3650 * DAY },
  { .section = "root", .option = "close-after", .check = check_clock, .least = 0, .most = 3650 * DAY },
  { .section = "root", .option = "acknowledge-limit", .check = check_number, .least = 0, .most = INT_MAX },
  { .section = "root", .option = "acknowledge-limit-total", .check = check_number, .least = 0, .most = INT_MAX },
  { .section = "root", .option = "acknowledge-pause", .check = check_clock, .least = 0, .most = HOUR },
  { .section = "root", .option = "flood-limit", .check = check_number, .least = 0, .most = INT_MAX },
  { .section = "root", .option = "flood-limit-ticket", .check = check_number, .least = 0, .most = INT_MAX },
  { .section = "root", .option = "flood-limit-total", .check = check_number, .least = 0, .most = INT_MAX },
  { .section = "root", .option = "page-window", .check = check_clock, .least = 0, .most = HOUR },
  { .section = "root", .option = "page-limit", .check = check_number, .least = 0, .most = INT_MAX },
  { .section = "root", .option = "page-limit-total", .check = check_number, .least = 0, .most = INT_MAX },
  { .section = "relay", .option = "timeout", .check = check_clock, .least = 1, .most = HOUR },
  { .section = "directory", .option = "type", .check = check_word, .words = "table ldap" },
  { .section = "directory", .option = "sasl", .check = check_word, .words = " external" },
  { .section = "directory", .option = "timeout", .check = check_clock, .least = 1, .most = HOUR },
  { .section = "directory", .option = "cache", .check = check_clock, .least = 0, .most = 365 * DAY },
  { .section = "directory", .option = "connections", .check = check_number, .least = 1, .most = 64 },
  { .section = "calendar", .option = "timezone", .check = check_timezone },
  { .section = "calendar", .option = "hours", .check = check_hours },
  { .section = "calendar", .option = "extra", .check = check_dates },
  { .section = "calendar", .option = "special", .check = check_dates },
  { .section = "calendar", .option = "closed", .check = check_dates },
  TARGETS_OF ("policy"),
  { .section = "policy", .option = "warn", .check = check_number, .least = 0, .most = 100 },
  { .section = "policy", .option = "acknowledge-after", .check = check_target },
  { .section = "policy", .option = "next-within", .check = check_target },
  { .section = "policy", .option = "extend", .check = check_target },
  { .section = "policy", .option = "extend-at", .check = check_number, .least = 1, .most = 99 },
  { .section = "policy", .option = "order", .check = check_word, .words = "deadline arrival" },
  { .section = "policy", .option = "goal-acknowledge", .check = check_number, .least = 0, .most = 100 },
  { .section = "policy", .option = "goal-respond", .check = check_number, .least = 0, .most = 100 },
  { .section = "policy", .option = "goal-update", .check = check_number, .least = 0, .most = 100 },
  { .section = "policy", .option = "goal-resolve", .check = check_number, .least = 0, .most = 100 },
  { .section = "policy", .option = "goal-first-contact", .check = check_number, .least = 0, .most = 100 },
  { .section = "policy", .option = "goal-escalation", .check = check_number, .least = 0, .most = 100 },
  TARGETS_OF ("priority"),
  TARGETS_OF ("kind"),
  { .section = "rule", .option = "at-priority", .check = check_priorities },
  { .section = "rule", .option = "again-within", .check = check_clock, .least = 1, .most = 3650 * DAY },
  { .section = "rule", .option = "priority", .check = check_word, .words = PRIORITIES },
  { .section = "team", .option = "notify", .check = check_addresses },
  { .section = "agent", .option = "mail", .check = check_addresses },
  { .section = "channel", .option = "type", .check = check_word, .words = "mail webhook command pagerduty twilio ntfy asterisk smstools" },
  { .section = "channel", .option = "to", .check = check_to },
  { .section = "channel", .option = "url", .check = check_url },
  { .section = "channel", .option = "body", .check = check_word, .words = "json form slack" },
  { .section = "channel", .option = "method", .check = check_word, .words = "POST PUT PATCH" },
  { .section = "channel", .option = "content-type", .check = check_line },
  { .section = "channel", .option = "headers", .check = check_headers },
  { .section = "channel", .option = "kind", .check = check_word, .words = "sms call" },
  { .section = "channel", .option = "account", .check = check_line },
  { .section = "channel", .option = "technology", .check = check_line },
  { .section = "channel", .option = "channel-pattern", .check = check_line },
  { .section = "channel", .option = "context", .check = check_line },
  { .section = "channel", .option = "extension", .check = check_line },
  { .section = "channel", .option = "application", .check = check_line },
  { .section = "channel", .option = "data", .check = check_line },
  { .section = "channel", .option = "caller-id", .check = check_line },
  { .section = "channel", .option = "timeout", .check = check_clock, .least = 1, .most = HOUR },
  { .section = "schedule", .option = "timezone", .check = check_timezone },
  { .section = "schedule", .option = "calendar-interval", .check = check_clock, .least = 60, .most = 30 * DAY },
  { .section = "rotation", .option = "every", .check = check_every, .most = LIMIT_TURN },
  { .section = "rotation", .option = "start", .check = check_start },
  { .section = "step", .option = "wait", .check = check_clock, .least = 10, .most = 365 * DAY },
  { .section = "escalation", .option = "repeat", .check = check_number, .least = 1, .most = 1000 },
  { .section = "role", .option = "address", .check = check_addresses },
  { .section = "role", .option = "priority", .check = check_word, .words = PRIORITIES },
  { .section = "role", .option = "max-size", .check = check_number, .least = 0, .most = LONG_MAX },
  { .section = "role", .option = "forbid", .check = check_kinds },
  { .section = "role", .option = "accept", .check = check_word, .words = "anyone known verified" },
  { .section = "role", .option = "deliver", .check = check_word, .words = "pass take" },
  { .section = "role", .option = "acknowledge", .check = check_word, .words = "anyone known verified never" },
  { .section = "role", .option = "page-if", .check = check_word, .words = "anyone known verified" },
  { .section = "role", .option = "page-automatic", .check = check_addresses },
};

/* The file is UTF-8, but what "\xHH" stands for need not be. */
static gboolean
check_encoding (cfg_t *section, cfg_opt_t *option)
{
  for (unsigned int i = 0; option->type == CFGT_STR && i < cfg_opt_size (option); i++)
    {
      const char *value = cfg_opt_getnstr (option, i);
      if (value != NULL && !g_utf8_validate (value, -1, NULL))
        {
          cfg_error (section, "%s: with its \\x this is not UTF-8", option->name);
          return FALSE;
        }
    }
  return TRUE;
}

int
values_check (cfg_t *section, cfg_opt_t *option)
{
  if (!check_encoding (section, option))
    return -1;
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (g_str_equal (rules[i].section, section->name) && g_str_equal (rules[i].option, option->name))
      return rules[i].check (&rules[i], section, option) ? 0 : -1;
  return 0;
}
