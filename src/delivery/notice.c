#include "delivery/notice.h"

#include <jansson.h>
#include <stdlib.h>

char *
notice_to_json (const PageNotice *notice)
{
  json_t *object = json_pack (
    "{s:I, s:I, s:I, s:s, s:b, s:b, s:s, s:s?, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:s?, s:s?, "
    "s:s?}",
    "page", (json_int_t) notice->page, "incident", (json_int_t) notice->incident, "ticket", (json_int_t) notice->ticket, "event",
    notice->event, "test", notice->test, "possible_repeat", notice->possible_repeat, "key", notice->key, "incident_key",
    notice->incident_key, "agent", notice->agent, "agent_name", notice->agent_name, "mobile", notice->agent_mobile, "role",
    notice->role, "priority", notice->priority, "subject", notice->subject, "requester", notice->requester, "customer",
    notice->customer, "phone", notice->phone, "company", notice->company, "by", notice->by, "count", notice->count, "list",
    notice->list, "acknowledge_url", notice->acknowledge_url, "text", notice->text);
  char *text = json_dumps (object, JSON_COMPACT);
  char *copy = g_strdup (text);
  free (text);
  json_decref (object);
  return copy;
}
