/* door: which of a ticket's own addresses a recipient is. */
#pragma once

#include "mail/envelope.h"
#include "mail/seal.h"

/* The addresses that are for staff. */
typedef enum { STAFF_DOOR_NONE, STAFF_DOOR_ANSWER, STAFF_DOOR_NOTE } StaffDoor;

/* Which of them RECIPIENT is, also when it is of no ticket: what is sent there is not for customers. */
StaffDoor door_find (const Recipient *recipient);

/* The number of the ticket behind it; 0: of none. */
gint64 door_ticket (const Seal *seal, const Recipient *recipient);

/* The number that the signed address of KIND bears which RECIPIENT is, or 0. */
gint64 door_signed_number (const Seal *seal, const Recipient *recipient, char kind);

/* One recipient of ROLE in ENVELOPE: the one that tells the most, else the first. */
const Recipient *door_spokesman (const Seal *seal, const Envelope *envelope, const Role *role);
