//! The one thread that writes: takes what has queued and commits it as one transaction.
//!
//! A sync of the disk costs the same for one deed as for hundreds, so while one batch is synced the next one is done.
//! A caller hears of its deed after the sync, never before.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anser_failpoints::Place;
use anser_protocol::ids::Position;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded, select};
use rusqlite::Connection;

use super::checkpoints::Checkpoints;
use super::durable::Durable;
use super::job::{Job, Spoilt, closed, job_for, outcome};
use super::leisure::Leisure;
use super::seen::{Seen, WRITTEN_EVERY};
use super::syncs::{Done, Syncs};
use super::tips::Tips;
use super::writing::{Inserts, Writing};
use super::{Trouble, page_cache};
use crate::error::StoreError;

/// Deeds waiting to be committed: less than a second's work. One more is refused with `Busy`, since it would
/// wait longer than its sender does.
pub const QUEUE_JOBS_MAX: usize = 4_096;
/// Deeds in one transaction: enough to make the sync cheap for each, few enough that the first need not wait
/// for long.
const BATCH_JOBS_MAX: usize = 512;
/// So many are committed at once if nothing is being synced, whatever else has queued: there is something to sync then,
/// while the rest is done.
const BATCH_JOBS_ENOUGH: usize = 128;
/// With fewer a batch waits for the sync before it, so that more can join: each commit writes some pages once more.
const BATCH_JOBS_FEW: usize = 64;

// Statements like any other, so that they are read once and not at every commit.
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// The writer's end that callers hold.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` in it: look at what waits for company.
    queue: Option<Sender<Option<Box<dyn Job>>>>,
    leisure: Arc<Leisure<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// `position` is the newest change position ever given.
    pub(super) fn start(
        connection: Connection,
        checkpoints: Option<Checkpoints>,
        seen: Arc<Seen>,
        durable: Arc<Durable>,
        position: Position,
    ) -> io::Result<Writer> {
        let (queue, jobs) = bounded(QUEUE_JOBS_MAX);
        let leisure = Arc::new(Leisure::new(QUEUE_JOBS_MAX));
        let waiting = Arc::clone(&leisure);
        let tips = Tips::default();
        let syncs = Syncs::start(durable)?;
        let worker =
            Worker { connection, checkpoints, syncs, seen, newest: position, tips, jobs, leisure: waiting };
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || worker.run())?;
        Ok(Writer { queue: Some(queue), leisure, thread: Some(thread) })
    }

    /// Queues a deed, at the call; the future is ready after its commit.
    ///
    /// A deed is done in a transaction with its neighbours. It must find out that it is to be refused before
    /// it writes anything, and it may be done twice: the first time is then undone.
    pub(super) fn submit<T, D>(
        &self,
        deed: D,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, D>
    where
        T: Send + 'static,
        D: Fn(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    {
        let (job, answer) = job_for(deed);
        outcome(self.queue(Some(job)), answer)
    }

    /// Like [`Writer::submit`], for a deed whose end nobody looks for: it waits a moment, and is committed together with
    /// its like. What is submitted otherwise may overtake it.
    pub(super) fn submit_at_leisure<T, D>(
        &self,
        deed: D,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, D>
    where
        T: Send + 'static,
        D: Fn(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    {
        let (job, answer) = job_for(deed);
        let queued = match self.leisure.add(job) {
            Err(_full) => Err(StoreError::Busy),
            Ok(false) => Ok(()),
            // The writer may be asleep. If the queue is full it is not, and looks by itself.
            Ok(true) => match self.queue(None) {
                Err(StoreError::Busy) => Ok(()),
                told => told,
            },
        };
        outcome(queued, answer)
    }

    fn queue(&self, job: Option<Box<dyn Job>>) -> Result<(), StoreError> {
        let Some(queue) = &self.queue else { return Err(closed()) };
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => closed(),
        })
    }
}

/// Finishes what has queued.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has lost its callers' answers, not their data; it is gone all the same.
            let _ = thread.join();
        }
    }
}

/// The writer's thread.
struct Worker {
    connection: Connection,
    checkpoints: Option<Checkpoints>,
    syncs: Syncs,
    seen: Arc<Seen>,
    /// The newest change position ever given to a deed.
    newest: Position,
    tips: Tips,
    jobs: Receiver<Option<Box<dyn Job>>>,
    leisure: Arc<Leisure<Box<dyn Job>>>,
}

