/* What an agent's mail to a ticket does, as a table: who may, what goes out and to whom, and what they are told. */
#include <glib/gstdio.h>
#include <string.h>

#include "config/limits.h"
#include "desk/staff.h"

#define DAY (G_GINT64_CONSTANT (86400) * G_USEC_PER_SEC)
#define NOW (20000 * DAY)

static Config *config;

static const char configuration[] =
  "hostname = \"desk.example\"\nclose-after = \"7d\"\nweb-url = \"https://desk.example\"\n"
  "calendar \"office\" { timezone = \"America/Vancouver\" hours = {\"mon-fri 06:00-18:00\"} }\n"
  "policy \"plain\" { calendar = \"office\" }\n"
  "policy \"strict\" { calendar = \"office\" greeting = \"Hello,\" closing = \"Yours\" priority \"p1\" { root-cause = true } }\n"
  "team \"tier1\" { notify = {\"tier1@desk.example\"} }\n"
  "team \"billing\" { notify = {\"billing-team@desk.example\", \"chief@desk.example\"} }\n"
  "agent \"alice\" { name = \"Alice\" mail = \"alice@desk.example\" teams = {\"tier1\"} login = {\"alice-login\"} language = \"fr\" }\n"
  "agent \"bob\" { name = \"Bob\" mail = \"bob@desk.example\" teams = {\"billing\"} }\n"
  "agent \"carol\" { name = \"Carol\" mail = \"carol@desk.example\" teams = {\"tier1\"} }\n"
  "role \"support\" { address = {\"support@desk.example\", \"help@desk.example\"} policy = \"plain\" team = \"tier1\" language = \"en\" }\n"
  "role \"strict\" { address = {\"strict@desk.example\"} policy = \"strict\" team = \"tier1\" }\n"
  "role \"bare\" { address = {\"bare@desk.example\"} team = \"tier1\" }\n";

static Config *
load_configuration (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("staff-XXXXXX.conf", &path, &error);
  g_assert_no_error (error);
  g_file_set_contents (path, configuration, -1, &error);
  g_assert_no_error (error);
  Config *loaded = config_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_close (fd, NULL);
  return loaded;
}

#define NOBODY "-"

typedef struct {
  const char *name;
  const char *text;       /* newly written */
  const char *from;       /* "alice@desk.example" when left out */
  const char *login;      /* SMTP AUTH; "alice-login" when left out, NOBODY: none */
  const char *auth;       /* "dmarc pass desk.example" */
  const char *to;         /* of To and Cc, with blanks between; nobody outside when left out */
  const char *strangers;  /* recipients of the envelope besides */
  guint many;             /* or so many of them */
  gint64 size;
  const char *role;       /* "support" when left out */
  const char *door_role;  /* the one that the address is of, where it is another */
  StaffDoor door;         /* STAFF_DOOR_NONE: the mail points to the ticket */
  gboolean machine, no_ticket, related;
  const char *team, *state, *requester, *participants, *shown; /* of the ticket; team tier1, open, Ann's when left out */
  int priority;           /* 3 when left out */
  gboolean told;          /* the customer has been written to before */

  IntakeKind want;
  const char *want_reply; /* its beginning, or a part of it */
  StaffText want_use;
  const char *want_text;
  const char *want_out;   /* "TEMPLATE ADDRESS", comma list */
  const char *want_cc, *want_joining; /* with blanks between */
  gboolean passes;        /* the mail itself goes on */
} Row;

#define ANSWER .door = STAFF_DOOR_ANSWER
#define NOTE .door = STAFF_DOOR_NOTE
#define DONE .want = INTAKE_CONTINUE, .want_reply = "250 2.0.0 Ok: #7"
#define REFUSED(code) .want = INTAKE_REFUSE, .want_reply = "550 " code
#define PROBLEM(words) .want = INTAKE_REFUSE, .want_reply = words
#define TO_ANN .want_use = STAFF_TEXT_ANSWER, .want_out = "reply ann@customer.example"
#define SUPPORT_TO_ANN(before, after) .text = before, ANSWER, DONE, TO_ANN, .want_text = after

