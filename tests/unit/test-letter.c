#include "mail/letter.h"

#include <pthread.h>
#include <string.h>

#include <glib/gstdio.h>

#include "config/limits.h"
#include "mail/message.h"

static const char *const customer_letters[] = { "acknowledgement", "after-hours", "holiday", "emergency",
                                                "emergency-unverified", "update", "extension", "resolved" };
static const char *const names[] = { "acknowledgement", "after-hours", "holiday", "emergency",
                                     "emergency-unverified", "update", "extension", "resolved",
                                     "reply", "team-new", "team-unverified", "team-failed", "team-bounce", "team-flood",
                                     "team-warning", "team-breach", "team-reminder", "page",
                                     "page-short", "page-acknowledged", "page-resolved", "page-reminder",
                                     "page-answer", "taken", "team-message", "team-given" };

static const char *const pages[] = { "web-page", "web-incident", "web-problem", "web-sentence" };

/* ---- folders of templates ---- */

typedef struct {
  char *folder;
} Place;

static void
write_file (const Place *place, const char *language, const char *name, const char *text)
{
  g_autofree char *folder = g_build_filename (place->folder, language, NULL);
  g_autofree char *file = g_build_filename (folder, name, NULL);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
}

static void
write_template (const Place *place, const char *language, const char *name, const char *text)
{
  g_autofree char *file = g_strconcat (name, ".txt", NULL);
  write_file (place, language, file, text);
}

static void
place_set_up (Place *place, gconstpointer data)
{
  (void) data;
  place->folder = g_dir_make_tmp ("letter-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    write_template (place, "en", names[i], "Subject: {{tag}} {{subject}}\n\nEnglish {{number}}\n");
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      g_autofree char *file = g_strconcat (pages[i], ".html", NULL);
      write_file (place, "en", file, "<p lang=\"{{language}}\">{{number}} {{subject}}</p>\n");
    }
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *entry;
  while (folder != NULL && (entry = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, entry, NULL);
      remove_tree (child);
    }
  g_remove (path);
}

static void
place_tear_down (Place *place, gconstpointer data)
{
  (void) data;
  remove_tree (place->folder);
  g_free (place->folder);
}

static const LetterData sample = { .number = 1042,
                                   .tag = "[DIYTel #1042]",
                                   .subject = "No dial tone",
                                   .name = "Ann Ouellette",
                                   .requester = "ann@example.com",
                                   .customer = "K 1001",
                                   .company = "DIYTel",
                                   .phone = "+1 604-635-0700",
                                   .role = "support",
                                   .role_address = "support@example.com",
                                   .team = "noc",
                                   .priority = "p3",
                                   .standing = "unknown (directory unavailable)",
                                   .hours = "mon-fri 06:00-18:00 (America/Vancouver)",
                                   .promise = "by 10:15 on Tuesday",
                                   .resolution = "by 17:00 on Friday",
                                   .next_update = "by 11:30 on Wednesday",
                                   .old_promise = "by 08:45 on Monday",
                                   .opened = "09:00 on Saturday",
                                   .next_opening = "06:00 on Thursday",
                                   .target = "respond",
                                   .due = "12:20 on Sunday",
                                   .holiday = "Boxing Day",
                                   .greeting = "Dear customers",
                                   .closing = "Thank you for\nyour interest.",
                                   .assignee = "Alice Tremblay",
                                   .oncall = "Bob Singh, Carol Roy",
                                   .text = "It works again.\n\n  Alice",
                                   .reason = "the sender is not verified",
                                   .excerpt = "There is no\n  dial tone.",
                                   .detail = "550 5.1.1 no such user",
                                   .removed = "run.exe, tool.jar",
                                   .event = "trigger",
                                   .link = "https://desk.example/ack/7.abc",
                                   .by = "Bob Singh",
                                   .count = "3",
                                   .list = "#1042 No dial tone\n#1043 line down",
                                   .test = "yes",
                                   .again = "yes" };

static void
assert_load_fails (const Place *place, LetterError code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_assert_null (templates_load (place->folder, "en", &error));
  g_assert_error (error, LETTER_ERROR, (gint) code);
  if (strstr (error->message, says) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, says);
}

/* Fills in and returns the body; the subject goes to *SUBJECT when that is wanted. */
static char *
fill (const Templates *templates, const char *name, const char *languages, const LetterData *data, char **subject)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  char *body = NULL;
  templates_fill (templates, name, languages, data, &line, &body, &error);
  g_assert_no_error (error);
  if (subject != NULL)
    *subject = g_steal_pointer (&line);
  return body;
}

/* Fills in BODY as an acknowledgement. */
static char *
fill_text (Place *place, const char *text, const LetterData *data, char **subject)
{
  g_autoptr (GError) error = NULL;
  write_template (place, "en", "acknowledgement", text);
  g_autoptr (Templates) templates = templates_load (place->folder, "en", &error);
  g_assert_no_error (error);
  return fill (templates, "acknowledgement", NULL, data, subject);
}

/* ---- templates ---- */

/* make check says where the sources are. */
static char *
shipped_folder (void)
{
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  return g_build_filename (source != NULL ? source : ".", "templates", NULL);
}

static const char *const shipped_languages[] = { "en", "fr", "vi" };

/* These have customers' letters only. */
static const struct {
  const char *language, *greeting, *closing, *automatic, *not_paged;
} customers_languages[] = {
  { "es", "Estimado/a cliente:\n\n", "\n\nAtentamente,\n\nDIYTel\n", "automáticamente", "NO se ha avisado" },
  { "de", "Guten Tag,\n\n", "\n\nMit freundlichen Grüßen\n\nDIYTel\n", "automatisch", "NICHT verständigt" },
  { "zh", "尊敬的客户，您好：\n\n", "\n\n此致\n敬礼！\n\nDIYTel\n", "自动", "并未紧急呼叫值班人员" },
  { "pa", "ਸਤਿਕਾਰਯੋਗ ਗਾਹਕ ਜੀ,\n\n", "\n\nਧੰਨਵਾਦ ਸਹਿਤ,\n\nDIYTel\n", "ਆਪਣੇ-ਆਪ", "ਸੂਚਿਤ ਨਹੀਂ ਕੀਤਾ ਗਿਆ" },
};

static void
assert_neat (const char *body)
{
  g_assert_null (strstr (body, "{{"));
  g_assert_null (strstr (body, "\n\n\n"));
}

static void
test_shipped_templates (void)
{
  const LetterData nothing = { 0 };
  g_autofree char *folder = shipped_folder ();
  for (guint l = 0; l < G_N_ELEMENTS (shipped_languages); l++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Templates) templates = templates_load (folder, shipped_languages[l], &error);
      g_assert_no_error (error);
      for (guint i = 0; i < G_N_ELEMENTS (names); i++)
        {
          g_autofree char *subject = NULL;
          g_autofree char *language = templates_find_language (templates, names[i], shipped_languages[l]);
          g_autofree char *body = fill (templates, names[i], shipped_languages[l], &sample, &subject);
          g_autofree char *bare = fill (templates, names[i], shipped_languages[l], &nothing, NULL);
          g_assert_cmpstr (language, ==, shipped_languages[l]);
          g_assert_nonnull (strstr (subject, "[DIYTel #1042]"));
          g_assert_nonnull (strstr (subject, "No dial tone"));
          g_assert_true (g_str_equal (names[i], "reply") || strstr (body, "1042") != NULL);
          assert_neat (body);
          assert_neat (bare);
        }
    }
}

