#include "delivery/channel.h"

#include <unistd.h>

#include "config/mobile.h"
#include "config/secret.h"
#include "delivery/delivery.h"

void
page_receipt_clear (PageReceipt *receipt)
{
  g_free (receipt->answer);
  g_free (receipt->provider_id);
}

gboolean
channel_send_page (const Channel *channel, const PageNotice *notice, PageReceipt *receipt, GError **error)
{
  switch (channel->type)
    {
    case CHANNEL_MAIL:
      return channel_send_mail (notice->letter->relay, "", notice->letter->to, notice->letter->message, &receipt->answer, error);
    case CHANNEL_WEBHOOK:
      return channel_send_webhook (channel, notice, receipt, error);
    case CHANNEL_COMMAND:
      return channel_run_command (channel, notice, receipt, error);
    case CHANNEL_PAGERDUTY:
      return channel_send_pagerduty (channel, notice, receipt, error);
    case CHANNEL_TWILIO:
      return channel_send_twilio (channel, notice, receipt, error);
    case CHANNEL_NTFY:
      return channel_send_ntfy (channel, notice, receipt, error);
    case CHANNEL_ASTERISK:
      return channel_send_asterisk (channel, notice, receipt, error);
    case CHANNEL_SMSTOOLS:
      return channel_send_smstools (channel, notice, receipt, error);
    }
  g_assert_not_reached ();
}

PageFate
channel_find_fate (const Channel *channel, const char *provider_id, char **detail)
{
  *detail = NULL;
  switch (channel->type)
    {
    case CHANNEL_TWILIO:
      return channel_ask_twilio (channel, provider_id, detail);
    case CHANNEL_ASTERISK:
      return channel_look_at_asterisk (channel, provider_id, detail);
    case CHANNEL_SMSTOOLS:
      return channel_look_at_smstools (channel, provider_id, detail);
    case CHANNEL_MAIL:
    case CHANNEL_WEBHOOK:
    case CHANNEL_COMMAND:
    case CHANNEL_PAGERDUTY:
    case CHANNEL_NTFY:
      return PAGE_FATE_UNKNOWN;
    }
  g_assert_not_reached ();
}

char *
channel_fill_mobile (const Channel *channel, const char *pattern, const PageNotice *notice, GError **error)
{
  char *filled = mobile_fill (pattern, notice->agent_mobile);
  if (filled == NULL)
    g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT,
                 "channel %s: agent \"%s\" has no mobile in the form +16045550101", channel->name, notice->agent);
  return filled;
}

/* ---- checks ---- */

static gboolean
check_secrets (const Channel *channel, GError **error)
{
  const struct {
    const char *key, *path;
  } files[] = { { "secret-file", channel->secret_file },
                { "key-file", channel->key_file },
                { "token-file", channel->token_file },
                { "old-token-file", channel->old_token_file } };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      if (files[i].path == NULL)
        continue;
      g_autoptr (Secret) secret = secret_read (channel, files[i].key, files[i].path, error);
      if (secret == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_spool (const Channel *channel, GError **error)
{
  g_autofree char *parent = channel->spool != NULL ? g_path_get_dirname (channel->spool) : NULL;
  const char *const folders[] = { channel->spool, parent };
  for (guint i = 0; channel->spool != NULL && i < G_N_ELEMENTS (folders); i++)
    if (access (folders[i], W_OK | X_OK) != 0)
      {
        g_set_error (error, DELIVERY_ERROR, DELIVERY_ERROR_PERMANENT,
                     "channel %s: spool: files cannot be made in %s; is it there, and may we write to it?", channel->name, folders[i]);
        return FALSE;
      }
  return TRUE;
}

gboolean
channel_check (const Channel *channel, GError **error)
{
  return check_secrets (channel, error) && channel_check_template (channel, error) && check_spool (channel, error);
}
