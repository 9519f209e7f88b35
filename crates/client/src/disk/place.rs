//! Where the database lies: opened, and made anew when it is damaged.
//!
//! What the server does not have (the session, drafts, the outbox) is never in one half-written file only: a new
//! database is made beside the damaged one, and takes its name when it is complete and synced. A crash anywhere in
//! between leaves the damaged one, from which the same is read again, or the complete one, which the next start puts
//! in place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anser_client_core::local::Restored;
use anser_failpoints::Mutant;
use anser_local_store::{Row, salvage_statements, salvaged_statements};

use super::damage::{is_damage, is_damage_at_opening};
use super::database::Database;
use crate::error::ClientError;

const DATABASE: &str = "anser.sqlite";
/// Being written: worth nothing.
const UNFINISHED: &str = "anser.sqlite.unfinished";
/// Complete: what is still called the database is damaged.
const REBUILT: &str = "anser.sqlite.rebuilt";

/// A database that is open, and what an engine needs at start.
pub(super) struct Opened {
    pub(super) database: Database,
    pub(super) restored: Restored,
    /// What was there was damaged.
    pub(super) rebuilt: bool,
}

/// Opens, or makes, the database in this directory.
pub(super) fn open(dir: &Path) -> Result<Opened, ClientError> {
    put_in_place(dir).map_err(|source| refused(dir, source))?;
    match begin(dir) {
        Ok((database, restored)) => Ok(Opened { database, restored, rebuilt: false }),
        Err(error) if is_damage_at_opening(&error) => {
            tracing::warn!(%error, "the local database is damaged and made anew");
            rebuild(dir)
        }
        Err(error) => Err(error),
    }
}

/// The database was closed because it is damaged: a new one, with what could be read of the old one.
pub(super) fn rebuild(dir: &Path) -> Result<Opened, ClientError> {
    let salvaged = salvaged_statements(salvage(&dir.join(DATABASE))?);
    remove(dir, UNFINISHED).map_err(|source| refused(dir, source))?;
    let mut anew = Database::open(&dir.join(UNFINISHED))?;
    anew.execute(salvaged)?;
    anew.close_as_one_file()?;
    rename(dir, UNFINISHED, REBUILT)
        .and_then(|()| put_in_place(dir))
        .map_err(|source| refused(dir, source))?;
    let (database, restored) = begin(dir)?;
    Ok(Opened { database, restored, rebuilt: true })
}

fn begin(dir: &Path) -> Result<(Database, Restored), ClientError> {
    let database = Database::open(&dir.join(DATABASE))?;
    let restored = database.restore()?;
    Ok((database, restored))
}

fn salvage(file: &Path) -> Result<Vec<Vec<Row>>, ClientError> {
    let questions = salvage_statements();
    let nothing = || Ok(questions.iter().map(|_| Vec::new()).collect());
    if anser_failpoints::is(Mutant::RebuildWithoutSalvage) {
        return nothing();
    }
    match Database::open_damaged(file) {
        Ok(damaged) => Ok(questions.iter().map(|question| damaged.what_is_readable(question)).collect()),
        // Not even its first page can be read.
        Err(error) if is_damage(&error) => nothing(),
        Err(error) => Err(error.into()),
    }
}

/// If a database was made anew and has not taken its place: now it does. The log beside the damaged one goes first:
/// SQLite would take it for the new one's.
fn put_in_place(dir: &Path) -> io::Result<()> {
    if !dir.join(REBUILT).try_exists()? {
        return Ok(());
    }
    remove(dir, DATABASE)?;
    rename(dir, REBUILT, DATABASE)
}

/// The database of this name, with its log.
fn remove(dir: &Path, name: &str) -> io::Result<()> {
    for suffix in ["-wal", "-shm", "-journal", ""] {
        match fs::remove_file(dir.join(format!("{name}{suffix}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    sync(dir)
}

fn rename(dir: &Path, from: &str, to: &str) -> io::Result<()> {
    fs::rename(dir.join(from), dir.join(to))?;
    sync(dir)
}

/// A new folder outlives a power cut once the folder that it lies in is on disk.
pub(super) fn sync_name(folder: &Path) -> io::Result<()> {
    sync(folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// A file's new name outlives a power cut once its directory is on disk.
fn sync(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

fn refused(dir: &Path, source: io::Error) -> ClientError {
    ClientError::DataDir { path: PathBuf::from(dir), source }
}
