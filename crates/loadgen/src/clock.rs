//! The clock that clients are told, and by which delays are measured.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anser_protocol::Moment;

/// Wall-clock time at the start, and steady time from there on. All clients of a run share one, so that a moment noted by
/// one can be compared with a moment noted by another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_at: Moment,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { started: Instant::now(), started_at: Moment(as_millis(since_1970)) }
    }

    pub(crate) fn now(&self) -> Moment {
        self.started_at + as_millis(self.started.elapsed())
    }

    /// Microseconds since the start, for delays shorter than a moment.
    pub(crate) fn micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// How long to sleep until then; a year stands for ever.
    pub(crate) fn until(&self, moment: Moment) -> Duration {
        const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        Duration::from_millis(moment.millis_since(self.now())).min(FOR_EVER)
    }
}

fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
