/* /ack/TOKEN: the incidents of a page. GET shows them and changes nothing, as what scans links in mail follows them,
 * too; POST takes or ends them. Who has the link is the agent who was paged. */
#include <string.h>

#include "config/limits.h"
#include "web/form.h"
#include "web/link.h"
#include "web/request.h"
#include "web/view.h"

#define FORM "application/x-www-form-urlencoded"

/* A whole page that is being written. */
typedef struct {
  View view;
  GString *content;
  guint more;
  gboolean can_acknowledge, can_resolve;
} Page;

static void
answer_page (const Page *page, guint status, Answer *answer)
{
  const Request *request = page->view.request;
  g_autoptr (GError) error = NULL;
  g_autofree char *html = NULL;
  g_autofree char *more = g_strdup_printf ("%u", page->more);
  const WebData data = { .company = request->config->company,
                         .content = page->content->str,
                         .more = page->more > 0 ? more : NULL,
                         .can_acknowledge = page->can_acknowledge ? "yes" : NULL,
                         .can_resolve = page->can_resolve ? "yes" : NULL };
  if (!templates_fill_web (request->templates, "web-page", view_language (&page->view), &data, &html, &error))
    {
      g_warning ("web: %s", error->message);
      answer_line (answer, 500, "The page cannot be shown.");
      return;
    }
  answer->status = status;
  answer->type = "text/html; charset=utf-8";
  g_string_assign (answer->body, html);
}

static void
answer_problem (const Request *request, const Agent *agent, LinkState state, Answer *answer)
{
  g_autoptr (GString) content = g_string_new (NULL);
  const Page page = { .view = { request, agent }, .content = content };
  g_autofree char *html = view_write_problem (&page.view, "web-problem", link_problem (state));
  g_string_append (content, html != NULL ? html : "");
  answer_page (&page, link_status (state), answer);
  answer->retry_after = state == LINK_UNAVAILABLE ? 5 : 0;
}

/* Where there is no room for all, the first ones are shown; the buttons are for all. */
static gboolean
add_incident (Page *page, const Incident *incident, const char *done, GError **error)
{
  gboolean mine = g_strcmp0 (incident->acknowledged_by, page->view.agent->name) == 0;
  page->can_acknowledge = page->can_acknowledge || incident->state == INCIDENT_TRIGGERED;
  page->can_resolve = page->can_resolve || (incident->state == INCIDENT_ACKNOWLEDGED && mine);
  g_autoptr (GString) text = g_string_new (NULL);
  if (page->more == 0 && !view_add_incident (&page->view, "web-incident", incident, done, text, error))
    return FALSE;
  if (page->more > 0 || page->content->len + text->len > LIMIT_WEB_CONTENT)
    page->more++;
  else
    g_string_append_len (page->content, text->str, (gssize) text->len);
  return TRUE;
}

static gboolean
show (const Link *link, Page *page, GError **error)
{
  g_autoptr (GPtrArray) incidents = store_list_page_incidents (page->view.request->rooms->store, link->page, error);
  gboolean good = incidents != NULL;
  for (guint i = 0; good && i < incidents->len; i++)
    good = add_incident (page, g_ptr_array_index (incidents, i), NULL, error);
  return good;
}

static gboolean
take (const Link *link, PageAction action, Page *page, GError **error)
{
  const Request *request = page->view.request;
  g_autoptr (GPtrArray) takings = NULL;
  gboolean good = store_take_page (request->rooms->store, link->page, action, link->agent->name, "web", request->now,
                                   &takings, error);
  for (guint i = 0; good && i < takings->len; i++)
    {
      const Taking *taking = g_ptr_array_index (takings, i);
      good = add_incident (page, taking->incident, taking->done ? page_action_to_string (action) : NULL, error);
    }
  return good;
}

/* A button of ntfy posts nothing at all, which acknowledges; what is no form could mean anything. */
static gboolean
read_action (const Request *request, PageAction *action, Answer *answer)
{
  g_autofree char *type = request_header (request, "Content-Type");
  g_autoptr (GPtrArray) form = form_parse (request->body->str, request->body->len);
  if (request->body->len > 0 && (type == NULL || g_ascii_strncasecmp (type, FORM, strlen (FORM)) != 0))
    answer_line (answer, 415, "Post a form, or nothing.");
  else if (form == NULL || !link_read_action (form_find (form, "action"), action))
    answer_line (answer, 400, "The action is acknowledge or resolve.");
  else
    return TRUE;
  return FALSE;
}

void
ack_answer (const Request *request, Answer *answer)
{
  g_autoptr (GError) error = NULL;
  gboolean post = g_str_equal (request->method, "POST");
  PageAction action = PAGE_ACKNOWLEDGE;
  Link link = link_open (request, request->path[1]);
  if (link.state != LINK_GOOD)
    {
      answer_problem (request, link.agent, link.state, answer);
      return;
    }
  if (post && !read_action (request, &action, answer))
    return;
  g_autoptr (GString) content = g_string_new (NULL);
  Page page = { .view = { request, link.agent }, .content = content };
  if (post ? take (&link, action, &page, &error) : show (&link, &page, &error))
    answer_page (&page, 200, answer);
  else
    {
      g_warning ("web: page %" G_GINT64_FORMAT " of %s: %s", link.page, link.agent->name, error->message);
      answer_problem (request, link.agent, LINK_UNAVAILABLE, answer);
    }
}
