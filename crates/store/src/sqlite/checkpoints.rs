//! Copies the write-ahead log into the database, beside the writer.
//!
//! A commit writes pages to the end of the log. Now and then they must be copied to their places in the database, so
//! that the log can begin again; SQLite by itself does that at the end of a commit, and whoever waits for that commit
//! waits for thousands of scattered writes and their sync. Here a thread of its own copies while the writer goes on.
//! What the writer has added meanwhile is copied next, which takes less time, and so on; the little that is left at
//! last is the writer's own turn, between two commits, since the log begins again only when nothing is left.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, bounded};
use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

/// So many pages in the log are worth a copy: a page that was written several times meanwhile is copied once.
pub(super) const LOG_PAGES: i32 = 8_000;
/// So few are left to the writer: a few milliseconds.
const REST_PAGES: i32 = 400;
/// A disk that does not keep up gains nothing from being asked more often.
const ROUNDS_MAX: usize = 4;

/// The writer's end.
#[derive(Debug)]
pub(super) struct Checkpoints {
    log: Arc<Log>,
    thread: Option<JoinHandle<()>>,
}

/// What the writer and the copier tell each other. All of it is advice: SQLite's own locks keep the files right.
#[derive(Debug)]
struct Log {
    /// How many pages the log has.
    pages: AtomicI32,
    /// The copier is asked when it has so many.
    pages_wanted: AtomicI32,
    /// The rest is the writer's.
    rest: AtomicBool,
}

impl Checkpoints {
    /// Copies what `writer` commits with a connection of its own, whenever the log has `log_pages` pages.
    pub(super) fn start(
        writer: &mut Connection,
        copier: Connection,
        log_pages: i32,
    ) -> rusqlite::Result<io::Result<Checkpoints>> {
        let log = Arc::new(Log {
            pages: AtomicI32::new(0),
            pages_wanted: AtomicI32::new(log_pages),
            rest: AtomicBool::new(false),
        });
        // One place: a copy that was asked for twice is made once.
        let (ask, asked) = bounded(1);
        let of_writer = Arc::clone(&log);
        writer.wal_hook(Some(move |_: &mut _, pages| {
            of_writer.pages.store(pages, Ordering::Relaxed);
            if pages < log_pages {
                of_writer.pages_wanted.store(log_pages, Ordering::Relaxed);
            } else if pages >= of_writer.pages_wanted.load(Ordering::Relaxed) {
                let _ = ask.try_send(());
            }
            Ok(())
        }))?;
        let of_copier = Arc::clone(&log);
        let thread = thread::Builder::new().name("store-copier".to_owned());
        let started = thread.spawn(move || run(&copier, &asked, &of_copier, log_pages));
        Ok(started.map(|thread| Checkpoints { log, thread: Some(thread) }))
    }

    /// Copies the rest, if the copier left one: called between commits.
    pub(super) fn finish(&self, writer: &Connection) {
        if self.log.rest.swap(false, Ordering::Relaxed) {
            copy(writer);
        }
    }

    /// Ends the copying. The connection may be used on.
    pub(super) fn stop(mut self, writer: &mut Connection) {
        // The hook holds the only sender: without it the copier's loop ends.
        let none: Option<fn(&mut rusqlite::hooks::Wal, i32) -> rusqlite::Result<()>> = None;
        let removed = writer.wal_hook(none);
        if let (Ok(()), Some(thread)) = (removed, self.thread.take()) {
            // A copier holds nothing that could be lost.
            let _ = thread.join();
        }
    }
}

fn run(copier: &Connection, asked: &Receiver<()>, log: &Log, log_pages: i32) {
    for () in asked {
        for _ in 0..ROUNDS_MAX {
            let Some(copied) = copy(copier) else { break };
            let left = log.pages.load(Ordering::Relaxed) - copied;
            if left <= REST_PAGES {
                log.rest.store(left > 0, Ordering::Relaxed);
                break;
            }
        }
        // A reader may keep the log from beginning again; then not every commit is worth another try.
        let wanted = log.pages.load(Ordering::Relaxed) + log_pages / 4;
        log.pages_wanted.store(wanted.max(log_pages), Ordering::Relaxed);
    }
}

/// How many pages of the log are copied; `None` if another copies now, or the disk failed. Nothing is lost then: the
/// log goes on, and a disk that fails is told by the commits.
fn copy(connection: &Connection) -> Option<i32> {
    let copied = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE);
    copied.ok().map(|(_, copied)| copied)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// While one writes without a pause, and others read.
    #[test]
    fn the_log_begins_again_and_again() {
        let dir = tempfile::TempDir::new().unwrap();
        let open = || Connection::open(dir.path().join("notes.db")).unwrap();
        let (mut writer, reader) = (open(), open());
        let table = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF;
            CREATE TABLE notes (text TEXT NOT NULL) STRICT";
        writer.execute_batch(table).unwrap();
        let pages_max = 100;
        let checkpoints = Checkpoints::start(&mut writer, open(), pages_max).unwrap().unwrap();
        let (mut begun, mut before, mut notes) = (0, 0, 0);
        while begun < 3 {
            writer.execute("INSERT INTO notes (text) VALUES (hex(zeroblob(4000)))", []).unwrap();
            checkpoints.finish(&writer);
            let pages = checkpoints.log.pages.load(Ordering::Relaxed);
            begun += u32::from(pages < before);
            before = pages;
            notes += 1;
            assert!(notes < 20_000, "the log has {pages} pages and began anew {begun} times");
            let count: i64 = reader.query_one("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap();
            assert_eq!(count, notes);
        }
        checkpoints.stop(&mut writer);
    }
}
