//! What each machine waits for, one named timer per reason.

use std::collections::BTreeMap;

use crate::Moment;

/// Why a [`crate::session::Session`] may have to act without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SessionTimer {
    /// Hello has not come: the link ends.
    Hello,
    /// Nothing was heard for a heartbeat and its grace: the client is gone.
    Idle,
    /// A push went out and no Beat has stated it yet.
    TailBeat,
}

/// Why a [`crate::link::Link`] may have to act without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LinkTimer {
    /// The back-off is over: try again.
    Retry,
    /// The connection asked for did not open: that try has failed.
    Connect,
    /// Hello was not answered: the connection is dead.
    Welcome,
    /// The oldest unanswered request has waited too long: the connection is dead.
    Answer,
    /// Nothing was sent for a heartbeat: send Ping.
    Ping,
    /// Ping was not answered: the connection is dead.
    Beat,
    /// A better carrier is tried beside the link.
    Climb,
    /// It did not open: the link stays where it is.
    ClimbEnd,
}

/// The timers of one machine: each is stopped, or due at one moment.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    due: BTreeMap<T, Moment>,
}

impl<T: Copy + Ord> Timers<T> {
    pub(crate) fn new() -> Timers<T> {
        Timers { due: BTreeMap::new() }
    }

    pub(crate) fn set(&mut self, timer: T, at: Moment) {
        self.due.insert(timer, at);
    }

    /// Like `set`, but only ever makes it earlier.
    pub(crate) fn set_by(&mut self, timer: T, at: Moment) {
        let due = self.due.entry(timer).or_insert(at);
        *due = at.min(*due);
    }

    pub(crate) fn stop(&mut self, timer: T) {
        self.due.remove(&timer);
    }

    pub(crate) fn stop_all(&mut self) {
        self.due.clear();
    }

    pub(crate) fn is_set(&self, timer: T) -> bool {
        self.due.contains_key(&timer)
    }

    /// When the machine must be woken.
    pub(crate) fn next(&self) -> Moment {
        self.due.values().copied().min().unwrap_or(Moment::NEVER)
    }

    /// Stops and returns one timer that is due, the most overdue first.
    pub(crate) fn take_due(&mut self, now: Moment) -> Option<T> {
        let (timer, at) = self.due.iter().min_by_key(|(_, at)| **at).map(|(timer, at)| (*timer, *at))?;
        // What is due never is not due at the end of time either.
        if at > now || at == Moment::NEVER {
            return None;
        }
        self.stop(timer);
        Some(timer)
    }
}
