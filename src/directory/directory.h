/* directory: who is this address?
 *
 * One interface, two engines: the embedded table (in the store's database) and LDAP. In front of LDAP stand a
 * cache of answers, found or not, and a breaker, so that a dead server costs one session its time-out and the
 * others nothing. "Down" is an answer of its own and never means "unknown". Safe to use from any thread.
 */
#pragma once

#include "config/config.h"
#include "directory/contact.h"
#include "store/store.h"

#define DIRECTORY_ERROR (directory_error_quark ())
GQuark directory_error_quark (void);
typedef enum {
  DIRECTORY_ERROR_UNAVAILABLE, /* no server answers, or not in time */
  DIRECTORY_ERROR_SETTINGS,    /* refused bind, bad filter, bad certificate: somebody must act */
} DirectoryError;

typedef struct Directory Directory;

/* An engine: one const struct at the end of its file. ADDRESS is normalised. find() ends by DEADLINE (monotonic) and a
 * moment; a handle of LDAP serves one thread at a time, the table's any number. */
typedef struct {
  const char *name;
  gpointer (*open) (const Config *config, Store *store, GError **error);
  DirectoryStatus (*find) (gpointer handle, const char *address, gint64 deadline, Contact **contact, GError **error);
  void (*close) (gpointer handle);
} DirectoryEngine;

extern const DirectoryEngine directory_ldap;
extern const DirectoryEngine directory_table;

/* STORE is used by the table engine and must outlive the directory. Does not connect yet. Errors: DIRECTORY_ERROR. */
Directory *directory_new (const Config *config, Store *store, GError **error);
Directory *directory_ref (Directory *directory);
void directory_unref (Directory *directory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Directory, directory_unref)

/* Looks ADDRESS up, by itself and then by its domain, in at most the configured time-out (and a moment).
 * *CONTACT (the caller's) is set when DIRECTORY_FOUND. *ERROR is set only with DIRECTORY_UNAVAILABLE, for the log. */
DirectoryStatus directory_find_contact (Directory *directory, const char *address, Contact **contact, GError **error);

/* One look-up of an address that cannot exist, past cache and breaker and on a connection of its own: for `doctor`. */
gboolean directory_check (Directory *directory, GError **error);
