#include "config/source.h"

#include <string.h>

#include "config/config.h"
#include "config/limits.h"

typedef struct {
  const char *path;
  const char *start;
  char *at;
  int depth;        /* of braces */
  const char *open; /* the outermost brace that is open */
} Scan;

static gboolean
fail (const Scan *scan, const char *where, const char *what, GError **error)
{
  guint line = 1;
  for (const char *c = scan->start; c < where; c++)
    line += *c == '\n';
  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_SYNTAX, "%s:%u: %s", scan->path, line, what);
  return FALSE;
}

static void
blank_line (Scan *scan)
{
  while (*scan->at != '\0' && *scan->at != '\n')
    *scan->at++ = ' ';
}

static gboolean
blank_block (Scan *scan, GError **error)
{
  char *end = strstr (scan->at + 2, "*/");
  if (end == NULL)
    return fail (scan, scan->at, "the comment that begins here has no end", error);
  for (; scan->at < end + 2; scan->at++)
    if (*scan->at != '\n')
      *scan->at = ' ';
  return TRUE;
}

/* Over a "${VARIABLE}", which may hold anything. */
static void
skip_variable (Scan *scan)
{
  char *end = scan->at[1] == '{' ? strchr (scan->at, '}') : NULL;
  scan->at = end != NULL ? end + 1 : scan->at + 1;
}

static gboolean
skip_string (Scan *scan, GError **error)
{
  const char *begin = scan->at;
  char quote = *scan->at++;
  while (*scan->at != '\0' && *scan->at != quote)
    {
      if (*scan->at == '\\' && quote == '"' && g_ascii_isdigit (scan->at[1]))
        return fail (scan, scan->at, "a backslash and a digit are not understood; write \\xHH", error);
      if (*scan->at == '\\' && scan->at[1] != '\0')
        scan->at += 2;
      else if (*scan->at == '$' && quote == '"')
        skip_variable (scan);
      else
        scan->at++;
    }
  if (*scan->at == '\0')
    return fail (scan, begin, "the string that begins here has no end", error);
  scan->at++;
  return TRUE;
}

static gboolean
begins_word (const Scan *scan)
{
  return scan->at == scan->start || strchr (" \t\r\n={}(),", scan->at[-1]) != NULL;
}

static void
count_brace (Scan *scan)
{
  if (*scan->at == '{' && scan->depth++ == 0)
    scan->open = scan->at;
  else if (*scan->at == '}')
    scan->depth = MAX (scan->depth - 1, 0);
  scan->at++;
}

static gboolean
scan_text (Scan *scan, GError **error)
{
  while (*scan->at != '\0')
    {
      gboolean fine = TRUE;
      if (*scan->at == '"' || *scan->at == '\'')
        fine = skip_string (scan, error);
      else if (*scan->at == '#' || (g_str_has_prefix (scan->at, "//") && begins_word (scan)))
        blank_line (scan);
      else if (g_str_has_prefix (scan->at, "/*") && begins_word (scan))
        fine = blank_block (scan, error);
      else if (*scan->at == '$')
        skip_variable (scan);
      else
        count_brace (scan);
      if (!fine)
        return FALSE;
    }
  return scan->depth == 0 || fail (scan, scan->open, "the { that stands here has no }", error);
}

char *
source_read (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) cause = NULL;
  gsize length;
  const char *wrong;
  if (!g_file_get_contents (path, &text, &length, &cause))
    {
      g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_READ, "cannot read the configuration: %s", cause->message);
      return NULL;
    }
  Scan scan = { .path = path, .start = text, .at = text };
  if (length > LIMIT_CONFIG_FILE)
    {
      g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_READ, "%s is too large for a configuration file", path);
      return NULL;
    }
  if (!g_utf8_validate (text, (gssize) length, &wrong))
    {
      fail (&scan, wrong, "this is not UTF-8; save the file in that encoding", error);
      return NULL;
    }
  if (!scan_text (&scan, error))
    return NULL;
  return g_steal_pointer (&text);
}
