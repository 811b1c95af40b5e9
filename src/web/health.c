/* /healthz: whether Frontdesk can do its work, for a monitor. */
#include "config/limits.h"
#include "mail/message.h"
#include "web/request.h"

void
health_answer (const Request *request, Answer *answer)
{
  const Rooms *rooms = request->rooms;
  g_autoptr (GError) error = NULL;
  const char *trouble = NULL;
  if (!store_is_writable (rooms->store, &error))
    trouble = error->message;
  else if (rooms->audit != NULL)
    trouble = rooms->audit (rooms->audit_data);
  g_autofree char *line = trouble != NULL ? text_clean (trouble, LIMIT_ERROR_TEXT) : g_strdup ("ok");
  answer_line (answer, trouble != NULL ? 503 : 200, line);
}
