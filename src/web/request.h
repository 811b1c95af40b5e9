/* request: one request as those who answer it see it, and the answer. */
#pragma once

#include "config/config.h"
#include "mail/letter.h"
#include "mail/seal.h"
#include "store/store.h"
#include "web/rates.h"
#include "web/web.h"

typedef struct Health Health;

/* What requests are answered from. */
typedef struct {
  Store *store;
  const Seal *seal;
  WebAudit audit; /* nullable */
  gpointer audit_data;
  Rates *replies; /* by telephone number */
  Health *health;
} Rooms;

typedef struct {
  const Rooms *rooms;
  Config *config;
  Templates *templates;
  gpointer connection; /* libmicrohttpd's */
  const char *method;  /* "GET", also for HEAD, or "POST" */
  const char *target;  /* as it was asked for: "/oncall.ics?agent=alice" */
  char **path;         /* its pieces, decoded: {"oncall.ics"} */
  GPtrArray *query;    /* (element-type Field) */
  GString *body;
  gint64 now;          /* microseconds since 1970 */
} Request;

typedef struct {
  guint status;
  const char *type;  /* Content-Type */
  GString *body;
  const char *cache; /* Cache-Control */
  char *etag;        /* nullable */
  const char *allow; /* for 405; nullable */
  guint retry_after; /* seconds; 0: not told */
} Answer;

/* The value of header field NAME, several as one comma list (RFC 9110 5.3); NULL when there is none. The caller's. */
char *request_header (const Request *request, const char *name);

/* Fills target, path and query from TARGET, which must outlive REQUEST. FALSE when it is none of ours: path and query, the
 * caller's then too, may be there or not. */
gboolean request_read_target (Request *request, const char *target);

/* A line of plain text. */
void answer_line (Answer *answer, guint status, const char *line);

/* Gives ANSWER an ETag of its body, and no body where the client has it already. */
void answer_tag (Answer *answer, const Request *request);

/* ---- the answers, one file each ---- */

Health *health_new (void);
void health_free (Health *health);
void health_answer (const Request *request, Answer *answer);
void feed_answer (const Request *request, Answer *answer);
void ack_answer (const Request *request, Answer *answer);
void twilio_answer_sms (const Request *request, Answer *answer);
void twilio_answer_status (const Request *request, Answer *answer);
void twilio_answer_digits (const Request *request, Answer *answer);
void page_answer (const Request *request, Answer *answer);
