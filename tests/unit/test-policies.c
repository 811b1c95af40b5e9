/* The policies that are shipped, line by line: when what is due, when the desk is open, what a mail's words make of it. All
 * times are on the wall clock of the policy's calendar. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "desk/calendar.h"
#include "desk/decision.h"
#include "desk/promises.h"
#include "desk/triage.h"

/* The deadlines of a ticket. "" is not promised; "+15" is so many minutes by the clock, "2026-11-27T18:00:00" a time. */
typedef struct {
  const char *policy;
  int priority;
  const char *kind;   /* NULL: standard */
  const char *opened; /* "2026-11-01T00:30:00+60": an hour later, for times that the clock shows twice or never */
  const char *due[TARGETS];
} DueRow;

/* Whether the policy's calendar is open; when it is not, when next, and for which holiday. */
typedef struct {
  const char *policy, *at, *next, *holiday;
} HoursRow;

/* What becomes of a mail. */
typedef struct {
  const char *role, *subject, *text;
  const char *header;      /* "Name: value", nullable */
  const char *at;          /* NULL: 2026-11-25, a Wednesday, 10:00 */
  gboolean stranger;       /* the directory does not know the sender */
  gboolean again;          /* the customer has written under this subject before */
  const char *rules;       /* those that apply, in their order */
  int priority;
  const char *kind;        /* NULL: standard */
  const char *team;
  gboolean escalated, root_cause, pages;
  const char *letter;      /* the acknowledgement's template, NULL: not looked at */
  const char *letter_at;   /* when it goes out, NULL: at once */
  const char *turn;        /* those whose turn it may be, NULL: nobody is named */
} MailRow;

/* What else a policy says. */
typedef struct {
  const char *policy, *timezone;
  int again_days; /* within which a subject comes again */
  int warn;
  int goal_respond, goal_first_contact, goal_escalation;
  const char *root_cause; /* the priorities that demand a note on it, "1" */
  gboolean arrival_order;
  const char *greeting, *closing;
} OtherRow;

static Config *
load (const char *name)
{
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_strconcat (name, ".conf", NULL);
  g_autofree char *path = g_build_filename (source != NULL ? source : ".", "conf", "policies", file, NULL);
  Config *config = config_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->remarks[0], ==, NULL);
  return config;
}

static gint64
instant (const char *text, GTimeZone *zone)
{
  g_auto (GStrv) parts = g_strsplit (text, "+", 2);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (parts[0], zone);
  g_assert_nonnull (time);
  gint64 later = parts[1] != NULL ? g_ascii_strtoll (parts[1], NULL, 10) : 0;
  return (g_date_time_to_unix (time) + later * 60) * G_USEC_PER_SEC;
}

static void
check_due (const DueRow *row, const GArray *promises, TargetKind target, GTimeZone *zone)
{
  const Promise *promise = promises_find_open (promises, target);
  const char *due = row->due[target];
  gint64 got = promise != NULL ? promise->due_at : 0, opened = instant (row->opened, zone);
  gint64 wanted = *due == '\0'  ? 0
                  : *due == '+' ? opened + g_ascii_strtoll (due, NULL, 10) * 60 * G_USEC_PER_SEC
                                : instant (due, zone);
  if (got != wanted)
    g_error ("%s, p%d, %s, opened %s: %s is due %" G_GINT64_FORMAT " s off", row->policy, row->priority,
             row->kind != NULL ? row->kind : "standard", row->opened, target_to_string (target),
             (got - wanted) / G_USEC_PER_SEC);
}

static void
check_deadlines (const char *name, const DueRow *rows, gsize count)
{
  g_autoptr (Config) config = load (name);
  for (gsize i = 0; i < count; i++)
    {
      const Policy *policy = config_find_policy (config, rows[i].policy);
      GTimeZone *zone = policy->calendar->zone;
      const TicketKind *kind = policy_find_kind (policy, rows[i].kind);
      g_assert_true ((kind != NULL) == (rows[i].kind != NULL));
      g_autoptr (GArray) promises = promises_open (policy, rows[i].priority, kind, instant (rows[i].opened, zone), TRUE, FALSE);
      for (TargetKind target = 0; target < TARGETS; target++)
        check_due (&rows[i], promises, target, zone);
    }
}

static void
check_hours (const char *name, const HoursRow *rows, gsize count)
{
  g_autoptr (Config) config = load (name);
  for (gsize i = 0; i < count; i++)
    {
      const Calendar *calendar = config_find_policy (config, rows[i].policy)->calendar;
      gint64 at = instant (rows[i].at, calendar->zone);
      gint64 next = rows[i].next != NULL ? instant (rows[i].next, calendar->zone) : at;
      Interval open = { 0 };
      g_test_message ("%s at %s", rows[i].policy, rows[i].at);
      g_assert_cmpint (calendar_is_open (calendar, at, NULL), ==, rows[i].next == NULL);
      g_assert_true (calendar_next_open (calendar, at, NULL, &open));
      g_assert_cmpint (open.from, ==, next);
      g_assert_cmpstr (calendar_holiday (calendar, at), ==, rows[i].holiday);
    }
}

/* ---- what becomes of a mail ---- */

static MessageFacts *
read_mail (const MailRow *row)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text =
    g_strdup_printf ("From: Ann <ann@customer.example>\r\nTo: desk@example.com\r\nSubject: %s\r\nMessage-ID: <1@customer.example>\r\n"
                     "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n%s%s\r\n%s\r\n",
                     row->subject, row->header != NULL ? row->header : "", row->header != NULL ? "\r\n" : "", row->text);
  g_autoptr (RawMessage) raw = raw_message_new (g_get_tmp_dir ());
  raw_message_append (raw, text, strlen (text), &error);
  g_assert_no_error (error);
  return message_read (raw, "Desk");
}

/* The names of the rules that DECISION gives as its reasons. */
static char *
name_rules (const Decision *decision)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  const char *at = decision->rules != NULL ? decision->rules : "";
  for (at = strstr (at, "rule \""); at != NULL; at = strstr (at + 1, "rule \""))
    {
      const char *begin = at + strlen ("rule \"");
      g_autofree char *name = g_strndup (begin, (gsize) (strchr (begin, '"') - begin));
      g_strv_builder_add (names, name);
    }
  g_auto (GStrv) list = g_strv_builder_end (names);
  return g_strjoinv (", ", list);
}

static char *
name_turn (const Decision *decision)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  for (guint i = 0; decision->candidates != NULL && i < decision->candidates->len; i++)
    g_strv_builder_add (names, ((const Agent *) g_ptr_array_index (decision->candidates, i))->name);
  g_auto (GStrv) list = g_strv_builder_end (names);
  return g_strjoinv (", ", list);
}

