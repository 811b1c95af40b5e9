/* config: what the administrator has decided.
 *
 * config_load() reads a file (and what it includes) into one immutable, reference-counted Config: every
 * name is resolved to a pointer, every value is checked, every key has a default. Nothing else in the
 * program reads configuration files. A reload is a second Config; who holds the first keeps it.
 *
 * Strings and arrays belong to the Config and live as long as a reference to it.
 */
#pragma once

#include <glib.h>

#define CONFIG_ERROR (config_error_quark ())
GQuark config_error_quark (void);

typedef enum {
  CONFIG_ERROR_READ,   /* the file cannot be opened or read */
  CONFIG_ERROR_SYNTAX, /* libConfuse does not understand it */
  CONFIG_ERROR_VALUE,  /* a value or a reference makes no sense; the message has file:line where known */
} ConfigError;

/* How well a sender is known, in rising order. */
typedef enum { STANDING_BARRED, STANDING_UNKNOWN, STANDING_KNOWN, STANDING_VERIFIED } Standing;

/* Returns "barred", "unknown", "known" or "verified". */
const char *standing_to_string (Standing standing);

/* A target's length. Business time runs on the target's calendar; elapsed time on the clock. */
typedef enum { SPAN_NONE, SPAN_BUSINESS, SPAN_ELAPSED, SPAN_BUSINESS_DAYS } SpanKind;
typedef struct {
  SpanKind kind;
  gint64 amount; /* seconds, or days for SPAN_BUSINESS_DAYS */
} Span;

/* Reads "90s", "15m", "4h", "2d", "1w", "24h elapsed", "7bd". FALSE when TEXT is none of these. */
gboolean span_parse (const char *text, Span *span);

/* A span of a local date, seconds from its midnight, half-open; one that ends on the next date ends beyond 24 h. */
typedef struct {
  gint32 from, to;
} DaySpan;

typedef enum {
  DATE_EXTRA,   /* open besides the weekly hours */
  DATE_SPECIAL, /* open in place of them */
  DATE_CLOSED,  /* closed for the span */
  DATE_HOLIDAY, /* closed, the whole local date */
} DateKind;

typedef struct {
  gint32 day; /* since 1970-01-01 */
  DateKind kind;
  DaySpan span;     /* not for a holiday */
  const char *name; /* of a holiday */
} CalendarDate;

typedef struct {
  char *name;
  char *timezone;
  GTimeZone *zone;
  char **hours;    /* as written; none for "always" */
  GArray *week[7]; /* (element-type DaySpan), Monday first */
  GArray *dates;   /* (element-type CalendarDate) in the order of their days */
} Calendar;

typedef struct {
  const Calendar *calendar;
  Span acknowledge, respond, update, resolve;
} Targets;

typedef struct {
  char *name;
  const Calendar *calendar; /* of the policy itself; a priority may have another one */
  Targets priority[4]; /* p1..p4, defaults already filled in from the policy */
  int warn;            /* per cent */
} Policy;

typedef struct Team Team;
struct Team {
  char *name;
  char **notify;
  const Team *escalate_to; /* nullable */
};

typedef struct {
  char *name;
  char *full_name;
  char *mail;
  char *mobile; /* nullable */
  char **login; /* SMTP AUTH names that are this agent */
  GPtrArray *teams; /* (element-type Team), not owned */
} Agent;

typedef enum { CHANNEL_MAIL, CHANNEL_WEBHOOK, CHANNEL_COMMAND } ChannelType;
typedef struct {
  char *name;
  ChannelType type;
  char *url;      /* webhook */
  char *body;     /* webhook: "json" */
  char **command; /* command: argv; no shell */
  int timeout;    /* seconds, default 10 */
} Channel;

typedef struct {
  char *name;
  char *timezone;
  char *calendar;
} Schedule;

typedef struct {
  char *name;
  const Schedule *schedule; /* nullable */
  GPtrArray *agents;        /* (element-type Agent) */
  const Team *team;         /* nullable */
  GPtrArray *by;            /* (element-type Channel) */
  Span wait;
} Step;

typedef struct {
  char *name;
  GPtrArray *steps; /* (element-type Step), never empty */
  int repeat;
} Escalation;

typedef enum { DELIVER_PASS, DELIVER_TAKE } Deliver;

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
  char *web, *web_url;
  char **own_address; /* further addresses of ours that are never answered, besides the roles */
  RelaySettings relay;
  gint64 give_up;        /* seconds until an acknowledgement is given up */
  gint64 close_after;    /* seconds from resolved to closed */
  int acknowledge_limit; /* acknowledgements to one address an hour */
  int acknowledge_limit_total; /* to all addresses an hour */
  DirectorySettings directory;
  GPtrArray *calendars, *policies, *teams, *agents, *channels, *schedules, *escalations, *roles;
  char **remarks; /* sentences on what is no mistake: "FILE:LINE: KEY has no effect yet"; for -t and doctor */
  GHashTable *role_by_address; /* normalised address -> Role */
} Config;

/* Reads PATH. Ownership: the caller gets a reference. Errors: CONFIG_ERROR. */
Config *config_load (const char *path, GError **error);
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

/* TRUE when STEP of ROLE's escalation pages AGENT. A schedule stands for every agent of the role's team. */
gboolean step_reaches (const Step *step, const Role *role, const Agent *agent);

/* ADDRESS with the local part lower-cased (Unicode) and the domain lower-cased in A-label form: what addresses
 * are compared by. Returns NULL when ADDRESS has no @, an empty side, or is longer than LIMIT_ADDRESS. */
char *address_normalise (const char *address);

/* TRUE when both are addresses and the same one by address_normalise(). Either may be NULL. */
gboolean address_equal (const char *one, const char *other);
