//! Opening a store: the directory, its lock, the connections.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anser_failpoints::Mutant;
use anser_protocol::limits;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::SqliteStore;
use super::at_hand::AtHand;
use super::checkpoints::{Checkpoints, LOG_LIMITS};
use super::durable::Durable;
use super::open_error::OpenError;
use super::page_cache;
use super::readers::Readers;
use super::seen::Seen;
use super::writer::Writer;
use super::{journal, schema};

/// The database's name in its directory.
const DATABASE: &str = "anser.db";
/// The name that SQLite gives to its log.
const DATABASE_LOG: &str = "anser.db-wal";
/// Holding this file's lock is what makes a process the directory's server.
const LOCK: &str = "anser.lock";

/// The log is cut back to this size when it begins again: to write over it is faster than to make it grow, and to cut
/// it costs the writer up to 40 ms. More than it takes where the copier keeps up.
const LOG_BYTES_KEPT: u32 = 128 * 1024 * 1024;
/// What each reader may cache: the upper levels of all indexes of a large store.
const CACHE_KIB: i32 = 16 * 1024;
/// Only tools (a shell, a backup) ever compete for the database; they are waited for this long.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// More statements than all deeds have.
const STATEMENTS_CACHED: usize = 128;
/// Questions are short and mostly answered from memory: a few threads keep every core busy.
const READERS: usize = 3;

impl SqliteStore {
    /// Opens the store in `dir`, making the directory and the database if there is none yet, and bringing an
    /// older database up to date. Refused while another process has it open.
    pub fn open(dir: &Path) -> Result<SqliteStore, OpenError> {
        let of_directory = |source| OpenError::Directory { dir: dir.to_owned(), source };
        let of_database = |source| OpenError::Database { dir: dir.to_owned(), source };

        create_private_dir(dir).map_err(of_directory)?;
        let lock = take_lock(dir)?;
        let file = dir.join(DATABASE);
        create_private_file(&file).map_err(of_directory)?;
        let mut connection = Connection::open(&file).map_err(of_database)?;
        // Looked at before anything is set: even WAL mode is a change of the file.
        let found = schema::find(&connection, &file)?;
        configure_writer(&connection).map_err(of_database)?;
        schema::migrate(&mut connection, found).map_err(of_database)?;
        let position = journal::change_position(&connection).map_err(of_database)?;

        // Before the writer starts: should a thread not start, nothing has been promised to anybody.
        let open_readers = || (0..READERS).map(|_| open_reader(&file)).collect::<Result<_, _>>();
        let at_hand = open_readers().and_then(AtHand::new).map_err(of_database)?;
        let log = open_log(dir).map_err(of_directory)?;
        let durable = Arc::new(Durable::new(move || log.sync_data()));
        let readers = open_readers().map_err(of_database)?;
        let readers = Readers::start(at_hand, readers, durable.clone()).map_err(of_directory)?;
        let database = Arc::new(File::options().write(true).open(&file).map_err(of_directory)?);
        let copier = open_copier(&file).map_err(of_database)?;
        let checkpoints = Checkpoints::start(&mut connection, copier, database.clone(), LOG_LIMITS)
            .map_err(of_database)?
            .map_err(of_directory)?;
        let seen = Arc::new(Seen::default());
        commit_without_sync(&connection)
            .and_then(|()| page_cache::fit_to_database(&connection))
            .map_err(of_database)?;
        let writer = Writer::start(connection, Some(checkpoints), seen.clone(), durable, position);
        let writer = writer.map_err(of_directory)?;
        let group_members_max = limits::GROUP_MEMBERS_DEFAULT;
        Ok(SqliteStore { readers, writer, seen, _database: database, _lock: lock, group_members_max })
    }
}

/// Others on this machine have no business with people's messages.
fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let new: Vec<&Path> = dir.ancestors().take_while(is_new).collect();
    builder.create(dir)?;
    new.into_iter().try_for_each(sync_name)
}

