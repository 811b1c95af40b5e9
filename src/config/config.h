/* config: what the administrator has decided.
 *
 * config_load() reads a file (and what it includes) into one immutable, reference-counted Config: every
 * name is resolved to a pointer, every value is checked, every key has a default. Nothing else in the
 * program reads configuration files. A reload is a second Config; who holds the first keeps it.
 *
 * Strings and arrays belong to the Config and live as long as a reference to it.
 */
#pragma once

#include "config/policy.h"

#define CONFIG_ERROR (config_error_quark ())
GQuark config_error_quark (void);

typedef enum {
  CONFIG_ERROR_READ,   /* the file cannot be opened or read */
  CONFIG_ERROR_SYNTAX, /* libConfuse does not understand it */
  CONFIG_ERROR_VALUE,  /* a value or a reference makes no sense; the message has file:line where known */
  CONFIG_ERROR_KEEP,   /* the copy of a calendar cannot be written */
} ConfigError;

/* How well a sender is known, in rising order. */
typedef enum { STANDING_BARRED, STANDING_UNKNOWN, STANDING_KNOWN, STANDING_VERIFIED } Standing;

/* Returns "barred", "unknown", "known" or "verified". */
const char *standing_to_string (Standing standing);

/* Whom a new ticket of a team is given to. */
typedef enum { ASSIGN_NONE, ASSIGN_ROTATION, ASSIGN_LEAST, ASSIGN_SCHEDULE } AssignKind;

struct Team {
  char *name;
  char **notify;
  AssignKind assign;
  const Schedule *schedule; /* for ASSIGN_SCHEDULE */
  const Team *escalate_to;  /* nullable */
};

typedef struct {
  char *name;
  char *full_name;
  char *mail;
  char *mobile; /* nullable */
  char *language; /* of what they are sent and shown */
  char **login; /* SMTP AUTH names that are this agent */
  GPtrArray *teams; /* (element-type Team), not owned */
} Agent;

typedef enum {
  CHANNEL_MAIL,
  CHANNEL_WEBHOOK,
  CHANNEL_COMMAND,
  CHANNEL_PAGERDUTY,
  CHANNEL_TWILIO,
  CHANNEL_NTFY,
  CHANNEL_ASTERISK,
  CHANNEL_SMSTOOLS,
} ChannelType;

/* What belongs to other types than the channel's is NULL. Files with secrets are read when a page is sent. */
typedef struct {
  char *name;
  ChannelType type;
  int timeout;        /* seconds of one try, default 10 */
  char *to;           /* mail: the address, with {mobile} or {digits}; nullable: the agent's */
  gboolean follow;   /* it is told, too, when an incident that it has paged for is acknowledged or resolved */
  gboolean brief;     /* mail: one short line */
  char *url;          /* webhook, pagerduty, ntfy; twilio: what its paths begin with */
  char *body;         /* webhook: "json", "form", "slack" */
  char *template;     /* webhook: a file, in place of BODY; nullable */
  char *content_type; /* webhook: of the template's text */
  char *method;       /* webhook */
  char **headers;     /* webhook: "Name: value" */
  char *secret_file;  /* webhook: signs; nullable */
  char **command;     /* command: argv; no shell */
  char *key_file;     /* pagerduty */
  char *account;      /* twilio */
  char *from;         /* twilio: a number or a messaging service */
  char *token_file;   /* twilio; ntfy: nullable */
  char *old_token_file; /* twilio: what callbacks may be signed by, too; nullable */
  gboolean call;        /* twilio: a call, and not an SMS */
  char *web_url;        /* twilio: where it tells how it went; nullable: it is asked */
  char *spool;          /* asterisk, smstools: the folder that the gateway looks into */
  char *pattern;        /* asterisk: "PJSIP/{mobile}@trunk" */
  char *context, *extension; /* asterisk: where the answered call goes */
  char *application, *data;  /* asterisk: in place of these; DATA is nullable */
  char *caller_id;           /* asterisk, nullable */
} Channel;

/* FALSE when CHANNEL cannot do without a phone number, and AGENT has no valid one. */
gboolean channel_can_reach (const Channel *channel, const Agent *agent);

/* A stretch for which an agent is on call by a calendar's event. */
typedef struct {
  Interval time;
  const Agent *agent;
  const char *name; /* the event's SUMMARY */
} Shift;

typedef enum { TURN_HOURS, TURN_DAYS, TURN_WEEKS, TURN_MONTHS } TurnUnit;

