//! When a writer writes: as fast as answers come, or at rates that change at given moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// When the messages of one writer are written.
#[derive(Clone, Debug)]
pub(crate) enum Schedule {
    /// The next one as soon as fewer than this many are unanswered.
    Window(usize),
    /// At fixed moments, answers or not.
    Rates(Arc<Rates>),
}

/// So many messages per second until some moment, then another rate; evenly spaced. After the last one, none.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Of all writers together; the moments, in microseconds of the run's clock, ascend.
    until: Vec<(u64, f64)>,
    writers: usize,
    is_over: AtomicBool,
}

impl Rates {
    /// Rates of all writers together, each with the moment until which it holds.
    pub(crate) fn new(until: Vec<(u64, f64)>, writers: usize) -> Arc<Rates> {
        Arc::new(Rates { until, writers, is_over: AtomicBool::new(false) })
    }

    /// One rate until it is stopped.
    pub(crate) fn steady(rate: f64, writers: usize) -> Arc<Rates> {
        Rates::new(vec![(u64::MAX, rate)], writers)
    }

    /// Nobody writes any more.
    pub(crate) fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether somebody stopped it.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// The moment of a writer's next message when its last one was at `last`, and only a `part` (0 to 1) of the pause
    /// is to pass; `None`: it has written all.
    pub(crate) fn next(&self, last: u64, part: f64) -> Option<u64> {
        let mut from = last;
        // How much of the pause is still ahead, in messages.
        let mut ahead = part;
        for (until, rate) in &self.until {
            if from >= *until {
                continue;
            }
            let per_us = rate / self.writers as f64 / 1e6;
            let room = (until - from) as f64 * per_us;
            if room >= ahead {
                // At least one, or a writer of an absurd rate would never get on.
                return Some(from + ((ahead / per_us) as u64).max(1));
            }
            ahead -= room;
            from = *until;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn moments(rates: &Rates, first_part: f64) -> Vec<u64> {
        let mut moments = Vec::new();
        let mut next = rates.next(0, first_part);
        while let Some(at) = next {
            moments.push(at);
            next = rates.next(at, 1.0);
        }
        moments
    }

    #[test]
    fn rates_change_when_they_should_and_end() {
        let until = vec![(SECOND, 4.0), (2 * SECOND, 0.0), (4 * SECOND, 20.0)];
        let moments = moments(&Rates::new(until, 2), 0.5);
        let within = |from, to| moments.iter().filter(|at| (from..to).contains(*at)).count();
        assert_eq!(moments[..2], [SECOND / 4, 3 * SECOND / 4]);
        assert_eq!(within(SECOND, 2 * SECOND), 0);
        assert_eq!(within(2 * SECOND, 4 * SECOND), 20, "{moments:?}");
        assert_eq!(within(4 * SECOND, u64::MAX), 0);
    }

    #[test]
    fn a_rate_of_nothing_writes_nothing() {
        assert!(moments(&Rates::new(vec![(SECOND, 0.0)], 1), 0.5).is_empty());
    }
}
