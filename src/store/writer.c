#include "store/writer.h"

#include <signal.h>

#define BATCH 256

typedef struct {
  WriterJob run; /* NULL: the thread ends */
  gpointer data;
  GError *error;
  gboolean done;
  GCond changed;
} Job;

struct Writer {
  Database *database; /* the thread's; NULL while it cannot be opened */
  char *path;
  GAsyncQueue *jobs;
  GThread *thread;
  GMutex lock; /* guards Job.done and the due callback */
  void (*on_due) (gpointer data);
  gpointer due_data;
  gint well; /* atomic */
};

static void
fail_all (GPtrArray *batch, const GError *error)
{
  for (guint i = 0; i < batch->len; i++)
    {
      Job *job = g_ptr_array_index (batch, i);
      if (job->error == NULL)
        job->error = g_error_copy (error);
    }
}

/* Runs JOB inside a savepoint. FALSE when SQLite took the whole transaction back. */
static gboolean
run_job (Database *database, Job *job)
{
  if (!database_execute (database, "SAVEPOINT job", &job->error))
    return FALSE;
  if (job->run (database, job->data, &job->error))
    return database_execute (database, "RELEASE job", &job->error);
  return sqlite3_get_autocommit (database->handle) == 0 && database_execute (database, "ROLLBACK TO job; RELEASE job", NULL);
}

static gboolean
run_batch (Database *database, GPtrArray *batch, GError **error)
{
  if (!database_execute (database, "BEGIN IMMEDIATE", error))
    return FALSE;
  for (guint i = 0; i < batch->len; i++)
    {
      Job *job = g_ptr_array_index (batch, i);
      if (!run_job (database, job))
        {
          g_propagate_error (error, g_error_copy (job->error));
          return FALSE;
        }
    }
  return database_execute (database, "COMMIT", error);
}

/* Opens the database again after it was found to be of no use: its file may have been replaced or its disk be back. */
static gboolean
ensure_open (Writer *writer, GError **error)
{
  if (writer->database == NULL)
    writer->database = database_open (writer->path, DATABASE_WRITE, error);
  return writer->database != NULL;
}

/* A job that failed for the database's sake and not for its own. */
static gboolean
has_trouble (GPtrArray *batch)
{
  for (guint i = 0; i < batch->len; i++)
    if (g_error_matches (((const Job *) g_ptr_array_index (batch, i))->error, STORE_ERROR, STORE_ERROR_UNAVAILABLE))
      return TRUE;
  return FALSE;
}

static void
commit_batch (Writer *writer, GPtrArray *batch)
{
  g_autoptr (GError) error = NULL;
  gboolean done = ensure_open (writer, &error);
  if (done)
    {
      writer->database->made_due = FALSE;
      done = run_batch (writer->database, batch, &error);
    }
  g_atomic_int_set (&writer->well, done && !has_trouble (batch));
  if (done)
    return;
  fail_all (batch, error);
  if (writer->database == NULL)
    return;
  gboolean broken = database_is_broken (writer->database);
  if (sqlite3_get_autocommit (writer->database->handle) == 0)
    database_execute (writer->database, "ROLLBACK", NULL);
  if (broken)
    g_clear_pointer (&writer->database, database_close);
}

static void
report_batch (Writer *writer, GPtrArray *batch)
{
  g_mutex_lock (&writer->lock);
  if (writer->database != NULL && writer->database->made_due && writer->on_due != NULL)
    writer->on_due (writer->due_data);
  for (guint i = 0; i < batch->len; i++)
    {
      Job *job = g_ptr_array_index (batch, i);
      job->done = TRUE;
      g_cond_signal (&job->changed);
    }
  g_mutex_unlock (&writer->lock);
}

/* Fills BATCH with the jobs that wait, at least one. FALSE when the thread is to end. */
static gboolean
gather_batch (Writer *writer, GPtrArray *batch)
{
  Job *job = g_async_queue_pop (writer->jobs);
  while (job != NULL && job->run != NULL)
    {
      g_ptr_array_add (batch, job);
      job = batch->len < BATCH ? g_async_queue_try_pop (writer->jobs) : NULL;
    }
  return job == NULL;
}

static gpointer
serve (gpointer data)
{
  Writer *writer = data;
  g_autoptr (GPtrArray) batch = g_ptr_array_new ();
  gboolean going = TRUE;
  while (going)
    {
      g_ptr_array_set_size (batch, 0);
      going = gather_batch (writer, batch);
      if (batch->len == 0)
        continue;
      commit_batch (writer, batch);
      report_batch (writer, batch);
    }
  return NULL;
}

Writer *
writer_new (Database *database)
{
  Writer *writer = g_new0 (Writer, 1);
  sigset_t all, old;
  writer->database = database;
  writer->path = g_strdup (database->path);
  writer->jobs = g_async_queue_new ();
  writer->well = TRUE;
  g_mutex_init (&writer->lock);
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &old); /* signals are for the threads that wait for them */
  writer->thread = g_thread_new ("store writer", serve, writer);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  return writer;
}

void
writer_on_due (Writer *writer, void (*func) (gpointer data), gpointer data)
{
  g_mutex_lock (&writer->lock);
  writer->on_due = func;
  writer->due_data = data;
  g_mutex_unlock (&writer->lock);
}

void
writer_free (Writer *writer)
{
  Job end = { 0 };
  g_async_queue_push (writer->jobs, &end);
  g_thread_join (writer->thread);
  g_async_queue_unref (writer->jobs);
  g_clear_pointer (&writer->database, database_close);
  g_mutex_clear (&writer->lock);
  g_free (writer->path);
  g_free (writer);
}

gboolean
writer_run (Writer *writer, WriterJob run, gpointer data, GError **error)
{
  Job job = { .run = run, .data = data };
  g_cond_init (&job.changed);
  g_async_queue_push (writer->jobs, &job);
  g_mutex_lock (&writer->lock);
  while (!job.done)
    g_cond_wait (&job.changed, &writer->lock);
  g_mutex_unlock (&writer->lock);
  g_cond_clear (&job.changed);
  if (job.error == NULL)
    return TRUE;
  g_propagate_error (error, job.error);
  return FALSE;
}

gboolean
writer_is_well (Writer *writer)
{
  return g_atomic_int_get (&writer->well);
}
