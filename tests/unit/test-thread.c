/* Which of the tickets that a mail points at it belongs to, and who can say so. */
#include <string.h>

#include "desk/thread.h"

/* The tickets that a pointer leads to, by number: the columns of the table name them. */
static char *ben[] = { (char *) "ben@else.example", NULL };
static const Ticket tickets[] = {
  { .number = 0 },
  { .number = 1, .role = (char *) "support", .state = (char *) "open", .requester = (char *) "ann@customer.example", .customer = (char *) "C-1", .participants = ben },
  { .number = 2, .role = (char *) "support", .state = (char *) "closed", .requester = (char *) "zoe@partner.example", .customer = (char *) "C-2" },
  { .number = 3, .role = (char *) "billing", .state = (char *) "open", .requester = (char *) "ann@customer.example", .customer = (char *) "C-1" },
  { .number = 4, .role = (char *) "support", .state = (char *) "refused", .requester = (char *) "ann@customer.example" },
  { .number = 5, .role = (char *) "support", .state = (char *) "open", .requester = (char *) "", .customer = (char *) "" },
  { .number = 6, .role = (char *) "support", .state = (char *) "open", .requester = NULL },
};

#define ANN "ann@customer.example"
#define BEN "ben@else.example"
#define AMY "amy@customer.example"
#define EVE "eve@evil.example"

static const struct {
  const char *name, *sender, *customer; /* CUSTOMER: "" has none; NULL: nobody knows the sender */
  guint signature, letters[2], references[2], tag; /* 0: none */
  ThreadVia via;
  gint64 ticket, related;
  gboolean requester, same_customer;
} rows[] = {
  { "nothing", ANN, "C-1", 0, { 0 }, { 0 }, 0, THREAD_NONE, 0, 0, FALSE, FALSE },
  /* each step by itself */
  { "signed, requester", ANN, "C-1", 1, { 0 }, { 0 }, 0, THREAD_SIGNED, 1, 0, TRUE, FALSE },
  { "signed, anybody", EVE, NULL, 1, { 0 }, { 0 }, 0, THREAD_SIGNED, 1, 0, FALSE, FALSE },
  { "signed, no sender", NULL, NULL, 1, { 0 }, { 0 }, 0, THREAD_SIGNED, 1, 0, FALSE, FALSE },
  { "letter, anybody", EVE, NULL, 0, { 1 }, { 0 }, 0, THREAD_LETTER, 1, 0, FALSE, FALSE },
  { "reference, requester", "Ann@Customer.Example", NULL, 0, { 0 }, { 1 }, 0, THREAD_REFERENCE, 1, 0, TRUE, FALSE },
  { "reference, participant", BEN, NULL, 0, { 0 }, { 1 }, 0, THREAD_REFERENCE, 1, 0, FALSE, FALSE },
  { "reference, colleague", AMY, "C-1", 0, { 0 }, { 1 }, 0, THREAD_REFERENCE, 1, 0, FALSE, TRUE },
  { "reference, another customer", EVE, "C-2", 0, { 0 }, { 1 }, 0, THREAD_NONE, 0, 1, FALSE, FALSE },
  { "reference, stranger", EVE, NULL, 0, { 0 }, { 1 }, 0, THREAD_NONE, 0, 1, FALSE, FALSE },
  { "reference, no sender", NULL, NULL, 0, { 0 }, { 1 }, 0, THREAD_NONE, 0, 1, FALSE, FALSE },
  { "tag, requester", ANN, NULL, 0, { 0 }, { 0 }, 1, THREAD_TAG, 1, 0, TRUE, FALSE },
  { "tag, participant", BEN, NULL, 0, { 0 }, { 0 }, 1, THREAD_TAG, 1, 0, FALSE, FALSE },
  { "tag, colleague", AMY, "C-1", 0, { 0 }, { 0 }, 1, THREAD_TAG, 1, 0, FALSE, TRUE },
  { "tag, stranger", EVE, NULL, 0, { 0 }, { 0 }, 1, THREAD_NONE, 0, 1, FALSE, FALSE },
  { "a participant is not only a colleague", BEN, "C-1", 0, { 0 }, { 1 }, 0, THREAD_REFERENCE, 1, 0, FALSE, FALSE },
  /* empty is nobody */
  { "no customer is no common one", EVE, "", 0, { 0 }, { 5 }, 0, THREAD_NONE, 0, 5, FALSE, FALSE },
  { "an empty sender is no requester", "", NULL, 0, { 0 }, { 5 }, 0, THREAD_NONE, 0, 5, FALSE, FALSE },
  { "no sender is no requester", NULL, NULL, 0, { 0 }, { 6 }, 0, THREAD_NONE, 0, 6, FALSE, FALSE },
  /* one against the other */
  { "signed before letter", ANN, NULL, 1, { 2 }, { 0 }, 0, THREAD_SIGNED, 1, 0, TRUE, FALSE },
  { "letter before reference", ANN, NULL, 0, { 2 }, { 1 }, 0, THREAD_LETTER, 2, 0, FALSE, FALSE },
  { "reference before tag", ANN, "C-2", 0, { 0 }, { 1 }, 2, THREAD_REFERENCE, 1, 0, TRUE, FALSE },
  { "the nearest letter", ANN, NULL, 0, { 2, 1 }, { 0 }, 0, THREAD_LETTER, 2, 0, FALSE, FALSE },
  { "the nearest mail", ANN, "C-2", 0, { 0 }, { 2, 1 }, 0, THREAD_REFERENCE, 2, 0, FALSE, TRUE },
  { "the nearest where one belongs", ANN, NULL, 0, { 0 }, { 2, 1 }, 0, THREAD_REFERENCE, 1, 0, TRUE, FALSE },
  { "a tag where the reference is another's", ANN, NULL, 0, { 0 }, { 2 }, 1, THREAD_TAG, 1, 0, TRUE, FALSE },
  { "the first that is another's is mentioned", EVE, NULL, 0, { 0 }, { 2, 1 }, 1, THREAD_NONE, 0, 2, FALSE, FALSE },
  /* another role's, and what was refused */
  { "signed, of another role", ANN, "C-1", 3, { 0 }, { 0 }, 0, THREAD_NONE, 0, 3, FALSE, FALSE },
  { "letter, of another role", ANN, "C-1", 0, { 3 }, { 0 }, 0, THREAD_NONE, 0, 3, FALSE, FALSE },
  { "reference, of another role", ANN, "C-1", 0, { 0 }, { 3 }, 0, THREAD_NONE, 0, 3, FALSE, FALSE },
  { "tag, of another role", ANN, "C-1", 0, { 0 }, { 0 }, 3, THREAD_NONE, 0, 3, FALSE, FALSE },
  { "signed of another role, reference of this one", ANN, NULL, 3, { 0 }, { 1 }, 0, THREAD_REFERENCE, 1, 0, TRUE, FALSE },
  { "signed, refused", ANN, NULL, 4, { 0 }, { 0 }, 0, THREAD_NONE, 0, 4, FALSE, FALSE },
  { "reference, refused", ANN, NULL, 0, { 0 }, { 4 }, 0, THREAD_NONE, 0, 4, FALSE, FALSE },
  { "refused, and then one of hers", ANN, NULL, 0, { 0 }, { 4, 1 }, 0, THREAD_REFERENCE, 1, 0, TRUE, FALSE },
  { "an ended one is as good", "zoe@partner.example", NULL, 0, { 0 }, { 0 }, 2, THREAD_TAG, 2, 0, TRUE, FALSE },
};

