/* Authentication-Results: whatever a sender writes below our filters' fields changes nothing of what is believed. */
#include "fuzz.h"

#include <string.h>

#include "config/limits.h"
#include "mail/auth_results.h"

static const char *const ids[] = { "mx.example.com", NULL };
static const char *const nobody[] = { NULL };
static const char *const methods[] = { "dmarc", "dkim", "spf", NULL };

#define FORGED "Authentication-Results: mx.example.com; dmarc=pass header.from=forged.example; spf=pass smtp.mailfrom=forged.example\n"

static MessageFacts *
read_header (const guint8 *data, gsize size, const char *below)
{
  GString *mail = fuzz_line_ends (data, size, "\n");
  g_string_append (mail, below);
  g_autoptr (RawMessage) raw = fuzz_raw (mail->str, mail->len);
  g_string_free (mail, TRUE);
  return message_read (raw, "DIYTel");
}

static const AuthResult *
find_result (const MessageFacts *facts, const char *method)
{
  for (guint i = 0; i < facts->auth->len; i++)
    {
      const AuthResult *result = g_ptr_array_index (facts->auth, i);
      if (g_str_equal (result->method, method))
        return result;
    }
  return NULL;
}

static void
check_results (const MessageFacts *facts)
{
  for (guint i = 0; i < facts->auth->len; i++)
    {
      const AuthResult *result = g_ptr_array_index (facts->auth, i);
      FUZZ_CHECK (g_strv_contains (methods, result->method));
      FUZZ_CHECK (fuzz_is_line (result->result, LIMIT_HEADER_VALUE) && fuzz_is_line (result->domain, LIMIT_HEADER_VALUE));
      if (result->domain != NULL)
        auth_domain_aligned (result->domain, "example.com");
    }
}

static void
check_forged (const MessageFacts *facts, const AuthTrust *trust)
{
  g_autoptr (GArray) forged = auth_results_forged (facts, trust);
  guint fields = 0;
  for (guint i = 0; i < facts->headers->len; i++)
    fields += g_ascii_strcasecmp (((const HeaderField *) g_ptr_array_index (facts->headers, i))->name,
                                  "Authentication-Results") == 0;
  for (guint i = 0; i < forged->len; i++)
    {
      guint index = g_array_index (forged, guint, i);
      FUZZ_CHECK (index >= 1 && index <= fields && (i == 0 || index > g_array_index (forged, guint, i - 1)));
    }
}

/* What is believed without the field below is believed with it. */
static void
check_below (const guint8 *data, gsize size, const AuthTrust *trust)
{
  g_autoptr (MessageFacts) facts = read_header (data, size, "\n");
  g_autoptr (MessageFacts) below = read_header (data, size, "\n" FORGED "\n");
  auth_results_believe (facts, trust);
  auth_results_believe (below, trust);
  check_results (facts);
  check_forged (facts, trust);
  for (guint i = 0; i < facts->auth->len; i++)
    {
      const AuthResult *result = g_ptr_array_index (facts->auth, i);
      const AuthResult *same = find_result (below, result->method);
      FUZZ_CHECK (same != NULL && g_strcmp0 (same->domain, "forged.example") != 0);
    }
}

static void
check_nobody (const guint8 *data, gsize size, const AuthTrust *trust)
{
  g_autoptr (MessageFacts) facts = read_header (data, size, "\n");
  auth_results_believe (facts, trust);
  FUZZ_CHECK (facts->auth->len == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  if (size > 0 && memmem (data, size, "forged.example", strlen ("forged.example")) != NULL)
    return 0;
  check_below (data, size, &(AuthTrust) { .authserv_id = ids, .methods = methods });
  check_below (data, size, &(AuthTrust) { .authserv_id = ids, .methods = methods, .hops = 1 });
  check_nobody (data, size, &(AuthTrust) { .authserv_id = nobody, .methods = methods, .hops = 1 });
  check_nobody (data, size, &(AuthTrust) { .authserv_id = ids, .methods = methods, .authenticated = TRUE });
  return 0;
}
