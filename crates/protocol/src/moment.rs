//! Time as our own number, so that it works in WebAssembly, in traces and under a fake clock.

use std::ops::{Add, Sub};

/// Milliseconds since 1970 by somebody's clock. Machines get it as an argument and never ask for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// Later than every deadline.
    pub const NEVER: Moment = Moment(u64::MAX);

    /// Milliseconds from `earlier` to here; zero if a clock was set back in between.
    pub fn millis_since(self, earlier: Moment) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// `moment + milliseconds`, stopping at [`Moment::NEVER`].
impl Add<u64> for Moment {
    type Output = Moment;
    fn add(self, millis: u64) -> Moment {
        Moment(self.0.saturating_add(millis))
    }
}

/// `moment - milliseconds`, stopping at zero.
impl Sub<u64> for Moment {
    type Output = Moment;
    fn sub(self, millis: u64) -> Moment {
        Moment(self.0.saturating_sub(millis))
    }
}
