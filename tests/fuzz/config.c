/* A configuration file: it loads, twice the same, or there is a message that tells what to mend. */
#include "fuzz.h"

#include <string.h>

#include "config/config.h"

/* libConfuse 3.3 keeps what it has read of a function's arguments when they break off, as in: include("a"{ */
const char *__lsan_default_suppressions (void);
const char *
__lsan_default_suppressions (void)
{
  return "leak:libconfuse.so\n";
}

static void
check_config (Config *config, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Config) again = config_load (path, &error);
  FUZZ_CHECK (again != NULL && config_same_times (config, again));
  for (guint i = 0; i < config->roles->len; i++)
    {
      const Role *role = g_ptr_array_index (config->roles, i);
      FUZZ_CHECK (role->team != NULL && role->address[0] != NULL && config_find_role_by_name (config, role->name) != NULL);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *path = fuzz_file ("frontdesk.conf", data, size);
  g_autoptr (GError) error = NULL;
  /* Anything on the machine could be read, a device too, whose end never comes. */
  if (size > 0 && (memmem (data, size, "/dev/", 5) != NULL || memmem (data, size, "/proc", 5) != NULL))
    return 0;
  g_autoptr (Config) config = config_load (path, &error);
  FUZZ_CHECK ((config == NULL) == (error != NULL));
  if (config != NULL)
    check_config (config, path);
  else
    FUZZ_CHECK (error->domain == CONFIG_ERROR && *error->message != '\0' && g_utf8_validate (error->message, -1, NULL));
  return 0;
}
