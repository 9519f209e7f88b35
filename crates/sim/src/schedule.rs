//! What happens when: the world's only clock.

use std::collections::BTreeMap;

use anser_protocol::Moment;

/// Things to come, by time and, at the same time, in the order in which they were planned.
#[derive(Debug)]
pub struct Schedule<T> {
    now: Moment,
    planned: u64,
    by_time: BTreeMap<(Moment, u64), T>,
}

impl<T> Schedule<T> {
    /// An empty schedule that begins at `now`.
    pub fn new(now: Moment) -> Schedule<T> {
        Schedule { now, planned: 0, by_time: BTreeMap::new() }
    }

    /// The time of what happened last.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// `what` happens at `when`, or now if that is past. `Moment::NEVER` never happens.
    pub fn plan(&mut self, when: Moment, what: T) {
        if when == Moment::NEVER {
            return;
        }
        self.planned += 1;
        self.by_time.insert((when.max(self.now), self.planned), what);
    }

    /// Goes to the next thing, unless it is after `until`; then time stops there.
    pub fn next_until(&mut self, until: Moment) -> Option<T> {
        let entry = self.by_time.first_entry().filter(|entry| entry.key().0 <= until);
        let Some(entry) = entry else {
            self.now = self.now.max(until);
            return None;
        };
        self.now = entry.key().0;
        Some(entry.remove())
    }
}