/* What each letter is for. */
static const struct {
  const char *letter, *values[8];
} shipped_values[] = {
  { "acknowledgement", { "by 10:15 on Tuesday", "by 17:00 on Friday", "mon-fri 06:00-18:00", "+1 604-635-0700",
                         "Alice Tremblay", "run.exe, tool.jar" } },
  { "after-hours", { "06:00 on Thursday", "by 10:15 on Tuesday", "mon-fri 06:00-18:00", "+1 604-635-0700",
                       "Alice Tremblay", "run.exe, tool.jar" } },
  { "holiday", { "Boxing Day", "06:00 on Thursday", "by 10:15 on Tuesday", "mon-fri 06:00-18:00",
                   "+1 604-635-0700", "run.exe, tool.jar" } },
  { "emergency", { "by 10:15 on Tuesday", "by 11:30 on Wednesday", "mon-fri 06:00-18:00", "+1 604-635-0700",
                     "Alice Tremblay", "run.exe, tool.jar" } },
  { "emergency-unverified", { "by 10:15 on Tuesday", "mon-fri 06:00-18:00", "+1 604-635-0700", "run.exe, tool.jar" } },
  { "update", { "by 11:30 on Wednesday", "Alice Tremblay", "+1 604-635-0700" } },
  { "extension", { "by 08:45 on Monday", "by 10:15 on Tuesday", "by 17:00 on Friday" } },
  { "team-new", { "09:00 on Saturday", "ann@example.com", "dial tone." } },
  { "team-unverified", { "09:00 on Saturday", "Bob Singh, Carol Roy", "the sender is not verified", "dial tone." } },
  { "team-failed", { "550 5.1.1 no such user", "ann@example.com" } },
  { "team-bounce", { "550 5.1.1 no such user", "frontdesk show 1042" } },
  { "team-flood", { "the sender is not verified", "frontdesk show 1042" } },
  { "team-warning", { "12:20 on Sunday", "Alice Tremblay", "noc", "frontdesk show 1042" } },
  { "team-breach", { "12:20 on Sunday", "Alice Tremblay", "noc", "frontdesk show 1042" } },
  { "team-reminder", { "12:20 on Sunday", "Alice Tremblay", "noc", "frontdesk show 1042" } },
  { "page", { "09:00 on Saturday", "K 1001", "https://desk.example/ack/7.abc", "ack", "resolve", "#1043 line down" } },
  { "page-short", { "3 ", " [DIYTel #1042] ", "No dial tone (ann@example.com)" } },
  { "page-acknowledged", { "Bob Singh ", "K 1001" } },
  { "page-resolved", { "support", "K 1001" } },
};

static void
assert_says (const Templates *templates, const char *language, guint row)
{
  g_autofree char *body = fill (templates, shipped_values[row].letter, language, &sample, NULL);
  for (guint v = 0; shipped_values[row].values[v] != NULL; v++)
    if (strstr (body, shipped_values[row].values[v]) == NULL)
      g_error ("%s/%s does not say \"%s\":\n%s", language, shipped_values[row].letter, shipped_values[row].values[v], body);
}

/* It is in it, in every language. */
static void
test_shipped_values (void)
{
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  for (guint l = 0; l < G_N_ELEMENTS (shipped_languages); l++)
    for (guint i = 0; i < G_N_ELEMENTS (shipped_values); i++)
      assert_says (templates, shipped_languages[l], i);
}

/* The languages of customers: a letter is in them or, where they have none of its name, in the default. */
static void
test_shipped_for_customers (void)
{
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  for (guint l = 0; l < G_N_ELEMENTS (customers_languages); l++)
    for (guint i = 0; i < G_N_ELEMENTS (shipped_values); i++)
      {
        gboolean staff = strstr (shipped_values[i].letter, "team-") != NULL || strstr (shipped_values[i].letter, "page") != NULL;
        g_autofree char *language =
          templates_find_language (templates, shipped_values[i].letter, customers_languages[l].language);
        g_assert_cmpstr (language, ==, staff ? "en" : customers_languages[l].language);
        assert_says (templates, customers_languages[l].language, i);
      }
}

static void
test_shipped_conventions (void)
{
  LetterData plain = sample;
  plain.greeting = plain.closing = NULL;
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  for (guint l = 0; l < G_N_ELEMENTS (customers_languages); l++)
    for (guint i = 0; i < G_N_ELEMENTS (customer_letters); i++)
      {
        const char *language = customers_languages[l].language;
        g_autofree char *subject = NULL;
        g_autofree char *own = fill (templates, customer_letters[i], language, &sample, NULL);
        g_autofree char *body = fill (templates, customer_letters[i], language, &plain, &subject);
        g_assert_cmpstr (subject, ==, "Re: [DIYTel #1042] No dial tone");
        g_assert_true (g_str_has_prefix (body, customers_languages[l].greeting));
        g_assert_true (g_str_has_suffix (body, customers_languages[l].closing));
        g_assert_true (g_str_has_prefix (own, "Dear customers\n\n"));
        g_assert_true (g_str_has_suffix (own, "\n\nThank you for\nyour interest.\n\nDIYTel\n"));
        g_assert_nonnull (strstr (body, "1042"));
        g_assert_null (strstr (body, "dial tone.")); /* never a part of the message */
        assert_neat (body);
        assert_neat (own);
      }
}

/* Who reads these must not be in doubt. */
static void
test_shipped_warnings (void)
{
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  const LetterData bare = { .number = 1042 };
  for (guint l = 0; l < G_N_ELEMENTS (customers_languages); l++)
    {
      g_autofree char *unpaged = fill (templates, "emergency-unverified", customers_languages[l].language, &sample, NULL);
      g_autofree char *acknowledgement = fill (templates, "acknowledgement", customers_languages[l].language, &bare, NULL);
      g_assert_nonnull (strstr (unpaged, customers_languages[l].not_paged));
      g_assert_nonnull (strstr (acknowledgement, customers_languages[l].automatic));
      assert_neat (acknowledgement);
    }
}

/* The policy's own first and last words, or the template's. */
static void
test_shipped_greetings (void)
{
  static const char *const hello[] = { "Hello,\n\n", "Bonjour,\n\n", "Kính chào quý khách,\n\n" };
  LetterData plain = sample;
  plain.greeting = plain.closing = NULL;
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  for (guint l = 0; l < G_N_ELEMENTS (shipped_languages); l++)
    for (guint i = 0; i < G_N_ELEMENTS (customer_letters); i++)
      {
        g_autofree char *body = fill (templates, customer_letters[i], shipped_languages[l], &sample, NULL);
        g_autofree char *without = fill (templates, customer_letters[i], shipped_languages[l], &plain, NULL);
        g_assert_true (g_str_has_prefix (body, "Dear customers\n\n"));
        g_assert_true (g_str_has_suffix (body, "\n\nThank you for\nyour interest.\n\nDIYTel\n"));
        g_assert_true (g_str_has_prefix (without, hello[l]));
        g_assert_true (g_str_has_suffix (without, ".\n\nDIYTel\n"));
        g_assert_null (strstr (without, "customers\n"));
      }
}

