/* detach: leaves the terminal, but not before the start has worked: whoever typed the command sees what went wrong, and its
 * exit status tells. */
#pragma once

#include <glib.h>

/* Goes on in a child, in a session of its own and in "/". The parent stays until detach_finish(), and ends with 0, or until
 * the child ends, and ends with its status. Call before any thread. */
gboolean detach_begin (void);

/* The start has worked: standard input, output and error lead to /dev/null, and the parent ends. Does nothing without
 * detach_begin(). */
void detach_finish (void);
