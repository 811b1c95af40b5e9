/* Mail that is made to cost much: the work that it makes stays in proportion to its size. */
#include <string.h>
#include <time.h>

#include "config/limits.h"
#include "mail/attachments.h"
#include "mail/quotation.h"
#include "mail/removal.h"

enum {
  SMALL = 32 * 1024,   /* LIMIT_HTML is eight times as much */
  LETTER = LIMIT_LETTER,
  TIMES = 8,           /* as large is the other one */
  MOST_TIMES = 28,     /* as long may it take; were the work quadratic, it would be 64 */
  LEAST_MICROS = 2500, /* below which a clock tells nothing */
  ROUNDS = 4,          /* at most, as a busy machine makes one of them long */
};

/* The head, then PIECE until the size is reached, then the tail. "%u" in PIECE counts. */
typedef struct {
  const char *name, *head, *piece, *tail;
  gsize small; /* 0: SMALL */
} Shape;

#define HTML "From: a@a.example\nContent-Type: text/html; charset=utf-8\n\n"
#define PLAIN "From: a@a.example\n\n"
#define PART "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"

static const Shape shapes[] = {
  { "nested multiparts", "From: a@a.example\n", "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", "", 128 * 1024 },
  { "nested messages", "From: a@a.example\n", "Content-Type: message/rfc822\n\n", "", 0 },
  { "parts", PART, "Content-Type: image/png; name=a%u.png\n\nx\n--b\n", "", 128 * 1024 },
  { "empty parts", PART, "--b\n", "", 128 * 1024 },
  { "messages in parts", PART, "Content-Type: message/rfc822\n\nSubject: x\n\ny\n--b\n", "", 0 },
  { "almost boundaries", PART, "--bb\n", "", 0 },
  { "alternatives", "From: a@a.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n", "Content-Type: text/html\n\n \n--b\n", "", 0 },
  { "encoded words begun", "Subject: ", "=?", "\n\nx\n", 128 * 1024 },
  { "encoded words", "Subject: ", "=?utf-8?q?a?= ", "\n\nx\n", 0 },
  { "encoded words without end", "Subject: ", "=?utf-8?q?", "\n\nx\n", 0 },
  { "fields of encoded words", "From: a@a.example\n", "X-%u: =?utf-8?b?YWJj?= =?utf-8?b?YWJj?= =?utf-8?b?YWJj?=\n", "\nx\n", 128 * 1024 },
  { "a long field", "From: a@a.example\nX: ", "x", "\n\nx\n", 128 * 1024 },
  { "folded lines", "From: a@a.example\nX: ", "\n x", "\n\nx\n", 128 * 1024 },
  { "white space", PLAIN, " ", "", 128 * 1024 },
  { "blank lines", PLAIN, "\n", "", 0 },
  { "carriage returns", PLAIN, "\r", "\n", 0 },
  { "quoted lines", PLAIN, "> a\n", "", LETTER / TIMES },
  { "introductions", PLAIN, "On 1/2/26 09:01, Ann\n", "", LETTER / TIMES },
  { "short introductions", PLAIN, "On 1:1\n", "", LETTER / TIMES },
  { "introductions by an address", PLAIN, "a@b wrote\n", "", LETTER / TIMES },
  { "introductions broken", PLAIN, "on 1 <\n", "", LETTER / TIMES },
  { "introductions with blank lines", PLAIN, "x wrote:\n\n\n\n\n\n\n\n", "", LETTER / TIMES },
  { "marks", PLAIN, ">", "", LETTER / TIMES },
  { "code", PLAIN, "```\n", "", LETTER / TIMES },
  { "signatures", PLAIN, "--\n", "", LETTER / TIMES },
  { "copied fields", PLAIN, "To: a\n", "", LETTER / TIMES },
  { "flowed lines", "From: a@a.example\nContent-Type: text/plain; format=flowed; delsp=yes\n\n", ">> a \n", "", 0 },
  { "octets of no charset", "From: a@a.example\nContent-Type: text/plain; charset=iso-2022-jp\n\n", "\377\033$B", "", 0 },
  { "octets of no UTF-8", "From: a@a.example\nContent-Type: text/plain; charset=utf-8\n\n", "\377", "", 0 },
  { "UTF-7", "From: a@a.example\nContent-Type: text/plain; charset=utf-7\n\n", "+AGE-", "", 0 },
  { "quoted-printable", "From: a@a.example\nContent-Transfer-Encoding: quoted-printable\n\n", "=\n", "", 0 },
  { "HTML links", HTML, "<a href=\"https://a.example/%u\">x</a> ", "", 0 },
  { "HTML elements left open", HTML, "<b>", "", 0 },
  { "HTML elements left open and others closed", HTML, "<b></i>", "", 0 },
  { "HTML blockquotes", HTML, "<blockquote>x", "", 0 },
  { "HTML tables", HTML, "<table><tr><td>", "", 0 },
  { "HTML lists", HTML, "<ul><li>", "", 0 },
  { "HTML comments left open", HTML, "<!-- ", "", 0 },
  { "HTML scripts left open", HTML "<script>", "</scrip ", "", 0 },
  { "HTML tags left open", HTML, "<a ", "", 0 },
  { "HTML attributes", HTML "<p ", "a%u=\"b\" ", ">x", 0 },
  { "HTML attributes left open", HTML, "<a href=\"", "", 0 },
  { "HTML entities", HTML, "&#x41;&amp;&", "", 0 },
  { "HTML entities left open", HTML, "&a", "", 0 },
  { "HTML angle brackets", HTML, "<", "", 0 },
  { "HTML lines", HTML, "<br>", "", 0 },
  { "HTML kept lines", HTML "<pre>", "\n", "", 0 },
  { "HTML declarations", HTML, "<!DOCTYPE ", "", 0 },
  { "HTML instructions", HTML, "<?a ", "", 0 },
  { "name in pieces", PART "Content-Type: image/png", "; name*%u=a", "\n\nx\n--b--\n", 0 },
  { "names", PART "Content-Type: image/png", "; name=a%u", "\n\nx\n--b--\n", 0 },
  { "name of encoded words", PART "Content-Type: image/png; name=\"", "=?utf-8?q?a?= ", "\"\n\nx\n--b--\n", 0 },
  { "name of escapes", PART "Content-Type: image/png; name*=utf-8''", "%41", "\n\nx\n--b--\n", 0 },
  { "a name in comments", PART "Content-Type: image/png; name=", "(", "\n\nx\n--b--\n", 0 },
  { "names of parts", PART, "Content-Disposition: attachment; filename*0*=utf-8''%C3%A9; filename*1=b\n\nx\n--b\n", "", 0 },
};

