/* staff_work: what an agent does to a ticket in one go, by one mail or at a terminal: all of it or nothing. Plain data. */
#pragma once

#include <glib.h>

typedef enum {
  STAFF_TEXT_NONE,
  STAFF_TEXT_NOTE,       /* stays inside */
  STAFF_TEXT_ROOT_CAUSE, /* a note on the root cause */
  STAFF_TEXT_ANSWER,     /* to the customer: letters go out with it */
  STAFF_TEXT_SENT,       /* to the customer, and on its way there by itself */
} StaffText;

/* Done in the order of the fields. All strings belong to it. */
typedef struct {
  char *agent;
  StaffText use;
  char *text;         /* what was newly written, nullable */
  char **cc;          /* who is shown beside the requester as reading an answer, nullable */
  char **joining;     /* who takes part in the ticket from now on, nullable */
  char *root_cause;   /* a note on it besides, nullable */
  char *team, *assignee; /* nullable: as before */
  int priority;       /* 0: as before */
  gboolean pending;
  gint64 pending_until; /* 0: until the customer writes */
  gboolean close;
  gboolean root_cause_demanded; /* by the policy, before the ticket is closed */
  gint64 close_at;    /* when it is closed for good */
  gint64 merge_into;  /* 0: not */
} StaffWork;

StaffWork *staff_work_new (const char *agent);
void staff_work_free (StaffWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StaffWork, staff_work_free)

/* "answer", "note", ...: what WORK does, for events and logs; the caller's. */
char *staff_work_describe (const StaffWork *work);
