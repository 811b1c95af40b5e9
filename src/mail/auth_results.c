#include "mail/auth_results.h"

#include "config/limits.h"

#include <libpsl.h>
#include <string.h>

/* Reading a field's value (RFC 8601 section 2.2) */

/* Past white space and comments, which nest. */
static const char *
skip_blank (const char *at)
{
  guint depth = 0;
  for (; *at != '\0'; at++)
    {
      if (*at == '\\' && depth > 0 && at[1] != '\0')
        at++;
      else if (*at == '(')
        depth++;
      else if (*at == ')' && depth > 0)
        depth--;
      else if (depth == 0 && !g_ascii_isspace (*at))
        break;
    }
  return at;
}

/* The word at *AT up to white space, a comment or one of STOPS; quoted strings in it are unquoted. */
static char *
read_word (const char **at, const char *stops)
{
  GString *word = g_string_new (NULL);
  const char *c = skip_blank (*at);
  for (; *c != '\0' && !g_ascii_isspace (*c) && *c != '(' && strchr (stops, *c) == NULL; c++)
    {
      if (*c != '"')
        {
          g_string_append_c (word, *c);
          continue;
        }
      for (c++; *c != '\0' && *c != '"'; c++)
        {
          if (*c == '\\' && c[1] != '\0')
            c++;
          g_string_append_c (word, *c);
        }
      if (*c == '\0')
        break;
    }
  *at = c;
  return g_string_free (word, FALSE);
}

/* Takes STOP (and blanks before it) off; FALSE when something else stands there. */
static gboolean
take (const char **at, char stop)
{
  const char *c = skip_blank (*at);
  if (*c != stop)
    return FALSE;
  *at = c + 1;
  return TRUE;
}

/* Behind the next ";", past what could not be understood. NULL at the end. */
static const char *
next_result (const char *at)
{
  for (;;)
    {
      at = skip_blank (at);
      if (*at == '\0')
        return NULL;
      if (*at == ';')
        return at + 1;
      const char *before = at;
      g_autofree char *ignored = read_word (&at, ";");
      if (at == before)
        return NULL;
    }
}

static char *
read_authserv_id (const char **at)
{
  return read_word (at, ";");
}

/* The lower-case domain of an address or domain, or NULL. */
static char *
domain_of (const char *value)
{
  const char *at = strrchr (value, '@');
  g_autofree char *domain = g_ascii_strdown (at != NULL ? at + 1 : value, -1);
  gsize length = strlen (domain);
  if (length > 0 && domain[length - 1] == '.')
    domain[length - 1] = '\0';
  return *domain != '\0' && strpbrk (domain, "<> ") == NULL ? g_steal_pointer (&domain) : NULL;
}

/* Which domain a result is about, the best property first. */
static int
property_rank (const char *method, const char *property)
{
  static const struct { const char *method, *property; int rank; } ranks[] = {
    { "dmarc", "header.from", 2 },   { "dkim", "header.d", 2 },  { "dkim", "header.i", 1 },
    { "spf", "smtp.mailfrom", 2 },   { "spf", "smtp.helo", 1 },
  };
  for (guint i = 0; i < G_N_ELEMENTS (ranks); i++)
    if (g_str_equal (ranks[i].method, method) && g_ascii_strcasecmp (ranks[i].property, property) == 0)
      return ranks[i].rank;
  return 0;
}

/* "header" "." "from", which may have blanks around the dot. */
static char *
read_property (const char **at)
{
  g_autofree char *type = read_word (at, ".=;");
  if (!take (at, '.'))
    return g_steal_pointer (&type); /* "reason" */
  g_autofree char *name = read_word (at, "=;");
  return g_strconcat (type, ".", name, NULL);
}

static void
read_properties (const char **at, AuthResult *result)
{
  int best = 0;
  for (;;)
    {
      *at = skip_blank (*at);
      if (**at == '\0' || **at == ';')
        return;
      const char *before = *at;
      g_autofree char *property = read_property (at);
      g_autofree char *value = take (at, '=') ? read_word (at, ";") : NULL;
      if (*at == before)
        return;
      int rank = value != NULL ? property_rank (result->method, property) : 0;
      g_autofree char *domain = rank > best ? domain_of (value) : NULL;
      if (domain == NULL)
        continue;
      g_free (result->domain);
      result->domain = g_steal_pointer (&domain);
      best = rank;
    }
}

static void
auth_result_free (gpointer data)
{
  AuthResult *result = data;
  g_free (result->method);
  g_free (result->result);
  g_free (result->domain);
  g_free (result);
}

static char *
read_lower (const char **at, const char *stops)
{
  g_autofree char *word = read_word (at, stops);
  return g_ascii_strdown (word, -1);
}

/* The results of one field; VALUE stands behind the authserv-id. (element-type AuthResult) */
static GPtrArray *
read_results (const char *value)
{
  GPtrArray *results = g_ptr_array_new_with_free_func (auth_result_free);
  while ((value = next_result (value)) != NULL && results->len < LIMIT_AUTH_RESULTS)
    {
      g_autofree char *method = read_lower (&value, "/=;");
      if (take (&value, '/')) /* the method's version */
        g_free (read_word (&value, "=;"));
      if (*method == '\0' || !take (&value, '='))
        continue;
      AuthResult *result = g_new0 (AuthResult, 1);
      result->method = g_steal_pointer (&method);
      result->result = read_lower (&value, ";");
      read_properties (&value, result);
      g_ptr_array_add (results, result);
    }
  return results;
}

