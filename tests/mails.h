/* mails: the files of a folder of test mail. */
#pragma once

#include <glib.h>

/* The paths of all files below FOLDER, in their order. (element-type utf8), the caller's. */
GPtrArray *mails_find (const char *folder);

/* MAIL with LINE_END wherever a line ends. The caller's. */
GString *mails_with_line_ends (const char *mail, gsize length, const char *line_end);
