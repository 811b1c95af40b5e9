/* frontdeskd: reads the configuration, opens the rooms, serves, stops. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/config.h"
#include "delivery/calendars.h"
#include "delivery/channel.h"
#include "delivery/delivery.h"
#include "desk/desk.h"
#include "desk/lookahead.h"
#include "desk/upkeep.h"
#include "detach.h"
#include "gateway/gateway.h"
#include "log.h"
#include "web/web.h"

/* Everything that is open while the daemon serves. */
typedef struct {
  char *config_path;
  Config *config;
  Seal *seal;
  Store *store;
  GMutex swap; /* guards the two below, and what is made of them elsewhere */
  Desk *desk;  /* the one that counts */
  gboolean closing;
  Delivery *delivery;
  Web *web; /* nullable */
  Calendars *calendars;
  GHashTable *told; /* (element-type utf8) troubles that are in the log already; of the calendars' thread */
  GThread *signals;
  gint stopping; /* atomic */
} Daemon;

typedef struct {
  char *config_path;
  gboolean foreground, check, version, verbose;
} Options;

static gboolean
read_options (int *argc, char ***argv, Options *options)
{
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path, "Configuration file", "FILE" },
    { "foreground", 'f', 0, G_OPTION_ARG_NONE, &options->foreground, "Stay in the foreground, log to standard error", NULL },
    { "check", 't', 0, G_OPTION_ARG_NONE, &options->check, "Check the configuration and its templates, and exit", NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, "Log debug lines too", NULL },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- the Frontdesk milter");
  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse (context, argc, argv, &error) && *argc == 1)
    return TRUE;
  fprintf (stderr, "frontdeskd: %s\n", error != NULL ? error->message : "unexpected argument");
  return FALSE;
}

static int
fail (int status, const char *what, const GError *error)
{
  g_critical ("%s%s%s", what, *what != '\0' ? ": " : "", error->message);
  return status;
}

static int
check_configuration (const Config *config)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Templates) templates = templates_load (config->templates, config->language, &error);
  if (templates == NULL)
    {
      fprintf (stderr, "frontdeskd: %s\n", error->message);
      return EX_CONFIG;
    }
  for (guint i = 0; config->remarks[i] != NULL; i++)
    printf ("%s\n", config->remarks[i]);
  for (guint i = 0; i < config->channels->len; i++)
    {
      g_autoptr (GError) trouble = NULL;
      if (!channel_check (g_ptr_array_index (config->channels, i), &trouble))
        printf ("%s\n", trouble->message);
    }
  printf ("%s: ok\n", config->path);
  return EX_OK;
}

/* One session is one descriptor, and libmilter spins when there is none left. */
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max)
    {
      limit.rlim_cur = limit.rlim_max;
      if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
        g_warning ("cannot raise the limit of open files: %s", g_strerror (errno));
    }
}

/* libmilter starts and ends a thread for nearly every message. libc keeps the stacks of ended threads up to 40 MB in all,
 * so small ones are kept and not mapped anew; few arenas, with their memory kept, spare the kernel as much, and bound
 * what stays resident. */
static void
tune_memory (void)
{
  enum { STACK = 512 * 1024, ARENAS = 4, KEPT = 4 * 1024 * 1024 };
  pthread_attr_t attributes;
  pthread_attr_init (&attributes);
  pthread_attr_setstacksize (&attributes, STACK);
  pthread_setattr_default_np (&attributes);
  pthread_attr_destroy (&attributes);
  mallopt (M_ARENA_MAX, ARENAS);
  mallopt (M_TRIM_THRESHOLD, KEPT);
}

/* Descriptors 0 to 2 always lead somewhere: else the first socket would take their place, and a stray line on standard
 * error would go to the MTA. */
