#include "delivery/notice.h"

#include <jansson.h>
#include <stdlib.h>

char *
notice_to_json (const PageNotice *notice)
{
  json_t *object = json_pack (
    "{s:I, s:I, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "incident",
    (json_int_t) notice->incident, "ticket", (json_int_t) notice->ticket, "key", notice->key, "agent", notice->agent,
    "agent_name", notice->agent_name, "mobile", notice->agent_mobile, "role", notice->role, "priority", notice->priority,
    "subject", notice->subject, "requester", notice->requester, "customer", notice->customer, "phone", notice->phone,
    "company", notice->company, "text", notice->text);
  char *text = json_dumps (object, JSON_COMPACT);
  char *copy = g_strdup (text);
  free (text);
  json_decref (object);
  return copy;
}
