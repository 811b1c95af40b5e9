#include "delivery/watch.h"

#include <string.h>

#include "delivery/http.h"
#include "delivery/outage.h"

#define TICK (G_USEC_PER_SEC / 2)
#define ASK_EVERY (5 * G_USEC_PER_SEC)    /* gateways, and whether the store takes anything; monotonic */
#define AUDIT_EVERY (60 * G_USEC_PER_SEC) /* by the clock on the wall, as all that is audited is */
#define DOUBT (2 * G_USEC_PER_SEC)        /* monotonic */
#define ASK_FOR (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)   /* a page that is out for longer is not asked about any more */

struct Watch {
  Store *store;
  const Seal *seal;
  Outage *outage;
  GThread *thread;
  GMutex lock; /* guards all below */
  GCond changed;
  gboolean stopping;
  Config *config;
  Templates *templates;
  char *trouble; /* nullable */
};

/* What a look is made with: a reload in between changes nothing. */
typedef struct {
  Config *config;
  Templates *templates;
} Means;

static Means
take_means (Watch *watch)
{
  g_mutex_lock (&watch->lock);
  Means means = { config_ref (watch->config), templates_ref (watch->templates) };
  g_mutex_unlock (&watch->lock);
  return means;
}

static void
means_clear (Means *means)
{
  config_unref (means->config);
  templates_unref (means->templates);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Means, means_clear)

/* ---- pages that are out ---- */

static void
ask_about (const Watch *watch, const Config *config, const OutboxRow *page)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *detail = NULL;
  gint64 now = g_get_real_time ();
  const Channel *channel = config_find_channel (config, page->channel);
  PageFate fate = channel != NULL ? channel_find_fate (channel, page->provider_id, &detail) : PAGE_FATE_UNKNOWN;
  if (fate != PAGE_FATE_UNKNOWN &&
      !store_report_page (watch->store, page->channel, page->provider_id, 0, fate, detail != NULL ? detail : "", now, &error))
    g_warning ("what became of a page of ticket #%" G_GINT64_FORMAT " cannot be kept: %s", page->ticket, error->message);
}

static void
ask_gateways (const Watch *watch, const Config *config)
{
  g_autoptr (GPtrArray) pages = store_list_pages_out (watch->store, g_get_real_time () - ASK_FOR, NULL);
  for (guint i = 0; pages != NULL && i < pages->len; i++)
    ask_about (watch, config, g_ptr_array_index (pages, i));
}

/* ---- the audit ---- */

/* The heartbeat that stays away is what rings. */
static void
beat (const Config *config)
{
  static const Channel as_channel = { .name = (char *) "heartbeat", .timeout = 10 };
  g_auto (HttpAnswer) answer = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 retry_after = 0;
  const HttpRequest request = { .method = "GET", .url = config->heartbeat };
  if (config->heartbeat != NULL && !http_send (&as_channel, &request, &answer, &retry_after, &error))
    g_warning ("the heartbeat did not arrive: %s", error->message);
}

static void
keep_trouble (Watch *watch, const char *trouble)
{
  g_mutex_lock (&watch->lock);
  gboolean told = g_strcmp0 (watch->trouble, trouble) == 0;
  g_free (watch->trouble);
  watch->trouble = g_strdup (trouble);
  g_mutex_unlock (&watch->lock);
  if (trouble != NULL && !told)
    g_warning ("audit: %s", trouble);
}

/* FALSE when something was found, but not SURE: after a jump of the clock on the wall, what is overdue may be under way. */
static gboolean
audit (Watch *watch, const Config *config, gboolean sure)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *finding = NULL;
  gboolean done = store_audit (watch->store, g_get_real_time (), &finding, &error);
  if (done && finding != NULL && !sure)
    return FALSE;
  keep_trouble (watch, done ? finding : error->message);
  if (done && finding == NULL)
    beat (config);
  return TRUE;
}

/* When the audits were. */
typedef struct {
  gint64 last;        /* by the clock on the wall */
  gint64 doubt_since; /* monotonic; 0: none */
} Audits;

static void
audit_in_time (Watch *watch, const Config *config, Audits *audits)
{
  gint64 now = g_get_real_time (), moment = g_get_monotonic_time ();
  gboolean due = now - audits->last >= AUDIT_EVERY || now < audits->last;
  if (!due || (audits->doubt_since != 0 && moment - audits->doubt_since < DOUBT))
    return;
  if (audit (watch, config, audits->doubt_since != 0))
    *audits = (Audits){ .last = now };
  else
    audits->doubt_since = moment;
}

static void
look_after_store (Watch *watch, const Means *means)
{
  g_autoptr (GError) error = NULL;
  gboolean well = store_is_writable (watch->store, &error);
  if (well)
    store_await_writer (watch->store); /* finds out by the next look, when nobody else writes */
  outage_look (watch->outage, means->config, means->templates, watch->seal, well ? NULL : error->message, g_get_real_time ());
}

/* ---- the thread ---- */

static gboolean
wait_for_stop (Watch *watch)
{
  gint64 until = g_get_monotonic_time () + TICK;
  g_mutex_lock (&watch->lock);
  while (!watch->stopping && g_cond_wait_until (&watch->changed, &watch->lock, until))
    ;
  gboolean stopping = watch->stopping;
  g_mutex_unlock (&watch->lock);
  return stopping;
}

static gpointer
look (gpointer data)
{
  Watch *watch = data;
  gint64 asked_at = 0;
  Audits audits = { .last = g_get_real_time () };
  while (!wait_for_stop (watch))
    {
      g_auto (Means) means = take_means (watch);
      gint64 moment = g_get_monotonic_time ();
      if (moment - asked_at >= ASK_EVERY)
        {
          look_after_store (watch, &means);
          ask_gateways (watch, means.config);
          asked_at = moment;
        }
      audit_in_time (watch, means.config, &audits);
    }
  return NULL;
}

Watch *
watch_start (Store *store, const Seal *seal, Config *config, Templates *templates)
{
  Watch *watch = g_new0 (Watch, 1);
  watch->store = store;
  watch->seal = seal;
  watch->outage = outage_new ();
  watch->config = config_ref (config);
  watch->templates = templates_ref (templates);
  g_mutex_init (&watch->lock);
  g_cond_init (&watch->changed);
  watch->thread = g_thread_new ("watch", look, watch);
  return watch;
}

void
watch_reload (Watch *watch, Config *config, Templates *templates)
{
  g_mutex_lock (&watch->lock);
  Means old = { watch->config, watch->templates };
  watch->config = config_ref (config);
  watch->templates = templates_ref (templates);
  g_mutex_unlock (&watch->lock);
  means_clear (&old);
}

char *
watch_find_trouble (Watch *watch)
{
  g_mutex_lock (&watch->lock);
  char *trouble = g_strdup (watch->trouble);
  g_mutex_unlock (&watch->lock);
  return trouble;
}

void
watch_stop (Watch *watch)
{
  g_mutex_lock (&watch->lock);
  watch->stopping = TRUE;
  g_cond_signal (&watch->changed);
  g_mutex_unlock (&watch->lock);
  g_thread_join (watch->thread);
  outage_free (watch->outage);
  config_unref (watch->config);
  templates_unref (watch->templates);
  g_mutex_clear (&watch->lock);
  g_cond_clear (&watch->changed);
  g_free (watch->trouble);
  g_free (watch);
}
