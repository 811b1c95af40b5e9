/* Makes the program's structures of what options.c has read: names become pointers, words become values. Everything is
 * owned by the Config's arena, so that there is one thing to free. */
#include "config/config.h"

#include <string.h>

#include "config/checks.h"
#include "config/options.h"

G_DEFINE_QUARK (frontdesk-config-error-quark, config_error)

/* The Config and what it owns. */
typedef struct {
  Config config;
  GStringChunk *strings;
  GPtrArray *memory;
} Arena;

typedef struct {
  Arena *arena;
  Config *config;
  cfg_t *root;
  GError **error;
} Build;

const char *
standing_to_string (Standing standing)
{
  static const char *const names[] = { "barred", "unknown", "known", "verified" };
  return names[standing];
}

static gpointer
keep (Build *build, gpointer memory)
{
  g_ptr_array_add (build->arena->memory, memory);
  return memory;
}

#define NEW(build, type) ((type *) keep (build, g_new0 (type, 1)))

static char *
text_of (Build *build, cfg_t *section, const char *name)
{
  const char *value = cfg_getstr (section, name);
  return value != NULL ? g_string_chunk_insert (build->arena->strings, value) : NULL;
}

/* The same, NULL when empty. */
static char *
some_text_of (Build *build, cfg_t *section, const char *name)
{
  char *value = text_of (build, section, name);
  return value != NULL && *value != '\0' ? value : NULL;
}

static char **
list_of (Build *build, cfg_t *section, const char *name)
{
  unsigned int count = cfg_size (section, name);
  char **list = keep (build, g_new0 (char *, count + 1));
  for (unsigned int i = 0; i < count; i++)
    list[i] = g_string_chunk_insert (build->arena->strings, cfg_getnstr (section, name, i));
  return list;
}

static gint64
seconds_of (cfg_t *section, const char *name)
{
  Span span = { 0 };
  span_parse (cfg_getstr (section, name), &span);
  return span.amount;
}

static Standing
standing_of (cfg_t *section, const char *name)
{
  const char *word = cfg_getstr (section, name);
  if (g_str_equal (word, "verified"))
    return STANDING_VERIFIED;
  return g_str_equal (word, "known") ? STANDING_KNOWN : STANDING_UNKNOWN;
}

/* The item called NAME of ITEMS, whose structures all begin with their name. */
static gpointer
find_named (const GPtrArray *items, const char *name)
{
  for (guint i = 0; i < items->len; i++)
    {
      char **item = g_ptr_array_index (items, i);
      if (g_str_equal (*item, name))
        return item;
    }
  return NULL;
}

/* Resolves the name in SECTION's OPTION to an item of ITEMS. FALSE with an error when there is none; *ITEM is NULL when
 * the option is not set. */
static gboolean
resolve (Build *build, cfg_t *section, const char *option, const GPtrArray *items, gpointer item)
{
  const char *name = cfg_getstr (section, option);
  gpointer *place = item;
  *place = NULL;
  if (name == NULL || *name == '\0')
    return TRUE;
  *place = find_named (items, name);
  if (*place != NULL)
    return TRUE;
  options_set_error (build->error, section, "%s: there is no \"%s\"", option, name);
  return FALSE;
}

static GPtrArray *
resolve_list (Build *build, cfg_t *section, const char *option, const GPtrArray *items)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  for (unsigned int i = 0; i < cfg_size (section, option); i++)
    {
      const char *name = cfg_getnstr (section, option, i);
      gpointer item = find_named (items, name);
      if (item == NULL)
        {
          options_set_error (build->error, section, "%s: there is no \"%s\"", option, name);
          return NULL;
        }
      g_ptr_array_add (list, item);
    }
  return g_steal_pointer (&list);
}

static void
build_calendars (Build *build)
{
  Calendar *always = NEW (build, Calendar);
  *always = (Calendar){ .name = (char *) "always", .timezone = (char *) "UTC" };
  always->hours = always->holidays = always->extra = keep (build, g_new0 (char *, 1));
  g_ptr_array_add (build->config->calendars, always);
  for (unsigned int i = 0; i < cfg_size (build->root, "calendar"); i++)
    {
      cfg_t *section = cfg_getnsec (build->root, "calendar", i);
      Calendar *calendar = NEW (build, Calendar);
      calendar->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
      calendar->timezone = text_of (build, section, "timezone");
      calendar->hours = list_of (build, section, "hours");
      calendar->holidays = list_of (build, section, "holidays");
      calendar->extra = list_of (build, section, "extra");
      g_ptr_array_add (build->config->calendars, calendar);
    }
}