static const Row rows[] = {
  /* who may */
  { "by login", "Hi", ANSWER, DONE, TO_ANN },
  { "a login that is her address", "Hi", .login = "Alice@desk.example", ANSWER, DONE, TO_ANN },
  { "the login counts, and not From", "Hi", .from = "ann@customer.example", ANSWER, DONE, TO_ANN },
  { "a login of somebody else", "Hi", .login = "ann@customer.example", ANSWER, REFUSED ("5.7.1") },
  { "another's login, whatever signs it", "Hi", .login = "eve", .auth = "dmarc pass desk.example", ANSWER, REFUSED ("5.7.1") },
  { "a From address alone", "Hi", .login = NOBODY, ANSWER, REFUSED ("5.7.1") },
  { "by dmarc", "Hi", .login = NOBODY, .auth = "dmarc pass desk.example", ANSWER, DONE, TO_ANN },
  { "by aligned dkim", "Hi", .login = NOBODY, .auth = "dkim pass desk.example", ANSWER, DONE, TO_ANN },
  { "by dkim of somebody else", "Hi", .login = NOBODY, .auth = "dkim pass evil.example", ANSWER, REFUSED ("5.7.1") },
  { "dmarc fails", "Hi", .login = NOBODY, .auth = "dmarc fail desk.example", ANSWER, REFUSED ("5.7.1") },
  { "a customer, however authentic", "Hi", .from = "ann@customer.example", .login = NOBODY, .auth = "dmarc pass customer.example", ANSWER, REFUSED ("5.7.1") },
  { "no From", "Hi", .from = NOBODY, .login = NOBODY, .auth = "dmarc pass desk.example", ANSWER, REFUSED ("5.7.1") },
  { "another team's", "Hi", .team = "billing", ANSWER, REFUSED ("5.7.1 Ticket #7 belongs to team billing, of which agent alice is not") },
  { "a note to another team's", "Hi", .team = "billing", NOTE, REFUSED ("5.7.1 Ticket #7 belongs to team billing") },
  { "no ticket", "Hi", .no_ticket = TRUE, ANSWER, REFUSED ("5.1.1") },
  { "no ticket, and a stranger: says nothing of it", "Hi", .no_ticket = TRUE, .login = NOBODY, ANSWER, REFUSED ("5.7.1") },
  { "a note address of another role, whose policy is another", "#close", .role = "strict", .door_role = "support", NOTE, REFUSED ("5.1.1") },
  { "a machine", "Away", .machine = TRUE, ANSWER, .want = INTAKE_FILE, .want_reply = "250 2.0.0 Ok" },
  { "a machine, of nobody", "Away", .machine = TRUE, .login = NOBODY, ANSWER, .want = INTAKE_FILE, .want_reply = "250 2.0.0 Ok" },
  { "a machine, and no ticket", "Away", .machine = TRUE, .no_ticket = TRUE, ANSWER, .want = INTAKE_FILE, .want_reply = "250 2.0.0 Ok" },
  /* answers and notes */
  { "nothing", "", ANSWER, PROBLEM ("there is nothing new in it") },
  { "blank lines", " \n\n", ANSWER, PROBLEM ("there is nothing new in it") },
  { "a note", "She never pays.", NOTE, DONE, .want_use = STAFF_TEXT_NOTE, .want_text = "She never pays." },
  { "a note by command", "#note\nShe never pays.", ANSWER, DONE, .want_use = STAFF_TEXT_NOTE, .want_text = "She never pays." },
  { "a note that is not one for a policy", "no greeting", .role = "strict", NOTE, DONE, .want_use = STAFF_TEXT_NOTE },
  { "a note goes to nobody who is addressed", "x", .to = "zoe@partner.example", .strangers = "boss@else.example", NOTE, DONE, .want_use = STAFF_TEXT_NOTE },
  { "an empty note", "", NOTE, PROBLEM ("there is nothing new in it") },
  { "commands alone", "#priority p1\n", ANSWER, DONE, .want_use = STAFF_TEXT_NONE },
  { "commands to the note address", "#priority p1\nBusy.", NOTE, DONE, .want_use = STAFF_TEXT_NOTE, .want_text = "Busy." },
  { "a role without a policy", "Hi", .role = "bare", ANSWER, DONE, TO_ANN },
  { "nobody to answer", "Hi", .requester = "", ANSWER, PROBLEM ("ticket #7 has nobody to answer") },
  { "nobody to answer, a note", "Hi", .requester = "", NOTE, DONE, .want_use = STAFF_TEXT_NOTE },
  { "a wrong command", "#assign eve\nHi", ANSWER, PROBLEM ("550 5.6.0 Nothing was done about ticket #7: #assign: there is no agent \"eve\".") },
  { "larger than can be sent", "Hi", .size = LIMIT_ANSWER_OCTETS + 1, ANSWER, PROBLEM ("it is larger than") },
  { "as large as can be sent", "Hi", .size = LIMIT_ANSWER_OCTETS, ANSWER, DONE, TO_ANN },
  { "to too many", "Hi", .many = LIMIT_STRANGERS, ANSWER, PROBLEM ("it goes to 100 others or more") },
  /* a policy's words */
  { "its first and last words", "Hello,\nall is well.\nYours", .role = "strict", ANSWER, DONE, TO_ANN },
  { "without the first", "all is well.\nYours", .role = "strict", ANSWER, PROBLEM ("policy \"strict\" has every answer begin with \"Hello,\"") },
  { "without the last", "Hello,\nall is well.", .role = "strict", ANSWER, PROBLEM ("policy \"strict\" has every answer end with \"Yours\"") },
  { "behind commands", "#close\n\nHello,\nall is well.\nYours\n\n", .role = "strict", ANSWER, DONE, TO_ANN },
  /* states and teams */
  { "an answer on an ended ticket", "Hi", .state = "closed", ANSWER, DONE, TO_ANN },
  { "closing an ended ticket", "#close", .state = "resolved", ANSWER, PROBLEM ("ticket #7 is resolved") },
  { "waiting on an ended ticket", "#pending", .state = "closed", ANSWER, PROBLEM ("ticket #7 is closed") },
  { "to an agent of no such team", "#assign bob", ANSWER, PROBLEM ("agent bob is not of team tier1, which has ticket #7") },
  { "to one of the team that it is given to", "#team billing\n#assign bob", ANSWER, DONE, .want_out = "team-given bob@desk.example" },
  { "to a colleague", "#assign carol", ANSWER, DONE, .want_out = "team-given carol@desk.example" },
  { "to herself", "#assign alice", ANSWER, DONE },
  { "to a team", "#team billing", ANSWER, DONE, .want_out = "team-given billing-team@desk.example,team-given chief@desk.example" },
  { "with an answer", "#team billing\nHi", ANSWER, DONE, .want_use = STAFF_TEXT_ANSWER,
    .want_out = "reply ann@customer.example,team-given billing-team@desk.example,team-given chief@desk.example" },
  /* the end */
  { "closed with a word", "#close\nAll is well.", .told = TRUE, ANSWER, DONE, TO_ANN },
  { "closed without", "#close", .told = TRUE, ANSWER, DONE, .want_out = "resolved ann@customer.example" },
  { "closed with a note", "#close\n#note Paid.", .told = TRUE, ANSWER, DONE, .want_use = STAFF_TEXT_NOTE, .want_out = "resolved ann@customer.example" },
  { "closed, and never written to", "#close", ANSWER, DONE },
  { "closed, nobody there", "#close", .told = TRUE, .requester = "", ANSWER, DONE },
  /* to whom */
  { "participants shown and not", "Hi", .participants = "ben@else.example cleo@else.example", .shown = "ben@else.example", ANSWER, DONE,
    .want_use = STAFF_TEXT_ANSWER, .want_out = "reply ann@customer.example,reply ben@else.example,reply cleo@else.example", .want_cc = "ben@else.example" },
  { "somebody in Cc", "Hi", .to = "support+a.7.x@desk.example zoe@partner.example", .strangers = "zoe@partner.example", ANSWER, DONE,
    .want_use = STAFF_TEXT_ANSWER, .want_out = "reply ann@customer.example,reply zoe@partner.example", .want_cc = "zoe@partner.example", .want_joining = "zoe@partner.example" },
  { "somebody in Cc to whom it does not go by itself", "Hi", .to = "zoe@partner.example", ANSWER, DONE,
    .want_use = STAFF_TEXT_ANSWER, .want_out = "reply ann@customer.example,reply zoe@partner.example", .want_cc = "zoe@partner.example", .want_joining = "zoe@partner.example" },
  { "somebody unseen", "Hi", .to = "support+a.7.x@desk.example", .strangers = "Boss@Else.example", ANSWER, DONE,
    .want_use = STAFF_TEXT_ANSWER, .want_out = "reply ann@customer.example,reply Boss@Else.example" },
  { "one who takes part already, unseen again", "Hi", .participants = "ben@else.example", .strangers = "Ben@else.example", ANSWER, DONE,
    .want_use = STAFF_TEXT_ANSWER, .want_out = "reply ann@customer.example,reply ben@else.example" },
  { "who was not shown is shown when put into Cc", "Hi", .participants = "ben@else.example", .to = "ben@else.example", ANSWER, DONE,
    .want_use = STAFF_TEXT_ANSWER, .want_out = "reply ann@customer.example,reply ben@else.example", .want_cc = "ben@else.example", .want_joining = "ben@else.example" },
  { "the requester in Cc or unseen", "Hi", .to = "ANN@customer.example", .strangers = "ann@customer.example", ANSWER, DONE, TO_ANN },
  { "colleagues and roles in Cc", "Hi", .to = "bob@desk.example billing-team@desk.example help@desk.example",
    .strangers = "bob@desk.example billing-team@desk.example", ANSWER, DONE, TO_ANN },
  /* what is cut out */
  { "the staff address", SUPPORT_TO_ANN ("Write to support+a.7.abcdefghijklmnop@desk.example.", "Write to support@desk.example.") },
  { "the staff address, alone", SUPPORT_TO_ANN ("support+a.7.abcdefghijklmnop@desk.example", "support@desk.example") },
  { "in a link", SUPPORT_TO_ANN ("<mailto:support+a.7.abc@desk.example>", "<mailto:support@desk.example>") },
  { "in another case", SUPPORT_TO_ANN ("SUPPORT+A.7.ABC@DESK.EXAMPLE", "support@desk.example") },
  { "again and again", SUPPORT_TO_ANN ("a+a.1@desk.example b+a.2@desk.example +a. c+a.3@desk.example", "support@desk.example support@desk.example +a. support@desk.example") },
  { "a page's and the return address", SUPPORT_TO_ANN ("support+p.9.x@desk.example support+b.7.x@desk.example", "support@desk.example support@desk.example") },
  { "the note address", SUPPORT_TO_ANN ("support+note.7@desk.example", "support@desk.example") },
  { "another's address stays", SUPPORT_TO_ANN ("joe+a.b@else.example", "joe+a.b@else.example") },
  { "the customer's own stays", SUPPORT_TO_ANN ("support+t.7.abc@desk.example", "support+t.7.abc@desk.example") },
  { "a longer domain stays", SUPPORT_TO_ANN ("x+a.1@desk.example.org", "x+a.1@desk.example.org") },
  { "links to pages of ours", SUPPORT_TO_ANN ("See https://desk.example/ack/7.abc (https://desk.example/i/9?x=1) \"https://desk.example\" there.", "See  () \"\" there.") },
  { "a link in another case", SUPPORT_TO_ANN ("See HTTPS://Desk.Example/ack/7.abc now", "See  now") },
  { "a link to another place stays", SUPPORT_TO_ANN ("See https://desk.example.org/help and https://desk.examples/", "See https://desk.example.org/help and https://desk.examples/") },
  { "nothing else", "https://desk.example/ack/7.abc", ANSWER, PROBLEM ("there is no text") },
  /* directly to the customer, with the role in Cc */
  { "to the customer", "Hi", .to = "ann@customer.example support@desk.example", DONE, .want_use = STAFF_TEXT_SENT, .want_text = "Hi", .passes = TRUE },
  { "to a participant", "Hi", .participants = "ben@else.example", .to = "Ben@else.example", DONE, .want_use = STAFF_TEXT_SENT, .passes = TRUE },
  { "to the role alone", "Hi", .to = "support@desk.example", DONE, .want_use = STAFF_TEXT_NOTE, .passes = TRUE },
  { "pointing to it without being of it", "Hi", .related = TRUE, .to = "ann@customer.example", DONE, .want_use = STAFF_TEXT_SENT, .passes = TRUE },
  { "of nobody's", "Hi", .login = NOBODY, .to = "ann@customer.example" },
  { "of another team", "Hi", .team = "billing", .to = "ann@customer.example" },
  { "of her own ticket", "Hi", .requester = "alice@desk.example", .to = "support@desk.example" },
  { "without a word", "", .to = "ann@customer.example" },
  { "what was refused", "Hi", .state = "refused", .to = "ann@customer.example" },
  { "no ticket that it points to", "Hi", .no_ticket = TRUE, .to = "ann@customer.example" },
};

