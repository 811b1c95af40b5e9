/* Mail by machines: what it is taken for, which mails of ours it speaks of, and what it says of their recipients. */
#include "fuzz.h"

#include "config/limits.h"
#include "desk/automatic.h"
#include "desk/bounces.h"
#include "mail/bounce.h"

#define CONFIG_TEXT \
  "own-address = \"frontdesk@example.com\"\n" \
  "calendar \"c\" { timezone = \"UTC\" hours = {\"mon-fri 09:00-17:00\"} }\n" \
  "policy \"p\" { calendar = \"c\" }\nteam \"t\" { notify = {\"t@example.com\"} }\n" \
  "role \"support\" { address = {\"support@example.com\"} policy = \"p\" team = \"t\" }\n"

static Config *
fixed_config (void)
{
  static Config *config;
  g_autoptr (GError) error = NULL;
  if (config == NULL)
    {
      g_autofree char *path = fuzz_file ("frontdesk.conf", CONFIG_TEXT, sizeof CONFIG_TEXT - 1);
      config = config_load (path, &error);
    }
  if (config == NULL)
    g_error ("%s", error->message);
  return config;
}

static void
check_class (const MessageFacts *facts, const char *sender)
{
  const Config *config = fixed_config ();
  const Role *role = config_find_role_by_name (config, "support");
  g_autoptr (Envelope) envelope = envelope_new (sender);
  Automatic automatic = automatic_classify (facts, envelope, role, config, STANDING_UNKNOWN);
  FUZZ_CHECK ((automatic.class == AUTOMATIC_NONE) == (automatic.rule == NULL));
  FUZZ_CHECK (automatic.rule == NULL || automatic.reason != NULL);
  FUZZ_CHECK (*sender != '\0' || automatic.class == AUTOMATIC_REPORT);
}

/* A report speaks only of the people of the ticket that it is about. */
static void
check_judgement (const GPtrArray *recipients)
{
  char *participants[] = { (char *) "ben@customer.example", NULL };
  const Ticket ticket = { .number = 1, .requester = (char *) "ann@customer.example", .participants = participants };
  g_autoptr (GPtrArray) states = bounces_judge (recipients, &ticket);
  for (guint i = 0; i < states->len; i++)
    {
      const AddressState *state = g_ptr_array_index (states, i);
      FUZZ_CHECK (address_equal (state->address, ticket.requester) || address_equal (state->address, participants[0]));
    }
}

static void
check_recipients (const RawMessage *raw)
{
  g_autoptr (GPtrArray) recipients = bounce_read (raw);
  FUZZ_CHECK (recipients->len <= LIMIT_BOUNCE_RECIPIENTS);
  for (guint i = 0; i < recipients->len; i++)
    {
      const BounceRecipient *recipient = g_ptr_array_index (recipients, i);
      FUZZ_CHECK (fuzz_is_line (recipient->address, LIMIT_ADDRESS) && fuzz_is_line (recipient->status, 20));
      FUZZ_CHECK (g_utf8_validate (recipient->diagnostic, -1, NULL));
    }
  check_judgement (recipients);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (RawMessage) raw = fuzz_raw ((const char *) data, size);
  g_autoptr (MessageFacts) facts = message_read (raw, "DIYTel");
  FUZZ_CHECK (g_strv_length (facts->embedded_ids) <= LIMIT_EMBEDDED_IDS);
  for (guint i = 0; facts->embedded_ids[i] != NULL; i++)
    FUZZ_CHECK (fuzz_is_line (facts->embedded_ids[i], LIMIT_MESSAGE_ID));
  check_recipients (raw);
  check_class (facts, "");
  check_class (facts, facts->from != NULL ? facts->from : "anna@example.net");
  return 0;
}