static gboolean
hold_standard_descriptors (void)
{
  int fd;
  do
    fd = open ("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  return fd >= 0 && close (fd) == 0;
}

/* SQLite shares memory with the commands by a file (mmap). Where the kernel cannot write a page of it any more, because the
 * disk fails or its file system became read-only, it sends SIGBUS to the thread that touched the page. That thread cannot
 * go on, nor may it log here: the signal thread is told. */
static void
on_lost_memory (int number)
{
  enum { PATIENCE = 5 }; /* s; then SIGALRM ends the process, should the signal thread not be able to */
  (void) number;
  kill (getpid (), SIGUSR2);
  alarm (PATIENCE);
  while (TRUE)
    pause ();
}

static void
stop_for_lost_memory (const Daemon *daemon)
{
  g_critical ("the memory mapped from %s-shm is lost: its disk fails or became read-only, see the kernel's log. "
              "Stopping at once; what was answered with 250 is on disk, other mail is tried again by its senders",
              daemon->config->database);
  _exit (EX_IOERR);
}

/* Blocked in every thread: SIGUSR1 and SIGUSR2 are waited for by ours, HUP, INT and TERM by libmilter's. */
static void
block_signals (void)
{
  sigset_t set;
  sigemptyset (&set);
  sigaddset (&set, SIGHUP);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGUSR1);
  sigaddset (&set, SIGUSR2);
  sigaddset (&set, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  sigaction (SIGBUS, &(struct sigaction){ .sa_handler = on_lost_memory }, NULL);
  journal_watch_faults ();
}

/* From now on DESK counts, in place of OLD (nullable: of any). FALSE when that is not the one that counts, or none is to
 * count any more. */
static gboolean
swap_desk (Daemon *daemon, const Desk *old, Desk *desk)
{
  g_mutex_lock (&daemon->swap);
  gboolean good = !daemon->closing && (old == NULL || old == daemon->desk);
  Desk *replaced = good ? daemon->desk : NULL;
  if (good)
    {
      daemon->desk = desk_ref (desk);
      gateway_set_desk (desk);
      upkeep_install (daemon->store, desk->config, daemon->seal);
      delivery_reload (daemon->delivery, desk->config, desk->templates);
      if (daemon->web != NULL)
        web_reload (daemon->web, desk->config, desk->templates);
    }
  g_mutex_unlock (&daemon->swap);
  g_clear_pointer (&replaced, desk_unref);
  return good;
}

/* The new configuration is checked and opened whole before anything is swapped; a bad one changes nothing. */
static void
reload (Daemon *daemon)
{
  g_autoptr (GError) error = NULL;
  sd_notifyf (0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());
  g_autoptr (Config) config = config_load (daemon->config_path, &error);
  g_autoptr (Desk) desk = config != NULL ? desk_open (config, daemon->store, daemon->seal, &error) : NULL;
  if (desk == NULL || !desk_prepare (desk, &error))
    g_warning ("not reloaded, the old configuration stays: %s", error->message);
  else
    {
      if (!g_str_equal (config->listen, daemon->config->listen) ||
          !g_str_equal (config->database, daemon->config->database) ||
          g_strcmp0 (config->web, daemon->config->web) != 0)
        g_warning ("a changed \"listen\", \"web\" or \"database\" takes effect at the next start only");
      swap_desk (daemon, NULL, desk);
      calendars_reload (daemon->calendars, config);
      g_message ("configuration reloaded from %s", daemon->config_path);
    }
  sd_notify (0, "READY=1");
}

static void
tell (Daemon *daemon, GHashTable *telling, const char *key, const char *text)
{
  if (g_hash_table_add (telling, g_strdup (key)) && (daemon->told == NULL || !g_hash_table_contains (daemon->told, key)))
    g_warning ("%s", text);
}

/* What is wrong with CONFIG, and with who is on call in the next days, and FAILURE (nullable). What was wrong before, and
 * still is, is not told again. */
static void
look_ahead (Daemon *daemon, const Config *config, const char *failure)
{
  gint64 now = g_get_real_time ();
  g_autoptr (GPtrArray) overrides = store_list_overrides (daemon->store, now, NULL);
  const Roster roster = { .config = config, .overrides = overrides };
  g_autoptr (GPtrArray) findings = lookahead_find (&roster, now);
  GHashTable *telling = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (failure != NULL)
    tell (daemon, telling, failure, failure);
  for (guint i = 0; config->remarks[i] != NULL; i++)
    tell (daemon, telling, config->remarks[i], config->remarks[i]);
  for (guint i = 0; i < findings->len; i++)
    {
      const Finding *finding = g_ptr_array_index (findings, i);
      tell (daemon, telling, finding->key, finding->text);
    }
  g_clear_pointer (&daemon->told, g_hash_table_unref);
  daemon->told = telling;
}

/* The one that counts; NULL when none is to count any more. */
static Desk *
take_desk (Daemon *daemon)
{
  g_mutex_lock (&daemon->swap);
  Desk *desk = daemon->closing ? NULL : desk_ref (daemon->desk);
  g_mutex_unlock (&daemon->swap);
  return desk;
}

/* CONFIG counts in place of OLD's, which it is renewed from, when another one is on call by it. FALSE when OLD does not count
 * any more. */
static gboolean
take_times (Daemon *daemon, const Desk *old, Config *config)
{
  if (config_same_times (old->config, config))
    return TRUE;
  g_autoptr (Desk) desk = desk_renew (old, config);
  if (!swap_desk (daemon, old, desk))
    return FALSE;
  g_message ("calendars read again");
  return TRUE;
}

/* Files of calendars or holidays have changed. It is by the configuration as it was read last that they are read again: one
 * that somebody is working on neither counts by it nor is in its way. Whom they name is looked up in that configuration, so
 * that all of it is made anew, and swapped as a reload does. */
static void
renew (gpointer data)
{
  Daemon *daemon = data;
  gboolean done = FALSE;
  while (!done)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Desk) old = take_desk (daemon);
      g_autoptr (Config) config = old != NULL ? config_renew (old->config, &error) : NULL;
      if (old == NULL)
        return;
      if (config == NULL)
        g_prefix_error (&error, "calendars are not read again, those read before stay: ");
      done = config == NULL || take_times (daemon, old, config);
      if (done)
        look_ahead (daemon, config != NULL ? config : old->config, error != NULL ? error->message : NULL);
    }
}

