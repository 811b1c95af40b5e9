#include "desk/standing.h"

#include "mail/auth_results.h"

gboolean
standing_has_result (const MessageFacts *facts, const char *method, const char *result)
{
  for (guint i = 0; i < facts->auth->len; i++)
    {
      const AuthResult *auth = g_ptr_array_index (facts->auth, i);
      if (g_str_equal (auth->method, method) && g_str_equal (auth->result, result))
        return TRUE;
    }
  return FALSE;
}

/* Whether the SMTP AUTH login speaks for the address in From. */
static gboolean
login_is_sender (const Config *config, const char *login, const char *from)
{
  if (login == NULL)
    return FALSE;
  if (address_equal (login, from))
    return TRUE;
  const Agent *agent = config_find_agent_by_mail (config, from);
  for (guint i = 0; agent != NULL && agent->login != NULL && agent->login[i] != NULL; i++)
    if (g_ascii_strcasecmp (agent->login[i], login) == 0)
      return TRUE;
  return FALSE;
}

/* Why the mail counts as authenticated from its From address, or NULL. */
static const char *
authentication (const Config *config, const Envelope *envelope, const MessageFacts *facts)
{
  if (login_is_sender (config, envelope->auth_user, facts->from))
    return "SMTP AUTH";
  const char *domain = strrchr (facts->from, '@') + 1;
  for (guint i = 0; i < facts->auth->len; i++)
    {
      const AuthResult *auth = g_ptr_array_index (facts->auth, i);
      if (!g_str_equal (auth->result, "pass"))
        continue;
      if (g_str_equal (auth->method, "dmarc"))
        return "dmarc=pass";
      if (auth->domain == NULL || !auth_domain_aligned (auth->domain, domain))
        continue;
      if (g_str_equal (auth->method, "dkim"))
        return "aligned dkim=pass";
      if (g_str_equal (auth->method, "spf"))
        return "aligned spf=pass";
    }
  return NULL;
}

gboolean
standing_is_authenticated (const Config *config, const Envelope *envelope, const MessageFacts *facts)
{
  return facts->from != NULL && !standing_has_result (facts, "dmarc", "fail") && authentication (config, envelope, facts) != NULL;
}

/* A role's address, or another one that only programs of ours write from. */
static gboolean
is_ours (const Config *config, const char *from)
{
  for (guint i = 0; config->own_address != NULL && config->own_address[i] != NULL; i++)
    if (address_equal (config->own_address[i], from))
      return TRUE;
  return config_find_role (config, from, NULL) != NULL;
}

Standing
standing_of_sender (const Config *config, const Envelope *envelope, const MessageFacts *facts, DirectoryStatus directory,
                    const Contact *contact, char **reason)
{
  if (facts->from == NULL)
    {
      *reason = g_strdup (facts->from_count > 1 ? "unknown (several From addresses)" : "unknown (no From address)");
      return STANDING_UNKNOWN;
    }
  if (directory == DIRECTORY_FOUND && contact->suspended)
    {
      *reason = g_strdup ("barred (suspended in the directory)");
      return STANDING_BARRED;
    }
  if (standing_has_result (facts, "dmarc", "fail"))
    {
      *reason = g_strdup ("unknown (dmarc=fail: somebody else may have written it)");
      return STANDING_UNKNOWN;
    }
  const char *proof = authentication (config, envelope, facts);
  if (proof == NULL && is_ours (config, facts->from))
    {
      *reason = g_strdup ("unknown (it says that we wrote it, which nothing proves)");
      return STANDING_UNKNOWN;
    }
  if (directory != DIRECTORY_FOUND)
    {
      *reason = g_strdup (directory == DIRECTORY_UNAVAILABLE ? "unknown (directory unavailable)"
                                                             : "unknown (not in the directory)");
      return STANDING_UNKNOWN;
    }
  if (proof != NULL)
    {
      *reason = g_strdup_printf ("verified (%s)", proof);
      return STANDING_VERIFIED;
    }
  *reason = g_strdup (contact->by_domain ? "known (by domain)" : "known (in the directory)");
  return STANDING_KNOWN;
}
