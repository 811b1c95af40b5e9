/* Delivery: how long until the next try, when a letter is given up, and that letters hold up no page. */
#include <string.h>

#include "delivery/failure.h"
#include "delivery/lane.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define PATIENCE (60 * SECOND) /* for what is to happen at once */

/* ---- failures ---- */

static const struct {
  OutgoingKind kind;
  int attempts;
  gint64 pause; /* seconds, in the middle of the jitter */
} pauses[] = {
  { OUTGOING_ACKNOWLEDGEMENT, 0, 5 },
  { OUTGOING_ACKNOWLEDGEMENT, 1, 5 },
  { OUTGOING_ACKNOWLEDGEMENT, 2, 10 },
  { OUTGOING_NOTIFICATION, 3, 20 },
  { OUTGOING_NOTIFICATION, 9, 1280 },
  { OUTGOING_NOTIFICATION, 10, 1800 },
  { OUTGOING_NOTIFICATION, 1000, 1800 },
  { OUTGOING_NOTIFICATION, G_MAXINT, 1800 },
  { OUTGOING_PAGE, 0, 2 },
  { OUTGOING_PAGE, 1, 2 },
  { OUTGOING_PAGE, 2, 4 },
  { OUTGOING_PAGE, 5, 32 },
  { OUTGOING_PAGE, 6, 60 },
  { OUTGOING_PAGE, 1000, 60 },
  { OUTGOING_PAGE, G_MAXINT, 60 },
};

static void
test_backoff (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      gint64 middle = pauses[i].pause * SECOND;
      g_assert_cmpint (failure_backoff (pauses[i].kind, pauses[i].attempts, 0), ==, middle / 8 * 7);
      g_assert_cmpint (failure_backoff (pauses[i].kind, pauses[i].attempts, 0.5), ==, middle);
      gint64 longest = failure_backoff (pauses[i].kind, pauses[i].attempts, 0.999999);
      g_assert_cmpint (longest, >, middle / 8 * 9 - SECOND);
      g_assert_cmpint (longest, <, middle / 8 * 9);
    }
}

#define GIVE_UP (5 * 24 * 3600)
#define CREATED (1000 * SECOND)
#define AT_LAST (CREATED + GIVE_UP * SECOND)

static const struct {
  const char *kind;
  DeliveryError error;
  gint64 now;
  gboolean want_final;
  int attempts;
  gint64 want_pause; /* seconds, when it is not final */
  gint64 retry_after; /* seconds that the gateway has told, 0: none */
} failures[] = {
  { "acknowledgement", DELIVERY_ERROR_TEMPORARY, CREATED, FALSE, 1, 5, 0 },
  { "acknowledgement", DELIVERY_ERROR_TEMPORARY, AT_LAST, FALSE, 300, 1800, 0 },
  { "acknowledgement", DELIVERY_ERROR_TEMPORARY, AT_LAST + 1, TRUE, 300, 0, 0 },
  { "acknowledgement", DELIVERY_ERROR_PERMANENT, CREATED, TRUE, 1, 0, 0 },
  { "notification", DELIVERY_ERROR_TEMPORARY, AT_LAST, FALSE, 2, 10, 0 },
  { "notification", DELIVERY_ERROR_TEMPORARY, AT_LAST + 1, TRUE, 2, 0, 0 },
  { "notification", DELIVERY_ERROR_PERMANENT, CREATED, TRUE, 1, 0, 0 },
  { "page", DELIVERY_ERROR_TEMPORARY, CREATED, FALSE, 1, 2, 0 },
  { "page", DELIVERY_ERROR_TEMPORARY, 100 * AT_LAST, FALSE, 100000, 60, 0 },
  { "page", DELIVERY_ERROR_PERMANENT, CREATED, FALSE, 1, 60, 0 },
  { "page", DELIVERY_ERROR_PERMANENT, 100 * AT_LAST, FALSE, 100000, 60, 0 },
  { "page", DELIVERY_ERROR_TEMPORARY, CREATED, FALSE, 1, 7, 7 },
  { "page", DELIVERY_ERROR_TEMPORARY, CREATED, FALSE, 100000, 7, 7 },
  { "page", DELIVERY_ERROR_TEMPORARY, CREATED, FALSE, 100000, 2, 1 },
};

static void
test_give_up (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autoptr (GError) failure = g_error_new (DELIVERY_ERROR, failures[i].error, "no");
      OutboxRow row = { .kind = (char *) failures[i].kind, .attempts = failures[i].attempts, .created_at = CREATED };
      gint64 now = failures[i].now;
      g_assert_cmpint (failure_is_final (&row, failure, GIVE_UP, now), ==, failures[i].want_final);
      if (!failures[i].want_final)
        g_assert_cmpint (failure_due_again (&row, failure, failures[i].retry_after, now, 0.5), ==, now + failures[i].want_pause * SECOND);
    }
}