/* A writer that hangs, on a dead disk say, holds this thread up, and the watchdog is not told that all is well. */
static void
report_life (const Daemon *daemon)
{
  store_await_writer (daemon->store);
  sd_notify (0, "WATCHDOG=1");
}

static gpointer
wait_for_signals (gpointer data)
{
  Daemon *daemon = data;
  sigset_t set;
  sigemptyset (&set);
  sigaddset (&set, SIGUSR1);
  sigaddset (&set, SIGUSR2);
  guint64 watchdog = 0;
  gboolean watched = sd_watchdog_enabled (0, &watchdog) > 0;
  guint64 pause = watched ? watchdog / 2 : G_TIME_SPAN_HOUR;
  const struct timespec wait = { .tv_sec = (time_t) (pause / G_USEC_PER_SEC),
                                 .tv_nsec = (long) (pause % G_USEC_PER_SEC) * 1000 };
  while (!g_atomic_int_get (&daemon->stopping))
    {
      int signal = sigtimedwait (&set, NULL, &wait);
      if (signal == SIGUSR2)
        stop_for_lost_memory (daemon);
      if (signal == SIGUSR1 && !g_atomic_int_get (&daemon->stopping))
        reload (daemon);
      if (watched)
        report_life (daemon);
    }
  return NULL;
}

static void
stop_signals (Daemon *daemon)
{
  g_atomic_int_set (&daemon->stopping, TRUE);
  kill (getpid (), SIGUSR1); /* wakes the signal thread, the only one that waits for it */
  g_thread_join (daemon->signals);
}

static gboolean
open_web (Daemon *daemon, GError **error)
{
  if (daemon->config->web == NULL)
    return TRUE;
  daemon->web = web_start (daemon->store, daemon->seal, daemon->config, daemon->desk->templates, (WebAudit) delivery_find_trouble,
                           daemon->delivery, error);
  return daemon->web != NULL;
}

static gboolean
open_rooms (Daemon *daemon, GError **error)
{
  daemon->store = store_open (daemon->config->database, STORE_DAEMON, error);
  if (daemon->store == NULL)
    return FALSE;
  g_autofree char *secret = desk_secret_path (daemon->config);
  daemon->seal = seal_open (secret, TRUE, error);
  if (daemon->seal == NULL)
    return FALSE;
  daemon->desk = desk_open (daemon->config, daemon->store, daemon->seal, error);
  return daemon->desk != NULL && desk_prepare (daemon->desk, error);
}

