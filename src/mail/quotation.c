#include "mail/quotation.h"

#include <string.h>

#include "config/limits.h"
#include "mail/quotation_words.h"

enum {
  MOST_FOLDED = 400,    /* octets of a line that are looked at */
  MOST_INTRODUCTION = 6, /* lines that programs break "On ... wrote:" into */
  MOST_CONTINUED = 4,   /* lines that a copied header field is broken into */
  MOST_SIGNED = 100,    /* octets of "Sent from my ..." */
  LEAST_HEADERS = 3,    /* copied fields that make a copied header */
  MOST_HEADERS = 40,    /* lines of one */
};

typedef enum {
  EMPTY,
  TEXT,
  QUOTED,
  INTRODUCTION, /* "On ... wrote:" and the lines it is broken into */
  MARKER,       /* "-----Original Message-----" */
  COPIED,       /* a line of a copied header: "From: ..." */
  SIGNATURE,    /* "-- ", or a line of "_" */
  ORNAMENT,     /* a line of nothing but signs */
  DEVICE,       /* "Sent from my ..." */
} Kind;

/* What a line would be in a copied header. */
typedef enum { NO_FIELD, FROM_FIELD, SUBJECT_FIELD, OTHER_FIELD } Field;

typedef struct {
  const char *text;
  gsize length;
  char *folded; /* its beginning, for comparing */
  Kind kind;
  Field field;
  gboolean kept;
} Row;

typedef struct {
  GArray *rows; /* (element-type Row) */
  guint begin, end; /* of what can be new */
} Work;

static Row *
row_at (const Work *work, guint i)
{
  return &g_array_index (work->rows, Row, i);
}

static void
row_clear (gpointer data)
{
  g_free (((Row *) data)->folded);
}

/* ---- one line ---- */

/* The beginning of a line without case and outer white space, every white space a blank; marks that turn the reading order, as
 * Outlook puts into dates, are out. */
static char *
fold_line (const char *text, gsize length)
{
  const char *end = text + MIN (length, MOST_FOLDED);
  if (length > MOST_FOLDED)
    end = g_utf8_find_prev_char (text, end);
  g_autofree char *lower = g_utf8_casefold (text, end - text);
  GString *folded = g_string_sized_new (strlen (lower));
  for (const char *at = lower; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (g_unichar_isspace (c))
        g_string_append_c (folded, ' ');
      else if (g_unichar_type (c) != G_UNICODE_FORMAT)
        g_string_append_unichar (folded, c);
    }
  return g_strstrip (g_string_free (folded, FALSE));
}

/* "> ", "| ", or "AB> " with the initials of who is quoted. */
static gboolean
is_quoted (const char *folded)
{
  guint initials = 0;
  if (*folded == '|')
    return TRUE;
  while (initials < 3 && g_ascii_isalpha (folded[initials]))
    initials++;
  return folded[initials] == '>';
}

static gboolean
is_ornament (const char *folded)
{
  for (const char *at = folded; *at != '\0'; at = g_utf8_next_char (at))
    if (strchr ("-_,=+~#* ", *at) == NULL && g_utf8_get_char (at) != 0x1427 && g_utf8_get_char (at) != 0x2014)
      return FALSE;
  return TRUE;
}

static gboolean
is_signature (const char *folded)
{
  return g_str_equal (folded, "--") || g_str_equal (folded, "\342\200\224") ||
         (strspn (folded, "_") >= 5 && folded[strspn (folded, "_")] == '\0');
}

static gboolean
is_marker (const char *folded)
{
  gboolean drawn =
      g_str_has_prefix (folded, "--") || g_str_has_prefix (folded, "*--") || g_str_has_prefix (folded, "__");
  gboolean named = g_str_has_suffix (folded, ":") && strlen (folded) < MOST_SIGNED &&
                   (g_str_has_prefix (folded, "begin ") || g_str_has_prefix (folded, "anfang ") ||
                    g_str_has_prefix (folded, "début ") || g_str_has_prefix (folded, "inicio ") ||
                    g_str_has_prefix (folded, "inizio ") || g_str_has_prefix (folded, "bắt đầu "));
  return (drawn || named) && words_are_in (WORDS_MARKERS, folded);
}

static gboolean
is_device (const char *folded)
{
  folded += strspn (folded, "(<[*-_ ");
  return strlen (folded) < MOST_SIGNED && words_begin (WORDS_DEVICES, folded);
}