/* A target is written in the language of the letter; one that has no words there as it is given. */
static void
test_shipped_targets (void)
{
  static const struct {
    const char *target, *words[3];
  } rows[] = {
    { "acknowledge", { "acknowledgement", "accusé de réception", "thư xác nhận" } },
    { "respond", { "first answer", "première réponse", "câu trả lời đầu tiên" } },
    { "update", { "update to the customer", "mise à jour", "thông tin mới" } },
    { "resolve", { "solution", "solution", "giải quyết" } },
    { "root-cause note", { "root-cause note", "root-cause note", "root-cause note" } },
  };
  LetterData data = sample;
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint l = 0; l < G_N_ELEMENTS (shipped_languages); l++)
      {
        data.target = rows[i].target;
        g_autofree char *warning = fill (templates, "team-warning", shipped_languages[l], &data, NULL);
        g_autofree char *breach = fill (templates, "team-breach", shipped_languages[l], &data, NULL);
        g_assert_nonnull (strstr (warning, rows[i].words[l]));
        g_assert_nonnull (strstr (breach, rows[i].words[l]));
      }
}

/* An agent's answer goes out as it was written. */
static void
test_shipped_reply (void)
{
  g_autofree char *folder = shipped_folder ();
  g_autofree char *longest = g_strnfill (LIMIT_ANSWER, 'x');
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  LetterData data = sample;
  data.text = longest;
  for (guint l = 0; l < G_N_ELEMENTS (shipped_languages); l++)
    {
      g_autofree char *subject = NULL;
      g_autofree char *body = fill (templates, "reply", shipped_languages[l], &sample, &subject);
      g_autofree char *whole = fill (templates, "reply", shipped_languages[l], &data, NULL);
      g_assert_cmpstr (subject, ==, "Re: [DIYTel #1042] No dial tone");
      g_assert_cmpstr (body, ==, "It works again.\n\n  Alice\n");
      g_assert_cmpstr (g_strchomp (whole), ==, longest);
    }
}

static void
test_shipped_customer_letters (void)
{
  static const char *const letters[] = { "acknowledgement", "after-hours", "holiday", "emergency",
                                        "emergency-unverified" };
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  LetterData bare = sample;
  bare.hours = bare.phone = bare.subject = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
    {
      g_autofree char *full = fill (templates, letters[i], "fr", &sample, NULL);
      g_autofree char *short_one = fill (templates, letters[i], "fr", &bare, NULL);
      g_assert_nonnull (strstr (full, sample.hours));
      g_assert_nonnull (strstr (full, sample.phone));
      g_assert_nonnull (strstr (full, "automatiquement"));
      g_assert_null (strstr (full, "dial tone.")); /* never a part of the message */
      g_assert_null (strstr (short_one, "heures"));
      g_assert_null (strstr (short_one, "téléphon"));
      g_assert_null (strstr (short_one, "«"));
    }
  g_autofree char *subject = NULL;
  g_autofree char *unverified = fill (templates, "team-unverified", "fr", &sample, &subject);
  g_assert_nonnull (strstr (subject, "unverified"));
  g_assert_nonnull (strstr (unverified, sample.reason));
}

static void
test_load_errors (Place *place, gconstpointer data)
{
  (void) data;
  static const struct {
    const char *text, *says;
  } rows[] = {
    { "Subject: x\n\n\n\n{{nosuch}}\n", "en/page.txt:5: {{nosuch}}: " },
    { "Subject: {{nosuch}}\n\nx\n", "en/page.txt:1: {{nosuch}}: " },
    { "Subject: x\n\n{{if phone}}\n{{phone}}\n{{else}}\n{{nosuch}}\n{{end}}\n", "en/page.txt:6: " },
    { "Subject: x\n\n{{if priority == \"p9\"}}{{nosuch}}{{end}}\n", "en/page.txt:3: " },
    { "Subject: x\n\n{{if phone}}{{else if nosuch}}{{end}}\n", "en/page.txt:3: " },
    { "Subject: x\n\n{{if phone || nosuch}}{{end}}\n", "en/page.txt:3: " },
    { "Subject: x\n\n{{if phone && nosuch}}{{end}}\n", "en/page.txt:3: " },
    { "Subject: x\n\ntext\n{{number\n", "en/page.txt:4: \"{{\" is never closed" },
    { "Subject: x\n\n{{if phone}}\nnever ended\n", "en/page.txt: " },
    { "Subject: x\n\n{{end}}\n", "en/page.txt: " },
    { "Subject: x\n\n{{}}\n", "en/page.txt:3: " },
    { "Subject: x\n\n{{if}}{{end}}\n", "en/page.txt:3: " },
    { "Subject: x\n\n{{$$}}\n", "en/page.txt:3: " },
    { "Subject: x\n\n{{include \"/etc/passwd\"}}\n", "en/page.txt:3: " },
    { "Subject: x\n\n{{for a in tag}}{{a}}{{end}}\n", "en/page.txt:3: " },
    { "Subject: x\nBcc: all@example.com\n\nx\n", "en/page.txt:2: " },
    { "From: x\nSubject: x\n\nx\n", "en/page.txt:1: " },
    { "Subject: x\nno empty line\n", "en/page.txt:2: " },
    { "Subject: x", "en/page.txt:2: " },
    { "", "en/page.txt:1: " },
    { "Subject: caf\xe9\n\nx\n", "not UTF-8" },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      write_template (place, "en", "page", rows[i].text);
      assert_load_fails (place, LETTER_ERROR_SYNTAX, rows[i].says);
    }
}

static void
test_broken_in_other_language (Place *place, gconstpointer data)
{
  (void) data;
  write_template (place, "fr", "page", "Subject: x\n\n{{numero}}\n");
  assert_load_fails (place, LETTER_ERROR_SYNTAX, "fr/page.txt:3: {{numero}}");
}

static void
test_missing (Place *place, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_build_filename (place->folder, "en", "team-failed.txt", NULL);
  g_autofree char *folder = g_build_filename (place->folder, "none", NULL);
  write_template (place, "fr", "team-failed", "Subject: x\n\nx\n");
  g_assert_cmpint (g_remove (file), ==, 0);
  assert_load_fails (place, LETTER_ERROR_READ, "en/team-failed.txt");
  g_assert_null (templates_load (folder, "en", &error));
  g_assert_error (error, LETTER_ERROR, LETTER_ERROR_READ);
}

static void
test_not_a_file (Place *place, gconstpointer data)
{
  (void) data;
  g_autofree char *folder = g_build_filename (place->folder, "fr", "page.txt", NULL);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  assert_load_fails (place, LETTER_ERROR_READ, "fr/page.txt");
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_autofree char *big = g_strnfill (LIMIT_LETTER, 'x');
  g_autofree char *text = g_strconcat ("Subject: x\n\n", big, NULL);
  write_template (place, "fr", "page", text);
  assert_load_fails (place, LETTER_ERROR_READ, "fr/page.txt");
}

static void
test_too_long (Place *place, gconstpointer data)
{
  (void) data;
  GString *text = g_string_new ("Subject: x\n\n");
  for (guint i = 0; i < 40; i++)
    g_string_append (text, "{{excerpt}}");
  write_template (place, "en", "page", text->str);
  assert_load_fails (place, LETTER_ERROR_LENGTH, "en/page.txt");
  g_string_free (text, TRUE);
}

