/* content: what a message of a ticket says, read out of its octets when somebody asks. */
#pragma once

#include "commands/command.h"
#include "store/ticket.h"

/* MESSAGE with its text, what it quotes, its attachments and whether it is signed. A mail whose octets cannot be read says so in
 * "unread". */
json_t *content_to_json (Store *store, const Message *message);

/* Prints the texts and attachments of MESSAGES; FULL: with what they quote. */
void content_print (const json_t *messages, gboolean full);