/* Agents in turn: each for LENGTH units of the local clock, without end, before the start as after. */
typedef struct {
  GPtrArray *agents; /* (element-type Agent), never empty */
  TurnUnit unit;
  int length;
  gint32 day;   /* local, since 1970-01-01: the first agent's turn begins on it */
  gint64 clock; /* at this time, microseconds from midnight */
} Rotation;

/* Nobody is on call by a schedule that has neither shifts nor a rotation. */
struct Schedule {
  char *name;
  char *timezone;
  GTimeZone *zone;
  char *calendar;     /* a file or, when FETCHED, a URL; nullable */
  char *origin;       /* the same for messages: of a URL the server only, as the rest may be a secret */
  gboolean fetched;
  gint64 interval;    /* seconds between fetches */
  char *password_file, *ca_file; /* for fetching; nullable */
  char *copy;         /* the file of the last good copy: see config_keep_calendar(); NULL without a calendar */
  GArray *shifts;     /* (element-type Shift) of the calendar, by their beginning */
  gint64 longest;     /* of these */
  Rotation *rotation; /* nullable */
};

typedef struct {
  char *name;
  const Schedule *schedule; /* nullable */
  GPtrArray *agents;        /* (element-type Agent) */
  const Team *team;         /* nullable */
  GPtrArray *by;            /* (element-type Channel) */
  gint64 wait;              /* seconds for somebody to acknowledge, then the next step is taken */
} Step;

struct Escalation {
  char *name;
  GPtrArray *steps;    /* (element-type Step), never empty */
  int repeat;          /* rounds through the steps; then the fallback is paged again and again */
  gboolean page_again; /* a further mail on an incident that nobody has acknowledged pages its step anew */
};

typedef enum { DELIVER_PASS, DELIVER_TAKE } Deliver;

/* What becomes of reports that are for a postmaster: feedback, DMARC and TLS reports. */
typedef enum { REPORTS_FILE, REPORTS_FORWARD, REPORTS_DROP } Reports;

typedef struct {
  char *name;
  char **address; /* the first one is written From */
  const Policy *policy; /* nullable */
  int priority;         /* 1..4 */
  const Team *team;     /* never NULL */
  Standing accept;      /* STANDING_UNKNOWN: anyone */
  Deliver deliver;
  char *refuse;         /* text of the 550 */
  Standing acknowledge; /* the least standing that is acknowledged; STANDING_UNKNOWN: anyone */
  gboolean never_acknowledge;
  const Escalation *page; /* nullable: not an emergency role */
  Standing page_if;       /* the least standing that pages at once */
  char **page_automatic;  /* senders whose automatic mail pages */
  char *language;         /* of its letters when nothing better is known */
  gint64 max_size;        /* octets of a message; 0: no bound of ours */
  char **forbid;          /* endings and types of attachments that tickets do not keep */
} Role;

typedef enum { DIRECTORY_TABLE, DIRECTORY_LDAP } DirectoryType;
typedef struct {
  DirectoryType type;
  char **uri;
  char *base, *filter, *domain_filter; /* domain_filter nullable */
  char *bind_dn, *bind_password_file;  /* nullable: anonymous */
  gboolean starttls, sasl_external;
  char *ca_file, *cert_file, *key_file; /* nullable */
  gint64 timeout; /* seconds */
  gint64 cache;   /* seconds */
  int connections;
  char *attribute_name, *attribute_organization, *attribute_customer, *attribute_language, *attribute_status;
  char *attribute_level; /* nullable */
} DirectorySettings;

typedef struct {
  char *url;
  gint64 timeout; /* seconds */
  char *user, *password_file, *ca_file; /* nullable */
} RelaySettings;

