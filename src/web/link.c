#include "web/link.h"

#include "config/limits.h"
#include "config/zone.h"

static gint64
read_id (const Request *request, const char *token)
{
  gint64 id = 0;
  g_autofree char *value = token != NULL ? seal_open_token (request->rooms->seal, "page", token) : NULL;
  return value != NULL && g_ascii_string_to_signed (value, 10, 1, G_MAXINT64, &id, NULL) ? id : 0;
}

Link
link_open (const Request *request, const char *token)
{
  g_autoptr (GError) error = NULL;
  Link link = { .state = LINK_UNKNOWN, .page = read_id (request, token) };
  if (link.page == 0)
    return link;
  g_autoptr (OutboxRow) row = store_find_page (request->rooms->store, link.page, &error);
  if (row == NULL)
    {
      link.state = g_error_matches (error, STORE_ERROR, STORE_ERROR_NOT_FOUND) ? LINK_UNKNOWN : LINK_UNAVAILABLE;
      return link;
    }
  link.agent = config_find_agent (request->config, row->recipient);
  if (link.agent != NULL)
    link.state = request->now - row->created_at < LIMIT_PAGE_LINK_DAYS * ZONE_DAY ? LINK_GOOD : LINK_EXPIRED;
  return link;
}

const char *
link_problem (LinkState state)
{
  static const char *const problems[] = { NULL, "unknown", "expired", "unavailable" };
  return problems[state];
}

guint
link_status (LinkState state)
{
  static const guint statuses[] = { 200, 404, 410, 503 };
  return statuses[state];
}

gboolean
link_read_action (const char *text, PageAction *action)
{
  *action = g_strcmp0 (text, "resolve") == 0 ? PAGE_RESOLVE : PAGE_ACKNOWLEDGE;
  return text == NULL || g_str_equal (text, page_action_to_string (*action));
}