static void
check_letter (const MailRow *row, const Decision *decision, GTimeZone *zone)
{
  const Outgoing *letter = NULL;
  for (guint i = 0; i < decision->outgoing->len; i++)
    {
      const Outgoing *outgoing = g_ptr_array_index (decision->outgoing, i);
      if (outgoing->kind == OUTGOING_ACKNOWLEDGEMENT)
        letter = outgoing;
    }
  g_assert_nonnull (letter);
  if (row->letter != NULL)
    g_assert_cmpstr (letter->template, ==, row->letter);
  g_assert_cmpint (letter->due_at, ==, row->letter_at != NULL ? instant (row->letter_at, zone) : 0);
}

static void
check_decision (const MailRow *row, const Decision *decision, GTimeZone *zone)
{
  g_autofree char *rules = name_rules (decision);
  g_autofree char *turn = name_turn (decision);
  g_test_message ("%s: %s / %s", row->role, row->subject, row->text);
  g_assert_cmpstr (rules, ==, row->rules);
  g_assert_cmpint (decision->priority, ==, row->priority);
  g_assert_cmpstr (decision->ticket_kind != NULL ? decision->ticket_kind->name : NULL, ==, row->kind);
  g_assert_cmpstr (decision->team->name, ==, row->team);
  g_assert_cmpint (decision->escalated, ==, row->escalated);
  g_assert_cmpint (decision->root_cause, ==, row->root_cause);
  g_assert_cmpint (decision->page, ==, row->pages);
  g_assert_cmpstr (turn, ==, row->turn != NULL ? row->turn : "");
  check_letter (row, decision, zone);
}

static void
check_mail (const Config *config, const MailRow *row)
{
  g_autoptr (MessageFacts) facts = read_mail (row);
  const Role *role = config_find_role_by_name (config, row->role);
  GTimeZone *zone = role->policy->calendar->zone;
  g_autoptr (Envelope) envelope = envelope_new ("ann@customer.example");
  g_autoptr (Contact) contact = contact_new ();
  contact->mail = g_strdup ("ann@customer.example");
  contact->customer = g_strdup ("C-1");
  g_autoptr (GPtrArray) references = g_ptr_array_new ();
  gint64 now = instant (row->at != NULL ? row->at : "2026-11-25T10:00:00", zone);
  const IntakeCase intake = { .config = config,
                              .envelope = envelope,
                              .recipient = envelope_add_recipient (envelope, config, role->address[0]),
                              .facts = facts,
                              .text = row->text,
                              .directory = row->stranger ? DIRECTORY_NOT_FOUND : DIRECTORY_FOUND,
                              .contact = row->stranger ? NULL : contact,
                              .pointers = { .by_reference = references },
                              .earlier = { .again_at = row->again ? now - G_USEC_PER_SEC : 0 },
                              .alone = TRUE,
                              .now = now,
                              .key = "key" };
  Decision *decision = intake_decide (&intake);
  check_decision (row, decision, zone);
  decision_free (decision);
}

static void
check_mails (const char *name, const MailRow *rows, gsize count)
{
  g_autoptr (Config) config = load (name);
  for (gsize i = 0; i < count; i++)
    check_mail (config, &rows[i]);
}

/* TEAM and those that it escalates to, one after another, must be CHAIN. */
static void
check_chain (const Config *config, const char *name, const char *chain)
{
  g_autoptr (GString) got = g_string_new (name);
  for (const Team *team = config_find_team (config, name)->escalate_to; team != NULL; team = team->escalate_to)
    g_string_append_printf (got, " %s", team->name);
  g_assert_cmpstr (got->str, ==, chain);
}

static gint64
longest_again (const Policy *policy)
{
  gint64 longest = 0;
  for (guint i = 0; policy->rules[i] != NULL; i++)
    longest = MAX (longest, policy->rules[i]->again_within);
  return longest;
}

static void
check_other (const Config *config, const OtherRow *row)
{
  const Policy *policy = config_find_policy (config, row->policy);
  g_autoptr (GString) causes = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (policy->root_cause); i++)
    if (policy->root_cause[i])
      g_string_append_printf (causes, "%u", i + 1);
  g_assert_cmpstr (policy->calendar->timezone, ==, row->timezone);
  g_assert_cmpint (longest_again (policy), ==, row->again_days * 86400);
  g_assert_cmpint (policy->warn, ==, row->warn);
  g_assert_cmpint (policy->goal[TARGET_RESPOND], ==, row->goal_respond);
  g_assert_cmpint (policy->goal_first_contact, ==, row->goal_first_contact);
  g_assert_cmpint (policy->goal_escalation, ==, row->goal_escalation);
  g_assert_cmpstr (causes->str, ==, row->root_cause);
  g_assert_cmpint (policy->arrival_order, ==, row->arrival_order);
  g_assert_cmpstr (policy->greeting, ==, row->greeting);
  g_assert_cmpstr (policy->closing, ==, row->closing);
}

/* ---- diytel: Mon-Fri 06:00-18:00, America/Vancouver ---- */

