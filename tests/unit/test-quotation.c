/* What is new in a mail, and what its writer's mail program put around it. */
#include <string.h>

#include "config/limits.h"
#include "mail/message.h"
#include "mail/quotation.h"

typedef struct {
  const char *text, *kept, *own; /* own NULL: the same */
} Row;

static const Row rows[] = {
  { "", "", NULL },
  { "\n\n  \n", "", NULL },
  { "Only text.\n", "Only text.", NULL },
  /* Gmail */
  { "It works.\n\nOn Thu, Nov 26, 2026 at 9:01 AM DIYTel Support <support+t.7.abc@example.com> wrote:\n\n> Does it work?\n>\n",
    "It works.", NULL },
  { "It works.\n\nOn Thu, Nov 26, 2026 at 9:01 AM DIYTel Support\n<support+t.7.abcdefghijklmnopqrst@example.com> wrote:\n\n> Does it?\n",
    "It works.", NULL },
  { "See below.\n---------- Forwarded message ---------\nFrom: Ann <ann@example.net>\nDate: Thu, Nov 26, 2026\nSubject: Fax\nTo: <a@b.c>\n\nBroken.\n",
    "See below.", NULL },
  /* Outlook, desktop and web */
  { "Thank you.\n\nFrom: DIYTel Support <support@example.com>\nSent: Thursday, November 26, 2026 9:01 AM\nTo: Ann <ann@example.net>\n"
    "Subject: RE: [DIYTel #7] Fax\n\nDoes it work?\n", "Thank you.", NULL },
  { "Danke.\n\n________________________________\nVon: Support <support@example.com>\nGesendet: Donnerstag, 26. November 2026 09:01\n"
    "An: Ann\nBetreff: Fax\n\nGeht es?\n", "Danke.", NULL },
  { "Cảm ơn.\n\nTừ: Hỗ trợ <support@example.com>\nĐã gửi: 26 tháng 11 2026\nTới: An\nChủ đề: Fax\n\nĐược chưa?\n", "Cảm ơn.", NULL },
  { "Merci.\n\nDe\302\240: Support <support@example.com>\nEnvoyé\302\240: jeudi 26 novembre 2026\nÀ\302\240: Anne\nObjet\302\240: Fax\n\nOk ?\n", "Merci.", NULL },
  { "Thanks\n\n-----Original Message-----\nFrom: Support\nSent: today\nTo: me\nSubject: Fax\n\nHello\n", "Thanks", NULL },
  /* Apple Mail and iOS */
  { "Yes.\n\nSent from my iPhone\n\n> On Nov 26, 2026, at 9:01 AM, Support <support@example.com> wrote:\n> \n> \357\273\277Does it?\n", "Yes.", NULL },
  { "Ja.\n\nVon meinem iPhone gesendet\n\n> Am 26.11.2026 um 09:01 schrieb Support <support@example.com>:\n> \n> Geht es?\n", "Ja.", NULL },
  { "Oui.\n\nEnvoyé de mon iPhone\n\n> Le 26 nov. 2026 à 09:01, Support <support@example.com> a écrit :\n> \n> Ok ?\n", "Oui.", NULL },
  { "Look at this.\n\nBegin forwarded message:\n\nFrom: Ann <ann@example.net>\nSubject: Fax\nDate: 26 November 2026\nTo: a@b.c\n\nBroken.\n",
    "Look at this.", NULL },
  /* Thunderbird */
  { "Am 26.11.26 um 09:01 schrieb Support:\n> Geht es?\n\nNein.\n\n-- \nAnn Beispiel\nMuster GmbH\n", "Nein.", NULL },
  { "On 11/26/26 09:01, Support wrote:\n> Which line?\nThe second.\n> Since when?\nMonday.\n> Regards\n",
    "> Which line?\nThe second.\n> Since when?\nMonday.", "The second.\nMonday." },
  { "Answers below.\n\nOn 11/26/26 09:01, Support wrote:\n> Which line?\nThe second.\n\n> Regards\n",
    "Answers below.\n\n> Which line?\nThe second.", "Answers below.\n\nThe second." },
  { "-------- Weitergeleitete Nachricht --------\nBetreff: Fax\nDatum: 26.11.2026\nVon: Ann <ann@example.net>\nAn: support@example.com\n\nGeht nicht.\n",
    "Geht nicht.", NULL },
  /* other languages */
  { "Sí.\n\nEl jue, 26 nov 2026 a las 9:01, Soporte (<support@example.com>) escribió:\n\n> ¿Funciona?\n", "Sí.", NULL },
  { "Vâng.\n\nVào Th 5, 26 thg 11, 2026 vào lúc 09:01 Hỗ trợ <support@example.com> đã viết:\n\n> Được chưa?\n", "Vâng.", NULL },
  { "好的。\n\n在 2026年11月26日，上午9:01，客服 <support@example.com> 写道：\n\n> 可以吗？\n", "好的。", NULL },
  { "はい。\n\n2026年11月26日(木) 9:01 Support <support@example.com>:\n\n> できますか\n", "はい。\n\n2026年11月26日(木) 9:01 Support <support@example.com>:", NULL },
  /* what only looks like it */
  { "From: Vancouver\nTo: Hanoi\nDate: Friday\nMove my number, please.\n", "From: Vancouver\nTo: Hanoi\nDate: Friday\nMove my number, please.", NULL },
  { "The manual says:\nhold the key.\nThat does nothing.\n", "The manual says:\nhold the key.\nThat does nothing.", NULL },
  { "As I wrote before:\nit is dead.\n", "As I wrote before:\nit is dead.", NULL },
  { "Name\n-----\nAnn\n\nSent from my old number it works, from the new one it does not.\nWhy?\n",
    "Name\n-----\nAnn\n\nSent from my old number it works, from the new one it does not.\nWhy?", NULL },
  { "```\n-- \n> prompt\n____________\n```\nfails.\n", "```\n-- \n> prompt\n____________\n```\nfails.", NULL },
  { "> Email with only a quotation.\n", "> Email with only a quotation.", "" },
  { "On 11/26/26 09:01, Support wrote:\n> Does it?\n", "", NULL },
  { "-- \nThe whole mail stands below a signature.\n", "The whole mail stands below a signature.", NULL },
};

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *kept = quotation_cut (rows[i].text, NULL);
      g_autofree char *own = quotation_own_words (rows[i].text);
      g_autofree char *told = g_strchug (g_strdup (own));
      g_assert_cmpstr (kept, ==, rows[i].kept);
      g_assert_cmpstr (told, ==, rows[i].own != NULL ? rows[i].own : rows[i].kept);
    }
}