static void
test_notices (void)
{
  char *notify[] = { (char *) "a@staff.example", (char *) "b@staff.example", NULL };
  const Team team = { .name = (char *) "t", .notify = notify };
  const Role role = { .name = (char *) "support", .team = &team };
  OutboxRow row = { .kind = (char *) "acknowledgement", .recipient = (char *) "ann@customer.example", .message_id = (char *) "x@desk" };
  g_autoptr (Seal) seal = seal_new ();
  g_autoptr (GPtrArray) notices = failure_plan_notices (&role, &row, "550 No such user", seal, "desk.example");
  g_assert_cmpuint (notices->len, ==, 2);
  const Outgoing *one = g_ptr_array_index (notices, 0), *other = g_ptr_array_index (notices, 1);
  g_assert_cmpint (one->kind, ==, OUTGOING_NOTIFICATION);
  g_assert_cmpstr (one->recipient, ==, "a@staff.example");
  g_assert_cmpstr (one->template, ==, "team-failed");
  g_assert_cmpstr (one->reason, ==, "acknowledgement to ann@customer.example: 550 No such user");
  g_assert_cmpstr (other->recipient, ==, "b@staff.example");
  g_assert_cmpstr (one->message_id, !=, other->message_id);
  g_autoptr (GPtrArray) again = failure_plan_notices (&role, &row, "550 No such user", seal, "desk.example");
  g_assert_cmpstr (((const Outgoing *) g_ptr_array_index (again, 0))->message_id, ==, one->message_id);
  g_autoptr (GPtrArray) of_no_role = failure_plan_notices (NULL, &row, "550 No such user", seal, "desk.example");
  g_assert_cmpuint (of_no_role->len, ==, 0);
  row.kind = (char *) "notification"; /* a notice about a notice would never end */
  g_autoptr (GPtrArray) of_notice = failure_plan_notices (&role, &row, "550 No such user", seal, "desk.example");
  g_assert_cmpuint (of_notice->len, ==, 0);
}

/* ---- lanes, with a store on disk ---- */

typedef struct {
  char *folder;
  Store *store;
  GMutex lock;
  GCond changed;
  gboolean closed;  /* letters wait in the send function */
  int waiting;      /* letters that do */
  GPtrArray *sent;  /* (element-type utf8) recipients */
} Post;

static void
open_store (Post *post)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (post->folder, "lanes.db", NULL);
  post->store = store_open (path, STORE_DAEMON, &error);
  g_assert_no_error (error);
}

static void
set_up (Post *post, gconstpointer data)
{
  (void) data;
  post->folder = g_dir_make_tmp ("frontdesk-delivery-XXXXXX", NULL);
  post->sent = g_ptr_array_new_with_free_func (g_free);
  g_mutex_init (&post->lock);
  g_cond_init (&post->changed);
  open_store (post);
}

static void
tear_down (Post *post, gconstpointer data)
{
  (void) data;
  store_close (post->store);
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", post->folder);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_ptr_array_unref (post->sent);
  g_mutex_clear (&post->lock);
  g_cond_clear (&post->changed);
  g_free (post->folder);
}

static void
add_outgoing (Decision *decision, OutgoingKind kind, const char *recipient)
{
  Outgoing *outgoing = outgoing_new (kind, recipient, "letter");
  outgoing->channel = kind == OUTGOING_PAGE ? g_strdup ("sms") : NULL;
  outgoing->message_id = g_strconcat (recipient, "@desk", NULL);
  g_ptr_array_add (decision->outgoing, outgoing);
}

/* A ticket with LETTERS letters, letter0 and so on, and one page to "alice". */
static void
open_ticket (Post *post, int letters)
{
  static const Team team = { .name = (char *) "t" };
  static const Escalation escalation = { .name = (char *) "noc" };
  static const Role role = { .name = (char *) "emergency", .priority = 1, .team = &team, .page = &escalation };
  g_autoptr (GError) error = NULL;
  g_autoptr (RawMessage) raw = raw_message_new (post->folder);
  raw_message_append (raw, "Subject: x\r\n\r\nbody\r\n", 20, NULL);
  g_autoptr (MessageFacts) facts = message_read (raw, "T");
  g_autoptr (Envelope) envelope = envelope_new ("ann@customer.example");
  g_autoptr (GPtrArray) decisions = g_ptr_array_new_with_free_func ((GDestroyNotify) decision_free);
  Decision *decision = decision_new (&role);
  g_ptr_array_add (decisions, decision);
  decision->kind = INTAKE_OPEN;
  decision->page = TRUE;
  decision->key = g_strdup ("0123456789abcdef0123456789abcdef");
  decision->reason = g_strdup ("because");
  decision->reply = g_strdup ("250 2.0.0 Ok");
  decision->standing_reason = g_strdup ("known");
  for (int i = 0; i < letters; i++)
    {
      g_autofree char *recipient = g_strdup_printf ("letter%d", i);
      add_outgoing (decision, OUTGOING_NOTIFICATION, recipient);
    }
  add_outgoing (decision, OUTGOING_PAGE, "alice");
  Intake intake = { .envelope = envelope, .facts = facts, .raw = raw, .now = CREATED, .decisions = decisions };
  store_intake (post->store, &intake, &error);
  g_assert_no_error (error);
}

