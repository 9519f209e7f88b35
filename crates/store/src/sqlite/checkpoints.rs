//! Copies the write-ahead log into the database, beside the writer.
//!
//! A commit writes pages to the end of the log. Now and then they must be copied to their places in the database, so
//! that the log can begin again; SQLite by itself does that at the end of a commit, and whoever waits for that commit
//! waits for thousands of scattered writes and their sync. Here a thread of its own copies while the writer goes on, a
//! little at a time, since the syncs of both go to one disk.
//!
//! SQLite syncs the database only with a copy after which nothing is left. So of what was copied before, tens of
//! thousands of pages could wait for the sync of the last copy, which may be the writer's: with ten million messages
//! that was 24 to 160 ms, in which nobody was answered. Therefore the copier syncs the database itself, after each copy.
//!
//! The log begins again only when nothing in it is left to copy. Mostly that happens by itself, when the writer pauses.
//! Where it does not pause the little that is left at last is its own turn, between two commits. And a writer that is
//! faster than the copier is held up by the log's bound, else the log would fill the disk.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

/// So few pages are left to the writer: some milliseconds.
const REST_PAGES: i32 = 300;
/// So many, if they do not become fewer.
const REST_PAGES_MAX: i32 = 1_000;
/// A disk that does not keep up gains nothing from being asked more often.
const ROUNDS_MAX: usize = 6;

/// How long a copy is to take, with its sync: whoever waits for the disk meanwhile waits for that too. What is copied
/// at once is halved if it takes longer, and doubled if it takes less than half.
const COPY_TAKES: Duration = Duration::from_millis(10);
/// As if by a disk that is neither fast nor slow.
const COPIED_PAGES_FIRST: i32 = 2_000;
/// Never less, for a disk that is slow whatever is asked of it.
const COPIED_PAGES_MIN: i32 = 250;

/// How long the log gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogLimits {
    /// So many more pages are worth a copy, even if it takes no time: one that was written several times meanwhile is
    /// copied once.
    pub(super) copied_pages_max: i32,
    /// With so many the writer takes its turn, so that the log begins again.
    pub(super) renewed_at_pages: i32,
    /// With so many the writer waits for the copy.
    pub(super) pages_max: i32,
}

/// 32 MB, 48 MB, and 256 MB where the copier cannot keep up.
pub(super) const LOG_LIMITS: LogLimits =
    LogLimits { copied_pages_max: 8_000, renewed_at_pages: 12_000, pages_max: 64_000 };

/// The writer's end.
#[derive(Debug)]
pub(super) struct Checkpoints {
    log: Arc<Log>,
    limits: LogLimits,
    thread: Option<JoinHandle<()>>,
}

/// What the writer and the copier tell each other. All of it is advice: SQLite's own locks keep the files right.
#[derive(Debug)]
struct Log {
    /// One of the two copies: SQLite would send the other one away.
    copying: Mutex<()>,
    /// How many pages the log has.
    pages: AtomicI32,
    /// So many more are worth a copy now.
    copied_at_once: AtomicI32,
    /// The copier is asked when it has so many.
    pages_wanted: AtomicI32,
    /// The rest is the writer's.
    rest: AtomicBool,
}

impl Checkpoints {
    /// Copies what `writer` commits with a connection of its own.
    ///
    /// `database` is the file that both have open. Whoever holds it must hold it until all connections are closed: where
    /// locks belong to a process, closing a file lets go of all that it has locked there.
    pub(super) fn start(
        writer: &mut Connection,
        copier: Connection,
        database: Arc<File>,
        limits: LogLimits,
    ) -> rusqlite::Result<io::Result<Checkpoints>> {
        let first = limits.copied_pages_max.min(COPIED_PAGES_FIRST);
        let log = Arc::new(Log {
            copying: Mutex::new(()),
            pages: AtomicI32::new(0),
            copied_at_once: AtomicI32::new(first),
            pages_wanted: AtomicI32::new(first),
            rest: AtomicBool::new(false),
        });
        // One place: a copy that was asked for twice is made once.
        let (ask, asked) = bounded(1);
        let of_writer = Arc::clone(&log);
        writer.wal_hook(Some(move |_: &mut _, pages| {
            if pages < of_writer.pages.swap(pages, Ordering::Relaxed) {
                of_writer.want_more_than(0);
            }
            if pages >= of_writer.pages_wanted.load(Ordering::Relaxed) {
                let _ = ask.try_send(());
            }
            Ok(())
        }))?;
        let of_copier = Arc::clone(&log);
        let thread = thread::Builder::new().name("store-copier".to_owned());
        let started = thread.spawn(move || run(&copier, &database, &asked, &of_copier, limits));
        Ok(started.map(|thread| Checkpoints { log, limits, thread: Some(thread) }))
    }

