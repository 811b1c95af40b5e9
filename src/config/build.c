#include "config/build.h"

gpointer
build_keep (Build *build, gpointer memory)
{
  g_ptr_array_add (build->memory, memory);
  return memory;
}

char *
build_text (Build *build, cfg_t *section, const char *name)
{
  const char *value = cfg_getstr (section, name);
  return value != NULL ? g_string_chunk_insert (build->strings, value) : NULL;
}

/* The same, NULL when empty. */
char *
build_some_text (Build *build, cfg_t *section, const char *name)
{
  char *value = build_text (build, section, name);
  return value != NULL && *value != '\0' ? value : NULL;
}

char **
build_list (Build *build, cfg_t *section, const char *name)
{
  unsigned int count = cfg_size (section, name);
  char **list = build_keep (build, g_new0 (char *, count + 1));
  for (unsigned int i = 0; i < count; i++)
    list[i] = g_string_chunk_insert (build->strings, cfg_getnstr (section, name, i));
  return list;
}

gint64
build_seconds (cfg_t *section, const char *name)
{
  Span span = { 0 };
  span_parse (cfg_getstr (section, name), &span);
  return span.amount;
}

Standing
build_standing (cfg_t *section, const char *name)
{
  const char *word = cfg_getstr (section, name);
  if (g_str_equal (word, "verified"))
    return STANDING_VERIFIED;
  return g_str_equal (word, "known") ? STANDING_KNOWN : STANDING_UNKNOWN;
}

/* Resolves the name in SECTION's OPTION to an item of ITEMS. FALSE with an error when there is none; *ITEM is NULL when
 * the option is not set. */
gboolean
build_resolve (Build *build, cfg_t *section, const char *option, const GPtrArray *items, gpointer item)
{
  const char *name = cfg_getstr (section, option);
  gpointer *place = item;
  *place = NULL;
  if (name == NULL || *name == '\0')
    return TRUE;
  *place = config_find_named (items, name);
  if (*place != NULL)
    return TRUE;
  options_set_error (build->error, section, option, "there is no \"%s\"", name);
  return FALSE;
}

GPtrArray *
build_resolve_list (Build *build, cfg_t *section, const char *option, const GPtrArray *items)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  for (unsigned int i = 0; i < cfg_size (section, option); i++)
    {
      const char *name = cfg_getnstr (section, option, i);
      gpointer item = config_find_named (items, name);
      if (item == NULL)
        {
          options_set_error (build->error, section, option, "there is no \"%s\"", name);
          return NULL;
        }
      g_ptr_array_add (list, item);
    }
  return g_steal_pointer (&list);
}

void
build_span (cfg_t *section, const char *name, Span *span)
{
  const char *text = cfg_getstr (section, name);
  if (text != NULL)
    span_parse (text, span);
}

/* Calls BUILD_ONE for each section NAME. */
gboolean
build_each (Build *build, const char *name, gboolean (*build_one) (Build *build, cfg_t *section))
{
  for (unsigned int i = 0; i < cfg_size (build->root, name); i++)
    if (!build_one (build, cfg_getnsec (build->root, name, i)))
      return FALSE;
  return TRUE;
}
