#include "mail/addresses.h"

#include "config/limits.h"

#include <string.h>

/* GMime recurses into groups and comments, and by no bound of its own; and it loses memory where an address literal stands before a
 * comment that does not end. */
static gboolean
is_beyond_parser (const char *text)
{
  guint groups = 0, begun = 0, ended = 0;
  gboolean literal = FALSE;
  for (; *text != '\0'; text++)
    {
      groups += *text == ':';
      begun += *text == '(';
      ended += *text == ')';
      literal |= *text == '[';
    }
  return groups + begun > LIMIT_ADDRESS_NESTING || (literal && begun > ended);
}

/* Where several addresses no longer fit, the last one is cut in the middle: it is left out. */
static void
cut_last (char *text)
{
  char *comma = strrchr (text, ',');
  *(comma != NULL ? comma : text) = '\0';
}

static InternetAddressList *
parse (const char *text)
{
  static GMimeParserOptions *options; /* for the whole program: only read once it is made */
  if (g_once_init_enter (&options))
    {
      GMimeParserOptions *made = g_mime_parser_options_new ();
      g_mime_parser_options_set_allow_addresses_without_domain (made, FALSE);
      g_once_init_leave (&options, made);
    }
  return internet_address_list_parse (options, text);
}

/* ADDRESS without white space around it, when it can be one: local@domain in UTF-8 without blanks and controls. */
static char *
valid_address (const char *address)
{
  if (address == NULL || strlen (address) > LIMIT_ADDRESS || !g_utf8_validate (address, -1, NULL))
    return NULL;
  const char *at = strrchr (address, '@');
  if (at == NULL || at == address || at[1] == '\0')
    return NULL;
  for (const char *c = at + 1; *c != '\0'; c++)
    if (strchr ("<>()[],;:\"\\@", *c) != NULL && at[1] != '[')
      return NULL;
  for (const char *c = address; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_isspace (g_utf8_get_char (c)) || g_unichar_iscntrl (g_utf8_get_char (c)) || *c == '<' || *c == '>')
      return NULL;
  return g_strdup (address);
}

typedef void (*MailboxFunc) (InternetAddress *mailbox, gboolean in_group, gpointer data);

/* Calls FUNC for each mailbox of LIST, those inside groups too; a group inside a group is not descended into. */
static void
each_mailbox (InternetAddressList *list, MailboxFunc func, gpointer data)
{
  for (int i = 0; i < internet_address_list_length (list); i++)
    {
      InternetAddress *address = internet_address_list_get_address (list, i);
      if (INTERNET_ADDRESS_IS_MAILBOX (address))
        {
          func (address, FALSE, data);
          continue;
        }
      InternetAddressList *members = internet_address_group_get_members (INTERNET_ADDRESS_GROUP (address));
      for (int j = 0; j < internet_address_list_length (members); j++)
        if (INTERNET_ADDRESS_IS_MAILBOX (internet_address_list_get_address (members, j)))
          func (internet_address_list_get_address (members, j), TRUE, data);
    }
}

static void
count_from (InternetAddress *mailbox, gboolean in_group, gpointer data)
{
  MessageFacts *facts = data;
  facts->from_count++;
  g_clear_pointer (&facts->from, g_free);
  g_clear_pointer (&facts->from_name, g_free);
  if (facts->from_count > 1 || in_group)
    return;
  facts->from = valid_address (internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (mailbox)));
  g_autofree char *name = facts->from != NULL ? text_clean (internet_address_get_name (mailbox), LIMIT_NAME) : NULL;
  if (name != NULL && *name != '\0')
    facts->from_name = g_steal_pointer (&name);
}

gboolean
addresses_read_from (MessageFacts *facts, const GPtrArray *fields)
{
  gboolean all = TRUE;
  for (guint i = 0; i < fields->len; i++)
    {
      const RawField *field = g_ptr_array_index (fields, i);
      if (g_ascii_strcasecmp (field->name, "From") != 0)
        continue;
      if (field->value->len > LIMIT_ADDRESS_FIELD || is_beyond_parser (field->value->str))
        {
          all = FALSE;
          continue;
        }
      g_autofree char *text = headers_repair (field->value->str, (gssize) field->value->len);
      g_autoptr (InternetAddressList) list = parse (text);
      if (list != NULL)
        each_mailbox (list, count_from, facts);
    }
  if (!all) /* one that was read beside one that was not is not "the one" */
    {
      g_clear_pointer (&facts->from, g_free);
      g_clear_pointer (&facts->from_name, g_free);
    }
  return all;
}

static void
collect (InternetAddress *mailbox, gboolean in_group G_GNUC_UNUSED, gpointer data)
{
  GPtrArray *addresses = data;
  char *address = valid_address (internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (mailbox)));
  if (address != NULL && addresses->len < LIMIT_RECIPIENTS)
    g_ptr_array_add (addresses, address);
  else
    g_free (address);
}

static gboolean
is_one_of (const char *name, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return TRUE;
  return FALSE;
}

char **
addresses_list (const GPtrArray *fields, const char *const *names)
{
  GPtrArray *addresses = g_ptr_array_new ();
  for (guint i = 0; i < fields->len && addresses->len < LIMIT_RECIPIENTS; i++)
    {
      const RawField *field = g_ptr_array_index (fields, i);
      if (!is_one_of (field->name, names))
        continue;
      g_autofree char *text = headers_repair (field->value->str, (gssize) field->value->len);
      if (field->cut)
        cut_last (text);
      g_autoptr (InternetAddressList) list = is_beyond_parser (text) ? NULL : parse (text);
      if (list != NULL)
        each_mailbox (list, collect, addresses);
    }
  g_ptr_array_add (addresses, NULL);
  return (char **) g_ptr_array_free (addresses, FALSE);
}