static const Ticket *
ticket_of (guint number)
{
  return number != 0 ? &tickets[number] : NULL;
}

static GPtrArray *
list_of (const guint *numbers)
{
  GPtrArray *list = g_ptr_array_new ();
  for (guint i = 0; i < 2 && numbers[i] != 0; i++)
    g_ptr_array_add (list, (gpointer) ticket_of (numbers[i]));
  return list;
}

static void
test_row (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  Contact contact = { .customer = (char *) rows[i].customer };
  g_autoptr (GPtrArray) letters = list_of (rows[i].letters), references = list_of (rows[i].references);
  const ThreadPointers pointers = { .by_signature = ticket_of (rows[i].signature),
                                    .by_letter = letters->len > 0 ? letters : NULL,
                                    .by_reference = references,
                                    .by_tag = ticket_of (rows[i].tag) };
  ThreadMatch match = thread_match (&pointers, "support", rows[i].sender, rows[i].customer != NULL ? &contact : NULL);
  g_assert_cmpint (match.via, ==, rows[i].via);
  g_assert_cmpint (match.ticket != NULL ? match.ticket->number : 0, ==, rows[i].ticket);
  g_assert_cmpint (match.related != NULL ? match.related->number : 0, ==, rows[i].related);
  g_assert_cmpint (match.requester, ==, rows[i].requester);
  g_assert_cmpint (match.same_customer, ==, rows[i].same_customer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/thread/%02u %s", i, rows[i].name);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_row);
    }
  return g_test_run ();
}
