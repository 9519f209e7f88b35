//! How long those stay away who are told BUSY: not all for the same time, or they would all come back together, and longer
//! each time, or they would be most of what the server has to do.

use crate::SendKey;
use crate::limits::{BUSY_FIRST_MS, BUSY_MAX_MS};

/// Between half of a bound and all of it, told by the seed; the bound doubles with each refusal `before`.
pub(super) fn wait_ms(seed: u64, before: u32) -> u64 {
    let bound = BUSY_FIRST_MS.saturating_mul(1 << before.min(30)).min(BUSY_MAX_MS);
    let half = bound / 2;
    half + (mixed(seed) >> 32) * half / u64::from(u32::MAX)
}

/// Its last eight bytes, which are random.
pub(super) fn seed_of(key: SendKey) -> u64 {
    key.0[8..].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

/// Seeds that are close to each other give numbers that are not, in the upper half (Fibonacci hashing).
fn mixed(seed: u64) -> u64 {
    seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_refused_together_do_not_come_back_together() {
        let waits: Vec<u64> = (0..1_000).map(|seed| wait_ms(seed, 0)).collect();
        assert!(waits.iter().all(|wait| (BUSY_FIRST_MS / 2..=BUSY_FIRST_MS).contains(wait)));
        // Ten parts of the span, and about as many in each.
        for part in 0..10 {
            let from = BUSY_FIRST_MS / 2 + part * BUSY_FIRST_MS / 20;
            let here = waits.iter().filter(|wait| (from..from + BUSY_FIRST_MS / 20).contains(wait)).count();
            assert!((60..=140).contains(&here), "{here} come back {from} ms later");
        }
    }

    #[test]
    fn who_is_refused_again_and_again_stays_away_longer_up_to_a_bound() {
        let waits: Vec<u64> = (0..40).map(|before| wait_ms(7, before)).collect();
        assert!(waits.is_sorted(), "{waits:?}");
        assert!(waits[39] >= BUSY_MAX_MS / 2 && waits[39] <= BUSY_MAX_MS);
        assert_eq!(wait_ms(7, u32::MAX), waits[39]);
    }
}