static void
test_languages (Place *place, gconstpointer data)
{
  (void) data;
  static const struct {
    const char *languages, *body, *language;
  } rows[] = {
    { "fr-CA,en", "français", "fr" },  { "fr_CA", "français", "fr" }, { "FR", "français", "fr" },
    { "fr;q=0.8, en", "français", "fr" }, { "en,fr", "English 0", "en" }, { "xx", "English 0", "en" },
    { "xx, fr", "français", "fr" },    { "pt-BR", "brasileiro", "pt-br" }, { "pt-BR-x-y", "brasileiro", "pt-br" },
    { "pt", "English 0", "en" },       { "", "English 0", "en" },     { NULL, "English 0", "en" },
    { ",,;,-,../../etc", "English 0", "en" },
  };
  const LetterData nothing = { 0 };
  write_template (place, "fr", "page", "Subject: x\r\n\r\nfrançais\r\n");
  write_template (place, "pt-BR", "page", "Subject: x\n\nbrasileiro\n");
  g_autoptr (Templates) templates = templates_load (place->folder, "en", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *body = fill (templates, "page", rows[i].languages, &nothing, NULL);
      g_autofree char *language = templates_find_language (templates, "page", rows[i].languages);
      g_assert_cmpstr (g_strchomp (body), ==, rows[i].body);
      g_assert_cmpstr (language, ==, rows[i].language);
    }
  g_autofree char *other = fill (templates, "emergency", "fr", &nothing, NULL);
  g_assert_cmpstr (other, ==, "English 0\n");
}

static void
test_no_such_letter (Place *place, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  g_autofree char *subject = NULL, *body = NULL;
  g_autoptr (Templates) templates = templates_load (place->folder, "en", NULL);
  g_assert_false (templates_fill (templates, "nosuch", "en", &sample, &subject, &body, &error));
  g_assert_error (error, LETTER_ERROR, LETTER_ERROR_READ);
  g_assert_null (templates_find_language (templates, "nosuch", "en"));
}

static void
test_values_are_data (Place *place, gconstpointer data)
{
  (void) data;
  const LetterData tricky = { .number = 7,
                              .subject = "{{number}} {{nosuch}} {{ <b>&amp; \\{{x}} %s",
                              .name = "a\r\nBcc: evil@example.com\r\n\r\nx",
                              .excerpt = "one\r\n  two\n\033[31mred\xe2\x80\xaereversed\n\n\n",
                              .standing = "caf\xe9" };
  g_autofree char *subject = NULL;
  g_autofree char *body =
    fill_text (place, "Subject: {{subject}} {{name}}\n\n{{subject}}|{{name}}|{{excerpt}}|{{standing}}|{{phone}}|\n",
               &tricky, &subject);
  g_assert_cmpstr (subject, ==, "{{number}} {{nosuch}} {{ <b>&amp; \\{{x}} %s a  Bcc: evil@example.com    x");
  g_assert_cmpstr (body, ==,
                   "{{number}} {{nosuch}} {{ <b>&amp; \\{{x}} %s|a  Bcc: evil@example.com    x|"
                   "one\n  two\n[31mredreversed|caf\357\277\275||\n");
}

static void
test_bounds (Place *place, gconstpointer data)
{
  (void) data;
  g_autofree char *huge = g_strnfill (70 * 1024, 'x');
  LetterData long_values = sample;
  long_values.subject = long_values.name = long_values.excerpt = long_values.detail = long_values.tag = huge;
  g_autofree char *subject = NULL;
  g_autofree char *body =
    fill_text (place, "Subject: {{tag}} {{subject}}\n\n{{excerpt}}{{detail}}\n", &long_values, &subject);
  g_assert_cmpint (g_utf8_strlen (subject, -1), ==, LIMIT_SUBJECT);
  g_assert_cmpuint (strlen (body), ==, 2 * LIMIT_EXCERPT + 1);
}

static void
test_conditions (Place *place, gconstpointer data)
{
  (void) data;
  const LetterData nothing = { 0 };
  const char *text = "Subject: {{if tag}}tagged{{else}}bare{{end}}\n\n"
                     "{{if phone}}\ncall {{phone}}\n{{else if hours}}\nhours\n{{else}}\nneither\n{{end}}\n"
                     "{{if priority == \"p3\"}}third{{end}}|{{\"}}\"}}|\n"
                     "\\{{tag}} {{if (!phone) || (priority != \"p3\")}}no{{end}}\n\n"
                     "{{if phone && hours}}both{{end}}\nsame line\n";
  g_autofree char *subject = NULL, *bare = NULL;
  g_autofree char *full_body = fill_text (place, text, &sample, &subject);
  g_autofree char *bare_body = fill_text (place, text, &nothing, &bare);
  g_assert_cmpstr (subject, ==, "tagged");
  g_assert_cmpstr (bare, ==, "bare");
  g_assert_cmpstr (full_body, ==, "call +1 604-635-0700\nthird|}}|\n{{tag}} \nbothsame line\n");
  g_assert_cmpstr (bare_body, ==, "neither\n|}}|\n{{tag}} no\nsame line\n");
}

/* ---- threads ---- */

typedef struct {
  const Templates *templates;
  gint64 number;
} Writer;

static gpointer
write_letters (gpointer data)
{
  const Writer *writer = data;
  LetterData own = sample;
  g_autofree char *phone = g_strdup_printf ("+%" G_GINT64_FORMAT, writer->number);
  own.number = writer->number;
  own.phone = phone;
  gsize wrong = 0;
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *body = fill (writer->templates, "acknowledgement", "en", &own, NULL);
      g_autofree char *expected = g_strdup_printf ("%" G_GINT64_FORMAT " at %s\n", own.number, own.phone);
      wrong += !g_str_equal (body, expected);
    }
  return GSIZE_TO_POINTER (wrong);
}