static void
read_span (cfg_t *section, const char *name, Span *span)
{
  const char *text = cfg_getstr (section, name);
  if (text != NULL)
    span_parse (text, span);
}

/* Reads the targets that SECTION sets over those that TARGETS has already. */
static gboolean
read_targets (Build *build, cfg_t *section, Targets *targets)
{
  const Calendar *calendar;
  if (!resolve (build, section, "calendar", build->config->calendars, &calendar))
    return FALSE;
  if (calendar != NULL)
    targets->calendar = calendar;
  read_span (section, "acknowledge", &targets->acknowledge);
  read_span (section, "respond", &targets->respond);
  read_span (section, "update", &targets->update);
  read_span (section, "resolve", &targets->resolve);
  return TRUE;
}

static gboolean
build_policy (Build *build, cfg_t *section)
{
  Policy *policy = NEW (build, Policy);
  Targets common = { 0 };
  policy->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
  policy->warn = (int) cfg_getint (section, "warn");
  if (!read_targets (build, section, &common))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (policy->priority); i++)
    policy->priority[i] = common;
  for (unsigned int i = 0; i < cfg_size (section, "priority"); i++)
    {
      cfg_t *priority = cfg_getnsec (section, "priority", i);
      const char *title = cfg_title (priority);
      if (strlen (title) != 2 || title[0] != 'p' || title[1] < '1' || title[1] > '4')
        {
          options_set_error (build->error, priority, "a priority is p1, p2, p3 or p4");
          return FALSE;
        }
      if (!read_targets (build, priority, &policy->priority[title[1] - '1']))
        return FALSE;
    }
  g_ptr_array_add (build->config->policies, policy);
  return TRUE;
}

static gboolean
build_teams (Build *build)
{
  GPtrArray *teams = build->config->teams;
  for (unsigned int i = 0; i < cfg_size (build->root, "team"); i++)
    {
      cfg_t *section = cfg_getnsec (build->root, "team", i);
      Team *team = NEW (build, Team);
      team->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
      team->notify = list_of (build, section, "notify");
      g_ptr_array_add (teams, team);
    }
  for (guint i = 0; i < teams->len; i++)
    {
      Team *team = g_ptr_array_index (teams, i);
      if (!resolve (build, cfg_getnsec (build->root, "team", i), "escalate-to", teams, &team->escalate_to))
        return FALSE;
    }
  return TRUE;
}

static gboolean
build_agent (Build *build, cfg_t *section)
{
  Agent *agent = NEW (build, Agent);
  agent->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
  agent->full_name = cfg_getstr (section, "name") != NULL ? text_of (build, section, "name") : agent->name;
  agent->mail = text_of (build, section, "mail");
  agent->mobile = some_text_of (build, section, "mobile");
  agent->login = list_of (build, section, "login");
  agent->teams = resolve_list (build, section, "teams", build->config->teams);
  g_ptr_array_add (build->config->agents, agent);
  return agent->teams != NULL;
}

static gboolean
build_channel (Build *build, cfg_t *section)
{
  Channel *channel = NEW (build, Channel);
  const char *type = cfg_getstr (section, "type");
  channel->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
  channel->type = g_str_equal (type, "webhook")   ? CHANNEL_WEBHOOK
                  : g_str_equal (type, "command") ? CHANNEL_COMMAND
                                                  : CHANNEL_MAIL;
  channel->url = some_text_of (build, section, "url");
  channel->body = text_of (build, section, "body");
  channel->command = list_of (build, section, "command");
  channel->timeout = (int) seconds_of (section, "timeout");
  g_ptr_array_add (build->config->channels, channel);
  if (channel->type == CHANNEL_WEBHOOK && channel->url == NULL)
    options_set_error (build->error, section, "a webhook needs a url");
  else if (channel->type == CHANNEL_WEBHOOK && !g_str_equal (channel->body, "json"))
    options_set_error (build->error, section, "body: \"%s\" is not understood; write json", channel->body);
  else if (channel->type == CHANNEL_COMMAND && channel->command[0] == NULL)
    options_set_error (build->error, section, "a command channel needs command = {\"/path/to/program\", ...}");
  else
    return TRUE;
  return FALSE;
}

