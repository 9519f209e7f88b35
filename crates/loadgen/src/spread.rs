//! How long things took, counted in classes: millions of samples in a few KB, to be sent from one process to another.

use serde::{Deserialize, Serialize};

/// Classes for each doubling: a sample is known to within 1.6 %.
const CLASSES_PER_DOUBLING: u64 = 64;
const BITS: u32 = CLASSES_PER_DOUBLING.trailing_zeros();

/// Counted samples, in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// By class, up to the highest that was needed.
    counts: Vec<u64>,
}

impl Spread {
    pub(crate) fn note(&mut self, micros: u64) {
        let class = class_of(micros);
        if self.counts.len() <= class {
            self.counts.resize(class + 1, 0);
        }
        self.counts[class] += 1;
    }

    /// Everything that another one counted too.
    pub(crate) fn add(&mut self, other: &Spread) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What so large a part of all (0 to 1) does not exceed, in milliseconds; NaN if there is none.
    pub(crate) fn quantile_ms(&self, part: f64) -> f64 {
        let all = self.count();
        // A part of a count is a count again.
        let wanted = ((all as f64 * part).ceil() as u64).clamp(1, all.max(1));
        let mut counted = 0;
        for (class, count) in self.counts.iter().enumerate() {
            counted += count;
            if counted >= wanted {
                return top_of(class) as f64 / 1_000.0;
            }
        }
        f64::NAN
    }
}

/// Below 64 each number has its own class, above each doubling has 64.
fn class_of(micros: u64) -> usize {
    let doublings = (u64::BITS - micros.leading_zeros()).saturating_sub(BITS + 1);
    // At most 58 doublings of 64 classes.
    (u64::from(doublings) * CLASSES_PER_DOUBLING + (micros >> doublings)) as usize
}

/// The largest number of a class.
fn top_of(class: usize) -> u64 {
    let class = class as u64;
    let doublings = (class / CLASSES_PER_DOUBLING).saturating_sub(1);
    let first = class - doublings * CLASSES_PER_DOUBLING;
    (first << doublings) + ((1 << doublings) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_a_class_that_is_hardly_wider_than_itself() {
        let mut last_class = 0;
        for micros in (0..200_000).chain([1 << 20, (1 << 40) + 12_345, u64::MAX / 2]) {
            let class = class_of(micros);
            assert!(class >= last_class, "{micros} is in class {class} below {last_class}");
            last_class = class;
            let top = top_of(class);
            assert!(top >= micros && top <= micros + micros / 60, "{micros} counts as {top}");
        }
    }

    #[test]
    fn quantiles_of_two_are_those_of_all() {
        let (mut low, mut high) = (Spread::default(), Spread::default());
        (1..=50).for_each(|milli| low.note(milli * 1_000));
        (51..=100).for_each(|milli| high.note(milli * 1_000));
        low.add(&high);
        assert_eq!(low.count(), 100);
        for (part, expected) in [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0)] {
            let found = low.quantile_ms(part);
            assert!((found / expected - 1.0).abs() < 0.017, "{part}: {found} instead of {expected}");
        }
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert!(Spread::default().quantile_ms(0.99).is_nan());
    }
}
