/* A web request: the first line is its target, the second X-Forwarded-For, the third Forwarded; then comes the form. */
#include "fuzz.h"

#include <string.h>

#include "config/limits.h"
#include "web/client.h"
#include "web/form.h"
#include "web/link.h"
#include "web/signature.h"
#include "web/words.h"

static void
check_form (const GPtrArray *form)
{
  FUZZ_CHECK (form->len <= LIMIT_WEB_FIELDS);
  for (guint i = 0; i < form->len; i++)
    {
      const Field *field = g_ptr_array_index (form, i);
      FUZZ_CHECK (g_utf8_validate (field->name, -1, NULL) && g_utf8_validate (field->value, -1, NULL));
      FUZZ_CHECK (form_find (form, field->name) != NULL);
    }
  g_autofree char *signature = signature_twilio ("token", "https://example.com/hooks/twilio/sms", form);
  FUZZ_CHECK (strlen (signature) == 28 && signature_equal (signature, signature));
}

static void
check_target (const char *target)
{
  Request request = { 0 };
  if (request_read_target (&request, target))
    {
      check_form (request.query);
      for (guint i = 0; request.path[i] != NULL; i++)
        FUZZ_CHECK (*request.path[i] != '\0' && g_utf8_validate (request.path[i], -1, NULL));
    }
  g_strfreev (request.path);
  g_clear_pointer (&request.query, g_ptr_array_unref);
}

/* A stranger's word is nothing; only a proxy's is heard. */
static void
check_client (const char *forwarded_for, const char *forwarded)
{
  g_autoptr (GPtrArray) proxies = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (proxies, g_inet_address_mask_new_from_string ("192.0.2.0/24", NULL));
  g_autoptr (GInetAddress) proxy = g_inet_address_new_from_string ("192.0.2.1");
  g_autoptr (GInetAddress) stranger = g_inet_address_new_from_string ("2001:db8::7");
  g_autoptr (GInetAddress) client = client_find (proxies, proxy, forwarded_for, forwarded);
  g_autoptr (GInetAddress) same = client_find (proxies, stranger, forwarded_for, forwarded);
  g_autofree char *key = client_key (client);
  FUZZ_CHECK (*key != '\0' && g_inet_address_equal (same, stranger));
}

static void
check_body (const char *body)
{
  g_autoptr (GPtrArray) form = form_parse (body, strlen (body));
  PageAction action;
  gint64 ticket;
  if (form == NULL)
    return;
  check_form (form);
  const char *text = form_find (form, "Body");
  if (text != NULL)
    words_read (text, &action, &ticket);
  link_read_action (form_find (form, "action"), &action);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 4);
  guint count = g_strv_length (lines);
  if (count > 0)
    check_target (lines[0]);
  if (count > 2)
    check_client (*lines[1] != '\0' ? lines[1] : NULL, *lines[2] != '\0' ? lines[2] : NULL);
  if (count > 3)
    check_body (lines[3]);
  return 0;
}
