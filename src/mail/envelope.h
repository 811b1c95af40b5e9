/* envelope: what SMTP said around a message. Filled by the gateway, or by `frontdesk explain` from options. */
#pragma once

#include "config/config.h"

typedef struct {
  char *address;    /* bare, as given */
  char *given;      /* exactly as the MTA gave it, brackets and all: what smfi_delrcpt needs */
  const Role *role; /* belongs to the Config */
  char *extension;  /* text behind the "+", nullable */
} Recipient;

typedef struct {
  char *sender;     /* bare MAIL FROM, as given; "" is the null sender */
  char *plain_sender; /* the address that a person would recognise: envelope_unwrap_sender() */
  char *auth_user;  /* SMTP AUTH login, nullable */
  gboolean local;   /* submitted on this machine without SMTP */
  char *client;     /* for the log: "host[address]" */
  char *queue_id;   /* nullable until the MTA has one */
  GPtrArray *recipients; /* (element-type Recipient) of roles */
  gboolean others;  /* it goes to somebody else too */
  GPtrArray *strangers; /* (element-type Recipient) the first LIMIT_STRANGERS of them: their role is NULL */
} Envelope;

Envelope *envelope_new (const char *sender);
void envelope_free (Envelope *envelope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Envelope, envelope_free)

/* Adds a recipient; GIVEN may have angle brackets and ESMTP arguments behind them. Its role is looked up in
 * CONFIG. The Recipient belongs to the envelope; NULL when it is no role's. */
Recipient *envelope_add_recipient (Envelope *envelope, const Config *config, const char *given);

/* The bare address in an SMTP path: brackets, source route and anything behind ">" cut off. */
char *envelope_bare_address (const char *path);

/* SENDER with SRS0/SRS1 rewriting and BATV (prvs=) tags undone: the address that a person would recognise. */
char *envelope_unwrap_sender (const char *sender);