impl Worker {
    /// Until the store is dropped and the queue is empty.
    fn run(mut self) {
        let mut seen_due = Instant::now() + WRITTEN_EVERY;
        while let Some(batch) = self.gather(seen_due) {
            if !batch.is_empty() {
                self.commit(batch, BATCH_JOBS_MAX);
            }
            let now = Instant::now();
            // Deeds that queued meanwhile get their turn before the rest is written.
            if now >= seen_due && !self.seen.write(&self.connection) {
                seen_due = now + WRITTEN_EVERY;
                // With the cache as it is nothing goes wrong.
                let _ = page_cache::fit_to_database(&self.connection);
            }
            if let Some(checkpoints) = &self.checkpoints {
                checkpoints.finish(&self.connection);
            }
        }
        while self.seen.write(&self.connection) {}
        drop(self.syncs);
        if let Some(checkpoints) = self.checkpoints.take() {
            // Before this connection is closed: the last one leaves one tidy file behind.
            checkpoints.stop(&mut self.connection);
        }
    }

    /// Waits until there is something to do, or this moment has come, and takes the first of it; the rest of the queue
    /// joins while that is done. `None`: the store is dropped, and all is done.
    fn gather(&self, until: Instant) -> Option<Vec<Box<dyn Job>>> {
        let first = self.jobs.recv_deadline(self.leisure.due().map_or(until, |due| due.min(until)));
        let is_last = matches!(first, Err(RecvTimeoutError::Disconnected));
        let mut batch: Vec<_> = first.ok().flatten().into_iter().collect();
        if is_last || self.leisure.is_over() {
            // However many they are, others have half of a batch for themselves.
            self.leisure.take(&mut batch, BATCH_JOBS_MAX / 2);
        }
        if is_last && batch.is_empty() { None } else { Some(batch) }
    }

    /// Commits this batch, with what queues meanwhile up to `jobs_max`, and has it synced and answered.
    fn commit(&mut self, mut batch: Vec<Box<dyn Job>>, jobs_max: usize) {
        match self.attempt(&mut batch, jobs_max) {
            Ok(wrote) => self.finish(batch, wrote, None),
            Err(spoilt) => {
                self.tips.forget_all();
                // One of them spoilt it for all: alone, each gets what it deserves.
                if batch.len() > 1 {
                    batch.into_iter().for_each(|job| self.commit(vec![job], 1));
                } else {
                    self.finish(batch, false, Some(StoreError::Failed(spoilt.to_string())));
                }
            }
        }
    }

    fn finish(&mut self, jobs: Vec<Box<dyn Job>>, wrote: bool, failure: Option<StoreError>) {
        let commit = self.syncs.durable().visible();
        self.syncs.finish(Done { jobs, commit, wrote, failure });
    }

    /// One transaction: all of the batch, or nothing. Whether anything was written.
    fn attempt(&mut self, batch: &mut Vec<Box<dyn Job>>, jobs_max: usize) -> Result<bool, Spoilt> {
        let done = self.run_all(batch, jobs_max);
        if done.is_err() && !self.connection.is_autocommit() {
            self.connection.prepare_cached(ROLLBACK)?.execute([])?;
        }
        done
    }

    /// Deeds are taken from the queue until it is empty, those too that came while the ones before were done. Were
    /// only those taken that are there at first, whoever is answered by one commit would mostly miss the next one.
    fn run_all(&mut self, batch: &mut Vec<Box<dyn Job>>, jobs_max: usize) -> Result<bool, Spoilt> {
        self.syncs.durable().check().map_err(Spoilt::NotDurable)?;
        let connection = &self.connection;
        connection.prepare_cached(BEGIN)?.execute([])?;
        let changes_before = connection.total_changes();
        let (tips, newest) = (&mut self.tips, &mut self.newest);
        let mut writing = Writing { connection, tips, inserts: Inserts::default(), newest };
        let mut done = 0;
        while done < batch.len() {
            batch[done].run(&mut writing)?;
            done += 1;
            if done == batch.len() && done < jobs_max {
                take_more(batch, jobs_max, &self.jobs, &mut self.syncs);
            }
        }
        anser_failpoints::pass(Place::StoreCommitBefore);
        let wrote = connection.total_changes() != changes_before;
        if wrote {
            self.syncs.durable().announce();
        }
        connection.prepare_cached(COMMIT)?.execute([])?;
        anser_failpoints::pass(Place::StoreCommitAfter);
        Ok(wrote)
    }
}

