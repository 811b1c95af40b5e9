#include "store/writer.h"

#define BATCH 256

/* Held by who waits for it and by the thread. */
typedef struct {
  WriterJob run; /* NULL: the thread ends */
  gpointer data;
  gboolean shared;
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
  StoreOnDue on_due;
  gpointer due_data;
  gint well; /* atomic */
};

static void
job_clear (gpointer data)
{
  Job *job = data;
  g_clear_error (&job->error);
  g_cond_clear (&job->changed);
}

static Job *
job_new (WriterJob run, gpointer data, gboolean shared)
{
  Job *job = g_atomic_rc_box_new0 (Job);
  job->run = run;
  job->data = data;
  job->shared = shared;
  g_cond_init (&job->changed);
  return job;
}

static void
job_unref (gpointer job)
{
  g_atomic_rc_box_release_full (job, job_clear);
}

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

/* Takes back what was done since the savepoint "job". FALSE when SQLite took the whole transaction back. */
static gboolean
take_back (Database *database)
{
  return sqlite3_get_autocommit (database->handle) == 0 && database_execute (database, "ROLLBACK TO job; RELEASE job", NULL);
}

static gboolean
run_apart (Database *database, Job *job)
{
  if (!database_run (database, &job->error, "SAVEPOINT job", ""))
    return FALSE;
  if (job->run (database, job->data, &job->error))
    return database_run (database, &job->error, "RELEASE job", "");
  return take_back (database);
}

/* Runs the jobs of BATCH that share their fate. FALSE as in take_back(). */
static gboolean
run_shared (Database *database, GPtrArray *batch, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean well = database_run (database, &failure, "SAVEPOINT job", "");
  for (guint i = 0; well && i < batch->len; i++)
    {
      Job *job = g_ptr_array_index (batch, i);
      well = !job->shared || job->run (database, job->data, &failure);
    }
  if (well)
    return database_run (database, error, "RELEASE job", "");
  for (guint i = 0; i < batch->len; i++)
    {
      Job *job = g_ptr_array_index (batch, i);
      if (job->shared)
        job->error = g_error_copy (failure);
    }
  if (take_back (database))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
run_batch (Database *database, GPtrArray *batch, GError **error)
{
  if (!database_run (database, error, "BEGIN IMMEDIATE", ""))
    return FALSE;
  for (guint i = 0; i < batch->len; i++)
    {
      Job *job = g_ptr_array_index (batch, i);
      if (!job->shared && !run_apart (database, job))
        {
          g_propagate_error (error, g_error_copy (job->error));
          return FALSE;
        }
    }
  return run_shared (database, batch, error) && database_run (database, error, "COMMIT", "");
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
      writer->database->made_due = 0;
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

/* Who is woken needs the lock, so nobody is before it is free. */
static void
report_batch (Writer *writer, GPtrArray *batch)
{
  g_mutex_lock (&writer->lock);
  if (writer->database != NULL && writer->database->made_due != 0 && writer->on_due != NULL)
    writer->on_due (writer->database->made_due, writer->due_data);
  for (guint i = 0; i < batch->len; i++)
    ((Job *) g_ptr_array_index (batch, i))->done = TRUE;
  g_mutex_unlock (&writer->lock);
  for (guint i = 0; i < batch->len; i++)
    g_cond_signal (&((Job *) g_ptr_array_index (batch, i))->changed);
  g_ptr_array_set_size (batch, 0);
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
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func (job_unref);
  gboolean going = TRUE;
  while (going)
    {
      going = gather_batch (writer, batch);
      if (batch->len == 0)
        continue;
      commit_batch (writer, batch);
      report_batch (writer, batch);
      if (writer->database != NULL)
        database_checkpoint (writer->database);
    }
  return NULL;
}

Writer *
writer_new (Database *database)
{
  Writer *writer = g_new0 (Writer, 1);
  writer->database = database;
  writer->path = g_strdup (database->path);
  writer->jobs = g_async_queue_new ();
  writer->well = TRUE;
  g_mutex_init (&writer->lock);
  writer->thread = g_thread_new ("store writer", serve, writer);
  return writer;
}

void
writer_on_due (Writer *writer, StoreOnDue func, gpointer data)
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

static gboolean
run_and_wait (Writer *writer, Job *job, GError **error)
{
  g_async_queue_push (writer->jobs, g_atomic_rc_box_acquire (job));
  g_mutex_lock (&writer->lock);
  while (!job->done)
    g_cond_wait (&job->changed, &writer->lock);
  g_mutex_unlock (&writer->lock);
  gboolean well = job->error == NULL;
  if (!well)
    g_propagate_error (error, g_steal_pointer (&job->error));
  job_unref (job);
  return well;
}

gboolean
writer_run (Writer *writer, WriterJob run, gpointer data, GError **error)
{
  return run_and_wait (writer, job_new (run, data, FALSE), error);
}

gboolean
writer_run_shared (Writer *writer, WriterJob run, gpointer data, GError **error)
{
  return run_and_wait (writer, job_new (run, data, TRUE), error);
}

gboolean
writer_is_well (Writer *writer)
{
  return g_atomic_int_get (&writer->well);
}
