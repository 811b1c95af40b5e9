/* limits: how much goes out because of mail, however much comes in. Private to the store: in the intake's transaction, so that each is
 * exact however many messages come at once. */
#pragma once

#include "store/intake.h"
#include "store/private.h"

/* Who wrote the message: From's one address, else the envelope's. Of INTAKE. */
const char *intake_requester (const Intake *intake);

/* Withholds DECISION's acknowledgement beyond INTAKE's limits. */
gboolean limits_keep_acknowledgements (Database *database, const Intake *intake, Decision *decision, GError **error);

/* The same with its page; the last one within a limit says so. */
gboolean limits_keep_pages (Database *database, const Intake *intake, Decision *decision, GError **error);

/* The same where an incident of its ticket is running already. */
gboolean limits_keep_one_incident (Database *database, Decision *decision, GError **error);

/* Pages the running incident's step anew, if DECISION says so and not too many messages have come on its ticket. */
gboolean limits_page_again (Store *store, Database *database, const Intake *intake, const Decision *decision, GError **error);
