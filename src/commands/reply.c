/* reply: an answer to the customer, from standard input. */
#include "commands/work.h"

#include <stdio.h>
#include <string.h>

#include "config/limits.h"

/* Standard input as text without white space around it; NULL with *ERROR. The caller's. */
static char *
read_text (GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char buffer[4096];
  gsize got;
  while ((got = fread (buffer, 1, sizeof buffer, stdin)) > 0 && text->len <= LIMIT_ANSWER * 4)
    g_string_append_len (text, buffer, (gssize) got);
  if (!g_utf8_validate_len (text->str, text->len, NULL))
    g_set_error_literal (error, STORE_ERROR, STORE_ERROR_STATE, "the text is not UTF-8, or much too long");
  else if (g_utf8_strlen (text->str, (gssize) text->len) > LIMIT_ANSWER)
    g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "the text is longer than %d characters", LIMIT_ANSWER);
  else if (*g_strstrip (text->str) == '\0')
    g_set_error_literal (error, STORE_ERROR, STORE_ERROR_STATE, "there is no text");
  else
    return g_strdup (text->str);
  return NULL;
}

/* The policy's first and last words are demanded, and not put in: what an agent writes is what the customer reads. */
static gboolean
check_words (const Policy *policy, const char *text, GError **error)
{
  if (policy != NULL && policy->greeting != NULL && !g_str_has_prefix (text, policy->greeting))
    g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "policy \"%s\" has every answer begin with \"%s\"",
                 policy->name, policy->greeting);
  else if (policy != NULL && policy->closing != NULL && !g_str_has_suffix (text, policy->closing))
    g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "policy \"%s\" has every answer end with \"%s\"", policy->name,
                 policy->closing);
  else
    return TRUE;
  return FALSE;
}

static gboolean
reply (CommandContext *context, Store *store, gint64 number, const char *actor, gint64 now, gconstpointer data,
       GError **error)
{
  (void) data;
  g_autoptr (Ticket) ticket = store_find_ticket (store, number, error);
  g_autofree char *text = ticket != NULL ? read_text (error) : NULL;
  if (text == NULL)
    return FALSE;
  const Role *role = work_find_role (context, ticket, error);
  if (role == NULL)
    return FALSE;
  if (ticket->requester == NULL || *ticket->requester == '\0')
    {
      g_set_error (error, STORE_ERROR, STORE_ERROR_STATE, "ticket #%" G_GINT64_FORMAT " has nobody to answer", number);
      return FALSE;
    }
  g_autoptr (Outgoing) letter = NULL;
  if (!check_words (role->policy, text, error) ||
      (letter = work_write_letter (context, ticket, "reply", now, error)) == NULL)
    return FALSE;
  return store_add_answer (store, number, letter, text, actor, now, error);
}

int
command_reply (CommandContext *context, int argc, char **argv)
{
  if (argc == 2)
    return work_on_ticket (context, "reply", argv[1], reply, NULL);
  fputs ("usage: frontdesk reply ID < TEXT\n", stderr);
  return COMMAND_USAGE;
}
