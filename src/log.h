/* log: where lines go. GLib's g_debug, g_info, g_message, g_warning and g_critical are the only verbs; this routes
 * them to syslog (facility mail), or to standard error with journald's "<N>" priorities. Every line about a mail
 * begins with its queue id. Secrets and message bodies never reach it. */
#pragma once

#include <glib.h>

/* IDENT for syslog, and for standard error until detach_finish(). FOREGROUND: standard error alone. VERBOSE: debug lines
 * too. Call once, before any thread. */
void log_open (const char *ident, gboolean foreground, gboolean verbose);
