//! The one thread that writes: takes what has queued and commits it as one transaction.
//!
//! A sync of the disk costs the same for one deed as for hundreds, so while one batch is being committed the
//! next one gathers in the queue. A caller hears of its deed after the commit, never before.

use std::future::Future;
use std::io;
use std::thread::{self, JoinHandle};

use anser_failpoints::Place;
use anser_protocol::ids::Position;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use futures_channel::oneshot;
use rusqlite::Connection;

use super::checkpoints::Checkpoints;
use super::tips::Tips;
use super::{Trouble, rows};
use crate::error::StoreError;

/// Deeds waiting to be committed: less than a second's work. One more is refused with `Busy`, since it would
/// wait longer than its sender does.
pub const QUEUE_JOBS_MAX: usize = 4_096;
/// Deeds in one transaction: enough to make the sync cheap for each, few enough that the first need not wait
/// for long.
const BATCH_JOBS_MAX: usize = 512;

// Statements like any other, so that they are read once and not at every commit.
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const CLOCK_SET: &str = "UPDATE clock SET change = ?1 WHERE id = 1";

/// The writer's end that callers hold.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// `position` is the newest change position ever given.
    pub(super) fn start(
        connection: Connection,
        checkpoints: Option<Checkpoints>,
        position: Position,
    ) -> io::Result<Writer> {
        let (queue, jobs) = bounded(QUEUE_JOBS_MAX);
        let clock = Clock { given: position.0, told: position.0 };
        let worker = Worker { connection, checkpoints, clock, tips: Tips::default(), jobs };
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || worker.run())?;
        Ok(Writer { queue: Some(queue), thread: Some(thread) })
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
        let (reply, answer) = oneshot::channel();
        let refusal = match &self.queue {
            Some(queue) => match queue.try_send(Box::new(Queued { deed, outcome: None, reply })) {
                Ok(()) => None,
                Err(TrySendError::Full(_)) => Some(StoreError::Busy),
                Err(TrySendError::Disconnected(_)) => Some(closed()),
            },
            None => Some(closed()),
        };
        async move {
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            answer.await.unwrap_or_else(|_| Err(closed()))
        }
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

/// The counter of changes.
#[derive(Clone, Copy)]
struct Clock {
    /// The newest position given to a deed.
    given: u64,
    /// The newest one that is in the tables.
    told: u64,
}

/// What a deed works with: the transaction, the counter of changes, and the ends of the logs.
pub(super) struct Writing<'a> {
    pub(super) connection: &'a Connection,
    pub(super) tips: &'a mut Tips,
    clock: &'a mut Clock,
}

impl Writing<'_> {
    /// The next change position. Each belongs to one conversation, so that no two heads of an account share
    /// one and a page can end between any two. One given to a deed that is undone is not given again.
    pub(super) fn tick(&mut self) -> Position {
        self.clock.given += 1;
        Position(self.clock.given)
    }

    /// The position was written with an event: the table of the clock need not say it too.
    pub(super) fn is_told(&mut self, position: Position) {
        self.clock.told = position.0;
    }
}

