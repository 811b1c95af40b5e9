/* contact: a person of a customer, as the directory knows them. */
#pragma once

#include <glib.h>

typedef enum { DIRECTORY_FOUND, DIRECTORY_NOT_FOUND, DIRECTORY_UNAVAILABLE } DirectoryStatus;

typedef struct {
  char *mail;         /* the entry's address, or "@domain" */
  char *name;         /* nullable, as are the next three */
  char *organization;
  char *customer;     /* the account's identifier; NULL or "" is never the same customer as anybody */
  char *language;
  char *level;        /* of service, as the directory names it; nullable */
  gboolean suspended;
  gboolean by_domain; /* known by the domain only: a colleague of a customer */
} Contact;

Contact *contact_new (void);
/* For a copy that is to be changed. */
Contact *contact_copy (const Contact *contact);
/* One more holder of CONTACT, which nobody changes from now on. */
Contact *contact_ref (Contact *contact);
/* For each holder: the last one frees. */
void contact_free (Contact *contact);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Contact, contact_free)