static const DueRow diytel_due[] = {
  /* within hours; at noon, as there is no lunch break; opening; up to closing; five minutes before the weekend; at closing */
  { "diytel", 3, NULL, "2026-11-25T10:00:00", { "2026-11-25T10:15:00", "2026-11-25T10:10:00", "", "2026-11-25T10:30:00" } },
  { "diytel", 3, NULL, "2026-11-25T12:00:00", { "+15", "+10", "", "+30" } },
  { "diytel", 3, NULL, "2026-11-30T06:00:00", { "2026-11-30T06:15:00", "2026-11-30T06:10:00", "", "2026-11-30T06:30:00" } },
  { "diytel", 3, NULL, "2026-11-30T05:59:59", { "2026-11-30T06:15:00", "2026-11-30T06:10:00", "", "2026-11-30T06:30:00" } },
  { "diytel", 3, NULL, "2026-11-27T17:30:00", { "2026-11-27T17:45:00", "2026-11-27T17:40:00", "", "2026-11-27T18:00:00" } },
  { "diytel", 3, NULL, "2026-11-27T17:55:00", { "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-11-30T06:25:00" } },
  { "diytel", 3, NULL, "2026-11-27T18:00:00", { "2026-11-30T06:15:00", "2026-11-30T06:10:00", "", "2026-11-30T06:30:00" } },
  /* the other priorities below p1 promise the same */
  { "diytel", 2, NULL, "2026-11-28T12:00:00", { "2026-11-30T06:15:00", "2026-11-30T06:10:00", "", "2026-11-30T06:30:00" } },
  { "diytel", 4, NULL, "2026-11-28T12:00:00", { "2026-11-30T06:15:00", "2026-11-30T06:10:00", "", "2026-11-30T06:30:00" } },
  /* Remembrance Day; the evening before Christmas Day, a Friday */
  { "diytel", 3, NULL, "2026-11-11T09:00:00", { "2026-11-12T06:15:00", "2026-11-12T06:10:00", "", "2026-11-12T06:30:00" } },
  { "diytel", 3, NULL, "2026-12-24T17:55:00", { "2026-12-28T06:10:00", "2026-12-28T06:05:00", "", "2026-12-28T06:25:00" } },
  /* over the weekends of March and November on which clocks change or used to */
  { "diytel", 3, NULL, "2026-10-30T17:55:00", { "2026-11-02T06:10:00", "2026-11-02T06:05:00", "", "2026-11-02T06:25:00" } },
  { "diytel", 3, NULL, "2027-03-12T17:55:00", { "2027-03-15T06:10:00", "2027-03-15T06:05:00", "", "2027-03-15T06:25:00" } },
  /* emergencies: on a Sunday night, at closing, on a holiday, when clocks change or used to */
  { "diytel", 1, NULL, "2026-11-29T03:00:00", { "2026-11-29T03:01:00", "2026-11-29T03:15:00", "2026-11-29T03:30:00", "2026-11-30T03:00:00" } },
  { "diytel", 1, NULL, "2026-11-27T17:55:00", { "2026-11-27T17:56:00", "2026-11-27T18:10:00", "2026-11-27T18:25:00", "2026-11-28T17:55:00" } },
  { "diytel", 1, NULL, "2026-11-27T18:00:00", { "+1", "+15", "+30", "+1440" } },
  { "diytel", 1, NULL, "2026-12-25T09:00:00", { "+1", "+15", "+30", "+1440" } },
  { "diytel", 1, NULL, "2026-11-01T00:50:00", { "+1", "+15", "+30", "+1440" } },
  { "diytel", 1, NULL, "2026-11-01T00:50:00+60", { "+1", "+15", "+30", "+1440" } },
  { "diytel", 1, NULL, "2027-03-14T01:50:00", { "+1", "+15", "+30", "+1440" } },
  /* complex and escalated issues: the first answer as ever, the solution by the clock */
  { "diytel", 3, "complex", "2026-11-27T17:55:00", { "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-11-28T17:55:00" } },
  { "diytel", 2, "escalated", "2026-11-27T17:55:00", { "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-11-29T17:55:00" } },
  { "diytel", 1, "escalated", "2026-12-25T09:00:00", { "+1", "+15", "+30", "+2880" } },
  { "diytel-escalation", 2, NULL, "2026-11-27T17:55:00", { "2026-11-30T06:10:00", "2026-11-30T06:05:00", "", "2026-11-29T17:55:00" } },
  { "diytel-escalation", 2, NULL, "2026-11-11T09:00:00", { "2026-11-12T06:15:00", "2026-11-12T06:10:00", "", "2026-11-13T09:00:00" } },
};

static const HoursRow diytel_hours[] = {
  { "diytel", "2026-11-27T17:59:59", NULL, NULL },
  { "diytel", "2026-11-27T18:00:00", "2026-11-30T06:00:00", NULL },
  { "diytel", "2026-12-25T10:00:00", "2026-12-28T06:00:00", "Christmas Day" },
};

static const MailRow diytel_mails[] = {
  { "support", "Voicemail", "How do I change my greeting?", .rules = "", .priority = 3, .team = "tier1", .letter = "acknowledgement" },
  { "telecom-support", "Voicemail", "How do I change my greeting?", .stranger = TRUE, .rules = "", .priority = 3, .team = "tier1" },
  { "success", "Voicemail", "How do I change my greeting?", .rules = "", .priority = 3, .team = "success" },
  { "billing", "Invoice 12", "Please explain this charge.", .rules = "", .priority = 3, .team = "tier1" },
  /* first thing next business day */
  { "support", "Voicemail", "Thank you", .at = "2026-11-27T19:00:00", .rules = "", .priority = 3, .team = "tier1", .letter = "after-hours" },
  { "support", "Voicemail", "Thank you", .at = "2026-12-25T09:00:00", .rules = "", .priority = 3, .team = "tier1", .letter = "holiday" },
  /* urgent, by word or by mark, and what is no such word */
  { "support", "URGENT: faxes", "They arrive blank.", .rules = "urgent", .priority = 2, .team = "tier1" },
  { "support", "Faxes", "Please answer\r\nas soon\tas possible.", .rules = "urgent", .priority = 2, .team = "tier1" },
  { "support", "Télécopieur", "Urgence ! Il ne marche pas", .rules = "urgent", .priority = 2, .team = "tier1" },
  { "support", "Máy fax", "Tôi cần gấp, xin trả lời.", .rules = "urgent", .priority = 2, .team = "tier1" },
  { "support", "Máy fax", "Tốc độ tăng gấp đôi.", .rules = "", .priority = 3, .team = "tier1" },
  { "support", "Faxes", "The insurgents of our book club, nonurgent", .rules = "", .priority = 3, .team = "tier1" },
  { "support", "Faxes", "Not now.\r\n> this is urgent", .rules = "", .priority = 3, .team = "tier1" },
  { "support", "Faxes", "They arrive blank.", .header = "Importance: High", .rules = "marked urgent", .priority = 2, .team = "tier1" },
  { "support", "Faxes", "They arrive blank.", .header = "X-Priority: 1 (Highest)", .rules = "marked urgent", .priority = 2, .team = "tier1" },
  { "support", "Faxes", "They arrive blank.", .header = "Importance: low", .rules = "", .priority = 3, .team = "tier1" },
  { "support", "Urgent", "They arrive blank.", .header = "Importance: high", .rules = "marked urgent", .priority = 2, .team = "tier1" },
  { "success", "urgent", "A review, please.", .rules = "urgent", .priority = 2, .team = "success" },
  /* critical: a known customer pages, a stranger does not; a number is no emergency */
  { "support", "Help", "We have a complete outage since 9.", .rules = "critical", .priority = 1, .team = "noc", .pages = TRUE, .letter = "emergency" },
  { "support", "Help", "We cannot call 911!", .stranger = TRUE, .rules = "critical", .priority = 1, .team = "noc", .letter = "acknowledgement" },
  { "telecom-support", "Security breach", "Urgent: our network was broken into", .rules = "critical", .priority = 1, .team = "noc", .pages = TRUE },
  { "support", "Urgent", "Calls to 604-911-0000, extension 911, are slow.", .rules = "urgent", .priority = 2, .team = "tier1" },
  { "support", "Panne totale", "Impossible d'appeler le 911", .rules = "critical", .priority = 1, .team = "noc", .pages = TRUE },
  { "support", "Khẩn cấp", "Chúng tôi bị mất dịch vụ hoàn toàn", .rules = "critical", .priority = 1, .team = "noc", .pages = TRUE },
  /* emergencies stay what they are, whatever their words are */
  { "emergency", "URGENT network complaint", "Everything is unacceptable", .rules = "", .priority = 1, .team = "noc", .pages = TRUE, .letter = "emergency" },
  { "emergency", "Complete outage", "We cannot call 911", .rules = "", .priority = 1, .team = "noc", .pages = TRUE },
  { "emergency", "Help", "Down", .stranger = TRUE, .at = "2026-11-29T03:00:00", .rules = "", .priority = 1, .team = "noc", .letter = "emergency-unverified" },
  /* tier 2 */
  { "support", "Firewall", "It drops calls.", .rules = "tier 2", .priority = 3, .kind = "complex", .team = "tier2" },
  { "support", "Networking event", "Do you come?", .rules = "", .priority = 3, .team = "tier1" },
  { "support", "Pare-feu", "Il bloque les appels", .rules = "tier 2", .priority = 3, .kind = "complex", .team = "tier2" },
  { "support", "Tích hợp", "Xin giúp", .rules = "tier 2", .priority = 3, .kind = "complex", .team = "tier2" },
  { "support", "Urgent", "Our CRM shows no calls.", .rules = "urgent, tier 2", .priority = 2, .kind = "complex", .team = "tier2" },
  /* management */
  { "billing", "Billing dispute", "We were charged twice.", .rules = "management", .priority = 3, .kind = "escalated", .team = "management", .escalated = TRUE },
  { "support", "SLA", "You missed it.", .rules = "management", .priority = 3, .kind = "escalated", .team = "management", .escalated = TRUE },
  { "support", "Facture", "Je suis très mécontente.", .rules = "management", .priority = 3, .kind = "escalated", .team = "management", .escalated = TRUE },
  { "support", "Hóa đơn", "Tôi muốn khiếu nại.", .rules = "management", .priority = 3, .kind = "escalated", .team = "management", .escalated = TRUE },
  { "support", "Slate", "We are satisfied.", .rules = "", .priority = 3, .team = "tier1" },
  { "support", "Router", "This is my complaint.", .rules = "tier 2, management", .priority = 3, .kind = "escalated", .team = "management", .escalated = TRUE },
  { "escalation", "SLA", "You missed it.", .rules = "", .priority = 2, .team = "management" },
  /* a problem that came again */
  { "support", "Faxes", "Blank again.", .again = TRUE, .rules = "recurring", .priority = 3, .team = "tier1", .root_cause = TRUE },
};

