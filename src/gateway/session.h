/* session: what the gateway remembers of one SMTP connection and of the message under way on it.
 *
 * No libmilter in here: the callbacks hand in strings and get answers. libmilter may run successive callbacks of one
 * session in different threads, but never two at once, so nothing here is locked.
 */
#pragma once

#include "desk/desk.h"

/* One SMTP transaction. */
typedef struct {
  Desk *desk; /* the configuration it began with counts to its end */
  Envelope *envelope;
  gint64 size;        /* declared at MAIL, 0: not */
  gboolean in_progress; /* counted against max-in-progress */
  RawMessage *raw;    /* nullable until the header begins */
  char *failure;      /* why the message cannot be kept: 451 at its end; nullable */
  GHashTable *ours;   /* (element-type utf8 uint) X-Frontdesk-* fields that came in: name -> how many */
  guint results;      /* Authentication-Results fields that came in */
} Transaction;

typedef struct {
  char *client;            /* "host[address]", for the log */
  gboolean leading_space;  /* values come, and must be given, with their leading blank */
  gboolean quiet;          /* no reply is expected but at RCPT, DATA and the end of the message */
  Transaction *transaction; /* nullable between messages */
} Session;

Session *session_new (void);
void session_free (Session *session);

/* Begins a message. PATH and PARAMETERS as MAIL FROM gave them (PARAMETERS NULL-terminated). A path without angle
 * brackets was not given by SMTP: Postfix submits local mail so. AUTH_USER nullable. */
void session_begin (Session *session, Desk *desk, const char *path, char **parameters, const char *auth_user);

/* Forgets the message under way, if any: at the end of a message, at abort, at the next MAIL and at close. */
void session_forget (Session *session);

/* Takes a recipient; an SMTP answer for it alone ("451 ...") or NULL. The caller's. */
char *session_add_recipient (Session *session, const char *path);

void session_add_header (Session *session, const char *name, const char *value);
void session_end_header (Session *session);
void session_add_body (Session *session, gconstpointer data, gsize length);
