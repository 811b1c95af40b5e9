/* edits: what a decision does to the passing message, said to libmilter at its end. */
#pragma once

#include <libmilter/mfapi.h>

#include "gateway/session.h"

/* Removes forged fields and the recipients that are refused or taken, adds our fields. FALSE, with the reason logged,
 * when the MTA could not be told. Only to be called at the end of a message. */
gboolean edits_apply (SMFICTX *context, const Session *session, const Reception *reception);