static void
test_eight_threads (Place *place, gconstpointer data)
{
  (void) data;
  GThread *threads[8];
  Writer writers[8];
  write_template (place, "en", "acknowledgement", "Subject: x\n\n{{number}}{{if phone}} at {{phone}}{{end}}\n\n");
  g_autoptr (Templates) templates = templates_load (place->folder, "en", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      writers[i] = (Writer){ templates, 1000 + i };
      threads[i] = g_thread_new (NULL, write_letters, &writers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmpuint (GPOINTER_TO_SIZE (g_thread_join (threads[i])), ==, 0);
}

/* ---- letters ---- */

static const Letter plain_letter = { .from_name = "DIYTel Support",
                                     .from = "support@example.com",
                                     .to_name = "Ann Ouellette",
                                     .to = "ann@example.org",
                                     .reply_to = "support+t.1042.abcdefghijklmnop@example.com",
                                     .subject = "Re: [DIYTel #1042] No dial tone",
                                     .body = "Hello,\n\n.\nbye\n",
                                     .message_id = "ack.abcdefghijklmnop@mail.example.com",
                                     .in_reply_to = "original@example.org",
                                     .auto_submitted = "auto-replied",
                                     .loop = "mail.example.com",
                                     .language = "en",
                                     .date = G_GINT64_CONSTANT (1795564800) * G_USEC_PER_SEC };

static char *
compose (const Letter *letter)
{
  g_autoptr (GBytes) octets = letter_compose (letter);
  gsize length;
  const char *data = g_bytes_get_data (octets, &length);
  g_assert_null (memchr (data, '\0', length));
  return g_strndup (data, length);
}

/* What must hold of every letter, whatever its strings: only our fields, each once, CRLF, short lines, 7 bits. */
static void
assert_well_formed (const char *text)
{
  static const char *const ours[] = { "Date", "From", "Reply-To", "Subject", "To", "Cc", "Message-Id", "In-Reply-To",
                                      "References", "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "X-Frontdesk-Loop",
                                      "Content-Language", "MIME-Version", "Content-Type",
                                      "Content-Transfer-Encoding", NULL };
  gboolean header = TRUE;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_assert_cmpuint (strlen (lines[i]), <=, 998);
      g_assert_true (g_str_is_ascii (lines[i]));
      g_assert_null (strpbrk (lines[i], "\r\n\033"));
      header = header && *lines[i] != '\0';
      if (!header || *lines[i] == ' ' || *lines[i] == '\t')
        continue;
      char *name = g_strndup (lines[i], strcspn (lines[i], ":"));
      if (!g_strv_contains (ours, name))
        g_error ("a field \"%s\" came in", lines[i]);
      g_assert_true (g_hash_table_add (seen, name));
    }
  g_assert_true (g_hash_table_contains (seen, "From"));
  g_assert_true (g_hash_table_contains (seen, "To"));
}

static void
assert_field (const char *text, const char *line)
{
  g_autofree char *whole = g_strdup_printf ("\r\n%s\r\n", line);
  g_autofree char *begun = g_strconcat ("\r\n", text, NULL);
  if (strstr (begun, whole) == NULL)
    g_error ("no line \"%s\" in:\n%s", line, text);
}

static GMimeMessage *
parse (const char *text)
{
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer (text, strlen (text));
  GMimeParser *parser = g_mime_parser_new_with_stream (stream);
  GMimeMessage *message = g_mime_parser_construct_message (parser, NULL);
  g_object_unref (parser);
  g_object_unref (stream);
  g_assert_nonnull (message);
  return message;
}

static char *
read_body (GMimeMessage *message)
{
  GMimeObject *part = g_mime_message_get_mime_part (message);
  g_assert_cmpstr (g_mime_object_get_content_type_parameter (part, "charset"), ==, "utf-8");
  GMimeStream *stream = g_mime_stream_mem_new ();
  g_mime_data_wrapper_write_to_stream (g_mime_part_get_content (GMIME_PART (part)), stream);
  GByteArray *octets = g_mime_stream_mem_get_byte_array (GMIME_STREAM_MEM (stream));
  char *body = g_strndup ((const char *) octets->data, octets->len);
  g_object_unref (stream);
  return body;
}

static void
test_plain_letter (void)
{
  g_autofree char *text = compose (&plain_letter);
  assert_well_formed (text);
  assert_field (text, "From: DIYTel Support <support@example.com>");
  assert_field (text, "To: Ann Ouellette <ann@example.org>");
  assert_field (text, "Reply-To: support+t.1042.abcdefghijklmnop@example.com");
  assert_field (text, "Subject: Re: [DIYTel #1042] No dial tone");
  assert_field (text, "Date: Wed, 25 Nov 2026 00:00:00 +0000");
  assert_field (text, "Message-Id: <ack.abcdefghijklmnop@mail.example.com>");
  assert_field (text, "In-Reply-To: <original@example.org>");
  assert_field (text, "References: <original@example.org>");
  assert_field (text, "Auto-Submitted: auto-replied");
  assert_field (text, "Precedence: bulk");
  assert_field (text, "X-Auto-Response-Suppress: All");
  assert_field (text, "X-Frontdesk-Loop: mail.example.com");
  assert_field (text, "Content-Language: en");
  assert_field (text, "MIME-Version: 1.0");
  assert_field (text, "Content-Type: text/plain; charset=utf-8");
  g_assert_true (g_str_has_suffix (text, "\r\n\r\nHello,\r\n\r\n.\r\nbye\r\n"));
}

static void
test_optional_strings (void)
{
  const Letter bare = { .from = "support@example.com", .to = "ann@example.org", .message_id = "a@b" };
  g_autofree char *text = compose (&bare);
  assert_well_formed (text);
  g_assert_null (strstr (text, "\r\nReply-To"));
  g_assert_null (strstr (text, "References"));
  g_assert_null (strstr (text, "Content-Language"));
}

static void
test_other_alphabets (void)
{
  static const char *const bodies[] = { "Une réponse à « vous » est en route.\n.\nFrom here\n\tend of it\n",
                                        "これは日本語の本文です。\n二行目\n", "= ascii =\n" };
  static const char *const encodings[] = { "Content-Transfer-Encoding: quoted-printable",
                                           "Content-Transfer-Encoding: base64", "MIME-Version: 1.0" };
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      Letter letter = plain_letter;
      letter.subject = "Re: [DIYTel #1042] Panne à Montréal 停電 des heures et des heures et des heures et encore";
      letter.from_name = "Élan \"x\", Service";
      letter.body = bodies[i];
      g_autofree char *text = compose (&letter);
      assert_well_formed (text);
      assert_field (text, encodings[i]);
      GMimeMessage *message = parse (text);
      g_autofree char *body = read_body (message);
      g_auto (GStrv) lines = g_strsplit (body, "\r\n", -1);
      g_autofree char *unix_body = g_strjoinv ("\n", lines);
      InternetAddress *from = internet_address_list_get_address (g_mime_message_get_from (message), 0);
      g_assert_cmpstr (unix_body, ==, bodies[i]);
      g_assert_cmpstr (g_mime_message_get_subject (message), ==, letter.subject);
      g_assert_cmpstr (internet_address_get_name (from), ==, letter.from_name);
      g_object_unref (message);
    }
}

static void
test_long_lines (void)
{
  g_autofree char *line = g_strnfill (60 * 1024, 'x');
  Letter letter = plain_letter;
  letter.body = line;
  g_autofree char *text = compose (&letter);
  assert_well_formed (text);
  GMimeMessage *message = parse (text);
  g_autofree char *body = read_body (message);
  g_assert_cmpstr (g_strchomp (body), ==, line);
  g_object_unref (message);
}

static void
test_references (void)
{
  g_auto (GStrv) ids = g_new0 (char *, 51);
  for (guint i = 0; i < 50; i++)
    ids[i] = g_strdup_printf ("%u.%0*u@example.org", i, 200, 0);
  const char *const invalid[] = { "a b@c", "a>\r\nBcc: x@y", "", "no-at-sign", "good@example.org",
                                  "original@example.org", NULL };
  Letter letter = plain_letter;
  letter.references = (const char *const *) ids;
  g_autofree char *text = compose (&letter);
  assert_well_formed (text);
  static const struct {
    const char *id;
    gboolean kept;
  } rows[] = { { "<0.", TRUE },   { "<3.", TRUE },  { "<4.", FALSE },
               { "<44.", FALSE }, { "<45.", TRUE }, { "<49.", TRUE } };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (strstr (text, rows[i].id) != NULL, ==, rows[i].kept);
  letter.references = invalid;
  g_autofree char *few = compose (&letter);
  assert_well_formed (few);
  g_assert_nonnull (strstr (few, "\r\nReferences: <good@example.org>"));
  g_assert_null (strstr (few, "no-at-sign"));
  letter.in_reply_to = "broken id@x";
  g_autofree char *none = compose (&letter);
  g_assert_null (strstr (none, "In-Reply-To"));
  g_assert_null (strstr (none, "References"));
}

