/* What there is once: the top level, the relay and the directory. */
#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "config/network.h"

static gboolean
build_directory (Build *build)
{
  cfg_t *section = cfg_getsec (build->root, "directory");
  DirectorySettings *directory = &build->config->directory;
  *directory = (DirectorySettings){
    .type = g_str_equal (cfg_getstr (section, "type"), "ldap") ? DIRECTORY_LDAP : DIRECTORY_TABLE,
    .uri = build_list (build, section, "uri"),
    .base = build_text (build, section, "base"),
    .filter = build_text (build, section, "filter"),
    .domain_filter = build_some_text (build, section, "domain-filter"),
    .bind_dn = build_some_text (build, section, "bind-dn"),
    .bind_password_file = build_some_text (build, section, "bind-password-file"),
    .starttls = cfg_getbool (section, "starttls") == cfg_true,
    .sasl_external = g_str_equal (cfg_getstr (section, "sasl"), "external"),
    .ca_file = build_some_text (build, section, "ca-file"),
    .cert_file = build_some_text (build, section, "cert-file"),
    .key_file = build_some_text (build, section, "key-file"),
    .timeout = build_seconds (section, "timeout"),
    .cache = build_seconds (section, "cache"),
    .connections = (int) cfg_getint (section, "connections"),
    .attribute_name = build_text (build, section, "attribute-name"),
    .attribute_organization = build_text (build, section, "attribute-organization"),
    .attribute_customer = build_text (build, section, "attribute-customer"),
    .attribute_language = build_text (build, section, "attribute-language"),
    .attribute_status = build_text (build, section, "attribute-status"),
    .attribute_level = build_some_text (build, section, "attribute-level"),
  };
  if (directory->type == DIRECTORY_LDAP && directory->uri[0] == NULL)
    options_set_error (build->error, section, "uri", "an LDAP directory needs uri = {\"ldap://...\"}");
  else if (directory->type == DIRECTORY_LDAP && strstr (directory->filter, "%s") == NULL)
    options_set_error (build->error, section, "filter", "%%s, which stands for the address, is missing");
  else if (directory->domain_filter != NULL && strstr (directory->domain_filter, "%s") == NULL)
    options_set_error (build->error, section, "domain-filter", "%%s, which stands for the domain, is missing");
  else
    return TRUE;
  return FALSE;
}

static void
build_web (Build *build)
{
  Config *config = build->config;
  config->web = build_some_text (build, build->root, "web");
  config->web_url = build_some_text (build, build->root, "web-url");
  for (char *end = config->web_url; end != NULL && g_str_has_suffix (config->web_url, "/");)
    end[strlen (end) - 1] = '\0';
  for (unsigned int i = 0; i < cfg_size (build->root, "web-proxies"); i++)
    g_ptr_array_add (config->web_proxies, network_parse_mask (cfg_getnstr (build->root, "web-proxies", i)));
}

static gboolean
build_reports (Build *build)
{
  Config *config = build->config;
  const char *reports = cfg_getstr (build->root, "reports");
  config->postmaster = build_some_text (build, build->root, "postmaster");
  config->reports = g_str_equal (reports, "drop") ? REPORTS_DROP : g_str_equal (reports, "forward") ? REPORTS_FORWARD : REPORTS_FILE;
  if (config->reports != REPORTS_FORWARD || config->postmaster != NULL)
    return TRUE;
  options_set_error (build->error, build->root, "reports", "name whom reports are forwarded to: postmaster = \"...\"");
  return FALSE;
}

static void
build_top_level (Build *build)
{
  Config *config = build->config;
  cfg_t *root = build->root;
  config->socket_mode = (int) strtoul (cfg_getstr (root, "socket-mode"), NULL, 8);
  config->listen = build_text (build, root, "listen");
  config->socket_group = build_some_text (build, root, "socket-group");
  config->max_in_progress = (int) cfg_getint (root, "max-in-progress");
  config->max_size = cfg_getint (root, "max-size");
  config->drain = build_seconds (root, "drain");
  config->hostname = build_some_text (build, root, "hostname");
  if (config->hostname == NULL)
    config->hostname = g_string_chunk_insert (build->strings, g_get_host_name ());
  config->authserv_id = build_list (build, root, "authserv-id");
  config->authserv_hops = (int) cfg_getint (root, "authserv-hops");
  config->authserv_methods = build_list (build, root, "authserv-methods");
  config->database = build_text (build, root, "database");
  config->templates = build_text (build, root, "templates");
  config->tag = build_text (build, root, "tag");
  config->company = build_text (build, root, "company");
  config->phone = build_text (build, root, "phone");
  config->language = build_text (build, root, "language");
  config->own_address = build_list (build, root, "own-address");
  config->give_up = build_seconds (root, "give-up");
  config->close_after = build_seconds (root, "close-after");
  config->acknowledge_limit = (int) cfg_getint (root, "acknowledge-limit");
  config->acknowledge_limit_total = (int) cfg_getint (root, "acknowledge-limit-total");
  config->acknowledge_pause = build_seconds (root, "acknowledge-pause");
  config->flood_limit = (int) cfg_getint (root, "flood-limit");
  config->flood_limit_ticket = (int) cfg_getint (root, "flood-limit-ticket");
  config->flood_limit_total = (int) cfg_getint (root, "flood-limit-total");
  config->heartbeat = build_some_text (build, root, "heartbeat");
  config->page_window = build_seconds (root, "page-window");
  config->page_limit = (int) cfg_getint (root, "page-limit");
  config->page_limit_total = (int) cfg_getint (root, "page-limit-total");
}

static void
build_relay (Build *build)
{
  cfg_t *relay = cfg_getsec (build->root, "relay");
  build->config->relay = (RelaySettings){ .url = build_text (build, relay, "url"),
                                          .timeout = build_seconds (relay, "timeout"),
                                          .user = build_some_text (build, relay, "user"),
                                          .password_file = build_some_text (build, relay, "password-file"),
                                          .ca_file = build_some_text (build, relay, "ca-file") };
}

gboolean
build_settings (Build *build)
{
  build_top_level (build);
  build_web (build);
  build_relay (build);
  return build_reports (build) && build_directory (build);
}
