/* The intake decision as a table: who writes what to which role, and what must come of it. */
#include <glib/gstdio.h>
#include <string.h>

#include "desk/bounces.h"
#include "desk/decision.h"

static const char configuration[] =
  "hostname = \"desk.example\"\n"
  "calendar \"office\" { timezone = \"America/Vancouver\" hours = {\"mon-fri 06:00-18:00\"} }\n"
  "policy \"plain\" { calendar = \"office\" }\n"
  "policy \"patient\" { calendar = \"office\" acknowledge-after = \"4h\" }\n"
  "team \"tier1\" { notify = {\"tier1@desk.example\"} }\n"
  "team \"noc\" { notify = {\"noc@desk.example\", \"chief@desk.example\"} }\n"
  "agent \"alice\" { name = \"Alice\" mail = \"alice@desk.example\" teams = {\"tier1\", \"noc\"} login = {\"alice-login\"} }\n"
  "agent \"bob\" { name = \"Bob\" mail = \"bob@desk.example\" teams = {\"noc\"} }\n"
  "channel \"mail\" { type = \"mail\" }\n"
  "channel \"sms\" { type = \"webhook\" url = \"http://127.0.0.1:1/\" }\n"
  "schedule \"noc\" { timezone = \"America/Vancouver\" calendar = \"noc.ics\" }\n"
  "escalation \"noc\" { step \"first\" { schedule = \"noc\" by = {\"sms\"} }\n"
  "  step \"all\" { team = \"noc\" by = {\"sms\", \"mail\"} wait = \"5m\" } }\n"
  "role \"anyone\" { address = {\"anyone@desk.example\"} policy = \"plain\" team = \"tier1\" accept = \"anyone\" }\n"
  "role \"known\" { address = {\"known@desk.example\"} policy = \"plain\" team = \"tier1\" accept = \"known\"\n"
  "  refuse = \"Registered customers only, 100 %\" }\n"
  "role \"verified\" { address = {\"verified@desk.example\"} policy = \"plain\" team = \"tier1\" accept = \"verified\" }\n"
  "role \"silent\" { address = {\"silent@desk.example\"} policy = \"plain\" team = \"tier1\" acknowledge = \"never\" }\n"
  "role \"patient\" { address = {\"patient@desk.example\"} policy = \"patient\" team = \"tier1\" }\n"
  "role \"patient-emergency\" { address = {\"patient-emergency@desk.example\"} policy = \"patient\" team = \"noc\" page = \"noc\" }\n"
  "role \"choosy\" { address = {\"choosy@desk.example\"} policy = \"plain\" team = \"tier1\" acknowledge = \"verified\" }\n"
  "role \"emergency\" { address = {\"emergency@desk.example\"} policy = \"plain\" priority = \"p1\" team = \"noc\"\n"
  "  page = \"noc\" page-if = \"known\" page-automatic = {\"monitor@customer.example\"} }\n"
  "role \"strict-emergency\" { address = {\"strict@desk.example\"} policy = \"plain\" priority = \"p1\" team = \"noc\"\n"
  "  accept = \"known\" page = \"noc\" }\n"
  "own-address = {\"monitor@desk.example\"}\n"
  "acknowledge-limit = 3\nacknowledge-limit-total = 100\n";

typedef enum { NOT_FOUND, KNOWN, SUSPENDED, DOWN } Who;
typedef enum { NOTHING, SIGNED, REFERENCE, TAG } Points;

#define NONE "-" /* in `from`: no From mailbox; in `sender`: the null sender */

typedef struct {
  const char *name;
  const char *role;      /* "anyone" when left out */
  const char *at;        /* on the office's clock; within its hours when left out */
  Who who;
  const char *from;      /* "ann@customer.example" when left out */
  const char *sender;    /* envelope; the same as From when left out */
  const char *auth_user;
  const char *auth;      /* "dmarc=pass", "dkim=pass customer.example" */
  const char *header;    /* "Name: value" */
  gboolean bounce;       /* multipart/report with a delivery status */
  const char *returned;  /* the status of ann@customer.example in it, which answers a letter of ours: "5.1.1" */
  const char *came_back; /* the status with which mail to her had come back for good */
  gint64 days_ago;
  gboolean loop_mark;
  Points points;
  const char *requester; /* of the ticket pointed at: "ann@customer.example" when left out */
  const char *participant, *customer, *state, *ticket_role, *assignee;
  gboolean not_alone;
  int acknowledged, acknowledged_in_all;

  IntakeKind want;
  Standing want_standing;
  const char *want_state; /* "hard kim@...", "soft ..."; NULL: of no address */
  gboolean want_reachable;
  gboolean want_ack, want_page, want_reopen, want_participant, want_automatic, want_related;
  gboolean want_joining; /* zoe@partner.example, when `header` has her in Cc */
  const char *want_told; /* the first of staff who is */
  const char *want_reply, *want_to, *want_template, *want_due;
  int want_notifications, want_pages;
} Row;