static void
build_schedules (Build *build)
{
  for (unsigned int i = 0; i < cfg_size (build->root, "schedule"); i++)
    {
      cfg_t *section = cfg_getnsec (build->root, "schedule", i);
      Schedule *schedule = NEW (build, Schedule);
      schedule->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
      schedule->timezone = text_of (build, section, "timezone");
      schedule->calendar = some_text_of (build, section, "calendar");
      g_ptr_array_add (build->config->schedules, schedule);
    }
}

static gboolean
build_step (Build *build, cfg_t *section, Escalation *escalation)
{
  Step *step = NEW (build, Step);
  g_ptr_array_add (escalation->steps, step);
  step->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
  read_span (section, "wait", &step->wait);
  step->agents = resolve_list (build, section, "agents", build->config->agents);
  step->by = step->agents != NULL ? resolve_list (build, section, "by", build->config->channels) : NULL;
  if (step->by == NULL || !resolve (build, section, "schedule", build->config->schedules, &step->schedule) ||
      !resolve (build, section, "team", build->config->teams, &step->team))
    return FALSE;
  if (step->by->len == 0)
    options_set_error (build->error, section, "by: name at least one channel");
  else if (step->agents->len == 0 && step->schedule == NULL && step->team == NULL)
    options_set_error (build->error, section, "name a schedule, agents or a team to page");
  else
    return TRUE;
  return FALSE;
}

static gboolean
build_escalation (Build *build, cfg_t *section)
{
  Escalation *escalation = NEW (build, Escalation);
  escalation->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
  escalation->repeat = (int) cfg_getint (section, "repeat");
  escalation->steps = g_ptr_array_new ();
  g_ptr_array_add (build->config->escalations, escalation);
  for (unsigned int i = 0; i < cfg_size (section, "step"); i++)
    if (!build_step (build, cfg_getnsec (section, "step", i), escalation))
      return FALSE;
  if (escalation->steps->len > 0)
    return TRUE;
  options_set_error (build->error, section, "an escalation needs a step \"NAME\" { ... }");
  return FALSE;
}

static gboolean
build_role (Build *build, cfg_t *section)
{
  Role *role = NEW (build, Role);
  Config *config = build->config;
  role->name = g_string_chunk_insert (build->arena->strings, cfg_title (section));
  role->address = list_of (build, section, "address");
  role->priority = cfg_getstr (section, "priority")[1] - '0';
  role->accept = standing_of (section, "accept");
  role->deliver = g_str_equal (cfg_getstr (section, "deliver"), "take") ? DELIVER_TAKE : DELIVER_PASS;
  role->refuse = text_of (build, section, "refuse");
  role->acknowledge = standing_of (section, "acknowledge");
  role->never_acknowledge = g_str_equal (cfg_getstr (section, "acknowledge"), "never");
  role->page_if = standing_of (section, "page-if");
  role->page_automatic = list_of (build, section, "page-automatic");
  role->language = some_text_of (build, section, "language");
  if (role->language == NULL)
    role->language = config->language;
  g_ptr_array_add (config->roles, role);
  if (!resolve (build, section, "policy", config->policies, &role->policy) ||
      !resolve (build, section, "team", config->teams, &role->team) ||
      !resolve (build, section, "page", config->escalations, &role->page))
    return FALSE;
  if (role->team == NULL)
    options_set_error (build->error, section, "name the team that the role's tickets belong to: team = \"...\"");
  else if (role->address[0] == NULL)
    options_set_error (build->error, section, "name at least one address: address = {\"...\"}");
  else
    return TRUE;
  return FALSE;
}

/* Calls BUILD_ONE for each section NAME. */
static gboolean
build_each (Build *build, const char *name, gboolean (*build_one) (Build *build, cfg_t *section))
{
  for (unsigned int i = 0; i < cfg_size (build->root, name); i++)
    if (!build_one (build, cfg_getnsec (build->root, name, i)))
      return FALSE;
  return TRUE;
}

