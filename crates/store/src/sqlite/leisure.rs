//! Deeds that nobody waits for, until there are enough of them or they have waited long enough.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// They wait for so long: nobody notices, and on a busy server dozens of them come meanwhile, which then share a commit
/// and the pages it writes.
const LEISURE: Duration = Duration::from_millis(10);
/// With so many there is nothing more to gain by waiting.
const ENOUGH: usize = 256;

/// A bounded list and the moment at which its first one came.
pub(super) struct Leisure<T> {
    waiting: Mutex<Waiting<T>>,
    most: usize,
}

struct Waiting<T> {
    list: Vec<T>,
    /// When all of them must be done; `None` if there are none.
    due: Option<Instant>,
}

impl<T> Leisure<T> {
    /// Holds so many at most.
    pub(super) fn new(most: usize) -> Leisure<T> {
        Leisure { waiting: Mutex::new(Waiting { list: Vec::new(), due: None }), most }
    }

    /// Adds one, or gives it back if there is no room. True: it is the first, and nobody may know that it is due.
    pub(super) fn add(&self, one: T) -> Result<bool, T> {
        let mut waiting = self.lock();
        if waiting.list.len() == self.most {
            return Err(one);
        }
        waiting.list.push(one);
        let is_first = waiting.due.is_none();
        if is_first {
            waiting.due = Some(Instant::now() + LEISURE);
        }
        Ok(is_first)
    }

    /// When they must be done; `None` if there are none.
    pub(super) fn due(&self) -> Option<Instant> {
        self.lock().due
    }

    /// Whether they have waited enough.
    pub(super) fn is_over(&self) -> bool {
        let waiting = self.lock();
        waiting.list.len() >= ENOUGH || waiting.due.is_some_and(|due| due <= Instant::now())
    }

    /// Moves the oldest to the end of `batch`, until it holds `most`. What is left is due at once.
    pub(super) fn take(&self, batch: &mut Vec<T>, most: usize) {
        let mut waiting = self.lock();
        let count = waiting.list.len().min(most.saturating_sub(batch.len()));
        batch.extend(waiting.list.drain(..count));
        if waiting.list.is_empty() {
            waiting.due = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        // Whole between any two statements, so one left by a panicking thread can be used.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Leisure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leisure").field("waiting", &self.lock().list.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_says_so_and_there_is_an_end_to_them() {
        let leisure = Leisure::new(3);
        assert_eq!(leisure.due(), None);
        assert_eq!([leisure.add(1), leisure.add(2), leisure.add(3)], [Ok(true), Ok(false), Ok(false)]);
        assert_eq!(leisure.add(4), Err(4));
        assert!(leisure.due().is_some());
    }

    #[test]
    fn many_are_enough_without_waiting() {
        let leisure = Leisure::new(2 * ENOUGH);
        assert!((1..ENOUGH).all(|one| leisure.add(one).is_ok()));
        let due = leisure.due();
        assert!(!leisure.is_over() || due.is_some_and(|due| due <= Instant::now()));
        assert_eq!(leisure.add(ENOUGH), Ok(false));
        assert!(leisure.is_over());
    }

    #[test]
    fn what_finds_no_room_in_a_batch_stays_due() {
        let leisure = Leisure::new(9);
        assert!((1..=5).all(|one| leisure.add(one).is_ok()));
        let due = leisure.due();
        let mut batch = vec![0];
        leisure.take(&mut batch, 3);
        assert_eq!((batch, leisure.due()), (vec![0, 1, 2], due));
        let mut rest = Vec::new();
        leisure.take(&mut rest, 9);
        assert_eq!((rest, leisure.due()), (vec![3, 4, 5], None));
        assert_eq!(leisure.add(6), Ok(true), "and the next is a first one again");
    }
}