#define OPENS .want = INTAKE_OPEN, .want_reply = "250 "
#define NOTES(n) .want_notifications = (n)
#define ACKS .want_ack = TRUE
#define UNKNOWN .want_standing = STANDING_UNKNOWN
#define IS_KNOWN .want_standing = STANDING_KNOWN
#define IS_VERIFIED .want_standing = STANDING_VERIFIED
#define BARRED .want_standing = STANDING_BARRED
#define REFUSED .want = INTAKE_REFUSE, .want_reply = "550 5.7.1 "
#define PAGES .want_page = TRUE, .want_pages = 4
#define CONTINUES .want = INTAKE_CONTINUE, .want_reply = "250 "
#define FILED .want = INTAKE_FILE, .want_reply = "250 ", .want_automatic = TRUE

static const Row rows[] = {
  /* who may open a ticket */
  { "known customer, open role", .who = KNOWN, OPENS, IS_KNOWN, ACKS, NOTES (1), .want_to = "ann@customer.example" },
  { "stranger, open role", .who = NOT_FOUND, OPENS, UNKNOWN, ACKS, NOTES (1) },
  { "stranger, known role", .role = "known", .who = NOT_FOUND, REFUSED, UNKNOWN },
  { "known customer, known role", .role = "known", .who = KNOWN, OPENS, IS_KNOWN, ACKS, NOTES (1) },
  { "known is not verified", .role = "verified", .who = KNOWN, REFUSED, IS_KNOWN },
  { "verified by login", .role = "verified", .who = KNOWN, .auth_user = "Ann@Customer.Example", OPENS, IS_VERIFIED, ACKS, NOTES (1) },
  { "another login proves nothing", .role = "verified", .who = KNOWN, .auth_user = "eve@customer.example", REFUSED, IS_KNOWN },
  { "verified by dmarc", .role = "verified", .who = KNOWN, .auth = "dmarc=pass customer.example", OPENS, IS_VERIFIED, ACKS, NOTES (1) },
  { "verified by aligned dkim", .role = "verified", .who = KNOWN, .auth = "dkim=pass mail.customer.example", OPENS, IS_VERIFIED, ACKS, NOTES (1) },
  { "verified by aligned spf", .role = "verified", .who = KNOWN, .auth = "spf=pass customer.example", OPENS, IS_VERIFIED, ACKS, NOTES (1) },
  { "dkim of somebody else", .role = "verified", .who = KNOWN, .auth = "dkim=pass bulk.example", REFUSED, IS_KNOWN },
  { "spf of somebody else", .role = "verified", .who = KNOWN, .auth = "spf=pass bulk.example", REFUSED, IS_KNOWN },
  { "dkim without a domain", .role = "verified", .who = KNOWN, .auth = "dkim=pass", REFUSED, IS_KNOWN },
  { "authenticated stranger stays unknown", .role = "known", .who = NOT_FOUND, .auth = "dmarc=pass customer.example", REFUSED, UNKNOWN },
  { "dmarc=fail makes unknown", .role = "known", .who = KNOWN, .auth = "dmarc=fail customer.example", REFUSED, UNKNOWN },
  { "dmarc=fail is not acknowledged", .who = KNOWN, .auth = "dmarc=fail customer.example", OPENS, UNKNOWN, NOTES (1) },
  { "agent by own login, never answered", .who = KNOWN, .from = "alice@desk.example", .auth_user = "alice-login", OPENS, IS_VERIFIED, NOTES (1) },
  { "agent's login, other From", .who = KNOWN, .auth_user = "alice-login", OPENS, IS_KNOWN, ACKS, NOTES (1) },
  { "no From mailbox", .from = NONE, .sender = "ann@customer.example", .who = KNOWN, OPENS, UNKNOWN, NOTES (1) },
  { "no From mailbox, known role", .role = "known", .from = NONE, .sender = "ann@customer.example", .who = KNOWN, REFUSED, UNKNOWN },
  /* barred */
  { "barred", .who = SUSPENDED, REFUSED, BARRED },
  { "barred, though verified", .who = SUSPENDED, .auth = "dmarc=pass customer.example", REFUSED, BARRED },
  { "barred with a valid signed address", .who = SUSPENDED, .points = SIGNED, REFUSED, BARRED },
  { "barred at an emergency role", .role = "emergency", .who = SUSPENDED, OPENS, BARRED, ACKS, NOTES (2), .want_template = "emergency-unverified" },
  { "barred, null sender", .who = SUSPENDED, .sender = NONE, FILED, BARRED },
  /* directory down */
  { "directory down, open role", .who = DOWN, OPENS, UNKNOWN, ACKS, NOTES (1) },
  { "directory down, strict role alone", .role = "known", .who = DOWN, .want = INTAKE_DEFER, .want_reply = "451 4.3.0 ", UNKNOWN },
  { "directory down, strict role beside others", .role = "known", .who = DOWN, .not_alone = TRUE, OPENS, UNKNOWN, ACKS, NOTES (1) },
  { "directory down, emergency pages", .role = "emergency", .who = DOWN, OPENS, UNKNOWN, ACKS, NOTES (2), PAGES, .want_template = "emergency" },
  { "directory down, strict emergency pages", .role = "strict-emergency", .who = DOWN, OPENS, UNKNOWN, ACKS, NOTES (2), PAGES },
  { "directory down, signed address", .role = "known", .who = DOWN, .points = SIGNED, .ticket_role = "known", CONTINUES, UNKNOWN },
  { "directory down, null sender", .role = "known", .who = DOWN, .sender = NONE, FILED, UNKNOWN },
  { "directory down, no From: not deferred", .role = "known", .who = DOWN, .from = NONE, .sender = "a@b.example", REFUSED, UNKNOWN },
  /* threads */
  { "signed address", .who = KNOWN, .points = SIGNED, CONTINUES, IS_KNOWN },
  { "signed address from a stranger", .role = "known", .who = NOT_FOUND, .from = "eve@else.example", .points = SIGNED, .ticket_role = "known", CONTINUES, UNKNOWN },
  { "signed address of another role", .who = KNOWN, .points = SIGNED, .ticket_role = "known", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_related = TRUE },
  { "answer by the requester", .who = KNOWN, .points = REFERENCE, CONTINUES, IS_KNOWN },
  { "answer by a participant", .who = KNOWN, .points = REFERENCE, .requester = "ben@else.example", .participant = "ann@customer.example", CONTINUES, IS_KNOWN },
  { "answer by a colleague", .who = KNOWN, .points = REFERENCE, .requester = "ben@else.example", .customer = "C-1", CONTINUES, IS_KNOWN, .want_participant = TRUE },
  { "answer by another customer", .who = KNOWN, .points = REFERENCE, .requester = "ben@else.example", .customer = "C-2", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_related = TRUE },
  { "no customer is never the same customer", .who = KNOWN, .points = REFERENCE, .requester = "ben@else.example", .customer = "", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_related = TRUE },
  { "subject tag by the requester", .who = KNOWN, .points = TAG, CONTINUES, IS_KNOWN },
  { "subject tag by a stranger", .who = NOT_FOUND, .from = "eve@else.example", .points = TAG, OPENS, UNKNOWN, ACKS, NOTES (1), .want_related = TRUE },
  { "subject tag of another role", .who = KNOWN, .points = TAG, .ticket_role = "known", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_related = TRUE },
  { "answer to a refused message", .who = KNOWN, .points = REFERENCE, .state = "refused", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_related = TRUE },
  { "requester reopens a closed ticket", .who = KNOWN, .points = REFERENCE, .state = "closed", CONTINUES, IS_KNOWN, .want_reopen = TRUE },
  { "requester reopens a resolved ticket", .who = KNOWN, .points = TAG, .state = "resolved", CONTINUES, IS_KNOWN, .want_reopen = TRUE },
  { "participant does not reopen", .who = KNOWN, .points = REFERENCE, .state = "closed", .requester = "ben@else.example", .participant = "ann@customer.example", CONTINUES, IS_KNOWN },
  { "stranger with a signed address does not reopen", .who = NOT_FOUND, .from = "eve@else.example", .points = SIGNED, .state = "closed", CONTINUES, UNKNOWN },
  { "dmarc=fail with a signed address does not reopen", .who = KNOWN, .auth = "dmarc=fail customer.example", .points = SIGNED, .state = "closed", CONTINUES, UNKNOWN },
  { "dmarc=fail is no requester", .who = KNOWN, .auth = "dmarc=fail customer.example", .points = REFERENCE, OPENS, UNKNOWN, NOTES (1), .want_related = TRUE },
  { "nor anybody of the customer", .who = KNOWN, .auth = "dmarc=fail customer.example", .points = TAG, .requester = "ben@else.example", .customer = "C-1", OPENS, UNKNOWN, NOTES (1), .want_related = TRUE },
  { "a list does not reopen", .who = KNOWN, .points = REFERENCE, .state = "closed", .header = "Precedence: list", CONTINUES, IS_KNOWN, .want_automatic = TRUE },
  { "answer at an emergency role does not page", .role = "emergency", .who = KNOWN, .points = REFERENCE, .ticket_role = "emergency", CONTINUES, IS_KNOWN },
  /* whom the requester writes to besides: who is only said to be the requester lets nobody read on */
#define WITH_ZOE .who = KNOWN, .header = "Cc: zoe@partner.example"
  { "a new ticket", WITH_ZOE, OPENS, IS_KNOWN, ACKS, NOTES (1), .want_joining = TRUE },
  { "the requester, to the signed address", WITH_ZOE, .points = SIGNED, CONTINUES, IS_KNOWN, .want_joining = TRUE },
  { "the requester by login, with a tag", WITH_ZOE, .points = TAG, .auth_user = "ann@customer.example", CONTINUES, IS_VERIFIED, .want_joining = TRUE },
  { "the requester by dmarc, with a reference", WITH_ZOE, .points = REFERENCE, .auth = "dmarc=pass customer.example", CONTINUES, IS_VERIFIED, .want_joining = TRUE },
  { "her address alone, with a tag", WITH_ZOE, .points = TAG, CONTINUES, IS_KNOWN },
  { "her address alone, with a reference", WITH_ZOE, .points = REFERENCE, CONTINUES, IS_KNOWN },
  { "a participant", WITH_ZOE, .points = SIGNED, .requester = "ben@else.example", .participant = "ann@customer.example", CONTINUES, IS_KNOWN },
  /* machines */
  { "null sender is filed", .role = "known", .who = NOT_FOUND, .sender = NONE, FILED, UNKNOWN },
  { "bounce is filed", .who = KNOWN, .sender = NONE, .bounce = TRUE, FILED, IS_KNOWN },
  /* mail of ours that came back */
  { "no such user: the team", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.1.1", FILED, UNKNOWN, NOTES (1), .want_told = "tier1@desk.example", .want_state = "hard ann@customer.example" },
  { "no such user: the assignee", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.1.1", .assignee = "bob", FILED, UNKNOWN, NOTES (1), .want_told = "bob@desk.example", .want_state = "hard ann@customer.example" },
  { "a report on whom the ticket's letters do not go to", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.1.1", .requester = "ben@else.example", FILED, UNKNOWN },
  { "a report on a participant", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.1.1", .requester = "ben@else.example", .participant = "Ann@Customer.example", FILED, UNKNOWN, NOTES (1), .want_state = "hard ann@customer.example" },
  { "a full mailbox is no dead address", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.2.2", FILED, UNKNOWN, .want_state = "soft ann@customer.example" },
  { "nor is a refusal by policy", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.7.1", FILED, UNKNOWN, .want_state = "soft ann@customer.example" },
  { "a closed mailbox", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.2.1", FILED, UNKNOWN, NOTES (1), .want_state = "hard ann@customer.example" },
  { "a host that takes no mail", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.4.4", FILED, UNKNOWN, NOTES (1), .want_state = "hard ann@customer.example" },
  { "a group that takes mail of its own people only", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "5.7.133", FILED, UNKNOWN, NOTES (1), .want_state = "hard ann@customer.example" },
  { "delayed is nothing yet", .who = NOT_FOUND, .sender = NONE, .bounce = TRUE, .returned = "4.4.1 delayed", FILED, UNKNOWN },
  { "mail came back: no acknowledgement", .who = KNOWN, .came_back = "5.1.1", .days_ago = 59, OPENS, IS_KNOWN, NOTES (1) },
  { "mail came back long ago", .who = KNOWN, .came_back = "5.1.1", .days_ago = 60, OPENS, IS_KNOWN, ACKS, NOTES (1) },
  { "mail came back for another reason", .who = KNOWN, .came_back = "", OPENS, IS_KNOWN, ACKS, NOTES (1) },
  { "who has proven to write can be written to", .who = KNOWN, .came_back = "5.1.1", .auth = "dmarc=pass customer.example", OPENS, IS_VERIFIED, ACKS, NOTES (1), .want_reachable = TRUE },
  { "an absence notice proves nothing", .who = KNOWN, .came_back = "5.1.1", .auth = "dmarc=pass customer.example", .header = "Auto-Submitted: auto-replied", FILED, IS_VERIFIED },
  { "bounce with a sender is filed", .who = KNOWN, .bounce = TRUE, FILED, IS_KNOWN },
  { "out-of-office is filed and does not reopen", .who = KNOWN, .points = REFERENCE, .state = "closed", .header = "Auto-Submitted: auto-replied", FILED, IS_KNOWN },
  { "loop mark is filed", .who = KNOWN, .loop_mark = TRUE, FILED, IS_KNOWN },
  { "loop mark at a strict role is filed", .role = "known", .who = NOT_FOUND, .loop_mark = TRUE, FILED, UNKNOWN },
  { "loop mark at an emergency role does not page", .role = "emergency", .who = KNOWN, .loop_mark = TRUE, FILED, IS_KNOWN },
  { "list mail opens without answer", .who = KNOWN, .header = "Precedence: bulk", OPENS, IS_KNOWN, NOTES (1), .want_automatic = TRUE },
  { "generated mail of a stranger is refused", .role = "known", .who = NOT_FOUND, .header = "Auto-Submitted: auto-generated", REFUSED, UNKNOWN, .want_automatic = TRUE },
  { "generated mail does not page", .role = "emergency", .who = KNOWN, .header = "Auto-Submitted: auto-generated", OPENS, IS_KNOWN, NOTES (2), .want_automatic = TRUE },
  { "the monitoring system pages", .role = "emergency", .who = KNOWN, .from = "monitor@customer.example", .header = "Auto-Submitted: auto-generated", OPENS, IS_KNOWN, NOTES (2), PAGES, .want_automatic = TRUE },
  { "the monitoring system forged does not page", .role = "emergency", .who = KNOWN, .from = "monitor@customer.example", .auth = "dmarc=fail customer.example", .header = "Auto-Submitted: auto-generated", OPENS, UNKNOWN, NOTES (2), .want_automatic = TRUE },
  { "Auto-Submitted: no is a person", .who = KNOWN, .header = "Auto-Submitted: no", OPENS, IS_KNOWN, ACKS, NOTES (1) },
  /* emergencies */
  { "emergency", .role = "emergency", .who = KNOWN, OPENS, IS_KNOWN, ACKS, NOTES (2), PAGES, .want_template = "emergency" },
  { "emergency of a stranger", .role = "emergency", .who = NOT_FOUND, OPENS, UNKNOWN, ACKS, NOTES (2), .want_template = "emergency-unverified" },
  { "emergency of a stranger, strict", .role = "strict-emergency", .who = NOT_FOUND, REFUSED, UNKNOWN },
  /* in our own name */
  { "a role's address, unproven: nobody is answered and nobody paged", .role = "emergency", .who = KNOWN, .from = "anyone@desk.example", OPENS, UNKNOWN, NOTES (2) },
  { "the same is no known sender", .role = "known", .who = KNOWN, .from = "anyone@desk.example", REFUSED, UNKNOWN },
  { "a program of ours, unproven", .role = "known", .who = KNOWN, .from = "monitor@desk.example", REFUSED, UNKNOWN },
  { "a program of ours that has proven it", .role = "known", .who = KNOWN, .from = "monitor@desk.example", .auth = "dmarc=pass desk.example", OPENS, IS_VERIFIED, NOTES (1) },
  /* acknowledgements */
  { "role that never answers", .role = "silent", .who = KNOWN, OPENS, IS_KNOWN, NOTES (1) },
  { "role that answers verified senders only", .role = "choosy", .who = KNOWN, OPENS, IS_KNOWN, NOTES (1) },
  { "the same, verified", .role = "choosy", .who = KNOWN, .auth = "dmarc=pass customer.example", OPENS, IS_VERIFIED, ACKS, NOTES (1) },
  { "to the envelope sender", .who = KNOWN, .sender = "ann.private@else.example", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_to = "ann.private@else.example" },
  { "to From when verified", .who = KNOWN, .sender = "bounce-7@esp.example", .auth = "dmarc=pass customer.example", OPENS, IS_VERIFIED, ACKS, NOTES (1), .want_to = "ann@customer.example" },
  { "SRS undone", .who = KNOWN, .sender = "SRS0=HHH=TT=customer.example=ann@forward.example", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_to = "ann@customer.example" },
  { "BATV undone", .who = KNOWN, .sender = "prvs=1234abcdef=ann@customer.example", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_to = "ann@customer.example" },
  { "spf=fail of a stranger", .who = NOT_FOUND, .auth = "spf=fail customer.example", OPENS, UNKNOWN, NOTES (1) },
  { "spf=fail of a known sender", .who = KNOWN, .auth = "spf=fail customer.example", OPENS, IS_KNOWN, ACKS, NOTES (1) },
  { "limit to one address", .who = KNOWN, .acknowledged = 3, OPENS, IS_KNOWN, NOTES (1) },
  { "below the limit", .who = KNOWN, .acknowledged = 2, OPENS, IS_KNOWN, ACKS, NOTES (1) },
  { "limit in all", .who = KNOWN, .acknowledged_in_all = 100, OPENS, IS_KNOWN, NOTES (1) },
  { "after hours", .who = KNOWN, .at = "2026-11-28T12:00:00", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_template = "after-hours" },
  { "after hours, to be answered on Monday", .role = "patient", .who = KNOWN, .at = "2026-11-28T12:00:00", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_template = "acknowledgement", .want_due = "2026-11-30T10:00:00" },
  { "within hours, to be answered at closing", .role = "patient", .who = KNOWN, .at = "2026-11-27T14:00:00", OPENS, IS_KNOWN, ACKS, NOTES (1), .want_template = "after-hours", .want_due = "2026-11-27T18:00:00" },
  { "an emergency of a stranger does not wait", .role = "patient-emergency", .who = NOT_FOUND, .at = "2026-11-28T12:00:00", OPENS, UNKNOWN, ACKS, NOTES (2), .want_template = "emergency-unverified" },
};

static Config *config;

static Config *
load_configuration (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("decision-XXXXXX.conf", &path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  g_file_set_contents (path, configuration, -1, &error);
  g_assert_no_error (error);
  Config *loaded = config_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_close (fd, NULL);
  return loaded;
}

static void
add_auth (MessageFacts *facts, const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, "= ", 3);
  AuthResult *auth = g_new0 (AuthResult, 1);
  auth->method = g_strdup (words[0]);
  auth->result = g_strdup (words[1]);
  auth->domain = g_strdup (words[2]);
  g_ptr_array_add (facts->auth, auth);
}

/* A message as message_read() would give it, made from text so that the facts are real ones. */
static MessageFacts *
make_facts (const Row *row)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *from = row->from != NULL ? row->from : "ann@customer.example";
  if (!g_str_equal (from, NONE))
    g_string_append_printf (text, "From: Ann <%s>\r\n", from);
  g_string_append (text, "To: desk@desk.example\r\nSubject: help\r\nMessage-ID: <1@customer.example>\r\n");
  if (row->header != NULL)
    g_string_append_printf (text, "%s\r\n", row->header);
  if (row->points != NOTHING)
    g_string_append (text, "In-Reply-To: <0@desk.example>\r\n");
  if (row->loop_mark)
    g_string_append (text, "X-Frontdesk-Loop: desk.example\r\n");
  if (row->bounce)
    g_string_append (text, "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
                           "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n--b--\r\n");
  else
    g_string_append (text, "\r\nPlease help.\r\n");
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  raw_message_append (raw, text->str, text->len, &error);
  g_assert_no_error (error);
  MessageFacts *facts = message_read (raw, "Desk");
  if (row->auth != NULL)
    add_auth (facts, row->auth);
  return facts;
}

static Ticket *
make_ticket (const Row *row)
{
  if (row->points == NOTHING)
    return NULL;
  const char *participants[] = { row->participant, NULL };
  Ticket *ticket = g_new0 (Ticket, 1);
  ticket->number = 7;
  ticket->role = g_strdup (row->ticket_role != NULL ? row->ticket_role : "anyone");
  ticket->team = g_strdup ("tier1");
  ticket->priority = 3;
  ticket->state = g_strdup (row->state != NULL ? row->state : "open");
  ticket->requester = g_strdup (row->requester != NULL ? row->requester : "ann@customer.example");
  ticket->customer = g_strdup (row->customer);
  ticket->assignee = g_strdup (row->assignee);
  ticket->participants = g_strdupv ((char **) participants);
  return ticket;
}

static gint64
moment (const char *text)
{
  if (text == NULL)
    return 0;
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, config_find_policy (config, "plain")->calendar->zone);
  return g_date_time_to_unix (time) * G_USEC_PER_SEC;
}

static int
count_outgoing (const Decision *decision, OutgoingKind kind)
{
  int count = 0;
  for (guint i = 0; i < decision->outgoing->len; i++)
    count += ((const Outgoing *) decision->outgoing->pdata[i])->kind == kind;
  return count;
}

static void
check_outgoing (const Row *row, const Decision *decision)
{
  g_assert_cmpint (count_outgoing (decision, OUTGOING_ACKNOWLEDGEMENT), ==, row->want_ack);
  g_assert_cmpint (count_outgoing (decision, OUTGOING_NOTIFICATION), ==,
                   row->want == INTAKE_CONTINUE && !row->want_automatic ? 1 : row->want_notifications);
  g_assert_cmpint (count_outgoing (decision, OUTGOING_PAGE), ==, row->want_pages);
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      const Outgoing *outgoing = decision->outgoing->pdata[i];
      if (i == 0 && row->want_told != NULL)
        g_assert_cmpstr (outgoing->recipient, ==, row->want_told);
      if (outgoing->kind != OUTGOING_ACKNOWLEDGEMENT)
        continue;
      g_assert_cmpstr (outgoing->recipient, ==, decision->acknowledge_to);
      if (row->want_to != NULL)
        g_assert_cmpstr (outgoing->recipient, ==, row->want_to);
      if (row->want_template != NULL)
        g_assert_cmpstr (outgoing->template, ==, row->want_template);
      g_assert_cmpint (outgoing->due_at, ==, moment (row->want_due));
    }
}

static void
check_addresses (const Row *row, const Decision *decision)
{
  g_autofree char *got = NULL;
  if (decision->addresses != NULL && decision->addresses->len > 0)
    {
      const AddressState *state = decision->addresses->pdata[0];
      got = g_strdup_printf ("%s %s", state->hard ? "hard" : "soft", state->address);
    }
  g_assert_cmpstr (got, ==, row->want_state);
  g_assert_cmpint (decision->reachable != NULL, ==, row->want_reachable);
}

static void
check_decision (const Row *row, const Decision *decision)
{
  g_test_message ("%s: %s, %s; %s", row->name, intake_kind_to_string (decision->kind), decision->reason,
                  decision->acknowledge_reason);
  g_assert_cmpstr (intake_kind_to_string (decision->kind), ==, intake_kind_to_string (row->want));
  g_assert_cmpstr (standing_to_string (decision->standing), ==, standing_to_string (row->want_standing));
  g_assert_true (g_str_has_prefix (decision->reply, row->want_reply));
  g_assert_cmpint (decision->acknowledge, ==, row->want_ack);
  g_assert_cmpint (decision->page, ==, row->want_page);
  g_assert_cmpint (decision->reopen, ==, row->want_reopen);
  g_assert_cmpint (decision->participant, ==, row->want_participant);
  g_assert_cmpint (decision->automatic, ==, row->want_automatic);
  g_assert_cmpint (decision->related, ==, row->want_related ? 7 : 0);
  g_assert_cmpint (decision->joining != NULL && g_strv_contains ((const char *const *) decision->joining, "zoe@partner.example"), ==,
                   row->want_joining);
  if (row->want == INTAKE_CONTINUE)
    g_assert_cmpint (decision->ticket, ==, 7);
  check_outgoing (row, decision);
  check_addresses (row, decision);
}

/* What a report says of ann@customer.example, or NULL. */
static GPtrArray *
make_report (const Row *row)
{
  if (row->returned == NULL)
    return NULL;
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) bounce_recipient_free);
  BounceRecipient *recipient = bounce_recipient_new ();
  recipient->address = g_strdup ("ann@customer.example");
  recipient->status = g_strndup (row->returned, strcspn (row->returned, " "));
  recipient->action = g_str_has_suffix (row->returned, " delayed") ? BOUNCE_DELAYED : BOUNCE_FAILED;
  bounce_judge (recipient, "");
  g_ptr_array_add (list, recipient);
  return list;
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (MessageFacts) facts = make_facts (row);
  const char *sender = row->sender != NULL ? row->sender : row->from != NULL ? row->from : "ann@customer.example";
  g_autoptr (Envelope) envelope = envelope_new (g_str_equal (sender, NONE) ? "" : sender);
  envelope->auth_user = g_strdup (row->auth_user);
  const Role *role = config_find_role_by_name (config, row->role != NULL ? row->role : "anyone");
  const Recipient *recipient = envelope_add_recipient (envelope, config, role->address[0]);
  g_autoptr (Contact) contact = NULL;
  if (row->who == KNOWN || row->who == SUSPENDED)
    {
      contact = contact_new ();
      contact->mail = g_strdup ("ann@customer.example");
      contact->customer = g_strdup (g_strcmp0 (row->customer, "") == 0 ? "" : "C-1");
      contact->suspended = row->who == SUSPENDED;
    }
  g_autoptr (Ticket) ticket = make_ticket (row);
  g_autoptr (GPtrArray) references = g_ptr_array_new ();
  if (row->points == REFERENCE)
    g_ptr_array_add (references, ticket);
  g_autoptr (GPtrArray) bounced = make_report (row);
  Row answered = *row;
  answered.points = bounced != NULL ? SIGNED : NOTHING;
  g_autoptr (Ticket) reported = make_ticket (&answered);
  AddressState state = { .address = (char *) "ann@customer.example",
                         .hard = row->came_back != NULL && *row->came_back != '\0',
                         .status = (char *) row->came_back,
                         .detail = (char *) "550 no such user",
                         .last_at = moment (row->at) - row->days_ago * G_TIME_SPAN_DAY };
  IntakeCase intake = { .config = config,
                        .reported = reported,
                        .bounced = bounced,
                        .address_state = row->came_back != NULL ? &state : NULL,
                        .envelope = envelope,
                        .recipient = recipient,
                        .facts = facts,
                        .directory = row->who == NOT_FOUND ? DIRECTORY_NOT_FOUND
                                     : row->who == DOWN    ? DIRECTORY_UNAVAILABLE
                                                           : DIRECTORY_FOUND,
                        .contact = contact,
                        .pointers = { .by_signature = row->points == SIGNED ? ticket : NULL,
                                      .by_reference = references,
                                      .by_tag = row->points == TAG ? ticket : NULL },
                        .alone = !row->not_alone,
                        .now = moment (row->at),
                        .acknowledged_to_sender = row->acknowledged,
                        .acknowledged_in_all = row->acknowledged_in_all,
                        .key = "key" };
  Decision *decision = intake_decide (&intake);
  check_decision (row, decision);
  decision_free (decision);
}

/* What the SMTP client reads can neither break the session nor run on. */
static void
test_reply_text (void)
{
  g_autofree char *clean = intake_reply_text ("Grüße\r\n250 ok\x01\t100 %");
  g_autofree char *long_text = g_strnfill (5000, 'x');
  g_autofree char *cut = intake_reply_text (long_text);
  for (const char *c = clean; *c != '\0'; c++)
    g_assert_true (g_ascii_isprint (*c));
  g_assert_true (g_str_has_suffix (clean, "100 %"));
  g_assert_cmpuint (strlen (cut), <=, 480);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  config = load_configuration ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/decision/%02u %s", i, rows[i].name);
      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/decision/reply-text", test_reply_text);
  int status = g_test_run ();
  config_unref (config);
  return status;
}
