//! Answers questions on the thread that asks them, while what they need is in memory.
//!
//! To hand a question to a reader's thread, and its answer back, costs a quarter of reading 50 messages. But on the
//! thread that asks many links live, and they must not wait for a disk. So an answer that takes too long is broken
//! off and left to the readers' threads, and the more often that happens the longer all others are left to them too.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::Trouble;
use super::readers::answer_from_snapshot;

/// Longer than all that is read from memory, and short beside what people notice.
const BROKEN_OFF_AFTER: Duration = Duration::from_millis(1);
/// Steps of SQLite's machine between two looks at the clock: a few microseconds.
const STEPS_PER_LOOK: i32 = 200;
/// The pause after a first slow answer; each more doubles it, and so many quick ones halve it.
const PAUSE_MS: u64 = 1;
const QUICK_PER_SLOW: u32 = 16;
/// Sixteen seconds.
const DOUBLINGS_MAX: u32 = 14;

/// Connections to be read from by whoever asks.
#[derive(Debug)]
pub(super) struct AtHand {
    connections: Vec<Mutex<Connection>>,
    /// Since when the clock runs.
    began: Instant,
    pace: Pace,
}

impl AtHand {
    pub(super) fn new(connections: Vec<Connection>) -> rusqlite::Result<AtHand> {
        for connection in &connections {
            // What is locked is waited for by the threads.
            connection.busy_timeout(Duration::ZERO)?;
        }
        let connections = connections.into_iter().map(Mutex::new).collect();
        Ok(AtHand { connections, began: Instant::now(), pace: Pace::default() })
    }

    /// `None`: not now, ask a thread.
    pub(super) fn answer<T>(
        &self,
        question: impl Fn(&Connection) -> Result<T, Trouble>,
    ) -> Option<Result<T, Trouble>> {
        let now_ms = || u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.pace.is_pausing(now_ms()) {
            return None;
        }
        let mut connection = self.connections.iter().find_map(|connection| connection.try_lock().ok())?;
        let began = Instant::now();
        let is_late = move || began.elapsed() > BROKEN_OFF_AFTER;
        connection.progress_handler(STEPS_PER_LOOK, Some(is_late)).ok()?;
        let answer = answer_from_snapshot(&connection, question);
        if is_late() {
            self.pace.note_slow(now_ms());
        } else {
            self.pace.note_quick();
        }
        match &answer {
            Err(Trouble::Failed(error)) if is_for_a_thread(error) => None,
            _ => Some(answer),
        }
    }
}

fn is_for_a_thread(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::OperationInterrupted | ErrorCode::DatabaseBusy))
}

/// How much is tried at all. Advice, so that nobody who reads it out of date is wrong.
#[derive(Debug, Default)]
struct Pace {
    slowness: AtomicU32,
    paused_until_ms: AtomicU64,
}

impl Pace {
    fn is_pausing(&self, now_ms: u64) -> bool {
        now_ms < self.paused_until_ms.load(Ordering::Relaxed)
    }

    fn note_slow(&self, now_ms: u64) {
        let slowness = self.slowness.load(Ordering::Relaxed);
        let doublings = (slowness / QUICK_PER_SLOW).min(DOUBLINGS_MAX);
        self.paused_until_ms.store(now_ms + (PAUSE_MS << doublings), Ordering::Relaxed);
        let most = QUICK_PER_SLOW * DOUBLINGS_MAX;
        self.slowness.store((slowness + QUICK_PER_SLOW).min(most), Ordering::Relaxed);
    }

    fn note_quick(&self) {
        let slowness = self.slowness.load(Ordering::Relaxed);
        if slowness > 0 {
            self.slowness.store(slowness - 1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const COUNT: &str = "
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
        SELECT count(*) FROM numbers";

    fn at_hand() -> AtHand {
        AtHand::new(vec![Connection::open_in_memory().unwrap()]).unwrap()
    }

    fn count(at_hand: &AtHand, numbers: u32) -> Option<u32> {
        let answer =
            at_hand.answer(|connection| Ok(connection.query_one(COUNT, [numbers], |row| row.get(0))?));
        answer.map(Result::unwrap)
    }

    #[test]
    fn what_takes_too_long_is_left_to_a_thread() {
        let at_hand = at_hand();
        assert_eq!(count(&at_hand, u32::MAX), None);
        while at_hand.pace.is_pausing(0) && at_hand.began.elapsed() < Duration::from_millis(10) {
            thread::yield_now();
        }
        // And so is what comes right after it; later ones are answered here again.
        let answers: Vec<_> = std::iter::repeat_with(|| count(&at_hand, 10)).take(1_000_000).collect();
        assert!(answers.iter().flatten().all(|answer| *answer == 10) && answers.contains(&Some(10)));
    }

    #[test]
    fn pauses_grow_with_what_is_slow_and_shrink_with_what_is_not() {
        let pace = Pace::default();
        let pause = |pace: &Pace| {
            pace.note_slow(0);
            pace.paused_until_ms.load(Ordering::Relaxed)
        };
        let pauses: Vec<u64> = (0..20).map(|_| pause(&pace)).collect();
        assert_eq!(pauses[..5], [1, 2, 4, 8, 16]);
        assert_eq!(pauses[15..], [16_384; 5]);
        (0..16 * 12).for_each(|_| pace.note_quick());
        assert_eq!(pause(&pace), 4);
        assert!(pace.is_pausing(3) && !pace.is_pausing(4));
    }

    #[test]
    fn who_reads_now_does_not_hold_others_up() {
        let at_hand = at_hand();
        let answer = at_hand.answer(|_| Ok(count(&at_hand, 10)));
        assert!(matches!(answer, Some(Ok(None))));
    }
}