static void
build_directory (Build *build)
{
  cfg_t *section = cfg_getsec (build->root, "directory");
  build->config->directory = (DirectorySettings){
    .type = g_str_equal (cfg_getstr (section, "type"), "ldap") ? DIRECTORY_LDAP : DIRECTORY_TABLE,
    .uri = list_of (build, section, "uri"),
    .base = text_of (build, section, "base"),
    .filter = text_of (build, section, "filter"),
    .domain_filter = some_text_of (build, section, "domain-filter"),
    .bind_dn = some_text_of (build, section, "bind-dn"),
    .bind_password_file = some_text_of (build, section, "bind-password-file"),
    .starttls = cfg_getbool (section, "starttls") == cfg_true,
    .sasl_external = *cfg_getstr (section, "sasl") != '\0',
    .ca_file = some_text_of (build, section, "ca-file"),
    .cert_file = some_text_of (build, section, "cert-file"),
    .key_file = some_text_of (build, section, "key-file"),
    .timeout = seconds_of (section, "timeout"),
    .cache = seconds_of (section, "cache"),
    .connections = (int) CLAMP (cfg_getint (section, "connections"), 1, 64),
    .attribute_name = text_of (build, section, "attribute-name"),
    .attribute_organization = text_of (build, section, "attribute-organization"),
    .attribute_customer = text_of (build, section, "attribute-customer"),
    .attribute_language = text_of (build, section, "attribute-language"),
    .attribute_status = text_of (build, section, "attribute-status"),
  };
}

static gboolean
build_settings (Build *build)
{
  Config *config = build->config;
  cfg_t *root = build->root, *relay = cfg_getsec (root, "relay");
  guint64 mode;
  if (!g_ascii_string_to_unsigned (cfg_getstr (root, "socket-mode"), 8, 0, 0777, &mode, NULL))
    {
      options_set_error (build->error, root, "socket-mode: \"%s\" is no mode; write 0660", cfg_getstr (root, "socket-mode"));
      return FALSE;
    }
  config->socket_mode = (int) mode;
  config->listen = text_of (build, root, "listen");
  config->socket_group = some_text_of (build, root, "socket-group");
  config->max_in_progress = (int) cfg_getint (root, "max-in-progress");
  config->max_size = cfg_getint (root, "max-size");
  config->drain = seconds_of (root, "drain");
  config->hostname = some_text_of (build, root, "hostname");
  if (config->hostname == NULL)
    config->hostname = g_string_chunk_insert (build->arena->strings, g_get_host_name ());
  config->authserv_id = list_of (build, root, "authserv-id");
  config->authserv_hops = (int) cfg_getint (root, "authserv-hops");
  config->authserv_methods = list_of (build, root, "authserv-methods");
  config->database = text_of (build, root, "database");
  config->templates = text_of (build, root, "templates");
  config->tag = text_of (build, root, "tag");
  config->company = text_of (build, root, "company");
  config->phone = text_of (build, root, "phone");
  config->language = text_of (build, root, "language");
  config->web = some_text_of (build, root, "web");
  config->web_url = some_text_of (build, root, "web-url");
  config->own_address = list_of (build, root, "own-address");
  config->give_up = seconds_of (root, "give-up");
  config->close_after = seconds_of (root, "close-after");
  config->acknowledge_limit = (int) cfg_getint (root, "acknowledge-limit");
  config->acknowledge_limit_total = (int) cfg_getint (root, "acknowledge-limit-total");
  config->relay = (RelaySettings){ .url = text_of (build, relay, "url"),
                                   .timeout = seconds_of (relay, "timeout"),
                                   .user = some_text_of (build, relay, "user"),
                                   .password_file = some_text_of (build, relay, "password-file"),
                                   .ca_file = some_text_of (build, relay, "ca-file") };
  return TRUE;
}

static gboolean
build_config (Build *build)
{
  if (!build_settings (build))
    return FALSE;
  build_directory (build);
  build_calendars (build);
  build_schedules (build);
  if (!build_each (build, "policy", build_policy) || !build_teams (build) || !build_each (build, "agent", build_agent) ||
      !build_each (build, "channel", build_channel) || !build_each (build, "escalation", build_escalation) ||
      !build_each (build, "role", build_role))
    return FALSE;
  return checks_index_addresses (build->config, build->root, build->error);
}

