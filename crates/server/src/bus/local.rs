//! The bus of a single node: a bounded queue in memory.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::bus::{Bus, Delivery, Notice};

/// The publishing end. When the queue is full, notices are lost, and that is seen by their missing numbers.
#[derive(Debug)]
pub struct LocalBus {
    /// The lock keeps numbers in the order of the queue.
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    newest_number: u64,
    queue: mpsc::Sender<Delivery>,
}

/// The receiving end; there is one.
#[derive(Debug)]
pub struct LocalFeed {
    queue: mpsc::Receiver<Delivery>,
}

impl LocalBus {
    /// A bus on which `capacity` notices may wait, and its receiving end.
    pub fn new(capacity: usize) -> (LocalBus, LocalFeed) {
        let (sender, receiver) = mpsc::channel(capacity);
        let line = Mutex::new(Line { newest_number: 0, queue: sender });
        (LocalBus { line }, LocalFeed { queue: receiver })
    }

    fn with_line(&self, deed: impl FnOnce(&mut Line)) {
        // A line is whole between any two statements, so one left by a panicking thread can be used.
        deed(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Bus for LocalBus {
    fn publish(&self, notice: Notice) {
        self.with_line(|line| {
            line.newest_number += 1;
            line.offer(Some(notice));
        });
    }

    fn skip(&self) {
        self.with_line(|line| line.newest_number += 1);
    }

    fn tail(&self) {
        self.with_line(|line| line.offer(None));
    }
}

impl Line {
    /// A full queue (or a node that is stopping) loses the notice. The number stays used, so it will be missed.
    fn offer(&self, notice: Option<Notice>) {
        let delivery = Delivery { number: self.newest_number, notice };
        if self.queue.try_send(delivery).is_err() {
            tracing::debug!(number = self.newest_number, "a notice found no room on the bus");
        }
    }
}

impl LocalFeed {
    /// The next delivery; waits for one. `None` once the bus is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.queue.recv().await
    }

    /// The next delivery, if one is there.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.queue.try_recv().ok()
    }
}
