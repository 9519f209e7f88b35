//! What came of all messages of a run: how many, how fast, and what went wrong. Shared by all who talk.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anser_protocol::wire::ErrorCode;
use serde::{Deserialize, Serialize};

use crate::spread::Spread;

/// What came of all messages.
#[derive(Debug)]
pub(crate) struct Book {
    /// Messages of other books may be in the same conversations.
    number: u64,
    /// Messages written before are counted, but not how long they took.
    from_us: AtomicU64,
    page: Mutex<Page>,
}

/// What was written down between two looks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Page {
    /// Put into an outbox.
    pub(crate) written: u64,
    /// Not even written: the outbox was full, as for a person who sees that nothing goes out.
    pub(crate) held_back: u64,
    /// From writing to the answer that it is committed.
    pub(crate) sent: Spread,
    /// From writing to the moment at which the other one has it.
    pub(crate) shown: Spread,
    /// Messages that the server refused, by the code of the error table.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Sends that were committed, however old they are.
    pub(crate) accepted: u64,
    /// Messages that came to the other one, however old they are.
    pub(crate) received: u64,
    /// What must not happen: a message lost, doubled, or out of order.
    pub(crate) wrongs: Vec<String>,
}

/// More of them say nothing new.
const WRONGS_MAX: usize = 10;

impl Default for Book {
    fn default() -> Book {
        static BOOKS: AtomicU64 = AtomicU64::new(0);
        let number = BOOKS.fetch_add(1, Ordering::Relaxed) + 1;
        Book { number, from_us: AtomicU64::new(0), page: Mutex::default() }
    }
}

impl Book {
    /// Unlike that of any other book of this process.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// From here on it counts how long messages take that are written at this moment or later.
    pub(crate) fn count_from(&self, us: u64) {
        self.from_us.store(us, Ordering::Relaxed);
        let mut page = self.open();
        (page.sent, page.shown) = (Spread::default(), Spread::default());
    }

    /// What was written down since the last time; it begins a new page.
    pub(crate) fn take(&self) -> Page {
        std::mem::take(&mut *self.open())
    }

    pub(crate) fn note_written(&self) {
        self.open().written += 1;
    }

    pub(crate) fn note_held_back(&self) {
        self.open().held_back += 1;
    }

    pub(crate) fn note_sent(&self, written_us: u64, now_us: u64) {
        let mut page = self.open();
        page.accepted += 1;
        if written_us >= self.from_us.load(Ordering::Relaxed) {
            page.sent.note(now_us.saturating_sub(written_us));
        }
    }

    pub(crate) fn note_shown(&self, written_us: u64, now_us: u64) {
        let mut page = self.open();
        page.received += 1;
        if written_us >= self.from_us.load(Ordering::Relaxed) {
            page.shown.note(now_us.saturating_sub(written_us));
        }
    }

    pub(crate) fn note_refused(&self, code: ErrorCode) {
        *self.open().refusals.entry(code.as_str_name().to_owned()).or_default() += 1;
    }

    pub(crate) fn note_wrong(&self, what: String) {
        let mut page = self.open();
        if page.wrongs.len() < WRONGS_MAX {
            page.wrongs.push(what);
        }
    }

    fn open(&self) -> MutexGuard<'_, Page> {
        // Each note is whole; one left by a panicking thread can be read.
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// Everything that another page says too.
    pub(crate) fn add(&mut self, other: &Page) {
        self.written += other.written;
        self.held_back += other.held_back;
        self.accepted += other.accepted;
        self.received += other.received;
        self.sent.add(&other.sent);
        self.shown.add(&other.shown);
        for (code, count) in &other.refusals {
            *self.refusals.entry(code.clone()).or_default() += count;
        }
        let room = WRONGS_MAX.saturating_sub(self.wrongs.len());
        self.wrongs.extend(other.wrongs.iter().take(room).cloned());
    }

    /// Refusals under this code.
    pub(crate) fn refused(&self, code: ErrorCode) -> u64 {
        self.refusals.get(code.as_str_name()).copied().unwrap_or_default()
    }

    /// Refusals under any other code.
    pub(crate) fn refused_otherwise(&self, code: ErrorCode) -> u64 {
        self.refusals.values().sum::<u64>() - self.refused(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_is_counted_but_not_timed() {
        let book = Book::default();
        book.note_shown(10, 1_000);
        book.count_from(500);
        book.note_shown(499, 2_000);
        book.note_shown(500, 2_500);
        let page = book.take();
        assert_eq!((page.received, page.shown.count()), (3, 1));
        assert_eq!(book.take().received, 0, "taken means a new page");
    }

    #[test]
    fn pages_of_several_processes_make_one() {
        let book = Book::default();
        book.note_written();
        book.note_refused(ErrorCode::Busy);
        book.note_refused(ErrorCode::RateLimited);
        book.note_sent(0, 10);
        let page = book.take();
        let text = serde_json::to_string(&page).unwrap();
        let mut sum: Page = serde_json::from_str(&text).unwrap();
        sum.add(&page);
        assert_eq!((sum.written, sum.accepted, sum.sent.count()), (2, 2, 2));
        assert_eq!((sum.refused(ErrorCode::Busy), sum.refused_otherwise(ErrorCode::Busy)), (2, 2));
    }
}