static char **
list_of (const char *text)
{
  return text != NULL && *text != '\0' ? g_strsplit (text, " ", -1) : g_new0 (char *, 1);
}

static Ticket *
make_ticket (const Row *row)
{
  Ticket *ticket = g_new0 (Ticket, 1);
  ticket->number = 7;
  ticket->role = g_strdup (row->role != NULL ? row->role : "support");
  ticket->team = g_strdup (row->team != NULL ? row->team : "tier1");
  ticket->state = g_strdup (row->state != NULL ? row->state : "open");
  ticket->requester = g_strdup (row->requester != NULL ? row->requester : "ann@customer.example");
  ticket->priority = row->priority != 0 ? row->priority : 3;
  ticket->participants = list_of (row->participants);
  ticket->shown = list_of (row->shown);
  ticket->acknowledged_at = row->told ? 1 : 0;
  return ticket;
}

static MessageFacts *
make_facts (const Row *row)
{
  const char *from = row->from != NULL ? row->from : "alice@desk.example";
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (GStrv) to = list_of (row->to);
  g_autofree char *all = g_strjoinv (", ", to);
  if (!g_str_equal (from, NOBODY))
    g_string_append_printf (text, "From: <%s>\r\n", from);
  g_string_append_printf (text, "To: %s\r\nSubject: Re: x\r\nMessage-ID: <1@laptop>\r\n\r\nx\r\n", *all != '\0' ? all : "support@desk.example");
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  raw_message_append (raw, text->str, text->len, NULL);
  MessageFacts *facts = message_read (raw, "Desk");
  g_auto (GStrv) words = list_of (row->auth);
  if (words[0] != NULL)
    {
      AuthResult *auth = g_new0 (AuthResult, 1);
      *auth = (AuthResult){ .method = g_strdup (words[0]), .result = g_strdup (words[1]), .domain = g_strdup (words[2]) };
      g_ptr_array_add (facts->auth, auth);
    }
  return facts;
}

