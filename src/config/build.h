/* build: makes the Config's structures of what options.c has read: names become pointers, words become values.
 *
 * Everything that is made belongs to the Config's arena. A function that gives FALSE or NULL has set the error. */
#pragma once

#include "config/config.h"
#include "config/options.h"

typedef struct {
  Config *config;
  cfg_t *root;
  GStringChunk *strings;
  GPtrArray *memory; /* (element-type gpointer) freed with the Config */
  GStrvBuilder *remarks;
  GError **error;
} Build;

/* The parts, in the order in which they need each other. */
gboolean build_settings (Build *build);
gboolean build_calendars (Build *build);
gboolean build_schedules (Build *build);
gboolean build_people (Build *build);
gboolean build_channels (Build *build); /* by build_people() */
gboolean build_shifts (Build *build); /* who is in the schedules */
gboolean build_escalations (Build *build);
gboolean build_policies (Build *build);
gboolean build_roles (Build *build);

/* Gives MEMORY to the arena. */
gpointer build_keep (Build *build, gpointer memory);
#define NEW(build, type) ((type *) build_keep (build, g_new0 (type, 1)))

/* SECTION's value NAME. Text is NULL when there is none; some text is NULL when it is empty, too. */
char *build_text (Build *build, cfg_t *section, const char *name);
char *build_some_text (Build *build, cfg_t *section, const char *name);
char **build_list (Build *build, cfg_t *section, const char *name);
gint64 build_seconds (cfg_t *section, const char *name);
Standing build_standing (cfg_t *section, const char *name);
/* Leaves *SPAN as it is when the value is not set. */
void build_span (cfg_t *section, const char *name, Span *span);

/* Resolves the name in SECTION's OPTION to an item of ITEMS, whose structures all begin with their name. *ITEM is NULL
 * when the option is not set. */
gboolean build_resolve (Build *build, cfg_t *section, const char *option, const GPtrArray *items, gpointer item);
GPtrArray *build_resolve_list (Build *build, cfg_t *section, const char *option, const GPtrArray *items);

/* Calls BUILD_ONE for each section NAME. */
gboolean build_each (Build *build, const char *name, gboolean (*build_one) (Build *build, cfg_t *section));

/* In policy_version.c. */
gint64 policy_version (const Policy *policy);

/* The item called NAME, nullable; in config.c. */
gpointer config_find_named (const GPtrArray *items, const char *name);
