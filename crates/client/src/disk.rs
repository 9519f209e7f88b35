//! The thread that owns SQLite: one deed at a time, each durable before its answer.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anser_client_core::local::{Load, Loaded, Restored, Save};
use anser_local_store::{
    Row, Statement, Value, events_from_rows, load_statement, migration_scripts, restore_statements,
    restored_from_rows, statements_for,
};
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, TransactionBehavior, params_from_iter};
use tokio::sync::{mpsc, oneshot};

use crate::error::ClientError;

/// More than the distinct statements of `local-store`: none is ever prepared twice.
const PREPARED_STATEMENTS: usize = 64;

/// The driver's end of the thread. When it goes, the thread finishes what it does and closes the database.
pub(crate) struct Disk {
    jobs: mpsc::Sender<Job>,
    closed: oneshot::Receiver<()>,
}

enum Job {
    Save(Vec<Save>, oneshot::Sender<rusqlite::Result<()>>),
    Load(Load, oneshot::Sender<Result<Loaded, ClientError>>),
}

impl Disk {
    /// Opens, or makes, the database in this directory, and reads what an engine needs at start.
    pub(crate) async fn open(dir: &Path) -> Result<(Disk, Restored), ClientError> {
        // The driver waits for each answer, so there is never more than one job.
        let (jobs, job_queue) = mpsc::channel(1);
        let (opened, when_opened) = oneshot::channel();
        let (on_close, closed) = oneshot::channel();
        let dir = dir.to_owned();
        let thread = std::thread::Builder::new().name("anser-disk".to_owned());
        let spawned = thread.spawn(move || {
            match Database::open(&dir) {
                Ok((database, restored)) => {
                    // Nobody waits any more when the opening was given up: then there is no job either.
                    let _ = opened.send(Ok(restored));
                    work(database, job_queue);
                }
                Err(error) => drop(opened.send(Err(error))),
            }
            let _ = on_close.send(());
        });
        spawned.map_err(|_| ClientError::PartEnded)?;
        let restored = when_opened.await.map_err(|_| ClientError::PartEnded)??;
        Ok((Disk { jobs, closed }, restored))
    }

    /// One transaction. On error nothing of it is on disk.
    pub(crate) async fn save(&self, saves: Vec<Save>) -> Result<(), ClientError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Job::Save(saves, answer)).await?;
        Ok(answered.await.map_err(|_| ClientError::PartEnded)??)
    }

    pub(crate) async fn load(&self, load: Load) -> Result<Loaded, ClientError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Job::Load(load, answer)).await?;
        answered.await.map_err(|_| ClientError::PartEnded)?
    }

    /// Returns when the database is closed and its directory free for the next client.
    pub(crate) async fn close(self) {
        drop(self.jobs);
        let _ = self.closed.await;
    }

    async fn ask(&self, job: Job) -> Result<(), ClientError> {
        self.jobs.send(job).await.map_err(|_| ClientError::PartEnded)
    }
}

fn work(mut database: Database, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        // An answer that nobody waits for belongs to a driver that has ended; the next turn ends us too.
        match job {
            Job::Save(saves, answer) => drop(answer.send(database.save(&saves))),
            Job::Load(load, answer) => drop(answer.send(database.load(&load))),
        }
    }
}

struct Database {
    connection: Connection,
    /// Declared after the connection, so that it is let go after the database is closed.
    _lock: File,
}

impl Database {
    fn open(dir: &Path) -> Result<(Database, Restored), ClientError> {
        let lock = lock(dir)?;
        let mut connection = Connection::open(dir.join("anser.sqlite"))?;
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        // A commit that returned survives a power cut: with WAL that takes FULL.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        migrate(&mut connection)?;
        let database = Database { connection, _lock: lock };
        let restored = database.restore()?;
        Ok((database, restored))
    }

    fn restore(&self) -> Result<Restored, ClientError> {
        let mut answers = Vec::new();
        for question in restore_statements() {
            answers.push(query(&self.connection, &question)?);
        }
        Ok(restored_from_rows(answers)?)
    }

    fn save(&mut self, saves: &[Save]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for save in saves {
            for statement in statements_for(save) {
                let mut prepared = transaction.prepare_cached(statement.sql)?;
                prepared.execute(params_from_iter(statement.params.into_iter().map(to_sql)))?;
            }
        }
        transaction.commit()
    }

    fn load(&self, load: &Load) -> Result<Loaded, ClientError> {
        let rows = query(&self.connection, &load_statement(load))?;
        Ok(Loaded { id: load.id, events: events_from_rows(rows)? })
    }
}

/// The directory, private to this user because the session's token lies in it, and ours alone from here on.
fn lock(dir: &Path) -> Result<File, ClientError> {
    let refuse = |source| ClientError::DataDir { path: dir.to_owned(), source };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(refuse)?;
    let file = File::create(dir.join("lock")).map_err(refuse)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClientError::InUse(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(refuse(source)),
    }
}

fn migrate(connection: &mut Connection) -> Result<(), ClientError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for script in migration_scripts(version)? {
        transaction.execute_batch(script)?;
    }
    Ok(transaction.commit()?)
}

fn query(connection: &Connection, statement: &Statement) -> rusqlite::Result<Vec<Row>> {
    let mut prepared = connection.prepare_cached(statement.sql)?;
    let columns = prepared.column_count();
    let params = params_from_iter(statement.params.iter().cloned().map(to_sql));
    let mut rows = prepared.query(params)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for index in 0..columns {
            values.push(from_sql(row.get_ref(index)?));
        }
        all.push(values);
    }
    Ok(all)
}

fn to_sql(value: Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Text(text) => SqlValue::Text(text),
        Value::Blob(bytes) => SqlValue::Blob(bytes),
    }
}

/// What no table of ours holds (a fraction, text that is not UTF-8) becomes bytes, which the decoder refuses by name.
fn from_sql(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Blob(number.to_be_bytes().to_vec()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Blob(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
