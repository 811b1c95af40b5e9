#include "web/request.h"

#include <microhttpd.h>
#include <string.h>

#include "mail/hash.h"
#include "web/form.h"

typedef struct {
  const char *name;
  GString *value; /* NULL until there is one */
} Search;

static enum MHD_Result
add_value (void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
  Search *search = data;
  (void) kind;
  if (g_ascii_strcasecmp (name, search->name) != 0)
    return MHD_YES;
  if (search->value == NULL)
    search->value = g_string_new (NULL);
  else
    g_string_append (search->value, ", ");
  g_string_append (search->value, value != NULL ? value : "");
  return MHD_YES;
}

char *
request_header (const Request *request, const char *name)
{
  Search search = { .name = name };
  MHD_get_connection_values (request->connection, MHD_HEADER_KIND, add_value, &search);
  return search.value != NULL ? g_string_free (search.value, FALSE) : NULL;
}

/* The pieces of PATH between slashes, decoded; NULL when it is none. */
static GStrv
split_path (const char *path)
{
  g_auto (GStrv) pieces = g_strsplit (*path == '/' ? path + 1 : "", "/", -1);
  for (guint i = 0; pieces[i] != NULL; i++)
    {
      char *plain = g_uri_unescape_string (pieces[i], NULL);
      if (plain == NULL || *plain == '\0' || !g_utf8_validate (plain, -1, NULL))
        {
          g_free (plain);
          return NULL;
        }
      g_free (pieces[i]);
      pieces[i] = plain;
    }
  return g_steal_pointer (&pieces);
}

gboolean
request_read_target (Request *request, const char *target)
{
  const char *mark = strchr (target, '?');
  g_autofree char *path = g_strndup (target, mark != NULL ? (gsize) (mark - target) : strlen (target));
  request->target = target;
  request->path = split_path (path);
  request->query = mark != NULL ? form_parse (mark + 1, strlen (mark + 1)) : form_parse ("", 0);
  return request->path != NULL && request->query != NULL;
}

void
answer_line (Answer *answer, guint status, const char *line)
{
  answer->status = status;
  answer->type = "text/plain; charset=utf-8";
  g_string_printf (answer->body, "%s\n", line);
}

/* The list of If-None-Match has TAG, weak or not (RFC 9110 13.1.2). */
static gboolean
has_tag (const char *list, const char *tag)
{
  return list != NULL && (strstr (list, tag) != NULL || g_str_equal (list, "*"));
}

void
answer_tag (Answer *answer, const Request *request)
{
  g_autoptr (Hash) hash = hash_new ();
  hash_add (hash, answer->body->str, answer->body->len);
  g_autofree char *hex = hash_to_hex (hash);
  answer->etag = g_strdup_printf ("\"%s\"", hex);
  g_autofree char *known = request_header (request, "If-None-Match");
  if (!has_tag (known, answer->etag))
    return;
  answer->status = 304;
  g_string_truncate (answer->body, 0);
}
