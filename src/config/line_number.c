#include "config/line_number.h"

#include <glib.h>
#include <string.h>

typedef struct {
  const char *at;
  int line, counted;
} Reader;

static void
pass_newline (Reader *reader)
{
  reader->line++;
  reader->counted++;
}

/* To the end of the line, which is not passed. */
static void
pass_line_comment (Reader *reader)
{
  reader->at += strcspn (reader->at, "\n");
  reader->counted += 2;
}

static void
pass_block_comment (Reader *reader)
{
  for (reader->at += 2; *reader->at != '\0' && strncmp (reader->at, "*/", 2) != 0; reader->at++)
    if (*reader->at == '\n')
      pass_newline (reader);
  reader->at += *reader->at != '\0' ? 2 : 0;
  reader->counted++;
}

static void
pass_string (Reader *reader)
{
  char quote = *reader->at++;
  for (; *reader->at != '\0' && *reader->at != quote; reader->at++)
    {
      if (*reader->at == '\\' && reader->at[1] != '\0')
        reader->at++;
      if (*reader->at == '\n')
        pass_newline (reader);
    }
  reader->at += *reader->at != '\0';
}

static void
pass_one (Reader *reader)
{
  if (*reader->at == '#' || strncmp (reader->at, "//", 2) == 0)
    pass_line_comment (reader);
  else if (strncmp (reader->at, "/*", 2) == 0)
    pass_block_comment (reader);
  else if (*reader->at == '"' || *reader->at == '\'')
    pass_string (reader);
  else if (*reader->at++ == '\n')
    pass_newline (reader);
}

int
line_number_true (const char *path, int counted)
{
  g_autofree char *text = NULL;
  if (path == NULL || !g_file_get_contents (path, &text, NULL, NULL))
    return counted;
  Reader reader = { .at = text, .line = 1, .counted = 1 };
  int line = 1;
  while (*reader.at != '\0' && reader.counted <= counted)
    {
      line = reader.line;
      pass_one (&reader);
    }
  return reader.counted <= counted ? reader.line : line;
}
