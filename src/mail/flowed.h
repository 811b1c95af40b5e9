/* flowed: text of which programs broke the lines, put together again (RFC 3676). */
#pragma once

#include <glib.h>

/* TEXT (LF line ends) of a part with format=flowed. DELETE_SPACE: DelSp=yes. The caller's. */
char *flowed_unfold (const char *text, gboolean delete_space);