static void
test_diytel (void)
{
  static const OtherRow other = {
    .policy = "diytel", .timezone = "America/Vancouver", .again_days = 30, .warn = 75, .goal_first_contact = 95, .root_cause = "1"
  };
  g_autoptr (Config) config = load ("diytel");
  check_deadlines ("diytel", diytel_due, G_N_ELEMENTS (diytel_due));
  check_hours ("diytel", diytel_hours, G_N_ELEMENTS (diytel_hours));
  check_mails ("diytel", diytel_mails, G_N_ELEMENTS (diytel_mails));
  check_other (config, &other);
  check_chain (config, "tier1", "tier1 tier2 management success ceo");
  check_chain (config, "noc", "noc management success ceo");
  g_assert_cmpstr (config->phone, ==, "+1 604-635-0700");
  g_assert_true (config_find_role_by_name (config, "billing")->accept == STANDING_KNOWN);
}

/* ---- a further message: what its ticket's subject says already is said no more, and it is not the same ticket again ---- */

static Ticket *
make_complaint (void)
{
  Ticket *ticket = g_new0 (Ticket, 1);
  ticket->number = 7;
  ticket->role = g_strdup ("support");
  ticket->team = g_strdup ("success");
  ticket->state = g_strdup ("open");
  ticket->subject = g_strdup ("A formal complaint");
  ticket->requester = g_strdup ("ann@customer.example");
  ticket->participants = g_new0 (char *, 1);
  ticket->priority = 3;
  return ticket;
}

static void
check_further (const Config *config, const MailRow *row)
{
  g_autoptr (MessageFacts) facts = read_mail (row);
  g_autoptr (Ticket) ticket = make_complaint ();
  g_autoptr (GPtrArray) references = g_ptr_array_new ();
  g_ptr_array_add (references, ticket);
  g_autoptr (Envelope) envelope = envelope_new ("ann@customer.example");
  g_autoptr (Contact) contact = contact_new ();
  contact->mail = g_strdup ("ann@customer.example");
  const IntakeCase intake = { .config = config,
                              .envelope = envelope,
                              .recipient = envelope_add_recipient (envelope, config, "support@diytel.ca"),
                              .facts = facts,
                              .text = row->text,
                              .directory = row->stranger ? DIRECTORY_NOT_FOUND : DIRECTORY_FOUND,
                              .contact = row->stranger ? NULL : contact,
                              .pointers = { .by_reference = references },
                              .earlier = { .again_at = 1 },
                              .alone = TRUE,
                              .now = 1,
                              .key = "key" };
  Decision *decision = intake_decide (&intake);
  g_autofree char *rules = name_rules (decision);
  g_assert_cmpint (decision->kind, ==, INTAKE_CONTINUE);
  g_assert_cmpstr (rules, ==, row->rules);
  g_assert_cmpstr (decision->team != NULL ? decision->team->name : NULL, ==, row->team);
  g_assert_cmpint (decision->priority, ==, row->priority);
  g_assert_cmpint (decision->page, ==, row->pages);
  g_assert_cmpuint (decision->outgoing->len, ==, row->pages ? 3 : 1); /* noc's two agents; the team, of the ticket that is its now, or of the message */
  decision_free (decision);
}

static void
test_further (void)
{
  static const MailRow rows[] = {
    { "support", "Re: [DIYTel #7] A formal complaint", "Is there any news?", .rules = "" },
    { "support", "Re: [DIYTel #7] A formal complaint", "It is urgent.\r\n> our firewall", .rules = "urgent", .priority = 2 },
    { "support", "A formal complaint about our firewall", "Is there any news?", .rules = "tier 2", .team = "tier2" },
    { "support", "Another complaint", "Is there any news?", .rules = "management", .team = "management" },
    /* it has become an emergency */
    { "support", "Re: [DIYTel #7] A formal complaint", "Now all our phones are down.", .rules = "critical", .priority = 1, .team = "noc", .pages = TRUE },
    { "support", "Re: [DIYTel #7] A formal complaint", "Now all our phones are down.", .stranger = TRUE, .rules = "critical", .priority = 1, .team = "noc" },
  };
  g_autoptr (Config) config = load ("diytel");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    check_further (config, &rows[i]);
}

/* ---- priorities: the clock, except for the acknowledgement: Mon-Fri 09:00-17:00, UTC ---- */

