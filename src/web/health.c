/* /healthz: whether Frontdesk can do its work, for a monitor. */
#include "config/limits.h"
#include "mail/message.h"
#include "web/request.h"

/* A database that is locked or hangs keeps who tries it waiting: one thread at a time, and the others say so. */
struct Health {
  GMutex lock;
  gint64 asked_at; /* monotonic; 0: nobody is asking */
  char *trouble;   /* the last answer, NULL: all was well */
};

Health *
health_new (void)
{
  Health *health = g_new0 (Health, 1);
  g_mutex_init (&health->lock);
  return health;
}

void
health_free (Health *health)
{
  g_mutex_clear (&health->lock);
  g_free (health->trouble);
  g_free (health);
}

static char *
find_trouble (const Rooms *rooms)
{
  g_autoptr (GError) error = NULL;
  if (!store_is_writable (rooms->store, &error))
    return text_clean (error->message, LIMIT_ERROR_TEXT);
  g_autofree char *found = rooms->audit != NULL ? rooms->audit (rooms->audit_data) : NULL;
  return found != NULL ? text_clean (found, LIMIT_ERROR_TEXT) : NULL;
}

/* TRUE when the caller is to ask; else *TROUBLE is what is known. */
static gboolean
begin (Health *health, char **trouble)
{
  gint64 now = g_get_monotonic_time ();
  g_mutex_lock (&health->lock);
  gboolean ask = health->asked_at == 0;
  if (ask)
    health->asked_at = now;
  else if (now - health->asked_at > G_USEC_PER_SEC)
    *trouble = g_strdup ("the database does not answer");
  else
    *trouble = g_strdup (health->trouble);
  g_mutex_unlock (&health->lock);
  return ask;
}

static void
finish (Health *health, const char *trouble)
{
  g_mutex_lock (&health->lock);
  health->asked_at = 0;
  g_free (health->trouble);
  health->trouble = g_strdup (trouble);
  g_mutex_unlock (&health->lock);
}

void
health_answer (const Request *request, Answer *answer)
{
  g_autofree char *trouble = NULL;
  if (begin (request->rooms->health, &trouble))
    {
      trouble = find_trouble (request->rooms);
      finish (request->rooms->health, trouble);
    }
  answer_line (answer, trouble != NULL ? 503 : 200, trouble != NULL ? trouble : "ok");
}
