//! How often is too often: a bounded table of token buckets, told the time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anser_protocol::{Moment, limits};

/// So many tries per window for each key, all at once or spread; they come back one by one.
///
/// Of each bucket only the moment is kept at which it will be full again; a key that is not in the table has a full
/// one. When the table itself is full, the keys closest to being full again are forgotten.
#[derive(Debug)]
pub(crate) struct Throttle<Key> {
    full_at_by_key: Mutex<BTreeMap<Key, Moment>>,
    millis_per_try: u64,
    window_ms: u64,
    keys_max: usize,
}

/// Too many tries: the next one is possible after so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) u64);

impl<Key: Ord + Clone> Throttle<Key> {
    /// `tries` (at least one) in any `window_ms`.
    pub(crate) fn new(tries: u32, window_ms: u64) -> Throttle<Key> {
        Throttle {
            full_at_by_key: Mutex::default(),
            millis_per_try: window_ms / u64::from(tries.max(1)),
            window_ms,
            keys_max: limits::THROTTLE_KEYS_MAX,
        }
    }

    /// Takes one try, or says how long to wait for it.
    pub(crate) fn take(&self, key: &Key, now: Moment) -> Result<(), TooMany> {
        let mut table = self.full_at_by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = self.full_at(&table, key, now);
        let full_at_then = full_at + self.millis_per_try;
        let to_wait = full_at_then.millis_since(now + self.window_ms);
        if to_wait > 0 {
            return Err(TooMany(to_wait));
        }
        if table.len() >= self.keys_max && !table.contains_key(key) {
            self.make_room(&mut table, now);
        }
        table.insert(key.clone(), full_at_then);
        Ok(())
    }

    /// Whether a try is left, without taking it.
    pub(crate) fn check(&self, key: &Key, now: Moment) -> Result<(), TooMany> {
        let table = self.full_at_by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let to_wait =
            (self.full_at(&table, key, now) + self.millis_per_try).millis_since(now + self.window_ms);
        if to_wait > 0 { Err(TooMany(to_wait)) } else { Ok(()) }
    }

    /// A try that was taken turns out not to count.
    pub(crate) fn give_back(&self, key: &Key) {
        let mut table = self.full_at_by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = table.get_mut(key) {
            *full_at = *full_at - self.millis_per_try;
        }
    }

    /// Never before now, and (if the clock was set back) never further away than an empty bucket needs.
    fn full_at(&self, table: &BTreeMap<Key, Moment>, key: &Key, now: Moment) -> Moment {
        let stored = table.get(key).copied().unwrap_or(now);
        stored.clamp(now, now + self.window_ms)
    }

    fn make_room(&self, table: &mut BTreeMap<Key, Moment>, now: Moment) {
        table.retain(|_, full_at| *full_at > now);
        if table.len() < self.keys_max {
            return;
        }
        let mut moments: Vec<Moment> = table.values().copied().collect();
        let middle = moments.len() / 2;
        let (_, median, _) = moments.select_nth_unstable(middle);
        table.retain(|_, full_at| *full_at > *median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(tries: u32, window_ms: u64) -> Throttle<u32> {
        Throttle::new(tries, window_ms)
    }

    #[test]
    fn all_tries_at_once_then_one_by_one() {
        let throttle = throttle(10, 900);
        for _ in 0..10 {
            assert_eq!(throttle.take(&1, Moment(5_000)), Ok(()));
        }
        assert_eq!(throttle.take(&1, Moment(5_000)), Err(TooMany(90)));
        assert_eq!(throttle.take(&1, Moment(5_089)), Err(TooMany(1)));
        assert_eq!(throttle.take(&1, Moment(5_090)), Ok(()));
        assert_eq!(throttle.take(&1, Moment(5_090)), Err(TooMany(90)));
    }

    #[test]
    fn keys_do_not_share() {
        let throttle = throttle(1, 100);
        assert_eq!(throttle.take(&1, Moment(0)), Ok(()));
        assert_eq!(throttle.take(&2, Moment(0)), Ok(()));
        assert_eq!(throttle.take(&1, Moment(0)), Err(TooMany(100)));
    }

    #[test]
    fn checking_takes_nothing_and_what_is_given_back_can_be_taken_again() {
        let throttle = throttle(2, 100);
        assert_eq!(throttle.take(&1, Moment(0)), Ok(()));
        for _ in 0..5 {
            assert_eq!(throttle.check(&1, Moment(0)), Ok(()));
        }
        assert_eq!(throttle.take(&1, Moment(0)), Ok(()));
        assert_eq!(throttle.check(&1, Moment(0)), Err(TooMany(50)));
        throttle.give_back(&1);
        assert_eq!(throttle.take(&1, Moment(0)), Ok(()));
    }

    #[test]
    fn a_clock_set_back_shuts_nobody_out() {
        let throttle = throttle(2, 100);
        for _ in 0..2 {
            assert_eq!(throttle.take(&1, Moment(1_000_000)), Ok(()));
        }
        assert_eq!(throttle.take(&1, Moment(10)), Err(TooMany(50)));
        let later = Moment(10 + 1_000_000 + 100);
        assert_eq!(throttle.take(&1, later), Ok(()));
    }

    #[test]
    fn the_table_is_bounded_and_keeps_who_tried_most() {
        let throttle = Throttle { keys_max: 100, ..throttle(10, 1_000) };
        for _ in 0..10 {
            assert_eq!(throttle.take(&0, Moment(0)), Ok(()));
        }
        for key in 1..10_000 {
            assert_eq!(throttle.take(&key, Moment(0)), Ok(()));
        }
        let remembered = throttle.full_at_by_key.lock().unwrap().len();
        assert!(remembered <= 100, "{remembered} keys are remembered");
        assert_eq!(throttle.take(&0, Moment(0)), Err(TooMany(100)));
    }
}
