/* html: what a person would read of an HTML mail, as plain text. libxml2 reads the markup, however broken. */
#pragma once

#include <glib.h>

/* HTML (UTF-8) without markup, scripts, styles and what is hidden; links follow their text in angle brackets, quoted blocks
 * stand behind "> ". At most LIMIT_LETTER octets. The caller's. */
char *html_to_text (const char *html, gsize length);
