//! How long things took: samples, and what most of them stay below.

use std::sync::{Mutex, PoisonError};

/// Samples that many clients put in.
#[derive(Debug, Default)]
pub(crate) struct Timings {
    samples: Mutex<Vec<f64>>,
}

impl Timings {
    pub(crate) fn note(&self, sample: f64) {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
    }

    /// Everything so far, which is forgotten here.
    pub(crate) fn take(&self) -> Sorted {
        let mut samples = std::mem::take(&mut *self.samples.lock().unwrap_or_else(PoisonError::into_inner));
        samples.sort_by(f64::total_cmp);
        Sorted(samples)
    }
}

/// Samples in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorted(Vec<f64>);

impl Sorted {
    /// The sample that so large a part of all (0 to 1) does not exceed; NaN if there is none.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let Some(last) = self.0.len().checked_sub(1) else { return f64::NAN };
        // In range: rounded up, and not beyond the last.
        let at = ((self.0.len() as f64 * part).ceil() as usize).saturating_sub(1).min(last);
        self.0[at]
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_that_were_there() {
        let timings = Timings::default();
        (1..=100).map(|number| number * 37 % 101).for_each(|sample| timings.note(f64::from(sample)));
        let sorted = timings.take();
        assert_eq!((sorted.quantile(0.5), sorted.quantile(0.99), sorted.quantile(1.0)), (50.0, 99.0, 100.0));
        assert_eq!(sorted.quantile(0.0), 1.0);
        assert!(timings.take().quantile(0.5).is_nan(), "taken means forgotten");
    }
}
