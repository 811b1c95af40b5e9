#include "delivery/calendars.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "delivery/delivery.h"
#include "delivery/fetch.h"

#define LOOK (G_USEC_PER_SEC / 2) /* between two looks at the files */
#define RETRY 60                  /* seconds after a failure, where the interval is not shorter */
#define TIMEOUT 30L               /* seconds for one calendar */
#define FIRST_TIMEOUT 10L         /* of which there is no copy yet: others wait for it */

struct Calendars {
  CalendarsChanged changed;
  gpointer data;
  GMutex lock; /* guards all below but STOPPING */
  GCond wake;
  Config *config;
  gboolean new_files, new_sources; /* the threads have not seen CONFIG yet */
  gboolean urgent;                 /* some have no copy, and have not been asked for */
  gint stopping;                   /* atomic; set under the lock */
  GThread *watch, *fetch;
};

/* Whoever takes it has seen it: it is NEW no more. Under the lock. */
static Config *
take_config (Calendars *calendars, gboolean *new)
{
  *new = FALSE;
  return config_ref (calendars->config);
}

/* Waits for UNTIL (monotonic), a stop, or what makes NEW true; under the lock. */
static void
wait_until (Calendars *calendars, gint64 until, const gboolean *new)
{
  while (!g_atomic_int_get (&calendars->stopping) && !*new &&
         g_cond_wait_until (&calendars->wake, &calendars->lock, until))
    ;
}

/* ---- files ---- */

/* What a file is known again by: an editor replaces it by another one, or writes into it. */
typedef struct {
  gint64 written, changed; /* nanoseconds */
  gint64 size;
  guint64 inode;
} Mark;

typedef struct {
  Mark seen, taken;
  gboolean is_seen, is_taken;
} Watched;

static Mark
mark_of (const char *path)
{
  struct stat status;
  Mark mark = { 0 };
  if (stat (path, &status) == 0)
    mark = (Mark){ .written = (gint64) status.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status.st_mtim.tv_nsec,
                   .changed = (gint64) status.st_ctim.tv_sec * G_GINT64_CONSTANT (1000000000) + status.st_ctim.tv_nsec,
                   .size = status.st_size,
                   .inode = status.st_ino };
  return mark;
}

static gboolean
is_same (const Mark *one, const Mark *other)
{
  return one->written == other->written && one->changed == other->changed && one->size == other->size &&
         one->inode == other->inode;
}

/* TRUE when the file is another one than was taken, and has stood still since the last look. */
static gboolean
look_at (Watched *watched, const char *path)
{
  Mark now = mark_of (path);
  gboolean still = watched->is_seen && is_same (&now, &watched->seen);
  watched->seen = now;
  watched->is_seen = TRUE;
  if (!still || (watched->is_taken && is_same (&now, &watched->taken)))
    return FALSE;
  watched->taken = now;
  watched->is_taken = TRUE;
  return TRUE;
}

static gboolean
look_at_all (GHashTable *files, const Config *config)
{
  g_autoptr (GPtrArray) paths = config_list_calendars (config);
  gboolean changed = FALSE;
  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      Watched *watched = g_hash_table_lookup (files, path);
      if (watched == NULL)
        {
          watched = g_new0 (Watched, 1);
          g_hash_table_insert (files, g_strdup (path), watched);
        }
      changed |= look_at (watched, path);
    }
  return changed;
}

/* What is wrong with a file is said by who reads it next. */
static void
keep_copies (const Config *config)
{
  for (guint i = 0; i < config->schedules->len; i++)
    {
      const Schedule *schedule = g_ptr_array_index (config->schedules, i);
      g_autoptr (GError) error = NULL;
      if (schedule->calendar == NULL || schedule->fetched || config_keep_calendar_file (config, schedule, &error))
        continue;
      if (g_error_matches (error, CONFIG_ERROR, CONFIG_ERROR_KEEP))
        g_warning ("calendar of schedule \"%s\": %s", schedule->name, error->message);
    }
}