static const DueRow priorities_due[] = {
  { "priorities", 1, NULL, "2026-11-27T17:55:00", { "2026-11-30T13:00:00", "2026-11-27T18:55:00", "2026-11-27T19:55:00", "" } },
  { "priorities", 2, NULL, "2026-11-27T17:55:00", { "2026-11-30T13:00:00", "2026-11-27T21:55:00", "2026-11-28T17:55:00", "" } },
  { "priorities", 3, NULL, "2026-11-27T17:55:00", { "2026-11-30T13:00:00", "2026-11-28T17:55:00", "", "" } },
  { "priorities", 4, NULL, "2026-11-27T17:55:00", { "2026-11-30T13:00:00", "2026-11-30T17:55:00", "", "" } },
  /* within hours; up to closing; at closing; at noon; opening */
  { "priorities", 3, NULL, "2026-11-25T10:00:00", { "2026-11-25T14:00:00", "2026-11-26T10:00:00", "", "" } },
  { "priorities", 3, NULL, "2026-11-25T13:00:00", { "2026-11-25T17:00:00", "2026-11-26T13:00:00", "", "" } },
  { "priorities", 1, NULL, "2026-11-25T17:00:00", { "2026-11-26T13:00:00", "2026-11-25T18:00:00", "2026-11-25T19:00:00", "" } },
  { "priorities", 2, NULL, "2026-11-25T12:00:00", { "2026-11-25T16:00:00", "2026-11-25T16:00:00", "2026-11-26T12:00:00", "" } },
  { "priorities", 4, NULL, "2026-11-25T09:00:00", { "2026-11-25T13:00:00", "2026-11-28T09:00:00", "", "" } },
  /* the guide closes on no holiday; UTC knows no summer time */
  { "priorities", 3, NULL, "2026-12-25T10:00:00", { "2026-12-25T14:00:00", "2026-12-26T10:00:00", "", "" } },
  { "priorities", 1, NULL, "2027-03-14T02:30:00", { "2027-03-15T13:00:00", "2027-03-14T03:30:00", "2027-03-14T04:30:00", "" } },
  { "priorities", 2, NULL, "2026-10-25T01:30:00", { "2026-10-26T13:00:00", "2026-10-25T05:30:00", "2026-10-26T01:30:00", "" } },
};

static const MailRow priorities_mails[] = {
  { "service", "Report", "The second column is too narrow.", .rules = "", .priority = 3, .team = "level1", .letter = "acknowledgement" },
  { "service", "Report", "Empty", .at = "2026-11-28T12:00:00", .rules = "", .priority = 3, .team = "level1", .letter = "after-hours" },
  { "service", "Feature request", "A wider column.", .rules = "low", .priority = 4, .team = "level1" },
  { "service", "Rapport", "Une demande de fonctionnalité", .rules = "low", .priority = 4, .team = "level1" },
  { "service", "Báo cáo", "Tôi có một góp ý.", .rules = "low", .priority = 4, .team = "level1" },
  { "service", "Major problem", "Nothing can be saved.", .rules = "high", .priority = 2, .team = "level1" },
  { "service", "Connexion", "Le produit est inutilisable.", .rules = "high", .priority = 2, .team = "level1" },
  { "service", "Đăng nhập", "Tôi không đăng nhập được.", .rules = "high", .priority = 2, .team = "level1" },
  { "service", "The system is DOWN", "Nobody can work.", .rules = "critical", .priority = 1, .team = "level1" },
  { "service", "Aide", "Notre site est en panne.", .rules = "critical", .priority = 1, .team = "level1" },
  { "service", "Giúp", "Hệ thống bị sập!", .rules = "critical", .priority = 1, .team = "level1" },
  { "service", "Aide", "Une perte de chiffre d’affaires", .rules = "critical", .priority = 1, .team = "level1" },
  /* a later rule counts more */
  { "service", "Quick question", "Is there an outage?", .rules = "low, critical", .priority = 1, .team = "level1" },
  { "service", "Feature request", "Without it, it is a major problem.", .rules = "low, high", .priority = 2, .team = "level1" },
  { "service", "Major problem", "An outage", .rules = "high, critical", .priority = 1, .team = "level1" },
  /* no such words */
  { "service", "Downtown", "Our system downloads. Majorly nice, unenhancements.", .rules = "", .priority = 3, .team = "level1" },
  { "service", "Fine", "Works now.\r\n> the system is down", .rules = "", .priority = 3, .team = "level1" },
  { "service", "Fine", "Works now.\r\n-----Original Message-----\r\nthe system is down", .rules = "", .priority = 3, .team = "level1" },
  /* only a P2 that comes again demands a note on the cause by this; P1 does of itself */
  { "service", "Major problem", "Again", .again = TRUE, .rules = "high, recurring", .priority = 2, .team = "level1", .root_cause = TRUE },
  { "service", "Report", "Again", .again = TRUE, .rules = "", .priority = 3, .team = "level1" },
  { "service", "Outage", "Again", .again = TRUE, .rules = "critical", .priority = 1, .team = "level1" },
};

static void
test_priorities (void)
{
  static const OtherRow other = {
    .policy = "priorities", .timezone = "UTC", .again_days = 30, .warn = 75, .goal_first_contact = 80, .root_cause = "1"
  };
  g_autoptr (Config) config = load ("priorities");
  check_deadlines ("priorities", priorities_due, G_N_ELEMENTS (priorities_due));
  check_mails ("priorities", priorities_mails, G_N_ELEMENTS (priorities_mails));
  check_other (config, &other);
  check_chain (config, "level1", "level1 level2 level3 level-management level-executive");
}

/* ---- departments: Mon-Fri 08:00-12:00 and 13:30-16:30, Asia/Ho_Chi_Minh; technical matters 24/24 on working days ---- */

static const DueRow departments_due[] = {
  /* seven days by the clock: over a weekend, from the lunch break, from a holiday, from closing; for any priority */
  { "departments", 3, NULL, "2026-11-27T17:55:00", { "", "", "", "2026-12-04T17:55:00" } },
  { "departments", 1, NULL, "2026-11-25T12:30:00", { "", "", "", "2026-12-02T12:30:00" } },
  { "departments", 2, NULL, "2027-02-08T10:00:00", { "", "", "", "2027-02-15T10:00:00" } },
  { "departments", 4, NULL, "2026-11-25T16:30:00", { "", "", "", "2026-12-02T16:30:00" } },
  { "departments-technical", 3, NULL, "2026-11-27T23:59:00", { "", "", "", "2026-12-04T23:59:00" } },
};

static const HoursRow departments_hours[] = {
  { "departments", "2026-11-25T07:59:59", "2026-11-25T08:00:00", NULL },
  { "departments", "2026-11-25T11:59:59", NULL, NULL },
  { "departments", "2026-11-25T12:00:00", "2026-11-25T13:30:00", NULL },
  { "departments", "2026-11-25T13:30:00", NULL, NULL },
  { "departments", "2026-11-25T16:30:00", "2026-11-26T08:00:00", NULL },
  { "departments", "2026-11-27T17:55:00", "2026-11-30T08:00:00", NULL },
  { "departments", "2027-02-08T10:00:00", "2027-02-12T08:00:00", "Tet" },
  { "departments", "2026-04-30T10:00:00", "2026-05-04T08:00:00", "Reunification Day" },
  { "departments-technical", "2026-11-25T03:00:00", NULL, NULL },
  { "departments-technical", "2026-11-25T12:30:00", NULL, NULL },
  { "departments-technical", "2026-11-27T23:59:59", NULL, NULL },
  { "departments-technical", "2026-11-28T00:00:00", "2026-11-30T00:00:00", NULL },
  { "departments-technical", "2027-02-08T10:00:00", "2027-02-12T00:00:00", "Tet" },
};

