/* notice: a page as data, the same for every channel that takes data. Private to delivery. */
#pragma once

#include "delivery/channel.h"
#include "mail/template.h"

/* The caller's. */
char *notice_to_json (const PageNotice *notice);

/* As application/x-www-form-urlencoded, with the same names; what is missing is empty. The caller's. */
char *notice_to_form (const PageNotice *notice);

/* The template file PATH filled in with the same names, each value written so that it stays one in a text of CONTENT_TYPE:
 * in JSON, XML or HTML, or a form. What is missing or false is empty. *TEXT is the caller's. Errors: LETTER_ERROR. */
gboolean notice_fill (const PageNotice *notice, const char *path, const char *content_type, char **text, GError **error);
