/* view: incidents in words, in the language of the agent who reads them. */
#pragma once

#include "web/request.h"

typedef struct {
  const Request *request;
  const Agent *agent;
} View;

/* Appends to TEXT what the template NAME ("web-incident", "web-sentence") makes of INCIDENT. DONE: what this request
 * did to it, nullable. Errors: STORE_ERROR, LETTER_ERROR. */
gboolean view_add_incident (const View *view, const char *name, const Incident *incident, const char *done,
                            GString *text, GError **error);

/* What NAME makes of PROBLEM, which has no incident. AGENT of VIEW is nullable. The caller's; NULL when the template
 * fails. */
char *view_write_problem (const View *view, const char *name, const char *problem);

/* The agent's language, else the configuration's. */
const char *view_language (const View *view);
