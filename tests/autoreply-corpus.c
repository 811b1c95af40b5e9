/* Other projects' test mail for automatic answers: may this be acknowledged?
 *
 * autoreply-corpus FOLDER (or FRONTDESK_CORPUS) reads FOLDER/autoreply-cases.jsonl: one JSON object a line with "id",
 * "raw" or "path", "env_from", "env_to" and "ack". Where the envelope is not given, it is read from the message, as
 * `frontdesk explain` does. TAP on standard output.
 */
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "desk/automatic.h"

/* Cases that we mean to answer otherwise than their projects do, each with its reason. When one of them comes to agree,
 * the test fails too, so that nobody is surprised. */
static const struct {
  const char *id, *why;
} EXCEPTIONS[] = {
  { "pigeonhole/reply.svtest/No reply for implicitly delivered message",
    "RFC 5230 section 4.5 is about a person's vacation; a desk behind an alias answers mail that does not name it" },
  { "otobo/LoopDetection/Regular mail", "From is the very address that it is sent to; the desk would answer itself" },
};

/* Of the cases that must not be answered, this many per cent must be recognised even when the envelope sender is not
 * known to be null: a forwarder may have put its own in. */
enum { WITHOUT_ENVELOPE = 97 };

typedef struct {
  const char *id;
  gboolean may_answer; /* what the corpus says */
  Automatic ours;
  Automatic without_envelope;
} Result;

static char *
temporary_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("frontdesk-corpus-XXXXXX", &error);
  if (folder == NULL)
    g_error ("%s", error->message);
  return folder;
}

static RawMessage *
load_message (const json_t *item, const char *corpus, const char *spool)
{
  g_autoptr (GError) error = NULL;
  const char *text = json_string_value (json_object_get (item, "raw"));
  if (text != NULL)
    {
      RawMessage *raw = raw_message_new (spool);
      if (!raw_message_append (raw, text, strlen (text), &error))
        g_error ("%s", error->message);
      return raw;
    }
  g_autofree char *path = g_build_filename (corpus, json_string_value (json_object_get (item, "path")), NULL);
  RawMessage *raw = raw_message_load (path, spool, &error);
  if (raw == NULL)
    g_error ("%s", error->message);
  return raw;
}

/* A desk whose one role has ADDRESS. */
static Config *
make_config (const char *spool, const char *address)
{
  g_autofree char *text = g_strdup_printf ("team \"t\" { notify = {\"team@desk.invalid\"} }\n"
                                           "role \"r\" { address = {\"%s\"} team = \"t\" }\n", address);
  g_autofree char *path = g_build_filename (spool, "frontdesk.conf", NULL);
  g_autoptr (GError) error = NULL;
  Config *config = g_file_set_contents (path, text, -1, &error) ? config_load (path, &error) : NULL;
  if (config == NULL)
    g_error ("%s", error->message);
  g_unlink (path);
  return config;
}

/* Whether ADDRESS can be written into a configuration as it stands. */
static gboolean
is_plain_address (const char *address)
{
  g_autofree char *valid = address != NULL ? address_normalise (address) : NULL;
  return valid != NULL && strspn (valid, "abcdefghijklmnopqrstuvwxyz0123456789.-_@") == strlen (valid);
}

static Automatic
classify (const MessageFacts *facts, const Config *config, const char *sender)
{
  g_autoptr (Envelope) envelope = envelope_new (sender);
  return automatic_classify (facts, envelope, config_find_role_by_name (config, "r"), config, FALSE);
}

static Result
run_case (const json_t *item, const char *corpus, const char *spool)
{
  g_autoptr (RawMessage) raw = load_message (item, corpus, spool);
  g_autoptr (MessageFacts) facts = message_read (raw, "Desk");
  const char *sender = json_string_value (json_object_get (item, "env_from"));
  const char *recipient = json_string_value (json_object_get (item, "env_to"));
  const char *from = facts->from != NULL ? facts->from : "";
  g_auto (GStrv) named = message_read_recipients (raw);
  if (recipient == NULL)
    recipient = named[0];
  g_autofree char *bare = sender != NULL ? envelope_bare_address (sender) : g_strdup (from);
  g_autoptr (Config) config = make_config (spool, is_plain_address (recipient) ? recipient : "desk@desk.invalid");

  Result result = { .id = json_string_value (json_object_get (item, "id")),
                    .may_answer = json_is_true (json_object_get (item, "ack")),
                    .ours = classify (facts, config, bare),
                    .without_envelope = classify (facts, config, *from != '\0' ? from : "somebody@example.invalid") };
  return result;
}

static const char *
exception_reason (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (EXCEPTIONS); i++)
    if (g_str_equal (EXCEPTIONS[i].id, id))
      return EXCEPTIONS[i].why;
  return NULL;
}

static gboolean
print_case (int number, const Result *result)
{
  gboolean answer = result->ours.class == AUTOMATIC_NONE;
  const char *why = exception_reason (result->id);
  gboolean ok = (answer == result->may_answer) == (why == NULL);
  printf ("%s %d - %s: %s\n", ok ? "ok" : "not ok", number, result->id,
          result->ours.rule != NULL ? result->ours.rule : "may be answered");
  if (why != NULL)
    printf ("# otherwise than its project: %s\n", why);
  if (!ok)
    printf ("# the corpus says that it %s be answered\n", result->may_answer ? "may" : "must not");
  return answer == result->may_answer;
}

/* The cases as (element-type json_t). */
static GPtrArray *
read_cases (const char *corpus)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (corpus, "autoreply-cases.jsonl", NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, &error))
    g_error ("%s", error->message);
  GPtrArray *cases = g_ptr_array_new_with_free_func ((GDestroyNotify) json_decref);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      json_error_t where;
      json_t *item = *lines[i] != '\0' ? json_loads (lines[i], 0, &where) : NULL;
      if (item != NULL)
        g_ptr_array_add (cases, item);
      else if (*lines[i] != '\0')
        g_error ("%s:%u: %s", path, i + 1, where.text);
    }
  return cases;
}

static void
run_corpus (const char *corpus, const char *spool)
{
  g_autoptr (GPtrArray) cases = read_cases (corpus);
  guint agreed = 0, silent = 0, recognised = 0;
  printf ("1..%u\n", cases->len + 1);
  for (guint i = 0; i < cases->len; i++)
    {
      Result result = run_case (g_ptr_array_index (cases, i), corpus, spool);
      agreed += print_case ((int) i + 1, &result);
      if (result.may_answer)
        continue;
      silent++;
      if (result.without_envelope.class != AUTOMATIC_NONE)
        recognised++;
      else
        printf ("# not recognised without its envelope sender: %s\n", result.id);
    }
  printf ("%s %u - without the envelope sender, %u of %u are still recognised\n",
          recognised * 100 >= silent * WITHOUT_ENVELOPE ? "ok" : "not ok", cases->len + 1, recognised, silent);
  printf ("# %u of %u agree with their projects\n", agreed, cases->len);
}

int
main (int argc, char **argv)
{
  const char *corpus = argc > 1 ? argv[1] : g_getenv ("FRONTDESK_CORPUS");
  if (corpus == NULL || *corpus == '\0')
    {
      printf ("1..0 # SKIP no folder of test mail is given (FRONTDESK_CORPUS)\n");
      return 0;
    }
  gmime_start ();
  g_autofree char *spool = temporary_folder ();
  run_corpus (corpus, spool);
  g_rmdir (spool);
  return 0;
}
