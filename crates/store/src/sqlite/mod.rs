//! The embedded default: one SQLite database in one directory, one thread that writes, a few that read.
//!
//! | module | what it is |
//! |---|---|
//! | [`open`], `open_error` | the directory, its lock, the connections; why they could not be had |
//! | `schema` | the tables, and how an older database becomes today's |
//! | `writer` | takes what has queued and commits it as one transaction |
//! | `writing` | what a deed works with, inside that transaction |
//! | `job` | a deed as it waits for its turn |
//! | `syncs` | syncs what is committed, and tells the callers |
//! | `durable` | which commits are on the disk, and who waits until more of them are |
//! | `leisure` | deeds that nobody waits for, until enough of them share a commit |
//! | `tips` | what the writer remembers of the logs it wrote to lately |
//! | `page_cache` | how much of the database it keeps in memory |
//! | `checkpoints` | copies the write-ahead log into the database, beside the writer |
//! | `readers` | answer questions beside the writer, each from one snapshot |
//! | `at_hand` | those that are quick, on the thread that asks |
//! | `snapshot` | what both answer from: one state, whatever is written meanwhile |
//! | `accounts`, `conversations`, `log` | the deeds, in the order of the traits |
//! | `heads` | one member's view of its conversations |
//! | `journal` | which conversation changed at which change position |
//! | `seen` | when devices were last here |
//! | `rows` | how rows become values |
//! | `verify` | whether the database is whole |
//!
//! Change positions come from one counter, which the writer raises for each deed that changes something and
//! stores with the deed: as the id of its event, or else in the table `moves`. One writer means that positions appear in
//! order: who has seen position n has been able to see everything below it.

mod accounts;
mod at_hand;
mod checkpoints;
mod conversations;
mod durable;
mod heads;
mod job;
mod journal;
mod leisure;
mod log;
pub mod open;
mod open_error;
mod page_cache;
#[cfg(test)]
mod plans;
mod readers;
mod rows;
mod schema;
mod seen;
mod snapshot;
mod syncs;
mod tips;
mod verify;
mod writer;
mod writing;

use std::fs::File;
use std::sync::Arc;

use crate::error::StoreError;

pub use open_error::OpenError;
pub use writer::QUEUE_JOBS_MAX;

/// A store in a directory of its own.
///
/// Dropping it finishes what has queued, closes the database, and only then lets another server in. That
/// blocks, for a moment: where this matters, drop it on a thread that may block.
#[derive(Debug)]
pub struct SqliteStore {
    // In this order: the last connection to close is the writer's, which leaves one tidy file behind; then
    // our own hold on the database, see `checkpoints`; then the lock.
    readers: readers::Readers,
    writer: writer::Writer,
    seen: Arc<seen::Seen>,
    _database: Arc<File>,
    _lock: File,
    group_members_max: usize,
}

impl SqliteStore {
    /// The same, with another bound than `limits::GROUP_MEMBERS_DEFAULT`.
    pub fn with_group_members_max(self, members: usize) -> SqliteStore {
        SqliteStore { group_members_max: members, ..self }
    }
}

/// Why work inside a transaction stopped.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// The deed may not be done, and nothing was written.
    #[error(transparent)]
    Refused(#[from] StoreError),
    /// SQLite failed: nobody's fault but the disk's or ours.
    #[error(transparent)]
    Failed(#[from] rusqlite::Error),
}

impl Trouble {
    fn into_store_error(self) -> StoreError {
        match self {
            Trouble::Refused(refusal) => refusal,
            Trouble::Failed(error) => StoreError::Failed(error.to_string()),
        }
    }
}