static Envelope *
make_envelope (const Row *row)
{
  Envelope *envelope = envelope_new ("alice@desk.example");
  g_auto (GStrv) strangers = list_of (row->strangers);
  if (g_strcmp0 (row->login, NOBODY) != 0)
    envelope->auth_user = g_strdup (row->login != NULL ? row->login : "alice-login");
  for (guint i = 0; strangers[i] != NULL; i++)
    envelope_add_recipient (envelope, config, strangers[i]);
  for (guint i = 0; i < row->many; i++)
    {
      g_autofree char *address = g_strdup_printf ("c%u@else.example", i);
      envelope_add_recipient (envelope, config, address);
    }
  return envelope;
}

static char *
describe_outgoing (const Decision *decision)
{
  g_autoptr (GString) all = g_string_new (NULL);
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      const Outgoing *letter = decision->outgoing->pdata[i];
      gboolean answer = g_str_equal (letter->template, "reply"), given = g_str_equal (letter->template, "team-given");
      g_string_append_printf (all, "%s%s %s", i > 0 ? "," : "", letter->template, letter->recipient);
      g_assert_cmpint (letter->kind, ==, given ? OUTGOING_NOTIFICATION : OUTGOING_LETTER);
      g_assert_cmpint (letter->of_message, ==, answer);
    }
  return g_strdup (all->str);
}

