/* idle-filter: a libmilter filter that registers every callback and does nothing in any: what being asked costs.
 *
 *   idle-filter SOCKET */
#include <stdio.h>

#include <libmilter/mfapi.h>

static sfsistat
on_connect (SMFICTX *context, char *host, _SOCK_ADDR *address)
{
  (void) context, (void) host, (void) address;
  return SMFIS_CONTINUE;
}

static sfsistat
on_text (SMFICTX *context, char *text)
{
  (void) context, (void) text;
  return SMFIS_CONTINUE;
}

static sfsistat
on_command (SMFICTX *context, const char *text)
{
  (void) context, (void) text;
  return SMFIS_CONTINUE;
}

static sfsistat
on_envelope (SMFICTX *context, char **arguments)
{
  (void) context, (void) arguments;
  return SMFIS_CONTINUE;
}

static sfsistat
on_header (SMFICTX *context, char *name, char *value)
{
  (void) context, (void) name, (void) value;
  return SMFIS_CONTINUE;
}

static sfsistat
on_body (SMFICTX *context, unsigned char *data, size_t length)
{
  (void) context, (void) data, (void) length;
  return SMFIS_CONTINUE;
}

static sfsistat
on_step (SMFICTX *context)
{
  (void) context;
  return SMFIS_CONTINUE;
}

static char name[] = "idle";

int
main (int argc, char **argv)
{
  const struct smfiDesc callbacks = {
    .xxfi_name = name, .xxfi_version = SMFI_VERSION, .xxfi_connect = on_connect, .xxfi_helo = on_text,
    .xxfi_envfrom = on_envelope, .xxfi_envrcpt = on_envelope, .xxfi_header = on_header, .xxfi_eoh = on_step,
    .xxfi_body = on_body, .xxfi_eom = on_step, .xxfi_abort = on_step, .xxfi_close = on_step, .xxfi_unknown = on_command,
    .xxfi_data = on_step,
  };
  if (argc != 2 || smfi_register (callbacks) != MI_SUCCESS || smfi_setconn (argv[1]) != MI_SUCCESS)
    {
      fprintf (stderr, "idle-filter: give it a socket, as unix:PATH\n");
      return 64;
    }
  return smfi_main () == MI_SUCCESS ? 0 : 1;
}