/* What Frontdesk itself wrote to an agent, as the agent's program gives it back, is cut out wholly, wherever the answer stands. */
static void
test_own_letters (void)
{
  static const char letter[] = "Ticket 42 (p1) has come for support, from Ann Lee <ann@example.net>:\n\nSubject: Fax\n\n  On Monday Bob wrote:\n  > dead\n\n"
                               "From: me\n-- \nAnn\n_____________\n\nTo answer, reply to this mail: support+a.42.abcdefgh@example.com\n#close #assign bob\nhttps://desk.example/42\n";
  static const char *const forms[] = {
    "%s\n\nOn Thu, Nov 26, 2026 at 9:01 AM Support <support+a.42.abcdefgh@example.com> wrote:\n\n> %s",
    "%s\n\n________________________________\nFrom: Support <support+a.42.abcdefgh@example.com>\nSent: Thursday\nTo: Bob\nSubject: [DIYTel #42] Fax\n\n%s",
    "%s\n\nFrom: Support <support+a.42.abcdefgh@example.com> \nSent: Thursday\nTo: Bob\nSubject: [DIYTel #42] Fax\n\n%s",
    "%s\n\n-----Original Message-----\nFrom: Support\nSubject: Fax\n\n%s",
    "%s\n\nSent from my iPhone\n\n> On 26 Nov 2026, at 09:01, Support <support@example.com> wrote:\n> \n> %s",
    "%s\n\nAm 26.11.26 um 09:01 schrieb Support:\n> %s\n-- \nBob\n",
    "%s\n\nOn 26 Nov 2026 09:01, Support <support@example.com> wrote:\n%s", /* unmarked */
  };
  g_auto (GStrv) lines = g_strsplit (letter, "\n", -1);
  g_autofree char *marked = g_strjoinv ("\n> ", lines);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      gboolean marks = g_str_has_suffix (forms[i], "> %s") || strstr (forms[i], "> %s\n") != NULL;
      g_auto (GStrv) pieces = g_strsplit (forms[i], "%s", 3);
      g_autofree char *text = g_strconcat (pieces[0], "We look into it.", pieces[1], marks ? marked : letter, pieces[2], NULL);
      g_autofree char *kept = quotation_cut (text, NULL);
      g_assert_cmpstr (kept, ==, "We look into it.");
    }
}

