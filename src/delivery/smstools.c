/* Pages by SMS Server Tools 3: a file for each in a modem's spool, a way out that needs no network. */
#include "delivery/smstools.h"

#include <string.h>

#include "delivery/delivery.h"
#include "delivery/phone_text.h"
#include "delivery/spool.h"
#include "mail/message.h"

#define BODY 1600 /* octets: ten parts */

/* TEXT in Latin-9, which smsd takes by default, or else in UCS-2, which every release takes (UTF-8: since 3.1.16). */
static char *
encode (const char *text, const char **alphabet, gsize *length)
{
  *alphabet = "ISO";
  char *body = g_convert (text, -1, "ISO-8859-15", "UTF-8", NULL, length, NULL);
  if (body != NULL)
    return body;
  *alphabet = "UCS";
  return g_convert_with_fallback (text, -1, "UCS-2BE", "UTF-8", "?", NULL, length, NULL);
}

char *
smstools_write (const PageNotice *notice, const char *mobile, gsize *length)
{
  const char *alphabet;
  gsize body_length = 0;
  g_autofree char *text = phone_text_write (notice, BODY);
  g_autofree char *body = encode (text, &alphabet, &body_length);
  GString *file = g_string_new (NULL);
  /* Header names that smsd does not know are passed over. */
  g_string_append_printf (file, "To: %s\nAlphabet: %s\nX-Frontdesk-Page: %" G_GINT64_FORMAT "\n\n", mobile + 1, alphabet, notice->page);
  g_string_append_len (file, body, (gssize) body_length);
  if (g_str_equal (alphabet, "ISO"))
    g_string_append_c (file, '\n');
  *length = file->len;
  return g_string_free (file, FALSE);
}

gboolean
channel_send_smstools (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  g_autofree char *mobile = channel_fill_mobile (channel, "{mobile}", notice, error);
  if (mobile == NULL)
    return FALSE;
  gsize length;
  g_autofree char *name = spool_name (notice, "");
  g_autofree char *file = smstools_write (notice, mobile, &length);
  spool_forget (channel, "sent", name);
  spool_forget (channel, "failed", name);
  if (!spool_put (channel, name, file, length, error))
    return FALSE;
  receipt->answer = g_strdup_printf ("spooled as %s", name);
  receipt->provider_id = g_steal_pointer (&name);
  return TRUE;
}

/* "Fail_reason: ..." as smsd adds it to the file's header. */
static char *
read_reason (const char *text)
{
  const char *line = strstr (text, "\nFail_reason:");
  if (line == NULL)
    return g_strdup ("smsd could not send it");
  line += strlen ("\nFail_reason:");
  g_autofree char *reason = g_strndup (line, strcspn (line, "\r\n"));
  g_autofree char *clean = text_clean (reason, 100);
  return g_strdup_printf ("smsd could not send it: %s", clean);
}

PageFate
channel_look_at_smstools (const Channel *channel, const char *provider_id, char **detail)
{
  if (spool_has (channel, provider_id)) /* what lies elsewhere is an earlier try's */
    return PAGE_FATE_UNKNOWN;
  g_autofree char *sent = spool_read_beside (channel, "sent", provider_id);
  g_autofree char *failed = spool_read_beside (channel, "failed", provider_id);
  if (sent == NULL && failed == NULL)
    return PAGE_FATE_UNKNOWN;
  *detail = sent != NULL ? g_strdup ("the network took it") : read_reason (failed);
  return sent != NULL ? PAGE_FATE_REACHED : PAGE_FATE_FAILED;
}
