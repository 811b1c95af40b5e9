/* letter: what Frontdesk writes: templates filled in, and the message made of them.
 *
 * Templates are files LANG/NAME.txt: one line "Subject: ...", an empty line, the body; and LANG/NAME.html, which is the
 * whole of a web page or a piece of one. Both have template-glib's {{expressions}}. All are parsed and tried when they are loaded, so an unknown name is found then, not at
 * three in the morning. Values are data: they are never parsed as templates, and header values are cleaned.
 */
#pragma once

#include <glib.h>

#define LETTER_ERROR (letter_error_quark ())
GQuark letter_error_quark (void);
typedef enum {
  LETTER_ERROR_READ,   /* the file cannot be read */
  LETTER_ERROR_SYNTAX, /* FILE: what template-glib says, or an unknown name */
  LETTER_ERROR_LENGTH, /* the result passes LIMIT_LETTER */
} LetterError;

typedef struct Templates Templates;

/* Loads every LANG/NAME.txt and LANG/NAME.html below FOLDER; DEFAULT_LANGUAGE must have each of the names in letter.c's list.
 * Errors: LETTER_ERROR. */
Templates *templates_load (const char *folder, const char *default_language, GError **error);
Templates *templates_ref (Templates *templates);
void templates_unref (Templates *templates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Templates, templates_unref)

/* What a template can name. NULL strings are given as "". All belong to the caller. */
typedef struct {
  gint64 number;
  const char *tag;        /* "[DIYTel #1042]" */
  const char *subject, *name, *requester, *customer;
  const char *company, *phone, *role, *role_address, *team, *assignee;
  const char *oncall;       /* who is on call for the role, by name */
  const char *priority;   /* "p3" */
  const char *standing;   /* "unknown (directory unavailable)" */
  const char *hours;      /* as dates_hours() writes them */
  const char *promise, *resolution;      /* the first answer and the solution, as dates_promise() writes them */
  const char *next_update, *old_promise; /* the same */
  const char *opened, *next_opening;     /* as dates_moment() writes them */
  const char *target, *due; /* for staff: which promise ("respond"), and when, as dates_moment() writes it */
  const char *holiday;    /* its name */
  const char *greeting, *closing; /* the policy's own, in place of the template's */
  const char *reason;     /* why a notification was written */
  const char *removed;    /* names of attachments that were not kept, for acknowledgements */
  const char *excerpt;    /* the first lines of the message, for staff only */
  const char *detail;     /* for notices: what failed */
  const char *text;       /* an agent's answer; what passes LIMIT_ANSWER is cut off */
  /* for pages */
  const char *event;      /* "trigger", "acknowledge", "resolve" */
  const char *link;       /* to acknowledge by */
  const char *by;         /* who has acknowledged */
  const char *count, *list; /* of a grouped page: how many incidents, and a line for each */
  const char *limit;      /* the page is the last one within it */
  const char *test, *again; /* "yes" or NULL: nobody is in need; an earlier try may have arrived */
} LetterData;

/* Fills template NAME in the first of LANGUAGES (comma list such as "fr-CA,en") that exists, else the default.
 * *SUBJECT and *BODY are the caller's. Errors: LETTER_ERROR. */
gboolean templates_fill (const Templates *templates, const char *name, const char *languages, const LetterData *data,
                         char **subject, char **body, GError **error);

/* What a template of a web page can name. As above, and escaped for HTML, but for CONTENT, which is HTML. */
typedef struct {
  const char *language; /* its own tag */
  const char *company;
  const char *number, *subject, *requester, *name, *customer; /* of an incident's ticket */
  const char *started;          /* as dates_moment() writes it */
  const char *holder, *since;   /* the full name of who has it, and since when; "" while nobody has */
  const char *mine;             /* "yes": that is who reads this */
  const char *resolved;         /* when it was resolved */
  const char *done;             /* what this request did: "acknowledge", "resolve" */
  const char *content, *more;   /* of a whole page: what it tells; the number of incidents left out */
  const char *can_acknowledge, *can_resolve; /* "yes": the button is offered */
  const char *problem;          /* "unknown", "expired", "unavailable"; in a sentence also "help", "none", "press" */
} WebData;

/* Fills the template NAME.html in the language that templates_fill() would take. *HTML is the caller's. Errors:
 * LETTER_ERROR. */
gboolean templates_fill_web (const Templates *templates, const char *name, const char *languages, const WebData *data,
                             char **html, GError **error);

/* The language that templates_fill() would take, as a lower-case tag ("fr-ca"): for Content-Language. NULL when there
 * is no template NAME. The caller owns it. */
char *templates_find_language (const Templates *templates, const char *name, const char *languages);

/* A file that goes with a letter. Its type may not be one that has a form of its own, such as a message or several parts: it is sent
 * as plain octets then. */
typedef struct {
  char *name, *type;
  GBytes *octets;
} LetterAttachment;

/* A letter ready to send. All strings belong to the caller and may be NULL where said. */
typedef struct {
  const char *from_name, *from;     /* the role's address */
  const char *to_name, *to;
  const char *const *cc;            /* who is shown as reading it, too; nullable */
  const char *reply_to;             /* nullable */
  const char *subject, *body;       /* UTF-8 */
  const GPtrArray *attachments;     /* (element-type LetterAttachment), nullable */
  const char *message_id;           /* without brackets */
  const char *in_reply_to;          /* without brackets, nullable */
  const char *const *references;    /* of the answered message, oldest first; nullable */
  const char *auto_submitted;       /* "auto-replied" or "auto-generated"; NULL: a person wrote it */
  const char *loop;                 /* value of X-Frontdesk-Loop: the hostname */
  const char *language;             /* Content-Language, nullable */
  gint64 date;                      /* microseconds since 1970 */
} Letter;

/* The message as octets with CRLF line ends: text/plain, UTF-8, transfer-encoded so that lines stay within 998
 * octets (RFC 5322 2.1.1). What is automatic has X-Auto-Response-Suppress: All and Precedence: bulk. No string can add a field:
 * text is cleaned, what is not one plain address or Message-ID is left out. The caller owns it. */
GBytes *letter_compose (const Letter *letter);
