/* form: names and values of a query or of a posted form (application/x-www-form-urlencoded). Pure. */
#pragma once

#include <glib.h>

typedef struct {
  char *name, *value;
} Field;

/* TEXT (nullable: empty) in its order, of LENGTH octets. NULL when it is none: more than LIMIT_WEB_FIELDS, an escape
 * that is none, or what is no UTF-8 text. (element-type Field), the caller's. */
GPtrArray *form_parse (const char *text, gsize length);

/* The first value called NAME, or NULL. FORM's. */
const char *form_find (const GPtrArray *form, const char *name);
