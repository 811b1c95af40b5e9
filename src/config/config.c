/* The Config as a whole: its life, and what is found in it. Everything it points to is in one arena, so that there is
 * one thing to free. */
#include "config/config.h"

#include <string.h>

#include "config/build.h"
#include "config/network.h"

G_DEFINE_QUARK (frontdesk-config-error-quark, config_error)

/* The Config and what it owns. */
typedef struct {
  Config config;
  GStringChunk *strings;
  GPtrArray *memory;
} Arena;

const char *
standing_to_string (Standing standing)
{
  static const char *const names[] = { "barred", "unknown", "known", "verified" };
  return names[standing];
}

/* The item called NAME of ITEMS, whose structures all begin with their name. */
gpointer
config_find_named (const GPtrArray *items, const char *name)
{
  for (guint i = 0; i < items->len; i++)
    {
      char **item = g_ptr_array_index (items, i);
      if (g_str_equal (*item, name))
        return item;
    }
  return NULL;
}

static void
free_agent_teams (gpointer agent)
{
  g_clear_pointer (&((Agent *) agent)->teams, g_ptr_array_unref);
}

static void
clear_calendar (gpointer data)
{
  Calendar *calendar = data;
  g_time_zone_unref (calendar->zone);
  g_array_unref (calendar->dates);
  for (guint i = 0; i < G_N_ELEMENTS (calendar->week); i++)
    g_array_unref (calendar->week[i]);
}

static void
clear_schedule (gpointer data)
{
  Schedule *schedule = data;
  g_time_zone_unref (schedule->zone);
  g_array_unref (schedule->shifts);
  if (schedule->rotation != NULL)
    g_clear_pointer (&schedule->rotation->agents, g_ptr_array_unref);
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
  g_ptr_array_unref (config->web_proxies);
  g_ptr_array_unref (config->holiday_files);
  g_hash_table_unref (config->sources);
  g_strfreev (config->remarks);
  g_ptr_array_unref (arena->memory);
  g_string_chunk_free (arena->strings);
}

static Arena *
arena_new (const char *path, GHashTable *sources)
{
  Arena *arena = g_atomic_rc_box_new0 (Arena);
  Config *config = &arena->config;
  arena->strings = g_string_chunk_new (4096);
  arena->memory = g_ptr_array_new_with_free_func (g_free);
  config->path = g_string_chunk_insert (arena->strings, path);
  config->calendars = g_ptr_array_new_with_free_func (clear_calendar);
  config->policies = g_ptr_array_new ();
  config->teams = g_ptr_array_new ();
  config->agents = g_ptr_array_new_with_free_func (free_agent_teams);
  config->channels = g_ptr_array_new ();
  config->schedules = g_ptr_array_new_with_free_func (clear_schedule);
  config->escalations = g_ptr_array_new_with_free_func (free_escalation_steps);
  config->roles = g_ptr_array_new ();
  config->web_proxies = g_ptr_array_new_with_free_func (g_object_unref);
  config->role_by_address = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  config->holiday_files = g_ptr_array_new ();
  config->sources = g_hash_table_ref (sources);
  return arena;
}

/* By the text in SOURCES, where PATH and what it includes are there. */
static Config *
load (const char *path, GHashTable *sources, GError **error)
{
  cfg_t *root = options_parse (path, sources, error);
  if (root == NULL)
    return NULL;
  Arena *arena = arena_new (path, sources);
  g_autoptr (GStrvBuilder) remarks = g_strv_builder_new ();
  Build build = {
    .config = &arena->config, .root = root, .strings = arena->strings, .memory = arena->memory,
    .remarks = remarks, .error = error
  };
  gboolean built = build_settings (&build) && build_calendars (&build) && build_schedules (&build) &&
                   build_people (&build) && build_shifts (&build) && build_escalations (&build) &&
                   build_policies (&build) && build_roles (&build);
  arena->config.remarks = g_strv_builder_end (remarks);
  options_free (root);
  if (built)
    return &arena->config;
  config_unref (&arena->config);
  return NULL;
}

Config *
config_load (const char *path, GError **error)
{
  g_autofree char *full = g_canonicalize_filename (path, NULL);
  g_autoptr (GHashTable) sources = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return load (full, sources, error);
}

Config *
config_renew (const Config *config, GError **error)
{
  return load (config->path, config->sources, error);
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
  return config_find_named (config->roles, name);
}

const Policy *
config_find_policy (const Config *config, const char *name)
{
  return config_find_named (config->policies, name);
}

const Team *
config_find_team (const Config *config, const char *name)
{
  return config_find_named (config->teams, name);
}

const Agent *
config_find_agent (const Config *config, const char *name)
{
  return config_find_named (config->agents, name);
}

const Channel *
config_find_channel (const Config *config, const char *name)
{
  return config_find_named (config->channels, name);
}

const Schedule *
config_find_schedule (const Config *config, const char *name)
{
  return config_find_named (config->schedules, name);
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

GPtrArray *
config_list_calendars (const Config *config)
{
  GPtrArray *paths = g_ptr_array_new ();
  g_ptr_array_extend (paths, config->holiday_files, NULL, NULL);
  for (guint i = 0; i < config->schedules->len; i++)
    {
      const Schedule *schedule = g_ptr_array_index (config->schedules, i);
      if (schedule->calendar != NULL)
        g_ptr_array_add (paths, schedule->fetched ? schedule->copy : schedule->calendar);
    }
  return paths;
}

static gboolean
has_same_shifts (const Schedule *one, const Schedule *other)
{
  gboolean same = one->shifts->len == other->shifts->len;
  for (guint i = 0; same && i < one->shifts->len; i++)
    {
      const Shift *a = &g_array_index (one->shifts, Shift, i), *b = &g_array_index (other->shifts, Shift, i);
      same = a->time.from == b->time.from && a->time.to == b->time.to && g_str_equal (a->name, b->name) &&
             g_str_equal (a->agent->name, b->agent->name);
    }
  return same;
}

static gboolean
has_same_dates (const Calendar *one, const Calendar *other)
{
  gboolean same = one->dates->len == other->dates->len;
  for (guint i = 0; same && i < one->dates->len; i++)
    {
      const CalendarDate *a = &g_array_index (one->dates, CalendarDate, i),
                         *b = &g_array_index (other->dates, CalendarDate, i);
      same = a->day == b->day && a->kind == b->kind && g_strcmp0 (a->name, b->name) == 0;
    }
  return same;
}

gboolean
config_same_times (const Config *one, const Config *other)
{
  gboolean same = TRUE;
  for (guint i = 0; same && i < one->schedules->len; i++)
    same = has_same_shifts (g_ptr_array_index (one->schedules, i), g_ptr_array_index (other->schedules, i));
  for (guint i = 0; same && i < one->calendars->len; i++)
    same = has_same_dates (g_ptr_array_index (one->calendars, i), g_ptr_array_index (other->calendars, i));
  return same;
}
