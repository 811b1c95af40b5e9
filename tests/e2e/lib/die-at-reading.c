/* Preloaded into frontdeskd: a part of the type application/x-end-SIGNAL (a number) ends the process by that signal when its header
 * is read, and one of text/x-end-later when its text is. It stands for any fault in what reads mail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef void *(*Parse) (void *options, const char *text);

void *
g_mime_content_type_parse (void *options, const char *text)
{
  static Parse real;
  if (real == NULL)
    real = (Parse) dlsym (RTLD_NEXT, "g_mime_content_type_parse");
  const char *end = strstr (text, "application/x-end-");
  if (end != NULL)
    raise (atoi (end + strlen ("application/x-end-")));
  return real (options, text);
}

/* Called for the text of HTML parts. */
typedef void *(*Context) (void *sax, void *data, const char *chunk, int size, const char *name, int encoding);

void *
htmlCreatePushParserCtxt (void *sax, void *data, const char *chunk, int size, const char *name, int encoding)
{
  static Context real;
  if (real == NULL)
    real = (Context) dlsym (RTLD_NEXT, "htmlCreatePushParserCtxt");
  raise (SIGSEGV);
  return real (sax, data, chunk, size, name, encoding);
}
