//! A light client that is only there: it remembers where it stands, as an engine does, and notes when it came up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anser_protocol::Moment;
use anser_protocol::ids::Position;
use anser_protocol::link::Link;
use anser_protocol::wire::Welcome;

use crate::clock::Clock;
use crate::light::Role;

/// When each of many came up last, in microseconds of the run's clock; 0: it is not up.
#[derive(Debug)]
pub(crate) struct Roll {
    up_us: Vec<AtomicU64>,
}

impl Roll {
    /// Nobody is up yet.
    pub(crate) fn of(sleepers: usize) -> Arc<Roll> {
        Arc::new(Roll { up_us: (0..sleepers).map(|_| AtomicU64::new(0)).collect() })
    }

    /// When those who are up came up, in order.
    pub(crate) fn read(&self) -> Vec<u64> {
        let all = self.up_us.iter().map(|up_us| up_us.load(Ordering::Relaxed));
        let mut up: Vec<u64> = all.filter(|up_us| *up_us > 0).collect();
        up.sort_unstable();
        up
    }

    fn note(&self, number: usize, up_us: u64) {
        if let Some(place) = self.up_us.get(number) {
            place.store(up_us, Ordering::Relaxed);
        }
    }
}

/// One that is only there.
pub(crate) struct Sleeper {
    number: usize,
    roll: Arc<Roll>,
    clock: Clock,
}

impl Sleeper {
    pub(crate) fn new(number: usize, roll: Arc<Roll>, clock: Clock) -> Sleeper {
        Sleeper { number, roll, clock }
    }
}

impl Role for Sleeper {
    fn up(&mut self, welcome: &Welcome, link: &mut Link, _now: Moment) {
        if let Some(changes) = welcome.changes.as_ref().filter(|changes| changes.next == 0) {
            link.set_position(Position(changes.position));
        }
        self.roll.note(self.number, self.clock.micros().max(1));
    }

    fn down(&mut self) {
        self.roll.note(self.number, 0);
    }
}
