/* Pages by Asterisk: a call file for each. The dialplan finds the text and the ticket in the channel's variables. */
#include "delivery/asterisk.h"

#include <string.h>

#include "delivery/delivery.h"
#include "delivery/spool.h"
#include "delivery/phone_text.h"
#include "mail/message.h"

#define LINE 250 /* octets: Asterisk reads lines of up to 255, and takes what follows for another line */

/* Appends "KEY: VALUE" as one line that Asterisk reads as it is: a ";" begins a comment unless it is escaped, a "#" does
 * behind a blank and cannot be. The octets of a character at the end would be trimmed. */
static void
add_line (GString *file, const char *key, const char *value)
{
  g_autofree char *clean = text_clean (value, LINE);
  g_autoptr (GString) line = g_string_new (NULL);
  gsize room = LINE - strlen (key) - strlen (": ") - strlen (".");
  for (const char *at = clean; *at != '\0'; at = g_utf8_next_char (at))
    {
      gsize length = (gsize) (g_utf8_next_char (at) - at);
      gboolean comment = *at == '#' && (at == clean || g_ascii_isspace (at[-1]));
      if (line->len + length + 1 > room)
        break;
      if (*at == ';')
        g_string_append_c (line, '\\');
      if (!comment)
        g_string_append_len (line, at, (gssize) length);
    }
  gboolean cut = line->len > 0 && (guchar) line->str[line->len - 1] >= 0x80;
  g_string_append_printf (file, "%s: %s%s\n", key, line->str, cut ? "." : "");
}

static void
add_variable (GString *file, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_autofree char *text = g_strdup_printf ("%s=%s", name, value);
  add_line (file, "Setvar", text);
}

static void
add_number (GString *file, const char *name, gint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);
  add_variable (file, name, text);
}

static void
add_variables (GString *file, const PageNotice *notice)
{
  add_variable (file, "FRONTDESK_TEXT", notice->text);
  add_variable (file, "FRONTDESK_EVENT", notice->event);
  add_variable (file, "FRONTDESK_TEST", notice->test ? "1" : NULL);
  add_number (file, "FRONTDESK_TICKET", notice->ticket);
  add_number (file, "FRONTDESK_INCIDENT", notice->incident);
  add_number (file, "FRONTDESK_PAGE", notice->page);
  add_variable (file, "FRONTDESK_AGENT", notice->agent);
  add_variable (file, "FRONTDESK_TOKEN", notice->token);
  add_variable (file, "FRONTDESK_URL", notice->acknowledge_url);
}

char *
asterisk_write (const Channel *channel, const PageNotice *notice, const char *target)
{
  GString *file = g_string_new (NULL);
  add_line (file, "Channel", target);
  if (channel->caller_id != NULL)
    add_line (file, "CallerID", channel->caller_id);
  add_line (file, "MaxRetries", "0"); /* whoever does not pick up is called again by the escalation */
  add_line (file, "WaitTime", "45");
  if (channel->application != NULL)
    {
      add_line (file, "Application", channel->application);
      if (channel->data != NULL)
        add_line (file, "Data", channel->data);
    }
  else
    {
      add_line (file, "Context", channel->context);
      add_line (file, "Extension", channel->extension);
      add_line (file, "Priority", "1");
    }
  add_variables (file, notice);
  add_line (file, "Archive", "yes");
  return g_string_free (file, FALSE);
}

PageFate
asterisk_read_fate (const char *text, char **detail)
{
  static const struct {
    const char *status;
    PageFate fate;
    const char *detail;
  } states[] = {
    { "Completed", PAGE_FATE_REACHED, "the call was answered" },
    { "Expired", PAGE_FATE_FAILED_FOR_NOW, "nobody picked up" },
    { "Failed", PAGE_FATE_FAILED, "the call failed" },
  };
  const char *line = g_strrstr (text, "Status:");
  if (line == NULL || (line != text && line[-1] != '\n'))
    return PAGE_FATE_UNKNOWN;
  line += strlen ("Status:");
  line += strspn (line, " \t");
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_ascii_strncasecmp (line, states[i].status, strlen (states[i].status)) == 0)
      {
        *detail = g_strdup (states[i].detail);
        return states[i].fate;
      }
  return PAGE_FATE_UNKNOWN;
}

gboolean
channel_send_asterisk (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  g_autofree char *target = channel_fill_mobile (channel, channel->pattern, notice, error);
  if (target == NULL)
    return FALSE;
  g_autofree char *name = spool_name (notice, ".call");
  g_autofree char *file = asterisk_write (channel, notice, target);
  spool_forget (channel, "outgoing_done", name);
  if (!spool_put (channel, name, file, strlen (file), error))
    return FALSE;
  receipt->answer = g_strdup_printf ("spooled as %s", name);
  receipt->provider_id = g_steal_pointer (&name);
  return TRUE;
}

PageFate
channel_look_at_asterisk (const Channel *channel, const char *provider_id, char **detail)
{
  if (spool_has (channel, provider_id)) /* what lies in outgoing_done is an earlier try's */
    return PAGE_FATE_UNKNOWN;
  g_autofree char *text = spool_read_beside (channel, "outgoing_done", provider_id);
  return text != NULL ? asterisk_read_fate (text, detail) : PAGE_FATE_UNKNOWN;
}
