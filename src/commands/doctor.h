/* doctor: the lines that its parts add. */
#pragma once

#include "commands/command.h"

typedef struct {
  json_t *checks;
  gboolean failed;
} Report;

/* One line of CHECK: RESULT is "ok", "warn" or "fail". */
void report (Report *list, const char *check, const char *result, const char *text);

/* Looks 30 days ahead: gaps, steps that reach nobody, agents without a usable channel, names that are not known. */
void doctor_check_oncall (Report *list, const Config *config, const GPtrArray *overrides, gint64 now);

/* Agents whom a step pages by a channel that has not been tried for them, or not for long. */
void doctor_check_tests (Report *list, const Config *config, Store *store, const GPtrArray *overrides, gint64 now);

/* How old the copies of calendars that are fetched are. */
void doctor_check_calendars (Report *list, const Config *config, gint64 now);