static gpointer
watch (gpointer data)
{
  Calendars *calendars = data;
  g_autoptr (GHashTable) files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_mutex_lock (&calendars->lock);
  while (!g_atomic_int_get (&calendars->stopping))
    {
      const gboolean never = FALSE;
      gboolean ready = !calendars->urgent, new = ready && calendars->new_files;
      g_autoptr (Config) config = ready ? take_config (calendars, &calendars->new_files) : NULL;
      g_mutex_unlock (&calendars->lock);
      if (ready && (look_at_all (files, config) || new))
        {
          keep_copies (config);
          calendars->changed (calendars->data);
        }
      g_mutex_lock (&calendars->lock);
      wait_until (calendars, g_get_monotonic_time () + LOOK, &never);
    }
  g_mutex_unlock (&calendars->lock);
  return NULL;
}

/* ---- what is fetched ---- */

typedef struct {
  gint64 due; /* monotonic */
  FetchVersion version;
  gboolean failing;
} Source;

static void
free_source (gpointer data)
{
  fetch_version_clear (&((Source *) data)->version);
  g_free (data);
}

static gboolean
has_copy (const Schedule *schedule)
{
  return g_file_test (schedule->copy, G_FILE_TEST_EXISTS);
}

static gboolean
lacks_copies (const Config *config)
{
  for (guint i = 0; i < config->schedules->len; i++)
    {
      const Schedule *schedule = g_ptr_array_index (config->schedules, i);
      if (schedule->fetched && !has_copy (schedule))
        return TRUE;
    }
  return FALSE;
}

/* Once an outage. */
static void
tell_failure (const Schedule *schedule, const GError *failure)
{
  struct stat status;
  if (stat (schedule->copy, &status) != 0)
    {
      g_critical ("NOBODY IS ON CALL by schedule \"%s\", as its calendar cannot be fetched and there is no copy of it: %s; "
                  "pages go to the next step meanwhile, and it is tried again",
                  schedule->name, failure->message);
      return;
    }
  gint64 minutes = (g_get_real_time () / G_USEC_PER_SEC - status.st_mtime) / 60;
  g_warning ("the calendar of schedule \"%s\" cannot be fetched, and its copy, %" G_GINT64_FORMAT
             " minutes old, counts meanwhile: %s",
             schedule->name, MAX (minutes, 0), failure->message);
}

static void
note_outcome (Calendars *calendars, const Schedule *schedule, Source *source, const GError *failure)
{
  gint64 pause = failure != NULL ? MIN (RETRY, schedule->interval) : schedule->interval;
  source->due = g_get_monotonic_time () + pause * G_USEC_PER_SEC;
  if (g_atomic_int_get (&calendars->stopping))
    return;
  if (failure != NULL && !source->failing)
    tell_failure (schedule, failure);
  else if (failure == NULL && source->failing)
    g_message ("the calendar of schedule \"%s\" is fetched again", schedule->name);
  source->failing = failure != NULL;
}

/* What the server has given counts when it makes sense. */
static gboolean
keep (const Config *config, const Schedule *schedule, Source *source, const char *text, FetchVersion *version, GError **error)
{
  g_autofree char *name = g_strconcat (schedule->origin, "/...", NULL);
  gboolean kept = config_keep_calendar (config, schedule, name, text, error);
  fetch_version_clear (kept ? &source->version : version);
  if (kept)
    source->version = *version;
  return kept;
}

static void
fetch_one (Calendars *calendars, const Config *config, const Schedule *schedule, Source *source)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *text = NULL;
  FetchVersion version = { 0 };
  gboolean known = has_copy (schedule) && (source->version.etag != NULL || source->version.last_modified != NULL);
  if (fetch_calendar (schedule, has_copy (schedule) ? TIMEOUT : FIRST_TIMEOUT, known ? &source->version : NULL,
                      &calendars->stopping, &text, &version, &failure))
    {
      if (text == NULL)
        utime (schedule->copy, NULL);
      else
        keep (config, schedule, source, text, &version, &failure);
    }
  note_outcome (calendars, schedule, source, failure);
}

