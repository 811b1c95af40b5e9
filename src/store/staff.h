/* staff: writes what an agent does to a ticket. Private to the store: all within the writer's transaction. */
#pragma once

#include "store/staff_work.h"
#include "store/work.h"

/* What is written around a StaffWork. */
typedef struct {
  const StaffWork *work;
  const GPtrArray *outgoing; /* (element-type Outgoing): letters that go out with it */
  const char *message_id;    /* of the mail that it came by, nullable */
  const char *subject, *queue_id; /* the same */
  gint64 raw;                /* the row of that mail's octets, 0: none */
} StaffEntry;

/* Carries ENTRY out on TICKET. */
gboolean staff_write (Store *store, Database *database, gint64 ticket, const StaffEntry *entry, gint64 now, GError **error);

/* ADDRESSES (nullable) take part in TICKET from now on, up to LIMIT_PARTICIPANTS in all; BLIND: nobody is shown them. Who was
 * shown before stays so. */
gboolean staff_add_participants (Database *database, gint64 ticket, char **addresses, gboolean blind, GError **error);
