/* template: one template file, parsed once and filled in as often as wanted, from any thread. */
#pragma once

#include "mail/letter.h"

typedef struct Template Template;

/* Reads PATH, which is of a web page when it ends in ".html", and tries every expression in it, those in branches not taken too, so that an unknown name is an error
 * with file and line now. Errors: LETTER_ERROR. */
Template *template_load (const char *path, GError **error);
void template_free (Template *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Template, template_free)

/* *SUBJECT and *BODY are the caller's. Errors: LETTER_ERROR. */
gboolean template_fill (Template *template, const LetterData *data, char **subject, char **body, GError **error);

/* The same for a web page. */
gboolean template_fill_web (Template *template, const WebData *data, char **html, GError **error);

typedef struct {
  const char *name;
  char *value;
} TemplateValue;

/* The text file PATH, which is no letter, filled in with VALUES (element-type TemplateValue) as they are: an unknown name is
 * an error here, too. *TEXT is the caller's. Errors: LETTER_ERROR. */
gboolean template_fill_text (const char *path, const GArray *values, char **text, GError **error);