static const MailRow departments_mails[] = {
  { "care", "Hello", "Thank you for the gift.", .rules = "", .priority = 3, .team = "customer", .letter = "acknowledgement" },
  /* in the lunch break, on a holiday; technical assistance works through both lunch and night */
  { "care", "Hello", "Thanks", .at = "2026-11-25T12:30:00", .rules = "", .priority = 3, .team = "customer", .letter = "after-hours" },
  { "care", "Hello", "Thanks", .at = "2027-02-08T10:00:00", .rules = "", .priority = 3, .team = "customer", .letter = "holiday" },
  { "technical", "Hello", "Thanks", .at = "2026-11-25T12:30:00", .rules = "", .priority = 3, .team = "technical", .letter = "acknowledgement" },
  { "technical", "Hello", "Thanks", .at = "2026-11-28T10:00:00", .rules = "", .priority = 3, .team = "technical", .letter = "after-hours" },
  /* each department by its scope */
  { "care", "Quotation", "Please", .rules = "business", .priority = 3, .team = "business" },
  { "care", "Product", "I forgot my password", .rules = "business", .priority = 3, .team = "business" },
  { "care", "Produit", "Un devis, s'il vous plaît", .rules = "business", .priority = 3, .team = "business" },
  { "care", "Xin BÁO GIÁ", "Cảm ơn", .rules = "business", .priority = 3, .team = "business" },
  { "care", "Công ty", "Về công nợ tháng 11", .rules = "business", .priority = 3, .team = "business" },
  { "care", "Our domain", "It expires", .rules = "technical", .priority = 3, .team = "technical" },
  { "care", "Hébergement", "Bonjour", .rules = "technical", .priority = 3, .team = "technical" },
  { "care", "Gia hạn tên miền", "Cảm ơn", .rules = "technical", .priority = 3, .team = "technical" },
  { "care", "The interface", "It is slow", .rules = "technical", .priority = 3, .team = "technical" },
  { "care", "Our layout", "In blue", .rules = "design", .priority = 3, .team = "design" },
  { "care", "Maquette", "Bonjour", .rules = "design", .priority = 3, .team = "design" },
  { "care", "Thiết kế", "Màu xanh", .rules = "design", .priority = 3, .team = "design" },
  { "care", "Interface design", "In blue", .rules = "technical, design", .priority = 3, .team = "design" },
  { "care", "Complaint", "The invoice is wrong", .rules = "business, customer", .priority = 3, .team = "customer" },
  { "care", "Stamped invoice", "Please", .rules = "business, customer", .priority = 3, .team = "customer" },
  { "care", "Cession de contrat", "Bonjour", .rules = "customer", .priority = 3, .team = "customer" },
  { "care", "Khiếu nại về hosting", "Xin trả lời", .rules = "technical, customer", .priority = 3, .team = "customer" },
  { "care", "Xin hóa đơn đỏ", "Cảm ơn", .rules = "business, customer", .priority = 3, .team = "customer" },
  /* no such words */
  { "care", "Misquoted", "Uninstallable subdomains, redesigned invoicing, báo giáo viên", .rules = "", .priority = 3, .team = "customer" },
  { "technical", "Invoice", "Please", .rules = "", .priority = 3, .team = "technical" },
};

/* Of a customer's two problems the second is answered within 24 hours of the end of the first. */
static void
check_next (const Config *config, const char *name)
{
  const Policy *policy = config_find_policy (config, name);
  GTimeZone *zone = policy->calendar->zone;
  gint64 opened = instant ("2026-11-25T10:00:00", zone), ended = instant ("2026-11-27T17:55:00", zone);
  const PromiseTerms terms = { .priority = 3, .opened_at = opened };
  const Change began = { .kind = CHANGE_BEGAN, .at = ended };
  g_autoptr (GArray) promises = promises_open (policy, 3, NULL, opened, TRUE, TRUE);
  g_assert_cmpint (promises_find_open (promises, TARGET_RESPOND)->due_at, ==, 0);
  promises_change (policy, &terms, promises, &began);
  g_assert_cmpint (promises_find_open (promises, TARGET_RESPOND)->due_at, ==, instant ("2026-11-28T17:55:00", zone));
  g_assert_cmpint (promises_find_open (promises, TARGET_RESOLVE)->due_at, ==, instant ("2026-12-02T10:00:00", zone));
}

static void
test_departments (void)
{
#define BOTH \
  .timezone = "Asia/Ho_Chi_Minh", .warn = 75, .root_cause = "", .arrival_order = TRUE, .greeting = "Dear customers", \
  .closing = "Thank you for your interest in our products and services."
  static const OtherRow others[] = {
    { .policy = "departments", BOTH },
    { .policy = "departments-technical", BOTH },
  };
#undef BOTH
  g_autoptr (Config) config = load ("departments");
  check_deadlines ("departments", departments_due, G_N_ELEMENTS (departments_due));
  check_hours ("departments", departments_hours, G_N_ELEMENTS (departments_hours));
  check_mails ("departments", departments_mails, G_N_ELEMENTS (departments_mails));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      check_other (config, &others[i]);
      check_next (config, others[i].policy);
    }
  check_chain (config, "business", "business customer");
  check_chain (config, "technical", "technical customer");
  check_chain (config, "design", "design customer");
}

/* ---- standards: acknowledged in hours, Mon-Fri 09:00-17:00, America/Toronto; the rest by the clock ---- */

