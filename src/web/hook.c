#include "web/hook.h"

const Channel *
hook_find_channel (const Request *request, ChannelType type)
{
  const Channel *channel = config_find_channel (request->config, request->path[2]);
  return channel != NULL && channel->type == type ? channel : NULL;
}

Secret *
hook_read_secret (const Channel *channel, const char *key, const char *path)
{
  g_autoptr (GError) error = NULL;
  Secret *secret = path != NULL ? secret_read (channel, key, path, &error) : NULL;
  if (error != NULL)
    g_warning ("web: %s", error->message);
  return secret;
}