typedef struct {
  char *path;
  char *listen;
  char *socket_group; /* nullable */
  int socket_mode;    /* permission bits */
  int max_in_progress; /* messages being worked on at once; beyond it 451 */
  gint64 max_size;     /* octets; 0: no bound of ours */
  gint64 drain;        /* seconds that a stop waits for messages in progress */
  char *hostname;
  char **authserv_id;
  int authserv_hops;
  char **authserv_methods;
  char *database;
  char *templates;
  char *tag;
  char *company;
  char *phone;
  char *language;
  char *web;              /* nullable: no web pages */
  char *web_url;          /* what links begin with, without a slash at its end; nullable */
  GPtrArray *web_proxies; /* (element-type GInetAddressMask) whose word on the client's address is believed */
  char **own_address; /* further addresses of ours that are never answered, besides the roles */
  Reports reports;
  char *postmaster;   /* where REPORTS_FORWARD sends them, nullable */
  RelaySettings relay;
  gint64 give_up;        /* seconds until an acknowledgement is given up */
  gint64 close_after;    /* seconds from resolved to closed */
  int acknowledge_limit; /* acknowledgements to one address an hour */
  int acknowledge_limit_total; /* to all addresses an hour */
  gint64 acknowledge_pause; /* seconds after an acknowledgement to an address without another one; 0: none */
  int flood_limit, flood_limit_ticket, flood_limit_total; /* messages an hour of one sender, on one ticket, in all */
  char *heartbeat;       /* URL that is asked for after each clean audit, nullable */
  gint64 page_window;    /* seconds; within them an agent's further pages by a channel become one */
  int page_limit;        /* incidents that one sender starts an hour; 0: any number */
  int page_limit_total;  /* that all senders start */
  DirectorySettings directory;
  GPtrArray *calendars, *policies, *teams, *agents, *channels, *schedules, *escalations, *roles;
  char **remarks; /* sentences on what is no mistake: "FILE:LINE: holidays of ... are not known"; for -t and doctor */
  GHashTable *role_by_address; /* normalised address -> Role */
  GPtrArray *holiday_files;    /* (element-type utf8) of all calendars */
  GHashTable *sources;         /* (element-type utf8 utf8) path and text of the files that it was read from */
} Config;

/* Reads PATH. Ownership: the caller gets a reference. Errors: CONFIG_ERROR. */
Config *config_load (const char *path, GError **error);

/* CONFIG once more, by the text that it was read from, with the calendars and holidays that are on disk now. What has
 * been changed in the configuration's own files meanwhile does not count. */
Config *config_renew (const Config *config, GError **error);

/* TRUE when ONE and OTHER, of which one is the other renewed, put the same agents on call and close on the same days. */
gboolean config_same_times (const Config *one, const Config *other);

/* The files that config_renew() reads, whether they are there or not. (element-type utf8), the caller's; the paths are
 * CONFIG's. */
GPtrArray *config_list_calendars (const Config *config);

/* Makes TEXT, SCHEDULE's calendar, the last good copy, in one step, as of now. The copy is what counts while the calendar
 * itself cannot be read, or makes no sense, or is elsewhere; commands read it, and only the daemon keeps it. Errors:
 * CONFIG_ERROR_VALUE with NAME:line when TEXT makes no sense, and the old copy stays; CONFIG_ERROR_KEEP. */
gboolean config_keep_calendar (const Config *config, const Schedule *schedule, const char *name, const char *text,
                               GError **error);

/* The same with the text that is in SCHEDULE's file, when it is another one than the copy's. Errors: CONFIG_ERROR_READ,
 * too. */
gboolean config_keep_calendar_file (const Config *config, const Schedule *schedule, GError **error);
Config *config_ref (Config *config);
void config_unref (Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Config, config_unref)

/* The role that ADDRESS (bare, no angle brackets) belongs to, or NULL. Compares without case, with the domain
 * in A-label form, and without a "+extension", whose text is given in *EXTENSION (owned by the caller; NULL
 * when there is none; EXTENSION may be NULL). */
const Role *config_find_role (const Config *config, const char *address, char **extension);
const Role *config_find_role_by_name (const Config *config, const char *name);
const Policy *config_find_policy (const Config *config, const char *name);
const Team *config_find_team (const Config *config, const char *name);
const Agent *config_find_agent (const Config *config, const char *name);
const Agent *config_find_agent_by_mail (const Config *config, const char *address);
const Channel *config_find_channel (const Config *config, const char *name);
const Schedule *config_find_schedule (const Config *config, const char *name);

/* TRUE when STEP pages AGENT whoever is on call: by name, or as one of its team. */
gboolean step_names (const Step *step, const Agent *agent);

/* ADDRESS with the local part lower-cased (Unicode) and the domain lower-cased in A-label form: what addresses
 * are compared by. Returns NULL when ADDRESS has no @, an empty side, or is longer than LIMIT_ADDRESS. */
char *address_normalise (const char *address);

/* TRUE when both are addresses and the same one by address_normalise(). Either may be NULL. */
gboolean address_equal (const char *one, const char *other);
