//! Answers questions on the thread that asks them, while what they need is in memory.
//!
//! To hand a question to a reader's thread, and its answer back, costs a quarter of reading 50 messages. But on the
//! thread that asks many links live, and they must not wait for a disk. So an answer that takes too long is broken
//! off and left to the readers' threads, and the more often that happens the longer all others are left to them too.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::Trouble;
use super::snapshot::answer_from_snapshot;

/// Longer than all that is read from memory, and short beside what people notice.
const BROKEN_OFF_AFTER_US: u64 = 1_000;
/// Steps of SQLite's machine between two looks at the clock: a few microseconds.
const STEPS_PER_LOOK: i32 = 200;
/// The pause after a first slow answer; each more doubles it, and so many quick ones halve it.
const PAUSE_US: u64 = 1_000;
const QUICK_PER_SLOW: u32 = 16;
/// Sixteen seconds.
const DOUBLINGS_MAX: u32 = 14;

/// Connections to be read from by whoever asks.
#[derive(Debug)]
pub(super) struct AtHand {
    readings: Vec<Mutex<Reading>>,
    clock: Clock,
    pace: Pace,
}

#[derive(Debug)]
struct Reading {
    connection: Connection,
    /// Its statements are broken off from then on. Nothing but the question may be: a transaction that could not be
    /// ended would be in the way of all that come after.
    break_off_at_us: Arc<AtomicU64>,
}

/// Time since the store was opened.
#[derive(Clone, Copy, Debug)]
struct Clock(Instant);

impl Clock {
    fn now_us(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl AtHand {
    pub(super) fn new(connections: Vec<Connection>) -> rusqlite::Result<AtHand> {
        let clock = Clock(Instant::now());
        let mut readings = Vec::with_capacity(connections.len());
        for mut connection in connections {
            // What is locked is waited for by the threads.
            connection.busy_timeout(Duration::ZERO)?;
            let break_off_at_us = Arc::new(AtomicU64::new(u64::MAX));
            let break_off_at = Arc::clone(&break_off_at_us);
            let is_late = move || clock.now_us() >= break_off_at.load(Ordering::Relaxed);
            connection.progress_handler(STEPS_PER_LOOK, Some(is_late))?;
            readings.push(Mutex::new(Reading { connection, break_off_at_us }));
        }
        Ok(AtHand { readings, clock, pace: Pace::default() })
    }

    /// `None`: not now, ask a thread.
    pub(super) fn answer<T>(
        &self,
        question: impl Fn(&Connection) -> Result<T, Trouble>,
    ) -> Option<Result<T, Trouble>> {
        let began_us = self.clock.now_us();
        if self.pace.is_pausing(began_us) {
            return None;
        }
        let reading = self.readings.iter().find_map(|reading| reading.try_lock().ok())?;
        let Reading { connection, break_off_at_us } = &*reading;
        let answer = answer_from_snapshot(connection, |connection| {
            break_off_at_us.store(began_us + BROKEN_OFF_AFTER_US, Ordering::Relaxed);
            let answer = question(connection);
            break_off_at_us.store(u64::MAX, Ordering::Relaxed);
            answer
        });
        let now_us = self.clock.now_us();
        if now_us >= began_us + BROKEN_OFF_AFTER_US {
            self.pace.note_slow(now_us);
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
    paused_until_us: AtomicU64,
}

impl Pace {
    fn is_pausing(&self, now_us: u64) -> bool {
        now_us < self.paused_until_us.load(Ordering::Relaxed)
    }

    fn note_slow(&self, now_us: u64) {
        let slowness = self.slowness.load(Ordering::Relaxed);
        let doublings = (slowness / QUICK_PER_SLOW).min(DOUBLINGS_MAX);
        self.paused_until_us.store(now_us + (PAUSE_US << doublings), Ordering::Relaxed);
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
        // And so is what comes right after it.
        assert!(at_hand.pace.paused_until_us.load(Ordering::Relaxed) > 0);
    }

    /// The end of its transaction is never broken off.
    #[test]
    fn what_took_too_long_leaves_nothing_behind() {
        let at_hand = at_hand();
        for _ in 0..2 * STEPS_PER_LOOK {
            at_hand.pace.paused_until_us.store(0, Ordering::Relaxed);
            let late = at_hand.answer(|_| {
                thread::sleep(Duration::from_micros(BROKEN_OFF_AFTER_US));
                Ok(())
            });
            assert!(matches!(late, Some(Ok(()))));
        }
        at_hand.pace.paused_until_us.store(0, Ordering::Relaxed);
        assert_eq!(count(&at_hand, 10), Some(10));
    }

    #[test]
    fn pauses_grow_with_what_is_slow_and_shrink_with_what_is_not() {
        let pace = Pace::default();
        let pause = |pace: &Pace| {
            pace.note_slow(0);
            pace.paused_until_us.load(Ordering::Relaxed)
        };
        let pauses: Vec<u64> = (0..20).map(|_| pause(&pace)).collect();
        assert_eq!(pauses[..4], [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(pauses[15..], [16_384_000; 5]);
        (0..16 * 12).for_each(|_| pace.note_quick());
        assert_eq!(pause(&pace), 4_000);
        assert!(pace.is_pausing(3_999) && !pace.is_pausing(4_000));
    }

    #[test]
    fn who_reads_now_does_not_hold_others_up() {
        let at_hand = at_hand();
        let answer = at_hand.answer(|_| Ok(count(&at_hand, 10)));
        assert!(matches!(answer, Some(Ok(None))));
    }
}
