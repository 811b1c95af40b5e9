#include "delivery/channel.h"

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
    }
  g_assert_not_reached ();
}