static char *
join (char **list)
{
  return list != NULL ? g_strjoinv (" ", list) : g_strdup ("");
}

static void
check_work (const Row *row, const Decision *decision)
{
  const StaffWork *work = decision->staff;
  g_autofree char *cc = join (work->cc), *joining = join (work->joining);
  g_assert_cmpstr (work->agent, ==, "alice");
  g_assert_cmpint (work->use, ==, row->want_use);
  g_assert_cmpint (decision->ticket, ==, 7);
  g_assert_cmpint (decision->take, ==, !row->passes);
  g_assert_cmpint (decision->take_all, ==, !row->passes);
  g_assert_cmpstr (cc, ==, row->want_cc != NULL ? row->want_cc : "");
  g_assert_cmpstr (joining, ==, row->want_joining != NULL ? row->want_joining : "");
  if (row->want_text != NULL)
    g_assert_cmpstr (work->text, ==, row->want_text);
  if (work->close)
    g_assert_cmpint (work->close_at, ==, NOW + 7 * DAY);
}

static void
check_decision (const Row *row, const Decision *decision)
{
  g_autofree char *out = describe_outgoing (decision);
  g_test_message ("%s; %s; %s", decision->reply, decision->reason, out);
  g_assert_cmpint (decision->kind, ==, row->want);
  g_assert_nonnull (strstr (decision->reply, row->want_reply));
  g_assert_cmpstr (out, ==, row->want_out != NULL ? row->want_out : "");
  g_assert_cmpint (decision->staff != NULL, ==, row->want == INTAKE_CONTINUE);
  g_assert_cmpint (decision->refuse_all, ==, row->want == INTAKE_REFUSE);
  if (decision->staff != NULL)
    check_work (row, decision);
  else
    g_assert_cmpint (decision->take, ==, row->want == INTAKE_FILE);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (Ticket) ticket = row->no_ticket ? NULL : make_ticket (row);
  g_autoptr (MessageFacts) facts = make_facts (row);
  g_autoptr (Envelope) envelope = make_envelope (row);
  const char *door_role = row->door_role != NULL ? row->door_role : row->role;
  const Role *role = config_find_role_by_name (config, door_role != NULL ? door_role : "support");
  IntakeCase intake = { .config = config,
                        .envelope = envelope,
                        .recipient = envelope_add_recipient (envelope, config, role->address[0]),
                        .facts = facts,
                        .text = row->text,
                        .fresh = row->text,
                        .door = row->door,
                        .at_door = ticket,
                        .size = row->size,
                        .now = NOW };
  const ThreadMatch match = { .ticket = row->related ? NULL : ticket, .related = row->related ? ticket : NULL };
  Decision *decision = decision_new (role);
  decision->automatic_reason = g_strdup (row->machine ? "Auto-Submitted: auto-replied" : NULL);
  if (row->door != STAFF_DOOR_NONE)
    staff_decide_door (&intake, row->machine, decision);
  else
    g_assert_cmpint (staff_decide_ticket (&intake, &match, decision), ==, row->want_reply != NULL);
  if (row->want_reply != NULL)
    check_decision (row, decision);
  decision_free (decision);
}

