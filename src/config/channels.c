/* The ways to reach a person: what each type needs, and where it goes when nothing else is said. */
#include "config/build.h"
#include "config/mobile.h"

static const struct {
  const char *name;
  ChannelType type;
  const char *url, *spool; /* the defaults */
} types[] = {
  { "mail", CHANNEL_MAIL, NULL, NULL },
  { "webhook", CHANNEL_WEBHOOK, NULL, NULL },
  { "command", CHANNEL_COMMAND, NULL, NULL },
  { "pagerduty", CHANNEL_PAGERDUTY, "https://events.pagerduty.com/v2/enqueue", NULL },
  { "twilio", CHANNEL_TWILIO, "https://api.twilio.com", NULL },
  { "ntfy", CHANNEL_NTFY, NULL, NULL },
  { "asterisk", CHANNEL_ASTERISK, NULL, "/var/spool/asterisk/outgoing" },
  { "smstools", CHANNEL_SMSTOOLS, NULL, "/var/spool/sms/outgoing" },
};

static void
read_type (Build *build, cfg_t *section, Channel *channel)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i].name, cfg_getstr (section, "type")))
      {
        channel->type = types[i].type;
        channel->url = types[i].url != NULL ? g_string_chunk_insert (build->strings, types[i].url) : NULL;
        channel->spool = types[i].spool != NULL ? g_string_chunk_insert (build->strings, types[i].spool) : NULL;
      }
  if (cfg_getstr (section, "url") != NULL)
    channel->url = build_some_text (build, section, "url");
  if (cfg_getstr (section, "spool") != NULL)
    channel->spool = build_some_text (build, section, "spool");
}

static void
read_webhook (Build *build, cfg_t *section, Channel *channel)
{
  channel->body = build_text (build, section, "body");
  channel->template = build_some_text (build, section, "template");
  channel->content_type = build_text (build, section, "content-type");
  channel->method = build_text (build, section, "method");
  channel->headers = build_list (build, section, "headers");
  channel->secret_file = build_some_text (build, section, "secret-file");
}

static void
read_twilio (Build *build, cfg_t *section, Channel *channel)
{
  channel->account = build_some_text (build, section, "account");
  channel->from = build_some_text (build, section, "from");
  channel->token_file = build_some_text (build, section, "token-file");
  channel->old_token_file = build_some_text (build, section, "old-token-file");
  channel->call = g_str_equal (cfg_getstr (section, "kind"), "call");
  channel->web_url = build->config->web_url;
}

static void
read_asterisk (Build *build, cfg_t *section, Channel *channel)
{
  channel->pattern = build_some_text (build, section, "channel-pattern");
  if (channel->pattern == NULL && cfg_getstr (section, "technology") != NULL)
    {
      g_autofree char *pattern = g_strconcat (cfg_getstr (section, "technology"), "/{mobile}", NULL);
      channel->pattern = g_string_chunk_insert (build->strings, pattern);
    }
  channel->context = build_some_text (build, section, "context");
  channel->extension = build_some_text (build, section, "extension");
  channel->application = build_some_text (build, section, "application");
  channel->data = build_some_text (build, section, "data");
  channel->caller_id = build_some_text (build, section, "caller-id");
}

/* What CHANNEL cannot do without, or NULL when it has all. */
static const char *
find_missing (const Channel *channel)
{
  switch (channel->type)
    {
    case CHANNEL_MAIL:
    case CHANNEL_SMSTOOLS:
      return NULL;
    case CHANNEL_WEBHOOK:
      return channel->url == NULL ? "a webhook needs a url" : NULL;
    case CHANNEL_COMMAND:
      return channel->command[0] == NULL ? "a command channel needs command = {\"/path/to/program\", ...}" : NULL;
    case CHANNEL_PAGERDUTY:
      return channel->key_file == NULL ? "a pagerduty channel needs key-file, a file with the service's integration key" : NULL;
    case CHANNEL_TWILIO:
      return channel->account == NULL || channel->token_file == NULL || channel->from == NULL
               ? "a twilio channel needs account, token-file and from"
               : NULL;
    case CHANNEL_NTFY:
      return channel->url == NULL ? "a ntfy channel needs a url that ends in the topic" : NULL;
    case CHANNEL_ASTERISK:
      if (channel->pattern == NULL)
        return "an asterisk channel needs channel-pattern = \"PJSIP/{mobile}@trunk\", or technology";
      return channel->application == NULL && (channel->context == NULL || channel->extension == NULL)
               ? "an asterisk channel needs context and extension, or application, for the call that is answered"
               : NULL;
    }
  g_assert_not_reached ();
}

static gboolean
build_channel (Build *build, cfg_t *section)
{
  Channel *channel = NEW (build, Channel);
  channel->name = g_string_chunk_insert (build->strings, cfg_title (section));
  channel->timeout = (int) build_seconds (section, "timeout");
  channel->to = build_some_text (build, section, "to");
  channel->brief = cfg_getbool (section, "short") == cfg_true;
  channel->follow = cfg_getbool (section, "follow") == cfg_true;
  channel->command = build_list (build, section, "command");
  channel->key_file = build_some_text (build, section, "key-file");
  read_type (build, section, channel);
  read_webhook (build, section, channel);
  read_twilio (build, section, channel);
  read_asterisk (build, section, channel);
  channel->follow |= channel->type == CHANNEL_PAGERDUTY; /* else it would go on ringing there */
  g_ptr_array_add (build->config->channels, channel);
  const char *missing = find_missing (channel);
  if (missing != NULL)
    options_set_error (build->error, section, NULL, "%s", missing);
  return missing == NULL;
}

gboolean
build_channels (Build *build)
{
  return build_each (build, "channel", build_channel);
}

gboolean
channel_can_reach (const Channel *channel, const Agent *agent)
{
  switch (channel->type)
    {
    case CHANNEL_MAIL:
      return channel->to == NULL || !mobile_is_wanted (channel->to) || mobile_is_valid (agent->mobile);
    case CHANNEL_ASTERISK:
      return !mobile_is_wanted (channel->pattern) || mobile_is_valid (agent->mobile);
    case CHANNEL_TWILIO:
    case CHANNEL_SMSTOOLS:
      return mobile_is_valid (agent->mobile);
    case CHANNEL_WEBHOOK:
    case CHANNEL_COMMAND:
    case CHANNEL_PAGERDUTY:
    case CHANNEL_NTFY:
      return TRUE;
    }
  g_assert_not_reached ();
}