static const DueRow standards_due[] = {
  { "standards", 3, NULL, "2026-11-27T17:55:00", { "2026-11-30T11:00:00", "2026-11-27T21:55:00", "", "2026-11-28T17:55:00" } },
  { "standards", 1, NULL, "2026-11-25T10:00:00", { "2026-11-25T12:00:00", "2026-11-25T14:00:00", "", "2026-11-26T10:00:00" } },
  { "standards", 2, NULL, "2026-11-25T12:30:00", { "2026-11-25T14:30:00", "2026-11-25T16:30:00", "", "2026-11-26T12:30:00" } },
  { "standards", 4, NULL, "2026-11-25T15:00:00", { "2026-11-25T17:00:00", "2026-11-25T19:00:00", "", "2026-11-26T15:00:00" } },
  { "standards", 3, NULL, "2026-11-25T17:00:00", { "2026-11-26T11:00:00", "2026-11-25T21:00:00", "", "2026-11-26T17:00:00" } },
  /* the guide closes on no holiday */
  { "standards", 3, NULL, "2026-12-25T10:00:00", { "2026-12-25T12:00:00", "2026-12-25T14:00:00", "", "2026-12-26T10:00:00" } },
  /* the hour that the clock shows twice: before it, in its first and its second turn */
  { "standards", 3, NULL, "2026-10-31T12:00:00", { "2026-11-02T11:00:00", "2026-10-31T16:00:00", "", "2026-11-01T11:00:00" } },
  { "standards", 3, NULL, "2026-11-01T00:30:00+60", { "2026-11-02T11:00:00", "2026-11-01T04:30:00", "", "2026-11-02T00:30:00" } },
  { "standards", 3, NULL, "2026-11-01T00:30:00+120", { "2026-11-02T11:00:00", "2026-11-01T05:30:00", "", "2026-11-02T01:30:00" } },
  /* the hour that it leaves out: a minute before it, and half an hour after 01:30, when it shows 03:00 */
  { "standards", 3, NULL, "2027-03-14T01:59:00", { "2027-03-15T11:00:00", "2027-03-14T06:59:00", "", "2027-03-15T02:59:00" } },
  { "standards", 3, NULL, "2027-03-14T01:30:00+30", { "2027-03-15T11:00:00", "2027-03-14T07:00:00", "", "2027-03-15T03:00:00" } },
  /* complex issues */
  { "standards", 3, "complex", "2026-11-27T17:55:00", { "2026-11-30T11:00:00", "2026-11-27T21:55:00", "2026-11-28T17:55:00", "2026-11-30T17:55:00" } },
  { "standards", 3, "complex", "2026-10-30T12:00:00", { "2026-10-30T14:00:00", "2026-10-30T16:00:00", "2026-10-31T12:00:00", "2026-11-02T11:00:00" } },
  { "standards", 1, "complex", "2027-03-12T12:00:00", { "2027-03-12T14:00:00", "2027-03-12T16:00:00", "2027-03-13T12:00:00", "2027-03-15T13:00:00" } },
};

#define AGENTS .turn = "sofia, tomas"
#define SUPERVISORS .team = "supervisors", .escalated = TRUE, .turn = "vera"
static const MailRow standards_mails[] = {
  { "help", "Bill", "I do not understand it.", .rules = "", .priority = 3, .team = "agents", AGENTS, .letter = "acknowledgement" },
  { "help", "Bill", "I do not understand it.", .at = "2026-11-27T17:55:00", .rules = "", .priority = 3, .team = "agents", AGENTS, .letter = "after-hours" },
  /* a manager */
  { "help", "Bill", "I want to speak to a manager.", .rules = "asks for a manager", .priority = 3, SUPERVISORS },
  { "help", "Facture", "Je veux parler à un responsable.", .rules = "asks for a manager", .priority = 3, SUPERVISORS },
  { "help", "Hóa đơn", "Cho tôi gặp quản lý.", .rules = "asks for a manager", .priority = 3, SUPERVISORS },
  { "help", "Password manager", "I am the manager of a shop; does it manage passwords?", .rules = "", .priority = 3, .team = "agents", AGENTS },
  { "help", "Bill", "Thanks.\r\n> I want to speak to a manager", .rules = "", .priority = 3, .team = "agents", AGENTS },
  /* legal matters */
  { "help", "Bill", "You will hear from my LAWYER.", .rules = "legal", .priority = 3, SUPERVISORS },
  { "help", "Mise en demeure", "Bonjour", .rules = "legal", .priority = 3, SUPERVISORS },
  { "help", "Hóa đơn", "Tôi sẽ nhờ luật sư.", .rules = "legal", .priority = 3, SUPERVISORS },
  { "help", "Lawyerly", "Sue from the court of tennis says it is legal.", .rules = "", .priority = 3, .team = "agents", AGENTS },
  /* exceptions */
  { "help", "Refund", "Can you make an exception?", .rules = "asks for an exception", .priority = 3, SUPERVISORS },
  { "help", "Retour", "Une dérogation est-elle possible ?", .rules = "asks for an exception", .priority = 3, SUPERVISORS },
  { "help", "Trả hàng", "Tôi muốn xin ngoại lệ.", .rules = "asks for an exception", .priority = 3, SUPERVISORS },
  { "help", "Java", "It throws an exception.", .rules = "", .priority = 3, .team = "agents", AGENTS },
  /* after several attempts */
  { "help", "Fax", "It is still not fixed", .rules = "unsatisfied again", .priority = 3, SUPERVISORS },
  { "help", "Fax", "Ce n'est toujours pas réglé", .rules = "unsatisfied again", .priority = 3, SUPERVISORS },
  { "help", "Fax", "Lỗi vẫn chưa được giải quyết", .rules = "unsatisfied again", .priority = 3, SUPERVISORS },
  { "help", "Fax", "It is fixed; still, thanks", .rules = "", .priority = 3, .team = "agents", AGENTS },
  /* both: it goes up once, as nobody is above the supervisors */
  { "help", "Fax", "I want a manager, or I sue you.", .rules = "asks for a manager, legal", .priority = 3, SUPERVISORS },
};
#undef AGENTS
#undef SUPERVISORS

/* Of 48 to 72 hours the team is warned before the 48 are over. */
static void
check_warning (const Config *config)
{
  const Policy *policy = config_find_policy (config, "standards");
  gint64 opened = instant ("2026-11-23T12:00:00", policy->calendar->zone), hour = 3600LL * G_USEC_PER_SEC;
  g_autoptr (GArray) promises = promises_open (policy, 3, policy_find_kind (policy, "complex"), opened, TRUE, FALSE);
  gint64 warned = promises_find_open (promises, TARGET_RESOLVE)->warn_at - opened;
  g_assert_cmpint (warned, >, 47 * hour);
  g_assert_cmpint (warned, <=, 48 * hour);
}

static void
test_standards (void)
{
  static const OtherRow other = {
    .policy = "standards", .timezone = "America/Toronto", .warn = 66, .goal_respond = 95, .goal_first_contact = 75, .goal_escalation = 15,
    .root_cause = ""
  };
  g_autoptr (Config) config = load ("standards");
  check_deadlines ("standards", standards_due, G_N_ELEMENTS (standards_due));
  check_mails ("standards", standards_mails, G_N_ELEMENTS (standards_mails));
  check_other (config, &other);
  check_warning (config);
  check_chain (config, "agents", "agents supervisors");
}

/* ---- office: business days, Mon-Fri 09:00-17:00, America/Toronto ---- */