static void
test_addresses (void)
{
  static const struct {
    const char *address;
    gboolean taken;
  } rows[] = {
    { "ann@example.org", TRUE },
    { "ann+x.y=z@[192.0.2.1]", TRUE },
    { "ann@[IPv6:2001:db8::1]", TRUE },
    { "o'brien/x%y@example.org", TRUE },
    { "ann@example.org>, <evil@example.net", FALSE },
    { "ann@example.org, evil@example.net", FALSE },
    { "\"a\r\nBcc: x\"@example.org", FALSE },
    { "ann@example.org\r\nBcc: evil@example.net", FALSE },
    { "ann@example.org (evil)", FALSE },
    { "group: evil@example.net;", FALSE },
    { "ann", FALSE },
    { "@example.org", FALSE },
    { "ann@", FALSE },
    { "", FALSE },
    { NULL, FALSE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Letter letter = plain_letter;
      letter.to_name = NULL;
      letter.to = letter.reply_to = rows[i].address;
      g_autofree char *text = compose (&letter);
      g_autofree char *line = rows[i].taken ? g_strconcat ("To: ", rows[i].address, NULL) : NULL;
      assert_well_formed (text);
      assert_field (text, line != NULL ? line : "To: undisclosed-recipients: ;");
      g_assert_cmpint (strstr (text, "\r\nReply-To:") != NULL, ==, rows[i].taken);
      g_assert_null (strstr (text, "evil"));
    }
}

/* Each string of a letter in turn is something nasty: no field is added, none is broken. */
static void
test_injection (void)
{
  g_autofree char *huge = g_strnfill (70 * 1024, 'x');
  g_autofree char *huge_blanks = g_strnfill (70 * 1024, ' ');
  g_autofree char *wide = g_strconcat (huge, "é", huge, NULL);
  const char *const nasty[] = { "x\r\nBcc: evil@example.net",
                                "x\nBcc: evil@example.net\n\nbody",
                                "x\rBcc: evil@example.net",
                                "x\r\n\r\n--boundary",
                                "a@b>\r\nBcc: evil@example.net\r\nX: <a@b",
                                "=?utf-8?q?x=0D=0ABcc:_evil@example.net?=",
                                "\342\200\256 evil \342\201\246 \342\200\250Bcc: x",
                                "\033]0;title\007 \x7f \x01",
                                "caf\xe9 \xff\xfe",
                                "\"\\\" <evil@example.net>,",
                                "",
                                huge,
                                huge_blanks,
                                wide };
  const gsize strings[] = { G_STRUCT_OFFSET (Letter, from_name),   G_STRUCT_OFFSET (Letter, from),
                            G_STRUCT_OFFSET (Letter, to_name),     G_STRUCT_OFFSET (Letter, to),
                            G_STRUCT_OFFSET (Letter, reply_to),    G_STRUCT_OFFSET (Letter, subject),
                            G_STRUCT_OFFSET (Letter, body),        G_STRUCT_OFFSET (Letter, message_id),
                            G_STRUCT_OFFSET (Letter, in_reply_to), G_STRUCT_OFFSET (Letter, auto_submitted),
                            G_STRUCT_OFFSET (Letter, loop),        G_STRUCT_OFFSET (Letter, language) };
  for (guint s = 0; s < G_N_ELEMENTS (strings); s++)
    for (guint n = 0; n < G_N_ELEMENTS (nasty); n++)
      {
        Letter letter = plain_letter;
        G_STRUCT_MEMBER (const char *, &letter, strings[s]) = nasty[n];
        g_autofree char *text = compose (&letter);
        assert_well_formed (text);
      }
  for (guint n = 0; n < G_N_ELEMENTS (nasty); n++)
    {
      const char *const references[] = { nasty[n], "good@example.org", NULL };
      Letter letter = plain_letter;
      letter.references = references;
      g_autofree char *text = compose (&letter);
      assert_well_formed (text);
      g_assert_nonnull (strstr (text, "\r\nReferences: <good@example.org>"));
    }
}

/* ---- letters with files ---- */

static LetterAttachment
make_file (const char *name, const char *type, const void *octets, gsize length)
{
  return (LetterAttachment){ .name = (char *) name, .type = (char *) type, .octets = g_bytes_new (octets, length) };
}

static char *
compose_with (const Letter *plain, LetterAttachment *files, guint count)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  Letter letter = *plain;
  for (guint i = 0; i < count; i++)
    g_ptr_array_add (list, &files[i]);
  letter.attachments = list;
  char *text = compose (&letter);
  for (guint i = 0; i < count; i++)
    g_clear_pointer (&files[i].octets, g_bytes_unref);
  return text;
}

static char *
read_octets (GMimeObject *part, gsize *length)
{
  GMimeStream *stream = g_mime_stream_mem_new ();
  g_mime_data_wrapper_write_to_stream (g_mime_part_get_content (GMIME_PART (part)), stream);
  GByteArray *octets = g_mime_stream_mem_get_byte_array (GMIME_STREAM_MEM (stream));
  char *copy = g_memdup2 (octets->data, octets->len);
  *length = octets->len;
  g_object_unref (stream);
  return copy;
}

/* The text first, then each file as it was and under its name; what has a form of its own as a message goes as octets. */
static void
test_files (void)
{
  static const struct {
    const char *name, *type, *want_type;
  } rows[] = {
    { "plan.pdf", "application/pdf", "application/pdf" },
    { "Pl\303\244ne f\303\274r M\303\274nchen.pdf", "application/pdf", "application/pdf" },
    { "\350\256\241\345\210\222.png", "image/png", "image/png" },
    { "log.txt", "text/plain", "text/plain" },
    { "old.eml", "message/rfc822", "application/octet-stream" },
    { "mail.mht", "multipart/related", "application/octet-stream" },
    { "MAIL.mht", "Multipart/Mixed", "application/octet-stream" },
    { "x.bin", "nonsense", NULL },
    { "y.bin", "", NULL },
  };
  char all[256 * 1024];
  for (guint i = 0; i < sizeof all; i++)
    all[i] = (char) (i % 256);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      LetterAttachment file = make_file (rows[i].name, rows[i].type, all, sizeof all);
      g_autofree char *text = compose_with (&plain_letter, &file, 1);
      gsize length;
      assert_well_formed (text);
      GMimeMessage *message = parse (text);
      GMimeMultipart *mixed = GMIME_MULTIPART (g_mime_message_get_mime_part (message));
      g_assert_cmpint (g_mime_multipart_get_count (mixed), ==, 2);
      g_autofree char *body = read_octets (g_mime_multipart_get_part (mixed, 0), &length);
      g_assert_true (length > 5 && strncmp (body, "Hello", 5) == 0);
      GMimeObject *part = g_mime_multipart_get_part (mixed, 1);
      g_autofree char *octets = read_octets (part, &length);
      g_assert_cmpmem (octets, length, all, sizeof all);
      g_assert_cmpstr (g_mime_part_get_filename (GMIME_PART (part)), ==, rows[i].name);
      g_assert_true (g_mime_object_get_disposition (part) != NULL && g_str_equal (g_mime_object_get_disposition (part), "attachment"));
      g_autofree char *type = g_mime_content_type_get_mime_type (g_mime_object_get_content_type (part));
      if (rows[i].want_type != NULL)
        g_assert_cmpstr (type, ==, rows[i].want_type);
      g_object_unref (message);
    }
}

