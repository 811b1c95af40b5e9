#include "desk/thread.h"

#include "config/config.h"

static gboolean
is_participant (const Ticket *ticket, const char *sender)
{
  for (guint i = 0; ticket->participants != NULL && ticket->participants[i] != NULL; i++)
    if (address_equal (ticket->participants[i], sender))
      return TRUE;
  return FALSE;
}

static gboolean
is_same_customer (const Ticket *ticket, const Contact *contact)
{
  return contact != NULL && contact->customer != NULL && *contact->customer != '\0' && ticket->customer != NULL &&
         g_str_equal (contact->customer, ticket->customer);
}

/* Takes TICKET as the match when the sender may write on it; else remembers it as related. */
static gboolean
consider (ThreadMatch *match, ThreadVia via, const Ticket *ticket, const char *role, const char *sender,
          const Contact *contact)
{
  gboolean requester = address_equal (ticket->requester, sender);
  gboolean participant = requester || is_participant (ticket, sender);
  gboolean colleague = is_same_customer (ticket, contact);
  gboolean belongs = via == THREAD_SIGNED || via == THREAD_LETTER || participant || colleague;
  if (!belongs || !g_str_equal (ticket->role, role) || g_str_equal (ticket->state, "refused"))
    {
      if (match->related == NULL)
        match->related = ticket;
      return FALSE;
    }
  *match = (ThreadMatch){ .via = via,
                          .ticket = ticket,
                          .requester = requester,
                          .same_customer = colleague && !participant };
  return TRUE;
}

/* Takes the first of TICKETS (nullable) that does. */
static gboolean
consider_each (ThreadMatch *match, ThreadVia via, const GPtrArray *tickets, const char *role, const char *sender, const Contact *contact)
{
  for (guint i = 0; tickets != NULL && i < tickets->len; i++)
    if (consider (match, via, g_ptr_array_index (tickets, i), role, sender, contact))
      return TRUE;
  return FALSE;
}

ThreadMatch
thread_match (const ThreadPointers *pointers, const char *role, const char *sender, const Contact *contact)
{
  ThreadMatch match = { 0 };
  if (pointers->by_signature != NULL &&
      consider (&match, THREAD_SIGNED, pointers->by_signature, role, sender, contact))
    return match;
  if (consider_each (&match, THREAD_LETTER, pointers->by_letter, role, sender, contact) ||
      consider_each (&match, THREAD_REFERENCE, pointers->by_reference, role, sender, contact))
    return match;
  if (pointers->by_tag != NULL)
    consider (&match, THREAD_TAG, pointers->by_tag, role, sender, contact);
  return match;
}