static const DueRow office_due[] = {
  /* the last minutes of the week; within hours; at noon; at closing; at the weekend */
  { "office", 3, NULL, "2026-11-27T16:55:00", { "2026-11-30T17:00:00", "2026-12-08T17:00:00", "", "" } },
  { "office", 3, NULL, "2026-11-27T17:55:00", { "2026-11-30T17:00:00", "2026-12-08T17:00:00", "", "" } },
  { "office", 1, NULL, "2026-11-30T10:00:00", { "2026-12-01T17:00:00", "2026-12-09T17:00:00", "", "" } },
  { "office", 2, NULL, "2026-12-02T12:30:00", { "2026-12-03T17:00:00", "2026-12-11T17:00:00", "", "" } },
  { "office", 4, NULL, "2026-11-30T17:00:00", { "2026-12-01T17:00:00", "2026-12-09T17:00:00", "", "" } },
  { "office", 3, NULL, "2026-11-29T12:00:00", { "2026-11-30T17:00:00", "2026-12-08T17:00:00", "", "" } },
  /* the policy closes on no holiday */
  { "office", 3, NULL, "2026-12-25T10:00:00", { "2026-12-28T17:00:00", "2027-01-05T17:00:00", "", "" } },
  /* over the hour that the clock shows twice, and in it; over the one that it leaves out, and behind it */
  { "office", 3, NULL, "2026-10-30T10:00:00", { "2026-11-02T17:00:00", "2026-11-10T17:00:00", "", "" } },
  { "office", 3, NULL, "2026-11-01T00:30:00+60", { "2026-11-02T17:00:00", "2026-11-10T17:00:00", "", "" } },
  { "office", 3, NULL, "2026-11-01T00:30:00+120", { "2026-11-02T17:00:00", "2026-11-10T17:00:00", "", "" } },
  { "office", 3, NULL, "2027-03-12T10:00:00", { "2027-03-15T17:00:00", "2027-03-23T17:00:00", "", "" } },
  { "office", 3, NULL, "2027-03-14T01:30:00+30", { "2027-03-15T17:00:00", "2027-03-23T17:00:00", "", "" } },
};

#define OFFICE .rules = "", .priority = 3, .team = "office", .turn = "wanda, yusuf", .letter = "acknowledgement"
static const MailRow office_mails[] = {
  /* the acknowledgement waits four hours of the Office's for an answer, and is in time all the same */
  { "office", "Complaint", "The door is stuck.", .at = "2026-11-25T09:00:00", OFFICE, .letter_at = "2026-11-25T13:00:00" },
  { "office", "Complaint", "The door is stuck.", .at = "2026-11-25T15:00:00", OFFICE, .letter_at = "2026-11-26T11:00:00" },
  { "office", "Question", "When?", .at = "2026-11-27T16:55:00", OFFICE, .letter_at = "2026-11-30T12:55:00" },
  { "office", "Question", "When?", .at = "2026-11-27T17:55:00", OFFICE, .letter_at = "2026-11-30T13:00:00" },
  { "office", "URGENT", "My lawyer wants a manager.", .at = "2026-11-29T12:00:00", OFFICE, .letter_at = "2026-11-30T13:00:00" },
  { "office", "Question", "When?", .at = "2026-11-01T00:30:00+60", OFFICE, .letter_at = "2026-11-02T13:00:00" },
};
#undef OFFICE

/* An answer that is not there shortly before its date is put off, once, while the old date is still to come. */
static void
check_extension (const Config *config)
{
  const Policy *policy = config_find_policy (config, "office");
  GTimeZone *zone = policy->calendar->zone;
  gint64 opened = instant ("2026-11-30T10:00:00", zone);
  const PromiseTerms terms = { .priority = 3, .opened_at = opened };
  g_autoptr (GArray) promises = promises_open (policy, 3, NULL, opened, TRUE, FALSE);
  Promise promise = *promises_find_open (promises, TARGET_RESPOND);
  g_assert_cmpint (promise.due_at, ==, instant ("2026-12-09T17:00:00", zone));
  /* nine tenths of the 7 + 7 * 8 hours */
  g_assert_cmpint (promise.extend_at, ==, instant ("2026-12-09T10:42:00", zone));
  g_assert_true (promises_extend (policy, &terms, &promise, promise.extend_at));
  g_assert_cmpint (promise.due_at, ==, instant ("2026-12-18T17:00:00", zone));
}

static void
test_office (void)
{
  static const OtherRow other = { .policy = "office", .timezone = "America/Toronto", .warn = 75, .root_cause = "" };
  g_autoptr (Config) config = load ("office");
  check_deadlines ("office", office_due, G_N_ELEMENTS (office_due));
  check_mails ("office", office_mails, G_N_ELEMENTS (office_mails));
  check_other (config, &other);
  check_extension (config);
  check_chain (config, "office", "office office-managers");
}

static const char *const names[] = { "diytel", "priorities", "departments", "standards", "office" };

/* As an administrator takes them in. */
static void
test_include (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("frontdesk-policies-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "frontdesk.conf", NULL);
  const char *source = g_getenv ("FRONTDESK_SOURCE");
  g_autofree char *shipped = g_canonicalize_filename (source != NULL ? source : ".", NULL);
  g_autoptr (GString) text = g_string_new ("hostname = \"mail.example.com\"\n");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_string_append_printf (text, "include (\"%s/conf/policies/%s.conf\")\n", shipped, names[i]);
  g_assert_true (g_file_set_contents (path, text->str, -1, NULL));
  g_autoptr (Config) config = config_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->remarks[0], ==, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_nonnull (config_find_policy (config, names[i]));
  g_unlink (path);
  g_rmdir (folder);
}

/* Each rule goes by its own again-within. */
static void
test_again (void)
{
  static const char text[] = "calendar \"c\" { hours = {\"mon-fri 09:00-17:00\"} } policy \"p\" { calendar = \"c\"\n"
                             "rule \"day\" { again-within = \"1d\" priority = \"p2\" }\n"
                             "rule \"month\" { again-within = \"30d\" root-cause = true } }\n"
                             "team \"t\" { } role \"r\" { address = {\"r@desk.example\"} policy = \"p\" team = \"t\" }\n";
  static const struct {
    gint64 days;
    const char *rules;
  } ages[] = { { 0, "day, month" }, { 2, "month" }, { 40, "" } };
  const MailRow row = { .role = "r", .subject = "Fax", .text = "Blank" };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("frontdesk-again-XXXXXX", &path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  close (fd);
  g_autoptr (Config) config = config_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_autoptr (MessageFacts) facts = read_mail (&row);
  const Role *role = config_find_role_by_name (config, "r");
  for (guint i = 0; i < G_N_ELEMENTS (ages); i++)
    {
      Decision *decision = decision_new (role);
      const gint64 now = 100 * G_TIME_SPAN_DAY;
      const TriageCase triage = {
        .policy = role->policy, .facts = facts, .text = "", .now = now, .again_at = now - ages[i].days * G_TIME_SPAN_DAY
      };
      triage_apply (&triage, decision);
      g_autofree char *applied = name_rules (decision);
      g_assert_cmpstr (applied, ==, ages[i].rules);
      decision_free (decision);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/policies/diytel", test_diytel);
  g_test_add_func ("/policies/further", test_further);
  g_test_add_func ("/policies/priorities", test_priorities);
  g_test_add_func ("/policies/departments", test_departments);
  g_test_add_func ("/policies/standards", test_standards);
  g_test_add_func ("/policies/office", test_office);
  g_test_add_func ("/policies/include", test_include);
  g_test_add_func ("/policies/again", test_again);
  return g_test_run ();
}
