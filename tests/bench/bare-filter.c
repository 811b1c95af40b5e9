/* bare-filter: the least that a filter which keeps mail can do: one ticket row and one message row with the raw mail, on
 * disk before the answer. It decides nothing, reads no MIME, asks no directory and answers nobody.
 *
 *   bare-filter SOCKET DATABASE group|each
 *
 * "group": one transaction for all that wait; "each": one a mail. */
#include <stdio.h>
#include <string.h>

#include <glib.h>
#include <libmilter/mfapi.h>
#include <sqlite3.h>

typedef struct {
  GString *mail;
  gboolean done;
  GCond changed;
} Message;

static sqlite3 *database;
static sqlite3_stmt *begin, *commit, *add_ticket, *add_message;
static gsize batch_limit;
static GMutex lock;
static GCond arrived;
static GQueue waiting = G_QUEUE_INIT;

static void
must (int code)
{
  if (code != SQLITE_OK && code != SQLITE_DONE)
    g_error ("bare-filter: %s", sqlite3_errmsg (database));
}

static void
run (sqlite3_stmt *statement)
{
  must (sqlite3_step (statement));
  must (sqlite3_reset (statement));
}

static void
write_message (const Message *message)
{
  must (sqlite3_bind_text (add_ticket, 1, "The line is down", -1, SQLITE_STATIC));
  run (add_ticket);
  must (sqlite3_bind_int64 (add_message, 1, sqlite3_last_insert_rowid (database)));
  must (sqlite3_bind_blob64 (add_message, 2, message->mail->str, message->mail->len, SQLITE_STATIC));
  run (add_message);
}

static gpointer
write_all (gpointer data)
{
  (void) data;
  for (;;)
    {
      Message *batch[256];
      gsize count = 0;
      g_mutex_lock (&lock);
      while (g_queue_is_empty (&waiting))
        g_cond_wait (&arrived, &lock);
      while (count < batch_limit && !g_queue_is_empty (&waiting))
        batch[count++] = g_queue_pop_head (&waiting);
      g_mutex_unlock (&lock);
      run (begin);
      for (gsize i = 0; i < count; i++)
        write_message (batch[i]);
      run (commit);
      g_mutex_lock (&lock);
      for (gsize i = 0; i < count; i++)
        {
          batch[i]->done = TRUE;
          g_cond_signal (&batch[i]->changed);
        }
      g_mutex_unlock (&lock);
    }
  return NULL;
}

static sfsistat
on_negotiate (SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long unused2, unsigned long unused3,
              unsigned long *want_actions, unsigned long *want_steps, unsigned long *want2, unsigned long *want3)
{
  (void) context, (void) actions, (void) unused2, (void) unused3;
  *want_actions = *want2 = *want3 = 0;
  *want_steps = steps & (SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NOEOH |
                         SMFIP_NR_MAIL | SMFIP_NR_HDR | SMFIP_NR_BODY);
  return SMFIS_CONTINUE;
}

static void
forget (SMFICTX *context)
{
  GString *mail = smfi_getpriv (context);
  if (mail != NULL)
    g_string_free (mail, TRUE);
  smfi_setpriv (context, NULL);
}

static sfsistat
on_mail (SMFICTX *context, char **arguments)
{
  (void) arguments;
  forget (context);
  smfi_setpriv (context, g_string_new (NULL));
  return SMFIS_NOREPLY;
}

static sfsistat
on_header (SMFICTX *context, char *name, char *value)
{
  g_string_append_printf (smfi_getpriv (context), "%s: %s\r\n", name, value);
  return SMFIS_NOREPLY;
}

static sfsistat
on_body (SMFICTX *context, unsigned char *data, size_t length)
{
  g_string_append_len (smfi_getpriv (context), (const char *) data, (gssize) length);
  return SMFIS_NOREPLY;
}

static sfsistat
on_end_of_message (SMFICTX *context)
{
  Message message = { .mail = smfi_getpriv (context) };
  g_cond_init (&message.changed);
  g_mutex_lock (&lock);
  g_queue_push_tail (&waiting, &message);
  g_cond_signal (&arrived);
  while (!message.done)
    g_cond_wait (&message.changed, &lock);
  g_mutex_unlock (&lock);
  g_cond_clear (&message.changed);
  forget (context);
  return SMFIS_CONTINUE;
}

static sfsistat
on_close (SMFICTX *context)
{
  forget (context);
  return SMFIS_CONTINUE;
}

static void
open_database (const char *path)
{
  must (sqlite3_open (path, &database));
  must (sqlite3_exec (database,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE ticket (number INTEGER PRIMARY KEY, subject TEXT);"
                      "CREATE TABLE message (id INTEGER PRIMARY KEY, ticket INTEGER, mail BLOB);",
                      NULL, NULL, NULL));
  must (sqlite3_prepare_v2 (database, "BEGIN IMMEDIATE", -1, &begin, NULL));
  must (sqlite3_prepare_v2 (database, "COMMIT", -1, &commit, NULL));
  must (sqlite3_prepare_v2 (database, "INSERT INTO ticket (subject) VALUES (?)", -1, &add_ticket, NULL));
  must (sqlite3_prepare_v2 (database, "INSERT INTO message (ticket, mail) VALUES (?, ?)", -1, &add_message, NULL));
}

static char filter_name[] = "bare";

int
main (int argc, char **argv)
{
  const struct smfiDesc callbacks = {
    .xxfi_name = filter_name, .xxfi_version = SMFI_VERSION, .xxfi_negotiate = on_negotiate, .xxfi_envfrom = on_mail,
    .xxfi_header = on_header, .xxfi_body = on_body, .xxfi_eom = on_end_of_message, .xxfi_close = on_close,
  };
  if (argc != 4 || smfi_register (callbacks) != MI_SUCCESS || smfi_setconn (argv[1]) != MI_SUCCESS)
    {
      fprintf (stderr, "bare-filter: give it a socket as unix:PATH, a new database, and \"group\" or \"each\"\n");
      return 64;
    }
  batch_limit = strcmp (argv[3], "group") == 0 ? 256 : 1;
  open_database (argv[2]);
  g_thread_unref (g_thread_new ("writer", write_all, NULL));
  return smfi_main () == MI_SUCCESS ? 0 : 1;
}