    /// Copies the rest, if the copier left one or is too slow: called between commits.
    pub(super) fn finish(&self, writer: &Connection) {
        let is_full = self.log.pages.load(Ordering::Relaxed) >= self.limits.pages_max;
        if self.log.rest.swap(false, Ordering::Relaxed) || is_full {
            self.log.copy(writer);
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

fn run(copier: &Connection, database: &File, asked: &Receiver<()>, log: &Log, limits: LogLimits) {
    for () in asked {
        // What the writer has added meanwhile is copied next, which takes less time, and so on.
        for round in 1..=ROUNDS_MAX {
            let began = Instant::now();
            let Some(copied) = log.copy(copier) else { break };
            // A sync that fails is tried again by SQLite, which trusts no other than its own.
            let _ = database.sync_data();
            log.adapt(began.elapsed(), limits);
            let pages = log.pages.load(Ordering::Relaxed);
            let (left, is_due) = (pages - copied, pages >= limits.renewed_at_pages);
            let is_little = left <= if round < ROUNDS_MAX { REST_PAGES } else { REST_PAGES_MAX };
            log.rest.store(is_due && is_little && left > 0, Ordering::Relaxed);
            if !is_due || is_little {
                break;
            }
        }
        log.want_more_than(log.pages.load(Ordering::Relaxed));
    }
}

impl Log {
    fn want_more_than(&self, pages: i32) {
        let wanted = pages.saturating_add(self.copied_at_once.load(Ordering::Relaxed));
        self.pages_wanted.store(wanted, Ordering::Relaxed);
    }

    /// After a copy that took so long.
    fn adapt(&self, took: Duration, limits: LogLimits) {
        let at_once = self.copied_at_once.load(Ordering::Relaxed);
        let next = match took {
            took if took > COPY_TAKES => (at_once / 2).max(COPIED_PAGES_MIN),
            took if took < COPY_TAKES / 2 => at_once.saturating_mul(2),
            _ => at_once,
        };
        self.copied_at_once.store(next.min(limits.copied_pages_max), Ordering::Relaxed);
    }

    /// How many of the log's pages are in the database now; `None` if the disk failed. Nothing is lost then: the log
    /// goes on, and a disk that fails is told by the commits.
    fn copy(&self, connection: &Connection) -> Option<i32> {
        // Guards nothing that a panic could have left half done.
        let _alone = self.copying.lock().unwrap_or_else(PoisonError::into_inner);
        let copied = connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE);
        copied.ok().map(|(_, copied)| copied)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    struct Notes {
        writer: Connection,
        checkpoints: Checkpoints,
        dir: TempDir,
    }

    fn notes(limits: LogLimits) -> Notes {
        let dir = TempDir::new().unwrap();
        let open = || Connection::open(dir.path().join("notes.db")).unwrap();
        let mut writer = open();
        let table = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF;
            CREATE TABLE notes (text TEXT NOT NULL) STRICT";
        writer.execute_batch(table).unwrap();
        let database = Arc::new(File::open(dir.path().join("notes.db")).unwrap());
        let checkpoints = Checkpoints::start(&mut writer, open(), database, limits).unwrap().unwrap();
        Notes { writer, checkpoints, dir }
    }

    impl Notes {
        /// How many pages the log has after one more note.
        fn add(&self) -> i32 {
            self.writer.execute("INSERT INTO notes (text) VALUES (hex(zeroblob(4000)))", []).unwrap();
            let pages = self.checkpoints.log.pages.load(Ordering::Relaxed);
            self.checkpoints.finish(&self.writer);
            pages
        }
    }

    /// While one writes without a pause, and others read.
    #[test]
    fn the_log_begins_again_and_again() {
        let mut notes = notes(LogLimits { copied_pages_max: 50, renewed_at_pages: 200, pages_max: i32::MAX });
        let reader = Connection::open(notes.dir.path().join("notes.db")).unwrap();
        let (mut begun, mut before) = (0, 0);
        for n in 1.. {
            let pages = notes.add();
            begun += u32::from(pages < before);
            before = pages;
            let count: i64 = reader.query_one("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap();
            assert_eq!(count, n);
            if begun == 3 {
                break;
            }
            assert!(n < 2_000, "the log has {pages} pages and began again {begun} times");
        }
        notes.checkpoints.stop(&mut notes.writer);
    }

    #[test]
    fn a_copier_that_is_too_slow_does_not_let_the_log_grow() {
        let notes =
            notes(LogLimits { copied_pages_max: 1_000_000, renewed_at_pages: i32::MAX, pages_max: 50 });
        let longest = (0..200).map(|_| notes.add()).max();
        assert!(longest.is_some_and(|pages| (50..60).contains(&pages)), "{longest:?}");
    }
}
