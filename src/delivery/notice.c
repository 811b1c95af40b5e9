#include "delivery/notice.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *
make_object (const PageNotice *notice)
{
  return json_pack (
    "{s:I, s:I, s:I, s:s, s:b, s:b, s:s, s:s?, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:s?, s:s?, "
    "s:s?, s:s?}",
    "page", (json_int_t) notice->page, "incident", (json_int_t) notice->incident, "ticket", (json_int_t) notice->ticket, "event",
    notice->event, "test", notice->test, "possible_repeat", notice->possible_repeat, "key", notice->key, "incident_key",
    notice->incident_key, "agent", notice->agent, "agent_name", notice->agent_name, "mobile", notice->agent_mobile, "role",
    notice->role, "priority", notice->priority, "subject", notice->subject, "requester", notice->requester, "customer",
    notice->customer, "phone", notice->phone, "company", notice->company, "by", notice->by, "count", notice->count, "list",
    notice->list, "limit", notice->limit, "acknowledge_url", notice->acknowledge_url, "text", notice->text);
}

char *
notice_to_json (const PageNotice *notice)
{
  json_t *object = make_object (notice);
  char *text = json_dumps (object, JSON_COMPACT);
  char *copy = g_strdup (text);
  free (text);
  json_decref (object);
  return copy;
}

/* A member of the object as text. The caller's. */
static char *
write_value (const json_t *value, const char *no)
{
  if (json_is_integer (value))
    return g_strdup_printf ("%" JSON_INTEGER_FORMAT, json_integer_value (value));
  if (json_is_boolean (value))
    return g_strdup (json_is_true (value) ? "true" : no);
  return g_strdup (json_is_string (value) ? json_string_value (value) : "");
}

char *
notice_to_form (const PageNotice *notice)
{
  const char *name;
  json_t *value, *object = make_object (notice);
  GString *form = g_string_new (NULL);
  json_object_foreach (object, name, value)
    {
      g_autofree char *text = write_value (value, "false");
      g_autofree char *escaped = g_uri_escape_string (text, NULL, FALSE);
      g_string_append_printf (form, "%s%s=%s", form->len > 0 ? "&" : "", name, escaped);
    }
  json_decref (object);
  return g_string_free (form, FALSE);
}

/* ---- templates ---- */

/* What stands between the quotes of a JSON string. */
static char *
escape_for_json (const char *text)
{
  json_t *string = json_string (text);
  char *quoted = json_dumps (string, JSON_ENCODE_ANY);
  char *inner = g_strndup (quoted + 1, strlen (quoted) - 2);
  free (quoted);
  json_decref (string);
  return inner;
}

static char *
escape_for (const char *content_type, const char *text)
{
  g_autofree char *type = g_ascii_strdown (content_type, -1);
  if (strstr (type, "json") != NULL)
    return escape_for_json (text);
  if (strstr (type, "xml") != NULL || strstr (type, "html") != NULL)
    return g_markup_escape_text (text, -1);
  if (strstr (type, "urlencoded") != NULL)
    return g_uri_escape_string (text, NULL, FALSE);
  return g_strdup (text);
}

static void
clear_value (gpointer data)
{
  g_free (((TemplateValue *) data)->value);
}

gboolean
notice_fill (const PageNotice *notice, const char *path, const char *content_type, char **text, GError **error)
{
  const char *name;
  json_t *value, *object = make_object (notice);
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (TemplateValue));
  g_array_set_clear_func (values, clear_value);
  json_object_foreach (object, name, value)
    {
      g_autofree char *plain = write_value (value, "");
      const TemplateValue entry = { name, escape_for (content_type, plain) };
      g_array_append_val (values, entry);
    }
  gboolean filled = template_fill_text (path, values, text, error);
  json_decref (object);
  return filled;
}