/* Neither a file's name nor its type nor what is in it adds a field or ends a part. */
static void
test_hostile_files (void)
{
  g_autofree char *huge = g_strnfill (70 * 1024, 'x');
  g_autofree char *wide = g_strconcat (huge, "\303\251", huge, NULL);
  const char *const nasty[] = { "x\r\nBcc: evil@example.net", "x\nBcc: evil@example.net\n\nbody", "x\rBcc: evil@example.net",
                                "a\"; filename=\"evil.exe", "text/plain; x=\"\r\nBcc: evil@example.net\"", "text/plain\r\nBcc: evil@example.net",
                                "\r\n\r\n--boundary--\r\n", "=?utf-8?q?x=0D=0ABcc:_evil?=", "../../etc/passwd", "caf\xe9 \xff", "\033]0;x\007",
                                "\342\200\256gpj.exe", "", "/", "text/", "/plain", huge, wide };
  for (guint i = 0; i < G_N_ELEMENTS (nasty); i++)
    for (guint where = 0; where < 3; where++)
      {
        const char *octets = where == 2 ? nasty[i] : "ABC";
        LetterAttachment files[] = { make_file (where == 0 ? nasty[i] : "a.pdf", where == 1 ? nasty[i] : "application/pdf", octets, strlen (octets)),
                                     make_file ("b.pdf", "application/pdf", "DEF", 3) };
        g_autofree char *text = compose_with (&plain_letter, files, 2);
        assert_well_formed (text);
        if (strstr (text, "\nBcc") != NULL)
          g_error ("a field came in:\n%s", text);
        GMimeMessage *message = parse (text);
        GMimeMultipart *mixed = GMIME_MULTIPART (g_mime_message_get_mime_part (message));
        g_assert_cmpint (g_mime_multipart_get_count (mixed), ==, 3);
        gsize length;
        g_autofree char *got = read_octets (g_mime_multipart_get_part (mixed, 1), &length);
        g_assert_cmpmem (got, length, octets, strlen (octets));
        g_object_unref (message);
      }
}

/* Of those who are shown each is one mailbox, or is left out. */
static void
test_copies (void)
{
  const char *const copies[] = { "ben@customer.example", "zoe@partner.example", "x@y>\r\nBcc: evil@example.net", "a@b, evil@example.net", "evil",
                                 "group: evil@example.net;", "\"evil\r\nBcc: x\"@example.net", "", "last@partner.example", NULL };
  const char *const none[] = { NULL }, *const invalid[] = { "evil", NULL };
  Letter letter = plain_letter;
  letter.cc = copies;
  g_autofree char *text = compose (&letter);
  assert_well_formed (text);
  assert_field (text, "Cc: ben@customer.example, zoe@partner.example, last@partner.example");
  g_assert_null (strstr (text, "evil"));
  letter.cc = none;
  g_autofree char *bare = compose (&letter);
  g_assert_null (strstr (bare, "Cc:"));
  letter.cc = invalid;
  g_autofree char *left_out = compose (&letter);
  g_assert_null (strstr (left_out, "Cc:"));
}

/* As many as take part: the field is folded. */
static void
test_many_copies (void)
{
  g_auto (GStrv) copies = g_new0 (char *, LIMIT_PARTICIPANTS + 1);
  for (guint i = 0; i < LIMIT_PARTICIPANTS; i++)
    copies[i] = g_strdup_printf ("%u.%0*u@customer.example", i, 60, 0);
  Letter letter = plain_letter;
  letter.cc = (const char *const *) copies;
  g_autofree char *text = compose (&letter);
  assert_well_formed (text);
  GMimeMessage *message = parse (text);
  g_assert_cmpint (internet_address_list_length (g_mime_message_get_cc (message)), ==, LIMIT_PARTICIPANTS);
  g_object_unref (message);
}

/* A person wrote it, and no field says that a program did. */
static void
test_by_person (void)
{
  Letter letter = plain_letter;
  letter.auto_submitted = NULL;
  g_autofree char *text = compose (&letter);
  assert_well_formed (text);
  g_assert_null (strstr (text, "Auto-Submitted"));
  g_assert_null (strstr (text, "Precedence"));
  g_assert_null (strstr (text, "X-Auto-Response-Suppress"));
}

/* ---- the first mails of a process ---- */

static gpointer
read_first (gpointer barrier)
{
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  g_assert_true (raw_message_append (raw, "From: a@a.example\n\nHelp\n", 24, NULL));
  pthread_barrier_wait (barrier);
  MessageFacts *facts = message_read (raw, "DIYTel");
  g_assert_cmpstr (facts->from, ==, "a@a.example");
  message_facts_free (facts);
  return NULL;
}

static gpointer
write_first (gpointer barrier)
{
  const Letter letter = plain_letter;
  pthread_barrier_wait (barrier);
  g_bytes_unref (letter_compose (&letter));
  return NULL;
}

/* After a restart, letters that are due are written while the first mail comes in. */
static void
test_first_at_once (void)
{
  enum { RUNS = 50 };
  if (!g_test_subprocess ())
    {
      for (int run = 0; run < RUNS; run++)
        {
          g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
          g_test_trap_assert_passed ();
        }
      return;
    }
  pthread_barrier_t barrier;
  pthread_barrier_init (&barrier, NULL, 2);
  GThread *writer = g_thread_new ("writer", write_first, &barrier), *reader = g_thread_new ("reader", read_first, &barrier);
  g_thread_join (reader);
  g_thread_join (writer);
}

/* ---- web pages ---- */

static char *
fill_web (const Templates *templates, const char *name, const char *languages, const WebData *data)
{
  g_autoptr (GError) error = NULL;
  char *html = NULL;
  templates_fill_web (templates, name, languages, data, &html, &error);
  g_assert_no_error (error);
  return html;
}

static void
test_web_escapes (Place *place, gconstpointer data)
{
  (void) data;
  g_autoptr (Templates) templates = templates_load (place->folder, "en", NULL);
  const WebData hostile = { .number = "7", .subject = "<script>alert(\"1\")</script> & '{{company}}'\r\n\342\200\256x" };
  g_autofree char *html = fill_web (templates, "web-incident", "fr", &hostile);
  g_assert_cmpstr (html, ==, "<p lang=\"en\">7 &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &apos;{{company}}&apos;  x</p>\n");
}

/* An escape is not cut in two. */
static void
test_web_long_value (Place *place, gconstpointer data)
{
  (void) data;
  g_autoptr (Templates) templates = templates_load (place->folder, "en", NULL);
  g_autofree char *long_subject = g_strnfill (2 * LIMIT_SUBJECT, '<');
  const WebData page = { .number = "7", .subject = long_subject };
  g_autofree char *html = fill_web (templates, "web-incident", NULL, &page);
  g_auto (GStrv) pieces = g_strsplit (html, "&lt;", -1);
  g_assert_cmpuint (g_strv_length (pieces), >, LIMIT_SUBJECT - 5);
  g_assert_cmpuint (g_strv_length (pieces), <=, LIMIT_SUBJECT + 1);
  for (guint i = 1; pieces[i + 1] != NULL; i++)
    g_assert_cmpstr (pieces[i], ==, "");
}

