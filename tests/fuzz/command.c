/* What an agent orders by mail and by SMS: the input is the text. What stands behind an order does not change it. */
#include "fuzz.h"

#include <string.h>

#include "desk/order.h"
#include "desk/triage.h"
#include "web/words.h"

static void
check_order (const char *text)
{
  PageAction action = PAGE_RESOLVE, same = PAGE_RESOLVE;
  gboolean order = order_read (text, &action);
  g_autofree char *more = g_strconcat (text, "\n\nresolve is what it will be tomorrow\n", NULL);
  FUZZ_CHECK (!order || (order_read (more, &same) && same == action));
}

static void
check_words (const char *text)
{
  PageAction action;
  gint64 ticket = -1;
  if (words_read (text, &action, &ticket))
    FUZZ_CHECK (ticket >= 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *given = fuzz_string (data, size);
  g_autofree char *text = g_utf8_make_valid (given, -1);
  check_order (text);
  check_words (text);
  triage_has_words (text, "outage");
  triage_has_words (text, text);
  return 0;
}