static void
free_agent_teams (gpointer agent)
{
  g_clear_pointer (&((Agent *) agent)->teams, g_ptr_array_unref);
}

static void
free_escalation_steps (gpointer data)
{
  Escalation *escalation = data;
  for (guint i = 0; i < escalation->steps->len; i++)
    {
      Step *step = g_ptr_array_index (escalation->steps, i);
      g_clear_pointer (&step->agents, g_ptr_array_unref);
      g_clear_pointer (&step->by, g_ptr_array_unref);
    }
  g_ptr_array_unref (escalation->steps);
}

static void
arena_clear (gpointer data)
{
  Arena *arena = data;
  Config *config = &arena->config;
  GPtrArray *lists[] = { config->calendars, config->policies,  config->teams,       config->agents,
                         config->channels,  config->schedules, config->escalations, config->roles };
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    g_ptr_array_unref (lists[i]);
  g_hash_table_unref (config->role_by_address);
  g_strfreev (config->unused);
  g_ptr_array_unref (arena->memory);
  g_string_chunk_free (arena->strings);
}

static Arena *
arena_new (const char *path)
{
  Arena *arena = g_atomic_rc_box_new0 (Arena);
  Config *config = &arena->config;
  arena->strings = g_string_chunk_new (4096);
  arena->memory = g_ptr_array_new_with_free_func (g_free);
  config->path = g_string_chunk_insert (arena->strings, path);
  config->calendars = g_ptr_array_new ();
  config->policies = g_ptr_array_new ();
  config->teams = g_ptr_array_new ();
  config->agents = g_ptr_array_new_with_free_func (free_agent_teams);
  config->channels = g_ptr_array_new ();
  config->schedules = g_ptr_array_new ();
  config->escalations = g_ptr_array_new_with_free_func (free_escalation_steps);
  config->roles = g_ptr_array_new ();
  config->role_by_address = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return arena;
}

Config *
config_load (const char *path, GError **error)
{
  g_autofree char *full = g_canonicalize_filename (path, NULL);
  cfg_t *root = options_parse (full, error);
  if (root == NULL)
    return NULL;
  Arena *arena = arena_new (full);
  Build build = { .arena = arena, .config = &arena->config, .root = root, .error = error };
  gboolean built = build_config (&build);
  if (built)
    arena->config.unused = options_list_unused (root);
  cfg_free (root);
  if (built)
    return &arena->config;
  config_unref (&arena->config);
  return NULL;
}

Config *
config_ref (Config *config)
{
  return g_atomic_rc_box_acquire (config);
}

void
config_unref (Config *config)
{
  g_atomic_rc_box_release_full (config, arena_clear);
}

const Role *
config_find_role_by_name (const Config *config, const char *name)
{
  return find_named (config->roles, name);
}

const Team *
config_find_team (const Config *config, const char *name)
{
  return find_named (config->teams, name);
}

const Agent *
config_find_agent (const Config *config, const char *name)
{
  return find_named (config->agents, name);
}

const Channel *
config_find_channel (const Config *config, const char *name)
{
  return find_named (config->channels, name);
}

const Agent *
config_find_agent_by_mail (const Config *config, const char *address)
{
  for (guint i = 0; i < config->agents->len; i++)
    {
      const Agent *agent = g_ptr_array_index (config->agents, i);
      if (address_equal (agent->mail, address))
        return agent;
    }
  return NULL;
}

const Role *
config_find_role (const Config *config, const char *address, char **extension)
{
  g_autofree char *normal = address_normalise (address);
  if (extension != NULL)
    *extension = NULL;
  if (normal == NULL)
    return NULL;
  const Role *role = g_hash_table_lookup (config->role_by_address, normal);
  char *plus = strchr (normal, '+'), *at = strrchr (normal, '@');
  if (role != NULL || plus == NULL || plus == normal || plus > at)
    return role;
  g_autofree char *plain = g_strdup_printf ("%.*s%s", (int) (plus - normal), normal, at);
  role = g_hash_table_lookup (config->role_by_address, plain);
  if (role != NULL && extension != NULL)
    *extension = g_strndup (plus + 1, (gsize) (at - plus - 1));
  return role;
}
