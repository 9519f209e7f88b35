//! Which commits are on the disk, and who waits until more of them are.
//!
//! A commit can be read as soon as it is made, and is on the disk a sync later. A power cut between the two takes it
//! away, and gives its places in the logs to others. So whoever has read it must not be told before it is there.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anser_failpoints::Mutant;
use futures_channel::oneshot;

use crate::error::StoreError;

/// A commit, counted from the opening of the store.
pub(super) type Commit = u64;

/// How what is committed gets to the disk.
type Sync = dyn Fn() -> io::Result<()> + Send + std::marker::Sync;

/// What the writer, the thread that syncs, and readers know of the newest commits.
pub(super) struct Durable {
    sync: Box<Sync>,
    visible: AtomicU64,
    synced: AtomicU64,
    failed: AtomicBool,
    waiting: Mutex<Vec<(Commit, oneshot::Sender<()>)>>,
}

impl Durable {
    /// `sync` brings all that was committed before its call to the disk.
    pub(super) fn new(sync: impl Fn() -> io::Result<()> + Send + std::marker::Sync + 'static) -> Durable {
        Durable {
            sync: Box::new(sync),
            visible: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            waiting: Mutex::default(),
        }
    }

    /// The next commit is about to be made: called before anybody can read it.
    pub(super) fn announce(&self) {
        self.visible.fetch_add(1, Ordering::SeqCst);
    }

    /// The newest commit that anybody can have read by now.
    pub(super) fn visible(&self) -> Commit {
        self.visible.load(Ordering::SeqCst)
    }

    /// Syncs. After a first failure it always fails: the system may have dropped what it could not write, and a later
    /// sync that succeeds says nothing of it. Only what is read from the disk anew, by a new process, can be trusted.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.check()?;
        if !anser_failpoints::is(Mutant::StoreWithoutSync)
            && let Err(error) = (self.sync)()
        {
            self.failed.store(true, Ordering::SeqCst);
            self.waiting().clear();
            return Err(StoreError::Failed(format!("the log could not be synced: {error}")));
        }
        Ok(())
    }

    /// An error once a sync has failed.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.failed.load(Ordering::SeqCst) { Err(lost()) } else { Ok(()) }
    }

    /// All commits up to this one are on the disk, or were undone.
    pub(super) fn note_synced(&self, commit: Commit) {
        self.synced.fetch_max(commit, Ordering::SeqCst);
        // Looked at only now: who waits puts itself there first and looks again then.
        let mut waiting = self.waiting();
        let mut at = 0;
        while at < waiting.len() {
            if waiting[at].0 <= commit {
                // Nobody may be waiting any more.
                let _ = waiting.swap_remove(at).1.send(());
            } else {
                at += 1;
            }
        }
    }

    /// Until all that can have been read by now is on the disk. `None`: it is.
    pub(super) fn wait(
        &self,
        commit: Commit,
    ) -> Option<impl Future<Output = Result<(), StoreError>> + Send + use<>> {
        if self.is_synced(commit) {
            return None;
        }
        let (told, synced) = oneshot::channel();
        let mut waiting = self.waiting();
        // The sync may have ended, or failed, while nobody was on the list.
        if self.is_synced(commit) {
            return None;
        }
        if self.check().is_ok() {
            waiting.push((commit, told));
        }
        Some(async move { synced.await.map_err(|_| lost()) })
    }

    fn is_synced(&self, commit: Commit) -> bool {
        commit <= self.synced.load(Ordering::SeqCst)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(Commit, oneshot::Sender<()>)>> {
        // Whole between any two statements, so one left by a panicking thread can be used.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (visible, synced) = (&self.visible, &self.synced);
        f.debug_struct("Durable").field("visible", visible).field("synced", synced).finish_non_exhaustive()
    }
}

fn lost() -> StoreError {
    StoreError::Failed("the log could not be synced, and the server must be started again".to_owned())
}
