//! Brings commits to the disk beside the writer, and tells the callers of what is in them.
//!
//! While one batch is synced, the writer does the next one. A small batch is not worth the change of threads: that one the
//! writer syncs itself.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::durable::{Commit, Durable};
use super::job::Job;
use crate::error::StoreError;

/// Deeds in a batch that is worth another thread. Were every batch, a single send would be answered 35 us later and cost
/// 50 us more; with 16 in flight 80,000 a second would be stored and not 110,000 (with files in memory).
const HANDED_OVER_MIN: usize = 64;
/// Batches that are handed over and not yet answered: one is synced, and one waits for its turn.
const PENDING_MAX: usize = 2;

/// A batch that was committed, or undone for good.
pub(super) struct Done {
    pub(super) jobs: Vec<Box<dyn Job>>,
    /// The newest commit there was then.
    pub(super) commit: Commit,
    /// Whether there is anything to be synced.
    pub(super) wrote: bool,
    /// Why nothing of it was done.
    pub(super) failure: Option<StoreError>,
}

/// The writer's end.
pub(super) struct Syncs {
    durable: Arc<Durable>,
    batches: Option<Sender<Done>>,
    /// A word for each batch that has been answered.
    answered: Receiver<()>,
    pending: usize,
    thread: Option<JoinHandle<()>>,
}

impl Syncs {
    pub(super) fn start(durable: Arc<Durable>) -> io::Result<Syncs> {
        let (batches, handed_over) = bounded(PENDING_MAX);
        let (tell, answered) = bounded(PENDING_MAX);
        let shared = Arc::clone(&durable);
        let thread = thread::Builder::new().name("store-syncer".to_owned());
        let thread = thread.spawn(move || run(&shared, &handed_over, &tell))?;
        Ok(Syncs { durable, batches: Some(batches), answered, pending: 0, thread: Some(thread) })
    }

    pub(super) fn durable(&self) -> &Durable {
        &self.durable
    }

    /// Whether all that was handed over has been answered.
    pub(super) fn is_idle(&mut self) -> bool {
        self.pending -= self.answered.try_iter().count();
        self.pending == 0
    }

    /// Something comes here when more has been answered.
    pub(super) fn answered(&self) -> &Receiver<()> {
        &self.answered
    }

    /// It was taken from there.
    pub(super) fn note_answered(&mut self) {
        self.pending -= 1;
    }

    /// Takes over what was done. Its callers are told in the order of batches.
    pub(super) fn finish(&mut self, done: Done) {
        if self.is_idle() && done.jobs.len() < HANDED_OVER_MIN {
            finish(&self.durable, vec![done]);
            return;
        }
        while self.pending >= PENDING_MAX && self.answered.recv().is_ok() {
            self.note_answered();
        }
        let Some(batches) = &self.batches else { return };
        // It ends after us only. Had it panicked, its callers would hear that the store is closed.
        if batches.send(done).is_ok() {
            self.pending += 1;
        }
    }
}

/// Answers all that was handed over.
impl Drop for Syncs {
    fn drop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(durable: &Durable, batches: &Receiver<Done>, answered: &Sender<()>) {
    for first in batches {
        let mut all = vec![first];
        all.extend(batches.try_iter());
        let count = all.len();
        finish(durable, all);
        for _ in 0..count {
            // There is room for as many as can be pending.
            let _ = answered.send(());
        }
    }
}

/// One sync for all of them.
fn finish(durable: &Durable, all: Vec<Done>) {
    let synced = if all.iter().any(|done| done.wrote) { durable.sync() } else { durable.check() };
    if let (Ok(()), Some(last)) = (&synced, all.last()) {
        durable.note_synced(last.commit);
    }
    for done in all {
        let failure = done.failure.or(synced.clone().err());
        done.jobs.into_iter().for_each(|job| job.answer(failure.clone()));
    }
}