/// Adds what has queued to a batch of which all is done, if there is more to be gained by that than by committing it.
fn take_more(
    batch: &mut Vec<Box<dyn Job>>,
    jobs_max: usize,
    jobs: &Receiver<Option<Box<dyn Job>>>,
    syncs: &mut Syncs,
) {
    let done = batch.len();
    loop {
        let is_idle = syncs.is_idle();
        if is_idle && done >= BATCH_JOBS_ENOUGH {
            return;
        }
        let most = if done < BATCH_JOBS_ENOUGH { BATCH_JOBS_ENOUGH.min(jobs_max) } else { jobs_max };
        batch.extend(jobs.try_iter().flatten().take(most - done));
        if batch.len() > done || is_idle || done >= BATCH_JOBS_FEW {
            return;
        }
        select! {
            recv(jobs) -> job => match job {
                Ok(job) => batch.extend(job),
                // The store is being closed: there will be no more.
                Err(_) => return,
            },
            recv(syncs.answered()) -> answered => match answered {
                Ok(()) => syncs.note_answered(),
                Err(_) => return,
            },
        }
        if batch.len() > done {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};
    use std::time::Duration;

    use anser_protocol::ConversationId;
    use futures_executor::block_on;
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;
    use crate::sqlite::journal;

    /// A writer on a database of one table, and a way to hold it until a batch has gathered behind.
    fn held_writer() -> (Writer, mpsc::Sender<()>) {
        held_writer_with(Durable::new(|| Ok(())))
    }

    fn held_writer_with(durable: Durable) -> (Writer, mpsc::Sender<()>) {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "CREATE TABLE notes (n INTEGER NOT NULL UNIQUE) STRICT;
            CREATE TABLE moves (change INTEGER PRIMARY KEY, conversation_id INTEGER NOT NULL) STRICT";
        connection.execute_batch(tables).unwrap();
        let writer = Writer::start(connection, None, Arc::default(), Arc::new(durable), Position(0)).unwrap();
        let (release, held) = mpsc::channel();
        // Queued at the call, though nobody waits for it; held until the other end is dropped.
        drop(writer.submit(move |_| Ok(held.recv().is_ok())));
        (writer, release)
    }

    fn note(writing: &mut Writing<'_>, n: i64) -> Result<Position, Trouble> {
        let position = writing.tick();
        journal::record_move(writing.connection, ConversationId(1), position)?;
        writing.connection.execute("INSERT INTO notes (n) VALUES (?1)", [n])?;
        Ok(position)
    }

    fn notes(writer: &Writer) -> Vec<i64> {
        let list = writer.submit(|writing| {
            let mut select = writing.connection.prepare("SELECT n FROM notes ORDER BY rowid")?;
            let notes = select.query_map([], |row| row.get(0))?;
            Ok(notes.collect::<Result<_, _>>()?)
        });
        block_on(list).unwrap()
    }

    #[test]
    fn one_bad_deed_does_not_harm_its_neighbours() {
        let (writer, release) = held_writer();
        let deeds = [1, 2, 2, 3].map(|n| writer.submit(move |writing| note(writing, n)));
        drop(release);
        let results = block_on(join_all(deeds));
        assert!(results[0].is_ok() && results[1].is_ok() && results[3].is_ok());
        assert!(
            matches!(&results[2], Err(StoreError::Failed(words)) if words.contains("UNIQUE")),
            "{results:?}"
        );
        assert_eq!(notes(&writer), [1, 2, 3]);
    }

    /// Else the answers to one batch would come back as two halves, and each half would wait for a sync of its own.
    #[test]
    fn what_queues_while_a_batch_is_done_is_committed_with_it() {
        let (writer, release) = held_writer();
        drop(release);
        let (begun, beginning) = mpsc::channel();
        let (release, held) = mpsc::channel::<()>();
        let first = writer.submit(move |writing| {
            let _ = begun.send(());
            let _ = held.recv();
            note(writing, 1)
        });
        beginning.recv().unwrap();
        let fails = writer.submit(|writing| note(writing, 1));
        drop(release);
        let (first, fails) = block_on(futures_util::future::join(first, fails));
        assert!(first.is_ok() && fails.is_err());
        // It was done once more, alone, since the one beside it spoilt the transaction of both.
        assert_eq!(beginning.iter().count(), 1);
    }

    /// The same on a disk whose syncs tell that they began, and end, or fail, when they are told to. What tells them comes
    /// last here, and so goes first when a test fails: the writer waits for it.
    type HeldDisk = (Writer, mpsc::Sender<()>, mpsc::Receiver<()>, mpsc::Sender<io::Result<()>>);

    fn held_writer_on_a_held_disk() -> HeldDisk {
        let (begun, beginning) = mpsc::channel();
        let (end, ending) = mpsc::channel::<io::Result<()>>();
        let both = Mutex::new((begun, ending));
        let durable = Durable::new(move || {
            let (begun, ending) = &*both.lock().unwrap();
            let _ = begun.send(());
            ending.recv().unwrap_or(Ok(()))
        });
        let (writer, release) = held_writer_with(durable);
        (writer, release, beginning, end)
    }

    #[test]
    fn nobody_is_told_before_the_sync() {
        for deeds in [1, 200] {
            let (writer, release, syncing, end) = held_writer_on_a_held_disk();
            let mut waiting: Vec<_> =
                (0..deeds).map(|n| writer.submit(move |writing| note(writing, n)).boxed()).collect();
            drop(release);
            syncing.recv().unwrap();
            assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()), "{deeds} deeds");
            drop(end);
            assert!(block_on(join_all(waiting)).iter().all(Result::is_ok));
        }
    }

    /// Else the writer would do nothing for as long as the disk takes.
    #[test]
    fn the_next_batch_is_done_while_one_is_synced() {
        let (writer, release, syncing, end) = held_writer_on_a_held_disk();
        let batch: Vec<_> = (0..200).map(|n| writer.submit(move |writing| note(writing, n))).collect();
        drop(release);
        syncing.recv().unwrap();
        let (done, doing) = mpsc::channel();
        let mut next = Box::pin(writer.submit(move |writing| {
            let _ = done.send(());
            note(writing, 1_000)
        }));
        // Else this would wait for ever.
        doing.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!((&mut next).now_or_never().is_none());
        drop(end);
        assert!(block_on(join_all(batch)).iter().all(Result::is_ok) && block_on(next).is_ok());
    }

    /// What a disk did with what it could not write is not known, and a later sync does not tell.
    #[test]
    fn after_a_failed_sync_nothing_is_promised_any_more() {
        for deeds in [1, 200] {
            let (writer, release, syncing, end) = held_writer_on_a_held_disk();
            let waiting: Vec<_> =
                (0..deeds).map(|n| writer.submit(move |writing| note(writing, n))).collect();
            drop(release);
            syncing.recv().unwrap();
            end.send(Err(io::Error::other("no more"))).unwrap();
            drop(end);
            let told = block_on(join_all(waiting));
            assert!(told.iter().all(|it| matches!(it, Err(StoreError::Failed(_)))), "{told:?}");
            let later = block_on(writer.submit(|writing| note(writing, 1_000)));
            assert!(matches!(&later, Err(StoreError::Failed(words)) if words.contains("started again")));
            assert!(syncing.try_recv().is_err());
        }
    }

    #[test]
    fn a_refusal_undoes_nothing_of_its_neighbours() {
        let (writer, release) = held_writer();
        let before = writer.submit(|writing| note(writing, 1));
        let refused = writer.submit(|_| Err::<(), _>(Trouble::Refused(StoreError::Full(1))));
        let after = writer.submit(|writing| note(writing, 2));
        drop(release);
        assert!(block_on(before).is_ok());
        assert_eq!(block_on(refused), Err(StoreError::Full(1)));
        assert!(block_on(after).is_ok());
        assert_eq!(notes(&writer), [1, 2]);
    }

    #[test]
    fn a_deed_refused_too_late_leaves_no_half_behind() {
        let (writer, release) = held_writer();
        let before = writer.submit(|writing| note(writing, 1));
        let refused = writer.submit(|writing| {
            note(writing, 2)?;
            Err::<(), _>(Trouble::Refused(StoreError::Full(1)))
        });
        drop(release);
        assert!(block_on(before).is_ok());
        assert!(
            matches!(block_on(refused), Err(StoreError::Failed(words)) if words.contains("after it had"))
        );
        assert_eq!(notes(&writer), [1]);
    }

    #[test]
    fn what_waits_for_company_is_done_also_when_none_comes() {
        let (writer, release) = held_writer();
        drop(release);
        assert!(block_on(writer.submit_at_leisure(|writing| note(writing, 1))).is_ok());
        assert!(block_on(writer.submit_at_leisure(|writing| note(writing, 2))).is_ok());
        assert_eq!(notes(&writer), [1, 2]);
    }

    #[test]
    fn what_waits_for_company_holds_up_nobody_and_is_done_when_the_store_closes() {
        let (writer, release) = held_writer();
        let leisurely = [1, 2, 3].map(|n| writer.submit_at_leisure(move |writing| note(writing, n)));
        let deed = writer.submit(|writing| note(writing, 4));
        drop(release);
        let before = block_on(deed).unwrap();
        drop(writer);
        for done in block_on(join_all(leisurely)) {
            assert!(done.unwrap() > Position(0) && before > Position(0));
        }
    }

    #[test]
    fn positions_only_rise_also_when_deeds_are_undone() {
        let (writer, release) = held_writer();
        let deeds = [1, 1, 2].map(|n| writer.submit(move |writing| note(writing, n)));
        drop(release);
        let results = block_on(join_all(deeds));
        let (first, second) = (results[0].clone().unwrap(), results[2].clone().unwrap());
        assert!(first < second);
        let stored = writer.submit(|writing| {
            Ok(writing
                .connection
                .query_one("SELECT max(change) FROM moves", [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(block_on(stored), Ok(second.0 as i64));
    }
}