static void
test_web_content (Place *place, gconstpointer data)
{
  (void) data;
  write_file (place, "en", "web-page.html", "a { color: red; }\n{{if more}}\n{{more}}\n{{end}}\n{{content}}\n");
  g_autoptr (Templates) templates = templates_load (place->folder, "en", NULL);
  const WebData page = { .content = "<b>x</b>\n<i>{{more}}</i>", .more = "<3" };
  g_autofree char *html = fill_web (templates, "web-page", NULL, &page);
  g_assert_cmpstr (html, ==, "a { color: red; }\n&lt;3\n<b>x</b>\n<i>{{more}}</i>\n");
}

static void
test_web_load_errors (Place *place, gconstpointer data)
{
  (void) data;
  write_file (place, "en", "web-page.html", "<p>\n{{phone}}</p>\n"); /* a letter's, not a page's */
  assert_load_fails (place, LETTER_ERROR_SYNTAX, "web-page.html:2: {{phone}}");
  write_file (place, "en", "web-page.html", "<p>{{content}}{{content}}{{content}}</p>\n");
  assert_load_fails (place, LETTER_ERROR_LENGTH, "web-page.html");
  write_file (place, "en", "web-page.html", "<p></p>\n");
  write_file (place, "fr", "web-problem.html", "<p>{{if problem}}</p>\n");
  assert_load_fails (place, LETTER_ERROR_SYNTAX, "fr/web-problem.html");
  write_file (place, "fr", "web-problem.html", "<p></p>\n");
  g_autofree char *path = g_build_filename (place->folder, "en", "web-incident.html", NULL);
  g_assert_cmpint (g_unlink (path), ==, 0);
  assert_load_fails (place, LETTER_ERROR_READ, "en/web-incident.html: the default language must have this template");
}

/* What each state of an incident is told as, in the languages that come with Frontdesk. */
static const struct {
  WebData data;
  const char *en, *fr, *vi;
} states[] = {
  { { .holder = "" }, "Nobody has it yet.", "Personne", "Ch\306\260a c\303\263 ai" },
  { { .holder = "Bob <b>", .since = "10:15 on Tuesday" }, "Bob &lt;b&gt; has it, since 10:15 on Tuesday.", "Bob &lt;b&gt; l\342\200\231a en charge (10:15",
    "Bob &lt;b&gt; \304\221ang x\341\273\255 l\303\275 (10:15" },
  { { .holder = "Bob", .since = "10:15", .mine = "yes" }, "You have it, since 10:15.", "Vous l\342\200\231avez en charge (10:15)", "B\341\272\241n \304\221ang" },
  { { .holder = "Bob", .since = "10:15", .mine = "yes", .done = "acknowledge" }, "You have it now.", "maintenant", "B\341\272\241n \304\221\303\243 ti\341\272\277p nh\341\272\255n." },
  { { .holder = "Bob", .since = "10:15", .mine = "yes", .done = "resolve", .resolved = "10:20" }, "You have resolved it.", "Vous l\342\200\231avez r\303\251solu.",
    "B\341\272\241n \304\221\303\243 x\341\273\255 l\303\275 xong." },
  { { .holder = "Bob", .since = "10:15", .resolved = "10:20" }, "Resolved: 10:20.", "R\303\251solu", "xong: 10:20." },
};

static void
test_shipped_states (void)
{
  g_autofree char *folder = shipped_folder ();
  g_autoptr (Templates) templates = templates_load (folder, "en", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      const char *const said[][2] = { { "en", states[i].en }, { "fr", states[i].fr }, { "vi", states[i].vi } };
      for (guint j = 0; j < G_N_ELEMENTS (said); j++)
        {
          g_autofree char *html = fill_web (templates, "web-incident", said[j][0], &states[i].data);
          if (strstr (html, said[j][1]) == NULL)
            g_error ("\"%s\" is missing in:\n%s", said[j][1], html);
          const char *strong = strstr (html, "<strong>"), *end = strstr (html, "</strong>");
          guint stops = 0;
          for (const char *at = strong; at < end; at++)
            stops += *at == '.';
          g_assert_cmpuint (stops, ==, 1); /* one sentence, and not another one too */
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define WITH_PLACE(name, test) g_test_add (name, Place, NULL, place_set_up, test, place_tear_down)
  g_test_add_func ("/templates/shipped", test_shipped_templates);
  g_test_add_func ("/templates/shipped-values", test_shipped_values);
  g_test_add_func ("/templates/shipped-for-customers", test_shipped_for_customers);
  g_test_add_func ("/templates/shipped-conventions", test_shipped_conventions);
  g_test_add_func ("/templates/shipped-warnings", test_shipped_warnings);
  g_test_add_func ("/templates/shipped-greetings", test_shipped_greetings);
  g_test_add_func ("/templates/shipped-targets", test_shipped_targets);
  g_test_add_func ("/templates/shipped-reply", test_shipped_reply);
  g_test_add_func ("/templates/shipped-customer-letters", test_shipped_customer_letters);
  WITH_PLACE ("/web/escapes", test_web_escapes);
  WITH_PLACE ("/web/long-value", test_web_long_value);
  WITH_PLACE ("/web/content", test_web_content);
  WITH_PLACE ("/web/load-errors", test_web_load_errors);
  g_test_add_func ("/web/shipped-states", test_shipped_states);
  WITH_PLACE ("/templates/load-errors", test_load_errors);
  WITH_PLACE ("/templates/broken-in-other-language", test_broken_in_other_language);
  WITH_PLACE ("/templates/missing", test_missing);
  WITH_PLACE ("/templates/not-a-file", test_not_a_file);
  WITH_PLACE ("/templates/too-long", test_too_long);
  WITH_PLACE ("/templates/languages", test_languages);
  WITH_PLACE ("/templates/no-such-letter", test_no_such_letter);
  WITH_PLACE ("/templates/values-are-data", test_values_are_data);
  WITH_PLACE ("/templates/bounds", test_bounds);
  WITH_PLACE ("/templates/conditions", test_conditions);
  WITH_PLACE ("/templates/eight-threads", test_eight_threads);
  g_test_add_func ("/letter/first-at-once", test_first_at_once);
  g_test_add_func ("/letter/plain", test_plain_letter);
  g_test_add_func ("/letter/optional-strings", test_optional_strings);
  g_test_add_func ("/letter/other-alphabets", test_other_alphabets);
  g_test_add_func ("/letter/long-lines", test_long_lines);
  g_test_add_func ("/letter/references", test_references);
  g_test_add_func ("/letter/addresses", test_addresses);
  g_test_add_func ("/letter/injection", test_injection);
  g_test_add_func ("/letter/files", test_files);
  g_test_add_func ("/letter/hostile-files", test_hostile_files);
  g_test_add_func ("/letter/copies", test_copies);
  g_test_add_func ("/letter/many-copies", test_many_copies);
  g_test_add_func ("/letter/by-person", test_by_person);
  return g_test_run ();
}
