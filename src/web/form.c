#include "web/form.h"

#include <string.h>

#include "config/limits.h"

static void
field_free (Field *field)
{
  g_free (field->name);
  g_free (field->value);
  g_free (field);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Field, field_free)

/* NULL when that is no text. */
static char *
decode (const char *text, gsize length)
{
  g_autofree char *blanks = g_strdelimit (g_strndup (text, length), "+", ' ');
  g_autofree char *plain = strlen (blanks) == length ? g_uri_unescape_string (blanks, NULL) : NULL;
  return plain != NULL && g_utf8_validate (plain, -1, NULL) ? g_steal_pointer (&plain) : NULL;
}

static Field *
read_field (const char *text, gsize length)
{
  const char *equals = memchr (text, '=', length);
  gsize name_length = equals != NULL ? (gsize) (equals - text) : length;
  g_autoptr (Field) field = g_new0 (Field, 1);
  field->name = decode (text, name_length);
  field->value = equals != NULL ? decode (equals + 1, length - name_length - 1) : g_strdup ("");
  return field->name != NULL && field->value != NULL ? g_steal_pointer (&field) : NULL;
}

GPtrArray *
form_parse (const char *text, gsize length)
{
  g_autoptr (GPtrArray) form = g_ptr_array_new_with_free_func ((GDestroyNotify) field_free);
  const char *end = text + length;
  while (text < end)
    {
      const char *stop = memchr (text, '&', (gsize) (end - text));
      if (stop == NULL)
        stop = end;
      Field *field = stop > text ? read_field (text, (gsize) (stop - text)) : NULL;
      if (field != NULL)
        g_ptr_array_add (form, field);
      if ((field == NULL && stop > text) || form->len > LIMIT_WEB_FIELDS)
        return NULL;
      text = stop + 1;
    }
  return g_steal_pointer (&form);
}

const char *
form_find (const GPtrArray *form, const char *name)
{
  for (guint i = 0; i < form->len; i++)
    {
      const Field *field = g_ptr_array_index (form, i);
      if (g_str_equal (field->name, name))
        return field->value;
    }
  return NULL;
}