/* No desk counts any more, and none will. */
static void
close_desk (Daemon *daemon)
{
  g_mutex_lock (&daemon->swap);
  daemon->closing = TRUE;
  gateway_set_desk (NULL);
  g_mutex_unlock (&daemon->swap);
}

static void
close_rooms (Daemon *daemon)
{
  close_desk (daemon);
  g_clear_pointer (&daemon->calendars, calendars_stop);
  g_clear_pointer (&daemon->web, web_stop);
  if (daemon->delivery != NULL)
    delivery_stop (daemon->delivery);
  g_clear_pointer (&daemon->desk, desk_unref);
  g_clear_pointer (&daemon->store, store_close);
  g_clear_pointer (&daemon->seal, seal_free);
  g_clear_pointer (&daemon->config, config_unref);
  g_clear_pointer (&daemon->config_path, g_free);
  g_clear_pointer (&daemon->told, g_hash_table_unref);
  g_mutex_clear (&daemon->swap);
}

/* A calendar of which there is no copy yet is waited for, as nobody would be on call by it; but mail does not wait long. */
static void
open_calendars (Daemon *daemon)
{
  enum { PATIENCE = 10 }; /* s */
  daemon->calendars = calendars_start (daemon->config, renew, daemon);
  calendars_await (daemon->calendars, PATIENCE);
  g_autoptr (GError) error = NULL;
  g_autoptr (Desk) old = take_desk (daemon);
  g_autoptr (Config) config = config_renew (old->config, &error);
  if (config != NULL)
    take_times (daemon, old, config);
}

static int
serve (Daemon *daemon)
{
  g_autoptr (GError) error = NULL, late = NULL;
  if (!open_rooms (daemon, &error))
    return fail (EX_UNAVAILABLE, "", error);
  upkeep_install (daemon->store, daemon->config, daemon->seal);
  daemon->delivery = delivery_start (daemon->store, daemon->seal, daemon->config, daemon->desk->templates);
  gateway_set_desk (daemon->desk);
  if (!open_web (daemon, &error))
    return fail (EX_UNAVAILABLE, "", error);
  open_calendars (daemon);
  if (!gateway_listen (daemon->config, &error))
    return fail (EX_UNAVAILABLE, "", error);
  daemon->signals = g_thread_new ("signals", wait_for_signals, daemon);
  detach_finish ();
  sd_notify (0, "READY=1");
  g_message ("serving on %s", daemon->config->listen);
  gboolean served = gateway_run (&error);
  close_desk (daemon);
  sd_notify (0, "STOPPING=1");
  g_message ("stopping: no message is taken any more");
  if (!gateway_drain (daemon->config->drain, &late))
    _exit (fail (EX_TEMPFAIL, "", late)); /* threads use what an orderly end would free; what was answered is on disk */
  stop_signals (daemon);
  g_message ("stopped");
  return served ? EX_OK : fail (EX_UNAVAILABLE, "", error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Options options = { 0 };
  setlocale (LC_ALL, "C.UTF-8");
  if (!hold_standard_descriptors ())
    return EX_OSERR;
  if (!read_options (&argc, &argv, &options))
    return EX_USAGE;
  if (options.version)
    {
      puts (PACKAGE_STRING);
      return EX_OK;
    }
  const char *config_path = options.config_path != NULL ? options.config_path : SYSCONFDIR "/frontdesk/frontdesk.conf";
  Daemon running = { .config_path = g_canonicalize_filename (config_path, NULL) };
  g_mutex_init (&running.swap);
  g_free (options.config_path);
  running.config = config_load (running.config_path, &error);
  if (running.config == NULL)
    {
      fprintf (stderr, "frontdeskd: %s\n", error->message);
      g_free (running.config_path);
      return EX_CONFIG;
    }
  if (options.check)
    {
      int verdict = check_configuration (running.config);
      close_rooms (&running);
      return verdict;
    }
  if (!options.foreground && !detach_begin ())
    {
      perror ("frontdeskd: cannot detach");
      return EX_OSERR;
    }
  log_open ("frontdeskd", options.foreground, options.verbose);
  block_signals ();
  tune_memory ();
  raise_descriptor_limit ();
  int status = serve (&running);
  close_rooms (&running);
  return status;
}