static Kind
line_kind (const char *folded)
{
  if (*folded == '\0')
    return EMPTY;
  if (is_quoted (folded))
    return QUOTED;
  if (is_signature (folded))
    return SIGNATURE;
  if (is_ornament (folded))
    return ORNAMENT;
  if (is_marker (folded))
    return MARKER;
  return is_device (folded) ? DEVICE : TEXT;
}

static void
split (Work *work, const char *text, gsize length)
{
  for (const char *at = text, *last = text + length; at < last;)
    {
      const char *end = memchr (at, '\n', (gsize) (last - at));
      Row row = { .text = at, .length = (gsize) ((end != NULL ? end : last) - at) };
      row.folded = fold_line (at, row.length);
      row.kind = line_kind (row.folded);
      g_array_append_val (work->rows, row);
      at = end != NULL ? end + 1 : last;
    }
  work->end = work->rows->len;
}

/* What stands between two lines of "```" is somebody's code, whatever it looks like. */
static void
spare_code (Work *work)
{
  gint open = -1;
  for (guint i = 0; i < work->rows->len; i++)
    {
      if (!g_str_has_prefix (row_at (work, i)->folded, "```"))
        continue;
      for (guint line = (guint) open; open >= 0 && line <= i; line++)
        row_at (work, line)->kind = TEXT;
      open = open >= 0 ? -1 : (gint) i;
    }
}

/* ---- "On ... wrote:" ---- */

static guint
next_full (const Work *work, guint i)
{
  while (i < work->rows->len && row_at (work, i)->kind == EMPTY)
    i++;
  return i;
}

static gboolean
quotes_follow (const Work *work, guint i)
{
  i = next_full (work, i);
  return i < work->rows->len && row_at (work, i)->kind == QUOTED;
}

static gboolean
has_digit (const char *text)
{
  return strpbrk (text, "0123456789") != NULL;
}

/* "2016-03-03 17:21 GMT+01:00 Some One", as Gmail once wrote it. */
static gboolean
is_dated_name (const char *text)
{
  return g_ascii_isdigit (text[0]) && g_ascii_isdigit (text[1]) && g_ascii_isdigit (text[2]) &&
         g_ascii_isdigit (text[3]) && (text[4] == '-' || text[4] == '/') &&
         (strstr (text, " gmt+") != NULL || strstr (text, " gmt-") != NULL || strchr (text, '@') != NULL);
}

static gboolean
is_ended (const char *text)
{
  return g_str_has_suffix (text, ":") || g_str_has_suffix (text, "：") || g_str_has_suffix (text, "wrote ----");
}

/* Whether the lines joined in TEXT introduce what follows; QUOTES: quoted lines follow. A sentence that only looks alike ("As he
 * wrote:") does, where somebody is quoted behind it; an address or a time of day says that a program wrote it. */
static gboolean
introduces (const char *text, gboolean quotes)
{
  if (is_dated_name (text) && (quotes || strstr (text, " gmt") != NULL))
    return TRUE;
  if (!is_ended (text) || !words_are_in (WORDS_WROTE, text))
    return FALSE;
  return quotes || strchr (text, '@') != NULL ||
         (has_digit (text) && strpbrk (text, ":.") != NULL &&
          words_begin (WORDS_OPENERS, text + strspn (text, "-* ")));
}

/* How many lines from I on are one introduction; 0: none. Only what begins like one is read over several lines. */
static guint
count_introduction (const Work *work, guint i)
{
  g_autoptr (GString) joined = g_string_new (row_at (work, i)->folded);
  const char *first = row_at (work, i)->folded + strspn (row_at (work, i)->folded, "-* ");
  gboolean opens = (words_begin (WORDS_OPENERS, first) && strlen (first) < MOST_FOLDED / 2) ||
                   (strchr (first, '@') != NULL && words_are_in (WORDS_WROTE, first));
  for (guint count = 1; count <= MOST_INTRODUCTION; count++)
    {
      if ((has_digit (joined->str) || strchr (joined->str, '@') != NULL || quotes_follow (work, i + count)) &&
          introduces (joined->str, quotes_follow (work, i + count)))
        return count;
      guint next = next_full (work, i + count);
      if (!opens || next >= work->rows->len || is_ended (joined->str))
        return 0;
      const Row *row = row_at (work, next);
      if (next > i + count && *row->folded != '<')
        return 0;
      if (row->kind != TEXT &&
          !(row->kind == QUOTED && *row->folded == '>' && strchr (joined->str, '<') != NULL && is_ended (row->folded)))
        return 0;
      g_string_append_printf (joined, " %s", row->folded);
      count = next - i;
    }
  return 0;
}