/* Which fields count */

static gboolean
is_named (const MessageFacts *facts, guint i, const char *name)
{
  const HeaderField *field = g_ptr_array_index (facts->headers, i);
  return g_ascii_strcasecmp (field->name, name) == 0;
}

static gboolean
is_listed (const char *const *list, const char *value)
{
  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    if (g_ascii_strcasecmp (list[i], value) == 0)
      return TRUE;
  return FALSE;
}

/* Where VALUE goes on behind its authserv-id when that is ours, else NULL. */
static const char *
behind_our_id (const char *value, const AuthTrust *trust)
{
  g_autofree char *id = read_authserv_id (&value);
  return is_listed (trust->authserv_id, id) ? value : NULL;
}

/* The run at the top is [*FIRST, *END) of the header fields. */
static void
find_run (const MessageFacts *facts, const AuthTrust *trust, guint *first, guint *end)
{
  guint i = 0;
  while (i < facts->headers->len && i < trust->hops && is_named (facts, i, "Received"))
    i++;
  *first = i;
  while (i < facts->headers->len && is_named (facts, i, "Authentication-Results"))
    i++;
  *end = trust->authenticated ? *first : i;
}

/* A dmarc result is about one From domain: for another one it says nothing. */
static gboolean
is_about_sender (const MessageFacts *facts, const AuthResult *result)
{
  if (!g_str_equal (result->method, "dmarc") || result->domain == NULL)
    return TRUE;
  if (facts->from == NULL)
    return !g_str_equal (result->result, "pass");
  return auth_domain_aligned (result->domain, strrchr (facts->from, '@') + 1);
}

/* Believes what the field at VALUE says by methods that no field above it spoke of. SETTLED: the methods spoken of,
 * this field's added. BELIEVED is nullable. TRUE when the field counted for any method. */
static gboolean
believe_field (const MessageFacts *facts, const char *value, const AuthTrust *trust, GPtrArray *settled,
               GPtrArray *believed)
{
  g_autoptr (GPtrArray) results = read_results (value);
  guint above = settled->len;
  for (guint i = 0; i < results->len; i++)
    {
      AuthResult *result = g_ptr_array_index (results, i);
      guint place;
      gboolean known = g_ptr_array_find_with_equal_func (settled, result->method, g_str_equal, &place);
      if (!is_listed (trust->methods, result->method) || (known && place < above))
        continue;
      if (!known)
        g_ptr_array_add (settled, g_strdup (result->method));
      if (believed == NULL || !is_about_sender (facts, result))
        continue;
      AuthResult *copy = g_new0 (AuthResult, 1);
      *copy = (AuthResult) { g_strdup (result->method), g_strdup (result->result), g_strdup (result->domain) };
      g_ptr_array_add (believed, copy);
    }
  return settled->len > above;
}

/* Walks all Authentication-Results fields that bear our id. BELIEVED and FORGED are nullable. */
static void
judge (const MessageFacts *facts, const AuthTrust *trust, GPtrArray *believed, GArray *forged)
{
  if (trust->authserv_id[0] == NULL)
    return;
  g_autoptr (GPtrArray) settled = g_ptr_array_new_with_free_func (g_free);
  guint first, end, index = 0;
  find_run (facts, trust, &first, &end);
  for (guint i = 0; i < facts->headers->len; i++)
    {
      if (!is_named (facts, i, "Authentication-Results"))
        continue;
      index++;
      const HeaderField *field = g_ptr_array_index (facts->headers, i);
      const char *results = behind_our_id (field->value, trust);
      if (results == NULL)
        continue;
      gboolean counts = i >= first && i < end && believe_field (facts, results, trust, settled, believed);
      if (!counts && forged != NULL)
        g_array_append_val (forged, index);
    }
}

void
auth_results_believe (MessageFacts *facts, const AuthTrust *trust)
{
  g_ptr_array_set_size (facts->auth, 0);
  judge (facts, trust, facts->auth, NULL);
}

GArray *
auth_results_forged (const MessageFacts *facts, const AuthTrust *trust)
{
  GArray *forged = g_array_new (FALSE, FALSE, sizeof (guint));
  judge (facts, trust, NULL, forged);
  return forged;
}

/* DOMAIN as the public suffix list has it: lower case, A-labels, no dot at the end. */
static char *
plain_domain (const char *domain)
{
  g_autofree char *ascii = domain != NULL ? g_hostname_to_ascii (domain) : NULL;
  if (ascii == NULL)
    return NULL;
  char *plain = g_ascii_strdown (ascii, -1);
  gsize length = strlen (plain);
  if (length > 0 && plain[length - 1] == '.')
    plain[length - 1] = '\0';
  return plain;
}

gboolean
auth_domain_aligned (const char *domain, const char *from_domain)
{
  g_autofree char *one = plain_domain (domain);
  g_autofree char *other = plain_domain (from_domain);
  if (one == NULL || other == NULL || *one == '\0')
    return FALSE;
  if (g_str_equal (one, other))
    return TRUE;
  const psl_ctx_t *list = psl_builtin ();
  const char *a = list != NULL ? psl_registrable_domain (list, one) : NULL;
  const char *b = list != NULL ? psl_registrable_domain (list, other) : NULL;
  return a != NULL && b != NULL && g_str_equal (a, b);
}
