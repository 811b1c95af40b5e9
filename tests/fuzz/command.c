/* What an agent orders by mail and by SMS, and the command lines of an agent's mail: the input is the text. What stands behind an
 * order in the first line does not change it. */
#include "fuzz.h"

#include <string.h>

#include "config/limits.h"
#include "desk/directives.h"
#include "desk/order.h"
#include "desk/triage.h"
#include "web/words.h"

static void
check_order (const char *text)
{
  PageAction action = PAGE_RESOLVE, same = PAGE_RESOLVE;
  g_autofree char *first = g_strndup (text, strcspn (text, "\n"));
  if (!order_read (text, &action) || !order_read (first, &same) || same != action)
    return; /* of an order between quoted lines what follows can make a part of the quotation */
  g_autofree char *more = g_strconcat (text, "\n\nresolve is what it will be tomorrow\n", NULL);
  FUZZ_CHECK (order_read (more, &same) && same == action);
}

static void
check_words (const char *text)
{
  PageAction action;
  gint64 ticket = -1;
  if (words_read (text, &action, &ticket))
    FUZZ_CHECK (ticket >= 0);
}

#define CONFIG_TEXT \
  "calendar \"c\" { timezone = \"UTC\" hours = {\"mon-fri 09:00-17:00\"} }\n" \
  "policy \"p\" { calendar = \"c\" }\nteam \"billing\" { notify = {\"t@example.com\"} }\n" \
  "agent \"bob\" { mail = \"bob@example.com\" teams = {\"billing\"} }\n" \
  "role \"support\" { address = {\"support@example.com\"} policy = \"p\" team = \"billing\" }\n"

static Config *
fixed_config (void)
{
  static Config *config;
  g_autoptr (GError) error = NULL;
  if (config == NULL)
    {
      g_autofree char *path = fuzz_file ("frontdesk.conf", CONFIG_TEXT, sizeof CONFIG_TEXT - 1);
      config = config_load (path, &error);
    }
  if (config == NULL)
    g_error ("%s", error->message);
  return config;
}

/* What is taken names who is there, and the text that goes on has no command before it. */
static void
check_directives (const char *text)
{
  const Config *config = fixed_config ();
  g_autoptr (StaffWork) work = staff_work_new ("bob");
  g_autoptr (GError) error = NULL;
  if (!directives_read (text, config, 1, work, &error))
    {
      FUZZ_CHECK (error != NULL && fuzz_is_line (error->message, 8 * LIMIT_NAME));
      return;
    }
  FUZZ_CHECK (work->assignee == NULL || config_find_agent (config, work->assignee) != NULL);
  FUZZ_CHECK (work->team == NULL || config_find_team (config, work->team) != NULL);
  FUZZ_CHECK (work->priority >= 0 && work->priority <= 4 && work->merge_into >= 0 && !(work->close && work->pending));
  FUZZ_CHECK (work->use == STAFF_TEXT_NOTE || *work->text != '#' || !g_ascii_isalpha (work->text[1]));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *given = fuzz_string (data, size);
  g_autofree char *text = g_utf8_make_valid (given, -1);
  check_order (text);
  check_directives (text);
  check_words (text);
  triage_has_words (text, "outage");
  triage_has_words (text, text);
  return 0;
}
