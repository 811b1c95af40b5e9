/* fuzz: what all fuzz targets have in common.
 *
 * A target is one file that defines LLVMFuzzerTestOneInput(). `make fuzz` links it with libFuzzer; the ordinary build links
 * it with main.c, which gives it the files of its corpus.
 */
#pragma once

#include "mail/message.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* Ends the process when CONDITION, which holds for any input, does not hold. */
#define FUZZ_CHECK(condition) \
  G_STMT_START \
  { \
    if (!(condition)) \
      fuzz_fail (__FILE__, __LINE__, #condition); \
  } \
  G_STMT_END
void fuzz_fail (const char *file, int line, const char *condition) G_GNUC_NORETURN;

/* The octets as a message. The caller's. */
RawMessage *fuzz_raw (const char *data, gsize size);

/* The octets with each line end (CR LF, CR CR LF or LF) as LINE_END. The caller's. */
GString *fuzz_line_ends (const guint8 *data, gsize size, const char *line_end);

/* The octets as a string that ends at their first NUL. The caller's. */
char *fuzz_string (const guint8 *data, gsize size);

/* Puts the octets into the file NAME of a folder that lasts as long as the process. Its path, the caller's. */
char *fuzz_file (const char *name, const void *data, gsize size);

/* TRUE when TEXT is NULL, or UTF-8 without a line break and at most MOST octets. */
gboolean fuzz_is_line (const char *text, gsize most);