static void
send_row (OutboxRow *row, gpointer data)
{
  Post *post = data;
  g_autoptr (GError) error = NULL;
  g_mutex_lock (&post->lock);
  post->waiting++;
  g_cond_broadcast (&post->changed);
  while (post->closed && !g_str_equal (row->kind, "page"))
    g_cond_wait (&post->changed, &post->lock);
  post->waiting--;
  g_mutex_unlock (&post->lock);
  store_outbox_sent (post->store, row->id, "250 ok", NULL, g_get_real_time (), &error);
  g_assert_no_error (error);
  g_mutex_lock (&post->lock);
  g_ptr_array_add (post->sent, g_strdup (row->recipient));
  g_cond_broadcast (&post->changed);
  g_mutex_unlock (&post->lock);
}

static void
set_closed (Post *post, gboolean closed)
{
  g_mutex_lock (&post->lock);
  post->closed = closed;
  g_cond_broadcast (&post->changed);
  g_mutex_unlock (&post->lock);
}

/* Waits until COUNT letters wait to be let go and SENT rows are sent. */
static void
wait_until (Post *post, int count, guint sent)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;
  gboolean in_time = TRUE;
  g_mutex_lock (&post->lock);
  while (in_time && (post->waiting < count || post->sent->len < sent))
    in_time = g_cond_wait_until (&post->changed, &post->lock, deadline);
  if (!in_time)
    g_error ("%d of %d wait, %u of %u are sent", post->waiting, count, post->sent->len, sent);
  g_mutex_unlock (&post->lock);
}

static gboolean
is_sent_once (const Post *post, const char *recipient)
{
  int count = 0;
  for (guint i = 0; i < post->sent->len; i++)
    count += g_str_equal (g_ptr_array_index (post->sent, i), recipient);
  return count == 1;
}

/* As many letters as there are workers for them wait on a relay that does not answer, and more behind them. */
static void
test_letters_hold_up_no_page (Post *post, gconstpointer data)
{
  (void) data;
  Lane *letters = lane_start (post->store, FALSE, send_row, post);
  set_closed (post, TRUE);
  open_ticket (post, LETTER_WORKERS * 3);
  lane_wake (letters);
  wait_until (post, LETTER_WORKERS, 0);
  Lane *pages = lane_start (post->store, TRUE, send_row, post);
  wait_until (post, LETTER_WORKERS, 1);
  g_assert_true (is_sent_once (post, "alice"));
  g_assert_cmpuint (post->sent->len, ==, 1);
  set_closed (post, FALSE);
  wait_until (post, 0, 1 + LETTER_WORKERS * 3);
  lane_stop (letters);
  lane_stop (pages);
  for (int i = 0; i < LETTER_WORKERS * 3; i++)
    {
      g_autofree char *recipient = g_strdup_printf ("letter%d", i);
      g_assert_true (is_sent_once (post, recipient));
    }
}

/* What was in hand when the program was killed goes out in the next run, once. */
static void
test_dead_run (Post *post, gconstpointer data)
{
  (void) data;
  g_autoptr (GError) error = NULL;
  gint64 next_due;
  open_ticket (post, 2);
  g_autoptr (GPtrArray) letters = store_claim_due (post->store, FALSE, g_get_real_time (), 10, &next_due, &error);
  g_autoptr (GPtrArray) pages = store_claim_due (post->store, TRUE, g_get_real_time (), 10, &next_due, &error);
  g_assert_cmpuint (letters->len + pages->len, ==, 3);
  store_close (post->store);
  open_store (post);
  Lane *lanes[] = { lane_start (post->store, FALSE, send_row, post), lane_start (post->store, TRUE, send_row, post) };
  wait_until (post, 0, 3);
  lane_stop (lanes[0]);
  lane_stop (lanes[1]);
  g_assert_cmpuint (post->sent->len, ==, 3);
  g_assert_true (is_sent_once (post, "alice") && is_sent_once (post, "letter0") && is_sent_once (post, "letter1"));
  g_autoptr (GPtrArray) left = store_list_outbox (post->store, 0, &error);
  g_assert_cmpuint (left->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delivery/backoff", test_backoff);
  g_test_add_func ("/delivery/give-up", test_give_up);
  g_test_add_func ("/delivery/notices", test_notices);
  g_test_add ("/delivery/letters-hold-up-no-page", Post, NULL, set_up, test_letters_hold_up_no_page, tear_down);
  g_test_add ("/delivery/dead-run", Post, NULL, set_up, test_dead_run, tear_down);
  return g_test_run ();
}
