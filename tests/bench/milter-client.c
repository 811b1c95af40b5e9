#include "milter-client.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHUNK 65535
#define ANSWER_LIMIT 65536

struct MilterClient {
  int fd;
  guint32 quiet; /* SMFIP_*: steps that are left out or not answered */
  GByteArray *out;
  guint8 answer[ANSWER_LIMIT];
};

static void
put_number (GByteArray *out, guint32 number)
{
  guint32 wire = htonl (number);
  g_byte_array_append (out, (const guint8 *) &wire, sizeof wire);
}

static void
put (MilterClient *client, char command, const void *data, gsize length)
{
  put_number (client->out, (guint32) length + 1);
  g_byte_array_append (client->out, (const guint8 *) &command, 1);
  g_byte_array_append (client->out, data, (guint) length);
}

static void
put_macros (MilterClient *client, char command, const char *name, const char *value)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_byte_array_append (data, (const guint8 *) &command, 1);
  g_byte_array_append (data, (const guint8 *) name, (guint) strlen (name) + 1);
  g_byte_array_append (data, (const guint8 *) value, (guint) strlen (value) + 1);
  put (client, SMFIC_MACRO, data->data, data->len);
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "milter: %s: %s", what, g_strerror (errno));
  return FALSE;
}

static gboolean
flush (MilterClient *client, GError **error)
{
  gsize sent = 0;
  while (sent < client->out->len)
    {
      gssize now = send (client->fd, client->out->data + sent, client->out->len - sent, MSG_NOSIGNAL);
      if (now <= 0)
        return fail (error, "send");
      sent += (gsize) now;
    }
  g_byte_array_set_size (client->out, 0);
  return TRUE;
}

static gboolean
take (MilterClient *client, void *data, gsize length, GError **error)
{
  gssize got = length == 0 ? 0 : recv (client->fd, data, length, MSG_WAITALL); /* to receive nothing would wait */
  if (got == (gssize) length)
    return TRUE;
  errno = got < 0 ? errno : ECONNRESET;
  return fail (error, "receive");
}

/* The next answer's command, its data in client->answer and *LENGTH; 0 on failure. */
static char
receive (MilterClient *client, gsize *length, GError **error)
{
  guint32 wire;
  char command;
  if (!take (client, &wire, sizeof wire, error) || !take (client, &command, 1, error))
    return 0;
  *length = ntohl (wire) - 1;
  if (*length > ANSWER_LIMIT)
    {
      errno = EMSGSIZE;
      fail (error, "receive");
      return 0;
    }
  return take (client, client->answer, *length, error) ? command : 0;
}

static gboolean
negotiate (MilterClient *client, GError **error)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  gsize length;
  put_number (data, 6);
  put_number (data, SMFI_CURR_ACTS);
  put_number (data, SMFI_CURR_PROT);
  put (client, SMFIC_OPTNEG, data->data, data->len);
  if (!flush (client, error) || receive (client, &length, error) != SMFIC_OPTNEG || length < 12)
    return FALSE;
  guint32 wire;
  memcpy (&wire, client->answer + 8, sizeof wire);
  client->quiet = ntohl (wire);
  return TRUE;
}

/* Sends a step unless it is not wanted (LEFT_OUT), and waits for its answer unless there is none (SILENT). */
static char
step (MilterClient *client, char command, const void *data, gsize length, guint32 left_out, guint32 silent, GError **error)
{
  gsize got;
  if ((client->quiet & left_out) != 0)
    return SMFIR_CONTINUE;
  put (client, command, data, length);
  if ((client->quiet & silent) != 0)
    return SMFIR_CONTINUE;
  return flush (client, error) ? receive (client, &got, error) : 0;
}