/* What a policy demands before the end, and until when a ticket can be reopened. */
static void
test_terms (void)
{
  static const struct {
    const char *role;
    int priority;
    gboolean demanded;
  } cases[] = { { "strict", 1, TRUE }, { "strict", 2, FALSE }, { "support", 1, FALSE }, { "bare", 1, FALSE } };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Row row = { .role = cases[i].role, .priority = cases[i].priority };
      g_autoptr (Ticket) ticket = make_ticket (&row);
      g_autoptr (StaffWork) work = staff_work_new ("alice");
      g_autoptr (GPtrArray) outgoing = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
      const StaffMail mail = { .config = config,
                               .ticket = ticket,
                               .role = config_find_role_by_name (config, cases[i].role),
                               .text = "#root-cause a worn cable\n#close\n",
                               .now = NOW };
      g_assert_true (staff_prepare (&mail, work, outgoing, NULL));
      g_assert_cmpint (work->root_cause_demanded, ==, cases[i].demanded);
      g_assert_cmpstr (work->root_cause, ==, "a worn cable");
      g_assert_cmpint (work->close_at, ==, NOW + 7 * DAY);
    }
}

/* The longest answer that is sent, and the one beyond it. */
static void
test_length (void)
{
  for (guint beyond = 0; beyond <= 1; beyond++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      for (guint i = 0; i < LIMIT_ANSWER + beyond; i++)
        g_string_append (text, "\303\251");
      const Row row = { .text = text->str };
      g_autoptr (Ticket) ticket = make_ticket (&row);
      g_autoptr (StaffWork) work = staff_work_new ("alice");
      g_autoptr (GPtrArray) outgoing = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
      g_autoptr (GError) error = NULL;
      const StaffMail mail = { .config = config, .ticket = ticket, .role = config_find_role_by_name (config, "support"), .text = text->str, .now = NOW };
      g_assert_cmpint (staff_prepare (&mail, work, outgoing, &error), ==, !beyond);
      if (beyond)
        g_assert_error (error, STAFF_ERROR, STAFF_ERROR_TEXT);
    }
}

/* Whoever is given a ticket is written to in their language. */
static void
test_languages (void)
{
  const Row row = { .team = "tier1" };
  g_autoptr (Ticket) ticket = make_ticket (&row);
  g_autoptr (StaffWork) work = staff_work_new ("carol");
  g_autoptr (GPtrArray) outgoing = g_ptr_array_new_with_free_func ((GDestroyNotify) outgoing_free);
  const StaffMail mail = { .config = config, .ticket = ticket, .role = config_find_role_by_name (config, "support"), .text = "#assign alice\n", .now = NOW };
  g_assert_true (staff_prepare (&mail, work, outgoing, NULL));
  g_assert_cmpuint (outgoing->len, ==, 1);
  const Outgoing *letter = outgoing->pdata[0];
  g_assert_cmpstr (letter->languages, ==, "fr");
  g_assert_cmpstr (letter->reason, ==, "carol has given it to alice");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  config = load_configuration ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/staff/%02u %s", i, rows[i].name);
      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/staff/terms", test_terms);
  g_test_add_func ("/staff/length", test_length);
  g_test_add_func ("/staff/languages", test_languages);
  int status = g_test_run ();
  config_unref (config);
  return status;
}
