//! How fast one link may ask: a token bucket, pure with `now`.

use crate::Moment;
use crate::limits;

/// Thousandths of a request, so that refilling is exact in whole numbers at any rate.
const REQUEST: u64 = 1_000;

/// What a link may still ask: full at first, emptied by requests, filled by time.
#[derive(Debug)]
pub(super) struct Allowance {
    left: u64,
    counted_at: Moment,
}

impl Allowance {
    const FULL: u64 = limits::REQUESTS_BURST as u64 * REQUEST;
    /// Per millisecond; a thousandth of a request per millisecond is one request per second.
    const REFILL: u64 = limits::REQUESTS_PER_SECOND as u64;

    pub(super) fn new(now: Moment) -> Allowance {
        Allowance { left: Allowance::FULL, counted_at: now }
    }

    /// Takes one request, or says in how many milliseconds there will be one.
    pub(super) fn take(&mut self, now: Moment) -> Result<(), u64> {
        let refill = now.millis_since(self.counted_at).saturating_mul(Allowance::REFILL);
        self.left = self.left.saturating_add(refill).min(Allowance::FULL);
        self.counted_at = now;
        if self.left < REQUEST {
            return Err((REQUEST - self.left).div_ceil(Allowance::REFILL));
        }
        self.left -= REQUEST;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_then_the_rate() {
        let mut allowance = Allowance::new(Moment(0));
        for _ in 0..limits::REQUESTS_BURST {
            assert_eq!(allowance.take(Moment(0)), Ok(()));
        }
        assert_eq!(allowance.take(Moment(0)), Err(5));
        assert_eq!(allowance.take(Moment(4)), Err(1));
        assert_eq!(allowance.take(Moment(5)), Ok(()));
        assert_eq!(allowance.take(Moment(5)), Err(5));
    }

    #[test]
    fn a_long_pause_fills_it_and_no_more() {
        let mut allowance = Allowance::new(Moment(0));
        let later = Moment(u64::MAX - 1);
        for _ in 0..limits::REQUESTS_BURST {
            assert_eq!(allowance.take(later), Ok(()));
        }
        assert_eq!(allowance.take(later), Err(5));
    }

    #[test]
    fn a_clock_set_back_costs_nothing_but_the_refill() {
        let mut allowance = Allowance::new(Moment(1_000_000));
        assert_eq!(allowance.take(Moment(0)), Ok(()));
        assert_eq!(allowance.take(Moment(10)), Ok(()));
    }
}
