/* Every callback answers within its budget and has one way out. What cannot be handled is a 451, never silence.
 *
 * Nothing is accepted before DATA: a later RCPT could be a role's. Replies are set right before they are returned, since
 * libmilter keeps an unused one for a later message. Message state is freed in four places, as libmilter calls abort
 * only between its own events: at MAIL, at the end of the message, at abort and at close.
 */
#include "gateway/callbacks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/edits.h"
#include "gateway/session.h"

/* The steps that need no answer of ours, if the MTA agrees to wait for none. */
#define QUIET_STEPS (SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

static gint busy; /* atomic */

guint
gateway_count_busy (void)
{
  return (guint) g_atomic_int_get (&busy);
}

/* Begins work with desk and store. FALSE once the gateway stops, which waits for all that began before. */
static gboolean
begin_work (void)
{
  g_atomic_int_inc (&busy);
  g_autoptr (Desk) desk = gateway_get_desk ();
  if (desk == NULL)
    g_atomic_int_add (&busy, -1);
  return desk != NULL;
}

static void
end_work (void)
{
  g_atomic_int_add (&busy, -1);
}

static sfsistat
quietly (const Session *session)
{
  return session != NULL && session->quiet ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* Says ANSWER, "CODE X.Y.Z text". */
static sfsistat
answer_with (SMFICTX *context, const char *answer)
{
  g_auto (GStrv) parts = g_strsplit (answer, " ", 3);
  g_auto (GStrv) halves = g_strsplit (parts[2], "%", -1); /* libmilter formats the text */
  g_autofree char *text = g_strjoinv ("%%", halves);
  if (smfi_setreply (context, parts[0], parts[1], text) != MI_SUCCESS)
    g_warning ("libmilter refuses the answer \"%s\"", answer);
  return answer[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

static sfsistat
on_negotiate (SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long unused2, unsigned long unused3,
              unsigned long *want_actions, unsigned long *want_steps, unsigned long *want2, unsigned long *want3)
{
  (void) unused2;
  (void) unused3;
  Session *session = session_new ();
  session->leading_space = (steps & SMFIP_HDR_LEADSPC) != 0;
  session->quiet = (steps & QUIET_STEPS) == QUIET_STEPS;
  if (smfi_setpriv (context, session) != MI_SUCCESS)
    {
      session_free (session);
      return SMFIS_REJECT;
    }
  *want_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST);
  *want_steps = (steps & (SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_HDR_LEADSPC)) | (session->quiet ? QUIET_STEPS : 0);
  *want2 = *want3 = 0;
  if (actions & SMFIF_SETSYMLIST)
    {
      /* The same list for both ends: libmilter before 8.18 stores the two swapped. */
      char mail[] = "i {auth_authen}", end[] = "i";
      smfi_setsymlist (context, SMFIM_ENVFROM, mail);
      smfi_setsymlist (context, SMFIM_EOH, end);
      smfi_setsymlist (context, SMFIM_EOM, end);
    }
  return SMFIS_CONTINUE;
}

static char *
describe_client (const char *host, const struct sockaddr *address)
{
  char text[INET6_ADDRSTRLEN] = "unknown";
  if (address != NULL && address->sa_family == AF_INET)
    inet_ntop (AF_INET, &((const struct sockaddr_in *) (const void *) address)->sin_addr, text, sizeof text);
  else if (address != NULL && address->sa_family == AF_INET6)
    inet_ntop (AF_INET6, &((const struct sockaddr_in6 *) (const void *) address)->sin6_addr, text, sizeof text);
  return g_strdup_printf ("%s[%s]", host != NULL ? host : "unknown", text);
}

static sfsistat
on_connect (SMFICTX *context, char *host, _SOCK_ADDR *address)
{
  Session *session = smfi_getpriv (context);
  if (session == NULL)
    return SMFIS_TEMPFAIL;
  g_free (session->client);
  session->client = describe_client (host, address);
  return quietly (session);
}

static sfsistat
on_mail (SMFICTX *context, char **arguments)
{
  Session *session = smfi_getpriv (context);
  if (session == NULL)
    return SMFIS_TEMPFAIL;
  char macro[] = "{auth_authen}";
  g_autoptr (Desk) desk = gateway_get_desk ();
  if (desk == NULL)
    return SMFIS_TEMPFAIL;
  session_begin (session, desk, arguments[0], arguments + 1, smfi_getsymval (context, macro));
  return quietly (session);
}

static sfsistat
on_recipient (SMFICTX *context, char **arguments)
{
  Session *session = smfi_getpriv (context);
  if (session == NULL || !begin_work ())
    return SMFIS_TEMPFAIL;
  g_autofree char *answer = session_add_recipient (session, arguments[0]);
  end_work ();
  return answer != NULL ? answer_with (context, answer) : SMFIS_CONTINUE;
}

static sfsistat
on_data (SMFICTX *context)
{
  Session *session = smfi_getpriv (context);
  if (session == NULL || session->transaction == NULL)
    return SMFIS_TEMPFAIL;
  if (session->transaction->envelope->recipients->len > 0)
    return SMFIS_CONTINUE;
  session_forget (session);
  return SMFIS_ACCEPT;
}

static sfsistat
on_header (SMFICTX *context, char *name, char *value)
{
  Session *session = smfi_getpriv (context);
  if (session != NULL)
    session_add_header (session, name, value);
  return quietly (session);
}

static sfsistat
on_end_of_header (SMFICTX *context)
{
  Session *session = smfi_getpriv (context);
  if (session != NULL)
    session_end_header (session);
  return quietly (session);
}

static sfsistat
on_body (SMFICTX *context, unsigned char *data, size_t length)
{
  Session *session = smfi_getpriv (context);
  if (session != NULL)
    session_add_body (session, data, length);
  return quietly (session);
}

static void
log_decisions (const Envelope *envelope, const Reception *reception)
{
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      const Decision *decision = g_ptr_array_index (reception->decisions, i);
      g_info ("%s: role=%s decision=%s ticket=%" G_GINT64_FORMAT " standing=%s acknowledge=%s page=%s client=%s (%s)",
              envelope->queue_id, decision->role->name, intake_kind_to_string (decision->kind), decision->ticket,
              standing_to_string (decision->standing), decision->acknowledge ? "yes" : "no",
              decision->page ? "yes" : "no", envelope->client, decision->reason);
    }
}

static const char *
first_reply (const Reception *reception, gboolean deferred)
{
  for (guint i = 0; i < reception->decisions->len; i++)
    {
      const Decision *decision = g_ptr_array_index (reception->decisions, i);
      if (deferred ? decision->kind == INTAKE_DEFER : decision_refuses (decision))
        return decision->reply;
    }
  return "451 4.3.0 Please try again later";
}

static sfsistat
receive (SMFICTX *context, const Session *session)
{
  Transaction *transaction = session->transaction;
  Envelope *envelope = transaction->envelope;
  g_autoptr (GError) failure = NULL;
  if (transaction->failure != NULL)
    {
      g_warning ("%s: the message cannot be kept: %s", envelope->queue_id, transaction->failure);
      return answer_with (context, "451 4.3.1 The message cannot be kept now. Please try again later.");
    }
  g_autoptr (Reception) reception =
    desk_receive (transaction->desk, envelope, transaction->raw, g_get_real_time (), &failure);
  if (reception == NULL)
    {
      g_warning ("%s: no ticket could be written: %s", envelope->queue_id, failure->message);
      return answer_with (context, "451 4.3.0 No ticket could be written. Please try again later.");
    }
  log_decisions (envelope, reception);
  Verdict verdict = reception_verdict (reception, envelope);
  if (verdict != VERDICT_ACCEPT)
    return answer_with (context, first_reply (reception, verdict == VERDICT_DEFER));
  if (!edits_apply (context, session, reception))
    return answer_with (context, "451 4.3.0 The message could not be changed. Please try again later.");
  return SMFIS_CONTINUE;
}

static sfsistat
on_end_of_message (SMFICTX *context)
{
  Session *session = smfi_getpriv (context);
  if (session == NULL || session->transaction == NULL || session->transaction->raw == NULL || !begin_work ())
    return SMFIS_TEMPFAIL;
  char macro[] = "i";
  const char *queue_id = smfi_getsymval (context, macro);
  g_free (session->transaction->envelope->queue_id);
  session->transaction->envelope->queue_id = g_strdup (queue_id != NULL ? queue_id : "NOQUEUE");
  sfsistat status = receive (context, session);
  session_forget (session);
  end_work ();
  return status;
}

static sfsistat
on_abort (SMFICTX *context)
{
  Session *session = smfi_getpriv (context);
  if (session != NULL)
    session_forget (session);
  return SMFIS_CONTINUE;
}

/* May be the only callback of a connection, and runs under libmilter's pool lock: no I/O here. */
static sfsistat
on_close (SMFICTX *context)
{
  Session *session = smfi_getpriv (context);
  if (session == NULL)
    return SMFIS_CONTINUE;
  smfi_setpriv (context, NULL);
  session_free (session);
  return SMFIS_CONTINUE;
}

static char filter_name[] = "frontdesk";

const struct smfiDesc gateway_callbacks = {
  .xxfi_name = filter_name,
  .xxfi_version = SMFI_VERSION,
  .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_SETSYMLIST,
  .xxfi_connect = on_connect,
  .xxfi_envfrom = on_mail,
  .xxfi_envrcpt = on_recipient,
  .xxfi_data = on_data,
  .xxfi_header = on_header,
  .xxfi_eoh = on_end_of_header,
  .xxfi_body = on_body,
  .xxfi_eom = on_end_of_message,
  .xxfi_abort = on_abort,
  .xxfi_close = on_close,
  .xxfi_negotiate = on_negotiate,
};
