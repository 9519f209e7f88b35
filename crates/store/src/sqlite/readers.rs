//! Answers questions beside the writer, each from one snapshot: at once if that is quick, or else on threads for it.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use futures_channel::oneshot;
use rusqlite::Connection;

use super::Trouble;
use super::at_hand::AtHand;
use super::durable::Durable;
use super::snapshot::answer_from_snapshot;
use crate::error::StoreError;

/// Questions waiting to be answered; one more is refused with `Busy`.
const QUEUE_QUESTIONS_MAX: usize = 4_096;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// The readers' end that callers hold.
#[derive(Debug)]
pub(super) struct Readers {
    at_hand: AtHand,
    durable: Arc<Durable>,
    queue: Option<Sender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// One thread for each connection.
    pub(super) fn start(
        at_hand: AtHand,
        connections: Vec<Connection>,
        durable: Arc<Durable>,
    ) -> io::Result<Readers> {
        let (queue, questions) = bounded(QUEUE_QUESTIONS_MAX);
        // Begun empty, so that threads already started end when a later one does not start.
        let mut readers = Readers { at_hand, durable, queue: Some(queue), threads: Vec::new() };
        for connection in connections {
            let questions = questions.clone();
            let thread = thread::Builder::new().name("store-reader".to_owned());
            readers.threads.push(thread.spawn(move || run(&connection, &questions))?);
        }
        Ok(readers)
    }

    /// Asks a question that is mostly short, at the call: as [`Readers::ask_thread`], but answered at once where that
    /// can be done.
    pub(super) fn ask<T, Q>(
        &self,
        question: Q,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, Q>
    where
        T: Send + 'static,
        Q: Fn(&Connection) -> Result<T, Trouble> + Send + 'static,
    {
        let answer = self.at_hand.answer(&question);
        let (asking, syncing) = match answer {
            Some(_) => (None, self.durable.wait(self.durable.visible())),
            None => (Some(self.ask_thread(question)), None),
        };
        async move {
            if let Some(syncing) = syncing {
                syncing.await?;
            }
            match (answer, asking) {
                (Some(answer), _) => answer.map_err(Trouble::into_store_error),
                (None, Some(asking)) => asking.await,
                (None, None) => Err(closed()),
            }
        }
    }

    /// Asks a question, at the call. Its statements all see the store as after one same commit, which is not
    /// older than any whose deed was answered before the call, and on the disk when the answer is given.
    pub(super) fn ask_thread<T, Q>(
        &self,
        question: Q,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, Q>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let durable = Arc::clone(&self.durable);
        let job: Question = Box::new(move |connection| {
            // Who no longer waits is not worth the work.
            if !reply.is_canceled() {
                let answer = answer_from_snapshot(connection, question);
                let syncing = durable.wait(durable.visible());
                let _ = reply.send((answer.map_err(Trouble::into_store_error), syncing));
            }
        });
        let refusal = match &self.queue {
            Some(queue) => match queue.try_send(job) {
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
            let Ok((answer, syncing)) = answer.await else { return Err(closed()) };
            if let Some(syncing) = syncing {
                syncing.await?;
            }
            answer
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A reader holds nothing that could be lost.
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, questions: &Receiver<Question>) {
    for question in questions {
        question(connection);
    }
}

fn closed() -> StoreError {
    StoreError::Failed("the store is closed".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_executor::block_on;
    use futures_util::FutureExt;
    use tempfile::TempDir;

    use super::*;

    const COUNT: &str = "SELECT count(*) FROM notes";

    fn count(connection: &Connection) -> Result<i64, Trouble> {
        Ok(connection.query_one(COUNT, [], |row| row.get(0))?)
    }

    /// A power cut would take it away, and who was told would be alone with it.
    #[test]
    fn what_is_not_on_the_disk_is_told_to_nobody() {
        let dir = TempDir::new().unwrap();
        let open = || Connection::open(dir.path().join("notes.db")).unwrap();
        let writer = open();
        writer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE notes (n INTEGER) STRICT").unwrap();
        let durable = Arc::new(Durable::new(|| Ok(())));
        let at_hand = AtHand::new(vec![open()]).unwrap();
        let readers = Readers::start(at_hand, vec![open()], Arc::clone(&durable)).unwrap();
        assert!(matches!(readers.ask(count).now_or_never(), Some(Ok(0))));

        durable.announce();
        writer.execute("INSERT INTO notes VALUES (1)", []).unwrap();
        let mut at_hand = readers.ask(count).boxed();
        let mut on_a_thread = readers.ask_thread(count).boxed();
        let (begun, beginning) = mpsc::channel();
        // The one thread begins with this when it has answered the other.
        let _after = readers.ask_thread(move |_| Ok(begun.send(()).is_ok()));
        beginning.recv().unwrap();
        assert!((&mut at_hand).now_or_never().is_none());
        assert!((&mut on_a_thread).now_or_never().is_none());
        durable.note_synced(1);
        assert_eq!((block_on(at_hand).unwrap(), block_on(on_a_thread).unwrap()), (1, 1));
    }
}