static Source *
find_source (GHashTable *sources, const Schedule *schedule)
{
  Source *source = g_hash_table_lookup (sources, schedule->copy);
  if (source == NULL)
    {
      source = g_new0 (Source, 1);
      g_hash_table_insert (sources, g_strdup (schedule->copy), source);
    }
  return source;
}

/* Fetches what is due, of URGENT what has no copy only. When the next one is due. */
static gint64
fetch_due (Calendars *calendars, const Config *config, GHashTable *sources, gboolean urgent)
{
  gint64 next = g_get_monotonic_time () + G_TIME_SPAN_DAY;
  for (guint i = 0; i < config->schedules->len && !g_atomic_int_get (&calendars->stopping); i++)
    {
      const Schedule *schedule = g_ptr_array_index (config->schedules, i);
      if (!schedule->fetched || (urgent && has_copy (schedule)))
        continue;
      Source *source = find_source (sources, schedule);
      if (source->due <= g_get_monotonic_time ())
        fetch_one (calendars, config, schedule, source);
      next = MIN (next, source->due);
    }
  return next;
}

static void
make_due (GHashTable *sources)
{
  GHashTableIter iter;
  gpointer source;
  g_hash_table_iter_init (&iter, sources);
  while (g_hash_table_iter_next (&iter, NULL, &source))
    ((Source *) source)->due = 0;
}

static gpointer
fetch (gpointer data)
{
  Calendars *calendars = data;
  g_autoptr (GHashTable) sources = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_source);
  g_mutex_lock (&calendars->lock);
  while (!g_atomic_int_get (&calendars->stopping))
    {
      gboolean new = calendars->new_sources;
      g_autoptr (Config) config = take_config (calendars, &calendars->new_sources);
      g_mutex_unlock (&calendars->lock);
      if (new)
        make_due (sources);
      fetch_due (calendars, config, sources, TRUE);
      g_mutex_lock (&calendars->lock);
      calendars->urgent = calendars->urgent && calendars->new_sources;
      g_cond_broadcast (&calendars->wake);
      g_mutex_unlock (&calendars->lock);
      gint64 next = fetch_due (calendars, config, sources, FALSE);
      g_mutex_lock (&calendars->lock);
      wait_until (calendars, next, &calendars->new_sources);
    }
  g_mutex_unlock (&calendars->lock);
  return NULL;
}

/* ---- both ---- */

Calendars *
calendars_start (Config *config, CalendarsChanged changed, gpointer data)
{
  Calendars *calendars = g_new0 (Calendars, 1);
  *calendars = (Calendars){ .changed = changed, .data = data, .config = config_ref (config), .new_files = TRUE,
                            .urgent = lacks_copies (config) };
  g_mutex_init (&calendars->lock);
  g_cond_init (&calendars->wake);
  calendars->watch = g_thread_new ("calendars", watch, calendars);
  calendars->fetch = g_thread_new ("fetch", fetch, calendars);
  return calendars;
}

void
calendars_await (Calendars *calendars, gint64 seconds)
{
  gint64 until = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  g_mutex_lock (&calendars->lock);
  while (calendars->urgent && g_cond_wait_until (&calendars->wake, &calendars->lock, until))
    ;
  g_mutex_unlock (&calendars->lock);
}

void
calendars_reload (Calendars *calendars, Config *config)
{
  gboolean urgent = lacks_copies (config);
  g_mutex_lock (&calendars->lock);
  Config *old = calendars->config;
  calendars->config = config_ref (config);
  calendars->new_files = calendars->new_sources = TRUE;
  calendars->urgent |= urgent;
  g_cond_broadcast (&calendars->wake);
  g_mutex_unlock (&calendars->lock);
  config_unref (old);
}

void
calendars_stop (Calendars *calendars)
{
  g_mutex_lock (&calendars->lock);
  g_atomic_int_set (&calendars->stopping, TRUE);
  g_cond_broadcast (&calendars->wake);
  g_mutex_unlock (&calendars->lock);
  g_thread_join (calendars->watch);
  g_thread_join (calendars->fetch);
  config_unref (calendars->config);
  g_mutex_clear (&calendars->lock);
  g_cond_clear (&calendars->wake);
  g_free (calendars);
}
