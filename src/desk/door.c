#include "desk/door.h"

#include <string.h>

gint64
door_signed_number (const Seal *seal, const Recipient *recipient, char kind)
{
  if (recipient->extension == NULL)
    return 0;
  return seal_open_extension (seal, recipient->role->address[0], recipient->extension, kind);
}

/* "note.1042": the address of notes on ticket 1042, which proves nothing. 0: it is none. */
static gint64
note_number (const Recipient *recipient)
{
  static const char prefix[] = "note.";
  guint64 number = 0;
  if (recipient->extension == NULL || g_ascii_strncasecmp (recipient->extension, prefix, strlen (prefix)) != 0 ||
      !g_ascii_string_to_unsigned (recipient->extension + strlen (prefix), 10, 1, G_MAXINT64 / 10, &number, NULL))
    return 0;
  return (gint64) number;
}

StaffDoor
door_find (const Recipient *recipient)
{
  if (recipient->extension == NULL)
    return STAFF_DOOR_NONE;
  if (g_ascii_strncasecmp (recipient->extension, "note.", 5) == 0)
    return STAFF_DOOR_NOTE;
  return seal_looks_signed (recipient->extension, 'a') ? STAFF_DOOR_ANSWER : STAFF_DOOR_NONE;
}

gint64
door_ticket (const Seal *seal, const Recipient *recipient)
{
  return door_find (recipient) == STAFF_DOOR_NOTE ? note_number (recipient) : door_signed_number (seal, recipient, 'a');
}

/* How much RECIPIENT tells: what is for staff comes first, as nothing of it may go on. */
static guint
weight (const Seal *seal, const Recipient *recipient)
{
  if (door_find (recipient) != STAFF_DOOR_NONE)
    return 3;
  if (door_signed_number (seal, recipient, 'p') > 0)
    return 2;
  return door_signed_number (seal, recipient, 't') > 0 || door_signed_number (seal, recipient, 'b') > 0 ? 1 : 0;
}

const Recipient *
door_spokesman (const Seal *seal, const Envelope *envelope, const Role *role)
{
  const Recipient *found = NULL;
  for (guint i = 0; i < envelope->recipients->len; i++)
    {
      const Recipient *recipient = g_ptr_array_index (envelope->recipients, i);
      if (recipient->role == role && (found == NULL || weight (seal, recipient) > weight (seal, found)))
        found = recipient;
    }
  return found;
}