static void
find_introductions (Work *work)
{
  for (guint i = 0; i < work->rows->len; i++)
    {
      guint count = row_at (work, i)->kind == TEXT ? count_introduction (work, i) : 0;
      for (guint line = 0; line < count; line++)
        row_at (work, i + line)->kind = INTRODUCTION;
      i += count > 0 ? count - 1 : 0;
    }
}

/* ---- copied headers ---- */

typedef struct {
  guint names;
  gboolean from, subject, address;
} Header;

static Field
read_field (const char *folded)
{
  folded += strspn (folded, "* ");
  const char *colon = strchr (folded, ':'), *wide = strstr (folded, "：");
  const char *end = colon == NULL || (wide != NULL && wide < colon) ? wide : colon;
  if (end == NULL || end - folded > 40)
    return NO_FIELD;
  g_autofree char *name = g_strndup (folded, (gsize) (end - folded));
  g_strdelimit (name, "*", ' ');
  g_strstrip (name);
  if (words_have (WORDS_FROM, name))
    return FROM_FIELD;
  if (words_have (WORDS_SUBJECT, name))
    return SUBJECT_FIELD;
  return words_have (WORDS_OTHER, name) ? OTHER_FIELD : NO_FIELD;
}

static void
count_field (const Row *row, Header *header)
{
  header->names++;
  header->from = header->from || row->field == FROM_FIELD;
  header->subject = header->subject || row->field == SUBJECT_FIELD;
  header->address = header->address || strchr (row->folded, '@') != NULL;
}

/* The end of the copied header that begins with line I, or I when there is none. A person's own "From: ... To: ..." has no
 * subject and no address. */
static guint
header_end (const Work *work, guint i)
{
  Header header = { 0 };
  guint last = i, line = i;
  for (; line < work->rows->len && line - last <= MOST_CONTINUED && line - i < MOST_HEADERS; line++)
    {
      const Row *row = row_at (work, line);
      if (row->kind == EMPTY && header.names >= LEAST_HEADERS)
        break;
      if (row->kind == TEXT && row->field != NO_FIELD)
        {
          count_field (row, &header);
          last = line;
        }
      else if (line == i || row->kind == QUOTED || (row->kind == EMPTY && line > last + 1))
        break;
    }
  gboolean found = header.names >= LEAST_HEADERS && header.from && (header.subject || header.address);
  if (!found)
    return i;
  while (last + 1 < line && row_at (work, last + 1)->kind == TEXT)
    last++;
  return last + 1;
}

static void
find_headers (Work *work)
{
  for (guint i = 0; i < work->rows->len; i++)
    row_at (work, i)->field = read_field (row_at (work, i)->folded);
  for (guint i = 0; i < work->rows->len; i++)
    {
      guint end = row_at (work, i)->kind == TEXT ? header_end (work, i) : i;
      for (guint line = i; line < end; line++)
        row_at (work, line)->kind = COPIED;
      i = end > i ? end - 1 : i;
    }
}

/* ---- what is new ---- */

static gboolean
has_kind (const Work *work, guint begin, guint end, Kind kind)
{
  for (guint i = begin; i < end; i++)
    if (row_at (work, i)->kind == kind)
      return TRUE;
  return FALSE;
}

/* Takes off what can only be history. With nothing new above it, what stands behind is the message. */
static void
cut_history (Work *work)
{
  gboolean text = FALSE;
  for (guint i = 0; i < work->end; i++)
    {
      const Row *row = row_at (work, i);
      gboolean unmarked = row->kind == INTRODUCTION && i + 1 < work->rows->len &&
                          row_at (work, i + 1)->kind != INTRODUCTION && !quotes_follow (work, i + 1);
      gboolean edge = row->kind == MARKER || row->kind == COPIED || row->kind == SIGNATURE || unmarked;
      text = text || row->kind == TEXT;
      if (edge && text)
        work->end = i;
      else if (edge)
        work->begin = i + 1;
    }
  while (work->end > work->begin && row_at (work, work->end - 1)->kind == INTRODUCTION)
    work->end--;
}

static gboolean
is_trailing (Kind kind)
{
  return kind == EMPTY || kind == QUOTED || kind == INTRODUCTION || kind == ORNAMENT || kind == DEVICE;
}