/* Who answers between the lines of a notification gives back of it what was said, not what stands around that. */
static void
test_keep_known (void)
{
  static const char said[] = "The fax does not answer, nor does\nthe telephone.\n> Which?\nBoth \303\240 la fois.\n";
  static const struct { const char *text, *kept; } cases[] = {
    { "> Team: tier1\n>\n> The fax does not answer,\n> nor does the telephone.\n>\n> Reason: new\n\nSince when?",
      "> The fax does not answer,\n> nor does the telephone.\n>\n\nSince when?" },
    { ">> Which?\n>Both \303\240 la\302\240fois.\nGood.\n> p1\n", ">> Which?\n>Both \303\240 la\302\240fois.\nGood." },
    { "Write:\n```\n> set p1\n```\n| a | b |\nsh> ls", "Write:\n```\n> set p1\n```\n| a | b |\nsh> ls" },
    { "> p1\n", "" },
    { "", "" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *kept = quotation_keep_known (cases[i].text, said);
      g_assert_cmpstr (kept, ==, cases[i].kept);
    }
  g_autofree char *nothing = quotation_keep_known ("> a\nb", "");
  g_assert_cmpstr (nothing, ==, "b");
}

static guint
count_full_lines (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint count = 0;
  for (guint i = 0; lines[i] != NULL; i++)
    count += *g_strstrip (lines[i]) != '\0';
  return count;
}

/* Nothing is lost: each line is new or of the rest. */
static void
test_rest (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *rest = NULL;
      g_autofree char *kept = quotation_cut (rows[i].text, &rest);
      g_assert_cmpuint (count_full_lines (kept) + count_full_lines (rest), ==, count_full_lines (rows[i].text));
    }
  g_autofree char *rest = NULL, *kept = quotation_cut ("Yes.\n\nOn 1/2/26 09:01, Ann wrote:\n> Really?\n", &rest);
  g_assert_cmpstr (rest, ==, "On 1/2/26 09:01, Ann wrote:\n> Really?");
}

static void
test_bound (void)
{
  g_autoptr (GString) text = g_string_new ("Hello\n");
  while (text->len < LIMIT_LETTER)
    g_string_append (text, "> \303\251\n");
  g_string_append (text, "\nbeyond\n");
  g_autofree char *rest = NULL, *kept = quotation_cut (text->str, &rest);
  g_assert_cmpstr (kept, ==, "Hello");
  g_assert_nonnull (strstr (rest, "beyond"));
}

/* ---- mails as programs write them ---- */

static void
test_programs (void)
{
  static const struct {
    const char *name, *kept;
  } mails[] = {
    { "gmail", "It is the second line. Cảm ơn!" },
    { "gmail-html", "It is the second line. Cảm ơn!" },
    { "outlook", "It’s the second line." },
    { "outlook-web", "C'est la deuxième ligne." },
    { "apple-mail", "It is the second line, the one in the kitchen." },
    { "thunderbird", "> Hello,\n> \n> which line is it, and since when does the fax not get through?\nThe second one.\nSince Monday.\n\n"
                     "> Which model?\nA Brother, older than the hills." },
    { "ios", "Die zweite Leitung." },
  };
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  for (guint i = 0; i < G_N_ELEMENTS (mails); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *name = g_strconcat (mails[i].name, ".eml", NULL);
      g_autofree char *path = g_build_filename (source != NULL ? source : ".", "tests", "data", "replies", name, NULL);
      g_autoptr (RawMessage) raw = raw_message_open (path, &error);
      g_assert_no_error (error);
      g_autofree char *text = message_read_text (raw);
      g_autofree char *kept = quotation_cut (text, NULL);
      g_assert_cmpstr (kept, ==, mails[i].kept);
    }
}

/* ---- the corpus ---- */

static char *
read_lf (const char *folder, const char *kind, const char *name)
{
  g_autofree char *path = g_build_filename (folder, "email-reply-trimmer", "test", kind, name, NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  g_auto (GStrv) pieces = g_strsplit (text, "\r", -1);
  return g_strstrip (g_strjoinv ("", pieces));
}

static void
test_corpus (void)
{
  enum { LEAST = 58 };
  const char *folder = g_getenv ("FRONTDESK_CORPUS");
  g_autofree char *emails = folder != NULL ? g_build_filename (folder, "email-reply-trimmer", "test", "emails", NULL) : NULL;
  g_autoptr (GDir) dir = emails != NULL ? g_dir_open (emails, 0, NULL) : NULL;
  guint good = 0;
  if (dir == NULL)
    {
      g_test_skip ("FRONTDESK_CORPUS names no folder with email-reply-trimmer");
      return;
    }
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *text = read_lf (folder, "emails", name), *wanted = read_lf (folder, "trimmed", name);
      g_autofree char *kept = g_strstrip (quotation_cut (text, NULL));
      if (g_str_equal (kept, wanted))
        good++;
      else
        g_test_message ("%s: \"%s\"", name, kept);
    }
  g_assert_cmpuint (good, >=, LEAST);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quotation/rows", test_rows);
  g_test_add_func ("/quotation/own-letters", test_own_letters);
  g_test_add_func ("/quotation/keep-known", test_keep_known);
  g_test_add_func ("/quotation/rest", test_rest);
  g_test_add_func ("/quotation/bound", test_bound);
  g_test_add_func ("/quotation/programs", test_programs);
  g_test_add_func ("/quotation/corpus", test_corpus);
  return g_test_run ();
}
