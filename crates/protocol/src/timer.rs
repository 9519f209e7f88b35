//! What each machine waits for, one named timer per reason.

use std::marker::PhantomData;

use crate::Moment;

/// The reasons of one kind of machine.
pub(crate) trait Reasons<const COUNT: usize>: Copy {
    /// Each of them; when several are due at the same moment, the first here goes first.
    const ALL: [Self; COUNT];
    /// Its place among [`Reasons::ALL`].
    fn place(self) -> usize;
}

/// Why a [`crate::session::Session`] may have to act without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionTimer {
    /// Hello has not come: the link ends.
    Hello,
    /// Nothing was heard for a heartbeat and its grace: the client is gone.
    Idle,
    /// A push went out and no Beat has stated it yet.
    TailBeat,
}

impl Reasons<3> for SessionTimer {
    const ALL: [SessionTimer; 3] = [SessionTimer::Hello, SessionTimer::Idle, SessionTimer::TailBeat];

    fn place(self) -> usize {
        self as usize
    }
}

/// Why a [`crate::link::Link`] may have to act without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Reasons<8> for LinkTimer {
    const ALL: [LinkTimer; 8] = [
        LinkTimer::Retry,
        LinkTimer::Connect,
        LinkTimer::Welcome,
        LinkTimer::Answer,
        LinkTimer::Ping,
        LinkTimer::Beat,
        LinkTimer::Climb,
        LinkTimer::ClimbEnd,
    ];

    fn place(self) -> usize {
        self as usize
    }
}

/// The timers of one machine: each is stopped, or due at one moment.
///
/// A server holds one of these for each of its links, so they lie in the machine itself and not in a map.
#[derive(Debug)]
pub(crate) struct Timers<T, const COUNT: usize> {
    /// [`Moment::NEVER`] for those that are stopped.
    due: [Moment; COUNT],
    reasons: PhantomData<T>,
}

impl<T: Reasons<COUNT>, const COUNT: usize> Timers<T, COUNT> {
    pub(crate) fn new() -> Timers<T, COUNT> {
        Timers { due: [Moment::NEVER; COUNT], reasons: PhantomData }
    }

    pub(crate) fn set(&mut self, timer: T, at: Moment) {
        self.due[timer.place()] = at;
    }

    /// Like `set`, but only ever makes it earlier.
    pub(crate) fn set_by(&mut self, timer: T, at: Moment) {
        let due = &mut self.due[timer.place()];
        *due = at.min(*due);
    }

    pub(crate) fn stop(&mut self, timer: T) {
        self.set(timer, Moment::NEVER);
    }

    pub(crate) fn stop_all(&mut self) {
        self.due = [Moment::NEVER; COUNT];
    }

    /// [`Moment::NEVER`] if it is stopped.
    pub(crate) fn due(&self, timer: T) -> Moment {
        self.due[timer.place()]
    }

    /// When the machine must be woken.
    pub(crate) fn next(&self) -> Moment {
        self.due.iter().copied().min().unwrap_or(Moment::NEVER)
    }

    /// Stops and returns one timer that is due, the most overdue first.
    pub(crate) fn take_due(&mut self, now: Moment) -> Option<T> {
        let at = self.next();
        // What is due never is not due at the end of time either.
        if at > now || at == Moment::NEVER {
            return None;
        }
        let timer = T::ALL.into_iter().find(|timer| self.due[timer.place()] == at)?;
        self.stop(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_places<T: Reasons<COUNT>, const COUNT: usize>() {
        let places: Vec<usize> = T::ALL.into_iter().map(Reasons::place).collect();
        assert_eq!(places, (0..COUNT).collect::<Vec<_>>());
    }

    #[test]
    fn every_reason_has_a_place_of_its_own() {
        check_places::<SessionTimer, 3>();
        check_places::<LinkTimer, 8>();
    }

    #[test]
    fn what_is_due_comes_once_and_the_most_overdue_first() {
        let mut timers = Timers::new();
        timers.set(SessionTimer::Idle, Moment(20));
        timers.set(SessionTimer::TailBeat, Moment(10));
        timers.set_by(SessionTimer::Idle, Moment(30));
        assert_eq!(timers.next(), Moment(10));
        assert_eq!(timers.take_due(Moment(9)), None);
        assert_eq!(timers.take_due(Moment(20)), Some(SessionTimer::TailBeat));
        assert_eq!(timers.take_due(Moment(20)), Some(SessionTimer::Idle));
        assert_eq!(timers.take_due(Moment::NEVER), None);
        assert_eq!(timers.next(), Moment::NEVER);
    }
}
