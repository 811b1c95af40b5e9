/* message: the facts of a message, read with GMime within bounds.
 *
 * Nothing here decides anything: rules are the desk's. message_read() never fails on bad mail; what could not
 * be read is said in `unread`.
 */
#pragma once

#include "mail/raw.h"

typedef struct {
  char *name;  /* as written */
  char *value; /* unfolded, RFC 2047 decoded, valid UTF-8, no control characters, at most LIMIT_HEADER_VALUE */
} HeaderField;

/* One result of an Authentication-Results field (RFC 8601): method=result and its properties. */
typedef struct {
  char *method;  /* "dmarc", "spf", "dkim" */
  char *result;  /* "pass", "fail", ... lower case */
  char *domain;  /* dmarc: header.from; dkim: header.d (or header.i's domain); spf: smtp.mailfrom's domain
                    (or smtp.helo); lower case, nullable */
} AuthResult;

typedef struct {
  char *message_id;      /* without brackets; NULL when missing, malformed or too long */
  char **references;     /* Message-IDs without brackets: In-Reply-To, then References from the last to the first */
  guint from_count;      /* mailboxes in all From fields together */
  char *from;            /* the one From mailbox's address, or NULL (none, several, group, "<>") */
  char *from_name;       /* its display name, cleaned, nullable */
  char **reply_to;
  char **recipients;     /* the addresses of To and Cc, at most LIMIT_RECIPIENTS */
  char *subject;         /* decoded, cleaned, at most LIMIT_SUBJECT characters; "" when missing */
  gint64 tag;            /* N of "[TAG #N]" in the subject, 0: none */
  char *language;        /* first tag of Content-Language, nullable */
  char *content_type;    /* "multipart/report", lower case */
  char *report_type;     /* its report-type parameter, lower case, nullable */
  gboolean has_delivery_status; /* a message/delivery-status part is in it */
  gboolean has_disposition;     /* a message/disposition-notification part */
  gboolean has_feedback;        /* a message/feedback-report part */
  char **embedded_ids;   /* Message-IDs found in returned messages or headers inside a report, without brackets; also in
                            a message that is one plain text, which a report can be */
  guint received;        /* Received fields */
  gboolean loop_mark;    /* bears X-Frontdesk-Loop */
  GPtrArray *headers;    /* (element-type HeaderField), top to bottom */
  GPtrArray *auth;       /* (element-type AuthResult), only believed ones; see auth_results.h */
  char *digest;          /* lower-case hex SHA-256 of From, To, Cc, Subject, Date and the decoded body: the same
                            for the same message however it travelled */
  gboolean unopened;     /* nothing of it was read, see message_leave_unopened() */
  char *unread;          /* why it was not fully read, nullable */
} MessageFacts;

/* Why a message was not read at all. */
#define MESSAGE_NOT_OPENED "it was not opened: reading it has ended frontdeskd before"

/* The facts of a message that must not be read, which is all but nothing: DIGEST (taken) names it. */
MessageFacts *message_leave_unopened (char *digest);

/* TAG: the configuration's subject tag. Never NULL. `auth` is left empty: auth_results_believe() fills it. */
MessageFacts *message_read (const RawMessage *raw, const char *tag);
void message_facts_free (MessageFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MessageFacts, message_facts_free)

/* The addresses of To and Cc, at most LIMIT_RECIPIENTS. The caller's. */
char **message_read_recipients (const RawMessage *raw);

/* What a person would read of a message: its text as UTF-8, at most LIMIT_LETTER octets; "" when there is
 * none. The caller's. */
char *message_read_text (const RawMessage *raw);

/* The value of the first field of that NAME (without case), or NULL. */
const char *message_header (const MessageFacts *facts, const char *name);

/* VALUE made safe for a header, a log line or a terminal: valid UTF-8, no CR, LF, NUL, control or bidirectional
 * override characters, at most MAX characters, outer white space cut. Never NULL. */
char *text_clean (const char *value, gsize max);