/* What comes before the first mail: name, family, port and address of the client, and its HELO. */
static gboolean
introduce (MilterClient *client, GError **error)
{
  static const char where[] = "client.example\0" "4" "\0\031" "127.0.0.1", hello[] = "client.example";
  put_macros (client, SMFIC_CONNECT, "j", "mail.example.com");
  return step (client, SMFIC_CONNECT, where, sizeof where, SMFIP_NOCONNECT, SMFIP_NR_CONN, error) != 0 &&
         step (client, SMFIC_HELO, hello, sizeof hello, SMFIP_NOHELO, SMFIP_NR_HELO, error) != 0;
}

MilterClient *
milter_client_open (const char *path, GError **error)
{
  MilterClient *client = g_new0 (MilterClient, 1);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  client->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  client->out = g_byte_array_new ();
  if (connect (client->fd, (struct sockaddr *) &address, sizeof address) != 0)
    fail (error, path);
  else if (negotiate (client, error) && introduce (client, error))
    return client;
  milter_client_close (client);
  return NULL;
}

void
milter_client_close (MilterClient *client)
{
  put (client, SMFIC_QUIT, "", 0);
  flush (client, NULL);
  close (client->fd);
  g_byte_array_unref (client->out);
  g_free (client);
}

static char
send_fields (MilterClient *client, const char *const *head, GError **error)
{
  char answer = SMFIR_CONTINUE;
  for (; *head != NULL && answer == SMFIR_CONTINUE; head += 2)
    {
      g_autoptr (GByteArray) field = g_byte_array_new ();
      g_byte_array_append (field, (const guint8 *) head[0], (guint) strlen (head[0]) + 1);
      g_byte_array_append (field, (const guint8 *) head[1], (guint) strlen (head[1]) + 1);
      answer = step (client, SMFIC_HEADER, field->data, field->len, SMFIP_NOHDRS, SMFIP_NR_HDR, error);
    }
  return answer;
}

/* The answers to the end of message: changes first, then the verdict. */
static char
finish (MilterClient *client, gint64 *waited, GError **error)
{
  gsize length;
  char answer;
  put_macros (client, SMFIC_BODYEOB, "i", "4F00BA12");
  put (client, SMFIC_BODYEOB, "", 0);
  gint64 start = g_get_monotonic_time ();
  if (!flush (client, error))
    return 0;
  do
    answer = receive (client, &length, error);
  while (answer != 0 && strchr ("+-hmiebp2", answer) != NULL);
  *waited = MAX (g_get_monotonic_time () - start, 1);
  return answer;
}

char
milter_client_send (MilterClient *client, const char *sender, const char *recipient, const char *const *head,
                    const char *body, gsize length, gint64 *waited, GError **error)
{
  g_autofree char *from = g_strdup_printf ("<%s>", sender), *to = g_strdup_printf ("<%s>", recipient);
  *waited = 0;
  put_macros (client, SMFIC_MAIL, "{mail_mailer}", "smtp");
  char answer = step (client, SMFIC_MAIL, from, strlen (from) + 1, SMFIP_NOMAIL, SMFIP_NR_MAIL, error);
  if (answer == SMFIR_CONTINUE)
    answer = step (client, SMFIC_RCPT, to, strlen (to) + 1, SMFIP_NORCPT, SMFIP_NR_RCPT, error);
  if (answer == SMFIR_CONTINUE)
    answer = step (client, SMFIC_DATA, "", 0, SMFIP_NODATA, SMFIP_NR_DATA, error);
  if (answer == SMFIR_CONTINUE)
    answer = send_fields (client, head, error);
  if (answer == SMFIR_CONTINUE)
    answer = step (client, SMFIC_EOH, "", 0, SMFIP_NOEOH, SMFIP_NR_EOH, error);
  for (gsize at = 0; at < length && answer == SMFIR_CONTINUE; at += CHUNK)
    answer = step (client, SMFIC_BODY, body + at, MIN (CHUNK, length - at), SMFIP_NOBODY, SMFIP_NR_BODY, error);
  return answer == SMFIR_CONTINUE ? finish (client, waited, error) : answer;
}