/// A new folder outlives a power cut once the folder that it lies in is on the disk. SQLite sees to that for its own
/// files, and nobody but us for theirs.
fn sync_name(folder: &Path) -> io::Result<()> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) }
}

/// Not left to SQLite, which lets everybody read what it makes: the directory may be one that was there before us,
/// open to others. SQLite gives its log the modes of the database, and so this covers all files. One that exists
/// keeps the modes that somebody gave it.
fn create_private_file(file: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// The lock goes when the file is closed, also when the process is killed: it can never be left behind.
fn take_lock(dir: &Path) -> Result<File, OpenError> {
    let of_directory = |source| OpenError::Directory { dir: dir.to_owned(), source };
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join(LOCK))
        .map_err(of_directory)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(of_directory(source)),
    }
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    configure(connection, page_cache::WRITER_KIB)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // In WAL mode only FULL syncs the log at every commit, and a commit is what we promise people.
    let synchronous = if anser_failpoints::is(Mutant::StoreWithoutSync) { "OFF" } else { "FULL" };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // See `checkpoints`.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)
}

/// From now on a commit leaves its sync to `durable`. SQLite still syncs what it must before it writes over anything:
/// the log before it is copied, the database before the log begins again, and the log's new beginning.
fn commit_without_sync(connection: &Connection) -> rusqlite::Result<()> {
    let synchronous = if anser_failpoints::is(Mutant::StoreWithoutSync) { "OFF" } else { "NORMAL" };
    connection.pragma_update(None, "synchronous", synchronous)
}

/// The log, to be synced. SQLite has made it by now, but has perhaps not synced its name: it does so with its own first
/// sync.
fn open_log(dir: &Path) -> io::Result<File> {
    let path = dir.join(DATABASE_LOG);
    let log = File::options().write(true).open(&path)?;
    sync_name(&path)?;
    Ok(log)
}

fn open_copier(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    configure(&connection, CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    configure(&connection, CACHE_KIB)?;
    Ok(connection)
}

pub(super) fn configure(connection: &Connection, cache_kib: i32) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // A plan that may depend on the values bound is made anew for every other use of its statement, which costs ten
    // times the statement: 40 of the 60 microseconds of a send into a log not remembered.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    page_cache::set(connection, cache_kib)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No test can pull the plug, so this one looks at what makes a commit outlive it.
    #[test]
    fn a_commit_is_on_the_disk() {
        let dir = tempfile::TempDir::new().unwrap();
        let connection = Connection::open(dir.path().join(DATABASE)).unwrap();
        configure_writer(&connection).unwrap();
        let setting = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        let full = 2;
        assert_eq!(setting("synchronous"), full);
        assert_eq!(setting("foreign_keys"), 1);
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    /// What is left to `durable` is the sync of a commit, and no other.
    #[test]
    fn what_sqlite_must_sync_itself_it_syncs() {
        let dir = tempfile::TempDir::new().unwrap();
        let connection = Connection::open(dir.path().join(DATABASE)).unwrap();
        configure_writer(&connection).unwrap();
        commit_without_sync(&connection).unwrap();
        let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        let normal = 1;
        assert_eq!(synchronous, normal);
        assert_eq!(
            open_copier(&dir.path().join(DATABASE))
                .unwrap()
                .pragma_query_value(None, "synchronous", |row| row.get(0)),
            Ok(2)
        );
    }

    /// The flags that `.cargo/config.toml` gives reach its compiler; of fdatasync it does not tell.
    #[test]
    fn sqlite_is_built_as_meant() {
        let connection = Connection::open_in_memory().unwrap();
        let mut options = connection.prepare("PRAGMA compile_options").unwrap();
        let options = options.query_map([], |row| row.get(0)).unwrap();
        let options: Vec<String> = options.collect::<Result<_, _>>().unwrap();
        assert!(options.iter().any(|it| it == "DEFAULT_MEMSTATUS=0"), "{options:?}");
    }
}
