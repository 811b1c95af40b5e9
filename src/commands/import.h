/* import: readers of customer files. Each calls back for every customer and stops at the first error, which names the
 * file's line. */
#pragma once

#include "config/config.h"
#include "directory/contact.h"

#define IMPORT_ERROR (import_error_quark ())
GQuark import_error_quark (void);
typedef enum {
  IMPORT_ERROR_READ, /* the file cannot be read */
  IMPORT_ERROR_DATA, /* FILE:LINE: what is wrong with it */
} ImportError;

typedef struct {
  gboolean (*add) (const Contact *contact, gpointer data, GError **error);
  void (*progress) (double share, gpointer data); /* 0 to 1, now and then */
  gpointer data;
} ImportSink;

/* CSV (RFC 4180) with the header line mail,name,organization,customer,language,status, in any order; only mail is
 * needed. */
gboolean import_csv (const char *path, const ImportSink *sink, GError **error);

/* LDIF (RFC 2849): an entry's mail values, and its associatedDomain values as "@domain"; the other attributes by the
 * names that the configuration's directory section gives. */
gboolean import_ldif (const char *path, const DirectorySettings *names, const ImportSink *sink, GError **error);

/* Checks and normalises CONTACT->mail ("a@b" or "@b") and gives it to SINK; errors say PATH:LINE. */
gboolean import_contact (const char *path, guint line, Contact *contact, const ImportSink *sink, GError **error);