/// A deed whose type of result is forgotten.
trait Job: Send {
    /// Does the deed and keeps its result. An error means that the transaction is spoilt.
    fn run(&mut self, writing: &mut Writing<'_>) -> Result<(), Spoilt>;
    /// Tells the caller: its result, or why the transaction failed.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

struct Queued<T, D> {
    deed: D,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

/// Why a transaction must be undone.
#[derive(Debug, thiserror::Error)]
enum Spoilt {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// A bug of ours; undone like any failure, so that it cannot leave half a deed behind.
    #[error("a deed was refused ({0}) after it had written")]
    RefusedTooLate(StoreError),
}

impl<T, D> Job for Queued<T, D>
where
    T: Send,
    D: Fn(&mut Writing<'_>) -> Result<T, Trouble> + Send,
{
    fn run(&mut self, writing: &mut Writing<'_>) -> Result<(), Spoilt> {
        let changes_before = writing.connection.total_changes();
        let outcome = match (self.deed)(writing) {
            Ok(result) => Ok(result),
            Err(Trouble::Failed(error)) => return Err(Spoilt::Database(error)),
            Err(Trouble::Refused(refusal)) if writing.connection.total_changes() != changes_before => {
                return Err(Spoilt::RefusedTooLate(refusal));
            }
            Err(Trouble::Refused(refusal)) => Err(refusal),
        };
        self.outcome = Some(outcome);
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let outcome = match (failure, self.outcome) {
            (Some(failure), _) => Err(failure),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(closed()),
        };
        anser_failpoints::pass(Place::StoreAnswerBefore);
        // Nobody may be waiting any more; the deed is done all the same.
        let _ = self.reply.send(outcome);
    }
}

/// The writer's thread.
struct Worker {
    connection: Connection,
    checkpoints: Option<Checkpoints>,
    clock: Clock,
    tips: Tips,
    jobs: Receiver<Box<dyn Job>>,
}

impl Worker {
    /// Until the store is dropped and the queue is empty.
    fn run(mut self) {
        while let Ok(first) = self.jobs.recv() {
            let mut batch = vec![first];
            batch.extend(self.jobs.try_iter().take(BATCH_JOBS_MAX - 1));
            self.commit(batch);
            if let Some(checkpoints) = &self.checkpoints {
                checkpoints.finish(&self.connection);
            }
        }
        if let Some(checkpoints) = self.checkpoints.take() {
            // Before this connection is closed: the last one leaves one tidy file behind.
            checkpoints.stop(&mut self.connection);
        }
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Job>>) {
        match self.attempt(&mut batch) {
            Ok(()) => batch.into_iter().for_each(|job| job.answer(None)),
            Err(spoilt) => {
                self.tips.forget_all();
                // One of them spoilt it for all: alone, each gets what it deserves.
                if batch.len() > 1 {
                    batch.into_iter().for_each(|job| self.commit(vec![job]));
                } else {
                    let failure = StoreError::Failed(spoilt.to_string());
                    batch.into_iter().for_each(|job| job.answer(Some(failure.clone())));
                }
            }
        }
    }

    /// One transaction: all of the batch, or nothing.
    fn attempt(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), Spoilt> {
        let done = self.run_all(batch);
        if done.is_err() && !self.connection.is_autocommit() {
            self.connection.prepare_cached(ROLLBACK)?.execute([])?;
        }
        done
    }

    fn run_all(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), Spoilt> {
        let connection = &self.connection;
        connection.prepare_cached(BEGIN)?.execute([])?;
        for job in batch {
            let (tips, clock) = (&mut self.tips, &mut self.clock);
            job.run(&mut Writing { connection, tips, clock })?;
        }
        if self.clock.told != self.clock.given {
            connection.prepare_cached(CLOCK_SET)?.execute([rows::to_sql(self.clock.given)])?;
        }
        anser_failpoints::pass(Place::StoreCommitBefore);
        connection.prepare_cached(COMMIT)?.execute([])?;
        anser_failpoints::pass(Place::StoreCommitAfter);
        self.clock.told = self.clock.given;
        Ok(())
    }
}

fn closed() -> StoreError {
    StoreError::Failed("the store is closed".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_executor::block_on;
    use futures_util::future::join_all;

    use super::*;

    /// A writer on a database of one table, and a way to hold it until a batch has gathered behind.
    fn held_writer() -> (Writer, mpsc::Sender<()>) {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "CREATE TABLE notes (n INTEGER NOT NULL UNIQUE) STRICT;
            CREATE TABLE clock (id INTEGER PRIMARY KEY, change INTEGER NOT NULL) STRICT;
            INSERT INTO clock VALUES (1, 0)";
        connection.execute_batch(tables).unwrap();
        let writer = Writer::start(connection, None, Position(0)).unwrap();
        let (release, held) = mpsc::channel();
        // Queued at the call, though nobody waits for it; held until the other end is dropped.
        drop(writer.submit(move |_| Ok(held.recv().is_ok())));
        (writer, release)
    }

    fn note(writing: &mut Writing<'_>, n: i64) -> Result<Position, Trouble> {
        let position = writing.tick();
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
    fn positions_only_rise_also_when_deeds_are_undone() {
        let (writer, release) = held_writer();
        let deeds = [1, 1, 2].map(|n| writer.submit(move |writing| note(writing, n)));
        drop(release);
        let results = block_on(join_all(deeds));
        let (first, second) = (results[0].clone().unwrap(), results[2].clone().unwrap());
        assert!(first < second);
        let stored = writer.submit(|writing| {
            Ok(writing.connection.query_one("SELECT change FROM clock", [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(block_on(stored), Ok(second.0 as i64));
    }
}