/* Quoted lines at the end are history, and those at the beginning below their "On ... wrote:", when nothing else is answered. */
static void
cut_quoted (Work *work)
{
  guint introduced = work->begin, after;
  if (!has_kind (work, work->begin, work->end, TEXT))
    {
      if (has_kind (work, work->begin, work->end, INTRODUCTION))
        work->end = work->begin;
      return;
    }
  while (is_trailing (row_at (work, work->end - 1)->kind))
    work->end--;
  introduced = next_full (work, work->begin);
  if (row_at (work, introduced)->kind != INTRODUCTION)
    return;
  for (after = introduced; row_at (work, after)->kind != TEXT; after++)
    ;
  if (!has_kind (work, after, work->end, QUOTED))
    work->begin = after;
}

/* A quotation that holds an introduction of its own, and nothing else in the text: nothing is new. */
static void
cut_only_quoted (Work *work)
{
  for (guint i = work->begin; i < work->end; i++)
    {
      const Row *row = row_at (work, i);
      if (row->kind != QUOTED && row->kind != EMPTY)
        return;
    }
  for (guint i = work->begin; i < work->end; i++)
    {
      const char *inner = row_at (work, i)->folded + strspn (row_at (work, i)->folded, "> ");
      if (strchr (inner, '@') != NULL && introduces (inner, FALSE))
        work->end = work->begin;
    }
}

static void
mark_kept (Work *work)
{
  for (guint i = work->begin; i < work->end; i++)
    row_at (work, i)->kept = row_at (work, i)->kind != INTRODUCTION;
}

static Work *
work_new (const char *text)
{
  Work *work = g_new0 (Work, 1);
  gsize length = strlen (text);
  work->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  g_array_set_clear_func (work->rows, row_clear);
  split (work, text, MIN (length, LIMIT_LETTER));
  spare_code (work);
  find_introductions (work);
  find_headers (work);
  cut_history (work);
  cut_quoted (work);
  cut_only_quoted (work);
  mark_kept (work);
  return work;
}

static void
work_free (Work *work)
{
  g_array_unref (work->rows);
  g_free (work);
}

static char *
collect (const Work *work, gboolean kept, gboolean quoted)
{
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < work->rows->len; i++)
    {
      const Row *row = row_at (work, i);
      if (row->kept != kept || (!quoted && row->kind == QUOTED) || (text->len == 0 && row->kind == EMPTY))
        continue;
      g_string_append_len (text, row->text, (gssize) row->length);
      g_string_append_c (text, '\n');
    }
  return g_strchomp (g_string_free (text, FALSE));
}

char *
quotation_cut (const char *text, char **rest)
{
  Work *work = work_new (text);
  char *kept = collect (work, TRUE, TRUE);
  if (rest != NULL)
    {
      gsize length = strlen (text);
      g_autofree char *others = collect (work, FALSE, TRUE);
      *rest = g_strconcat (others, length > LIMIT_LETTER ? text + LIMIT_LETTER : NULL, NULL);
    }
  work_free (work);
  return kept;
}

char *
quotation_own_words (const char *text)
{
  Work *work = work_new (text);
  char *words = collect (work, TRUE, FALSE);
  work_free (work);
  return words;
}

/* ---- what may be quoted ---- */

/* The first LENGTH octets of TEXT without white space and signs of quotation, which programs put in and take out. */
static GString *
squeeze (const char *text, gsize length)
{
  GString *squeezed = g_string_sized_new (length);
  for (const char *at = text; at < text + length; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      if (c != '>' && !g_unichar_isspace (c))
        g_string_append_unichar (squeezed, c);
    }
  return squeezed;
}

static gboolean
is_known (const Row *row, const char *known)
{
  g_autoptr (GString) words = squeeze (row->text, row->length);
  return strstr (known, words->str) != NULL;
}

char *
quotation_keep_known (const char *text, const char *known)
{
  Work work = { .rows = g_array_new (FALSE, FALSE, sizeof (Row)) };
  g_autoptr (GString) words = squeeze (known, strlen (known));
  gboolean before = FALSE; /* the line before is quoted, and has stayed */
  g_array_set_clear_func (work.rows, row_clear);
  split (&work, text, strlen (text));
  spare_code (&work);
  for (guint i = 0; i < work.rows->len; i++)
    {
      Row *row = row_at (&work, i);
      gboolean quoted = row->kind == QUOTED && *row->folded == '>'; /* a "|" can be a table of their own */
      gboolean bare = quoted && strspn (row->folded, "> ") == strlen (row->folded);
      row->kept = !quoted || (bare ? before : is_known (row, words->str));
      before = quoted && row->kept;
    }
  char *kept = collect (&work, TRUE, TRUE);
  g_array_unref (work.rows);
  return kept;
}
