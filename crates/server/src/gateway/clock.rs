//! The two clocks of the gateway: what time it is, and how much has passed.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anser_protocol::Moment;

/// What time it is, for what is stored and shown. May jump when somebody sets the clock.
pub(super) fn wall_clock() -> Moment {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}

/// A clock that never jumps, for the deadlines of one link: setting the machine's clock must not end links.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkClock {
    started: Instant,
    started_at: Moment,
}

impl LinkClock {
    pub(super) fn start() -> LinkClock {
        LinkClock { started: Instant::now(), started_at: wall_clock() }
    }

    pub(super) fn now(&self) -> Moment {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.started_at + elapsed.saturating_mul(anser_failpoints::pace())
    }
}
