//! The clock that the engine is told.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anser_protocol::Moment;

/// Wall-clock time at the start, and steady time from there on: somebody setting the clock moves no deadline.
pub(crate) struct Clock {
    started: Instant,
    started_at: Moment,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        // A clock that stands before 1970 is as good as 1970: nothing is ordered by it.
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { started: Instant::now(), started_at: Moment(as_millis(since_1970)) }
    }

    pub(crate) fn now(&self) -> Moment {
        self.started_at + as_millis(self.started.elapsed()).saturating_mul(anser_failpoints::pace())
    }

    /// How long to sleep until then.
    pub(crate) fn until(&self, moment: Moment) -> Duration {
        Duration::from_millis(moment.millis_since(self.now()).div_ceil(anser_failpoints::pace()))
    }
}

fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