static GString *
make (const Shape *shape, gsize size)
{
  GString *mail = g_string_new (shape->head);
  g_auto (GStrv) halves = g_strsplit (shape->piece, "%u", -1);
  for (guint i = 0; mail->len < size; i++)
    {
      char number[16];
      g_snprintf (number, sizeof number, "%u", i);
      for (guint half = 0; halves[half] != NULL; half++)
        {
          g_string_append (mail, half > 0 ? number : "");
          g_string_append (mail, halves[half]);
        }
    }
  return g_string_append (mail, shape->tail);
}

static gint64
now (void)
{
  struct timespec time;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64) time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void
read_all (const GString *mail)
{
  static const char *const forbidden[] = { ".exe", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) removed = NULL;
  g_autofree char *rest = NULL;
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  raw_message_append (raw, mail->str, mail->len, &error);
  g_assert_no_error (error);
  g_autoptr (MessageFacts) facts = message_read (raw, "T");
  g_autofree char *text = message_read_text (raw);
  g_autofree char *kept = quotation_cut (text, &rest);
  g_autoptr (Attachments) attachments = attachments_read (raw, text);
  g_autoptr (RawMessage) changed = removal_apply (raw, forbidden, g_get_tmp_dir (), &removed, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (text), <=, LIMIT_LETTER);
  g_assert_cmpuint (attachments->list->len, <=, LIMIT_MIME_PARTS);
}

/* Processor time of this thread, the best of some: others use the machine too. */
static gint64
measure (const Shape *shape, gsize size, int rounds)
{
  gint64 best = G_MAXINT64;
  GString *mail = make (shape, size);
  for (int i = 0; i < rounds; i++)
    {
      gint64 begin = now ();
      read_all (mail);
      best = MIN (best, now () - begin);
    }
  g_string_free (mail, TRUE);
  return best;
}

static void
test_shape (gconstpointer data)
{
  const Shape *shape = data;
  gsize size = shape->small > 0 ? shape->small : SMALL;
  gint64 small = 0, large = G_MAXINT64;
  for (int i = 0; i < ROUNDS && large >= MOST_TIMES * MAX (small, LEAST_MICROS); i++)
    {
      small = MAX (small, measure (shape, size, 2));
      large = MIN (large, measure (shape, size * TIMES, 1));
    }
  g_test_message ("%s: %" G_GINT64_FORMAT " us, %" G_GINT64_FORMAT " us", shape->name, small, large);
  g_assert_cmpint (large, <, MOST_TIMES * MAX (small, LEAST_MICROS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_autofree char *path = g_strdelimit (g_strconcat ("/hostile/", shapes[i].name, NULL), " ", '-');
      g_test_add_data_func (path, &shapes[i], test_shape);
    }
  return g_test_run ();
}
