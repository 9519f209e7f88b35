//! How many connections and polling links at once: all of them, and those that have not said who they are.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus_client::metrics::gauge::Gauge;

/// Two counts with a bound each. Connections that stay silent can fill only their own part,
/// so they never keep out the people who are signed in.
pub(super) struct Limiter {
    all: AtomicUsize,
    all_max: usize,
    silent: AtomicUsize,
    silent_max: usize,
    /// The same as `all`, for the operator.
    gauge: Gauge,
}

/// The place of one connection, or polling link, in the counts; leaving is dropping it.
pub(super) struct Place {
    limiter: Arc<Limiter>,
    silent: Mutex<bool>,
}

impl Limiter {
    pub(super) fn new(all_max: usize, silent_max: usize, gauge: Gauge) -> Arc<Limiter> {
        let (all, silent) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Limiter { all, all_max, silent, silent_max, gauge })
    }

    /// A place for a new connection, silent at first; or the name of the bound that is reached.
    pub(super) fn enter(self: &Arc<Limiter>) -> Result<Place, &'static str> {
        if !take_one(&self.all, self.all_max) {
            return Err("connections_max");
        }
        if !take_one(&self.silent, self.silent_max) {
            self.all.fetch_sub(1, Ordering::Relaxed);
            return Err("connections_silent_max");
        }
        self.gauge.inc();
        Ok(Place { limiter: self.clone(), silent: Mutex::new(true) })
    }
}

fn take_one(count: &AtomicUsize, max: usize) -> bool {
    let more = |count: usize| if count < max { Some(count + 1) } else { None };
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

impl Place {
    /// The one behind this connection said who it is: somebody else may be silent now.
    pub(super) fn speak(&self) {
        let mut silent = self.silent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if std::mem::take(&mut *silent) {
            self.limiter.silent.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether nobody behind it has said who they are.
    pub(super) fn is_silent(&self) -> bool {
        *self.silent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.speak();
        self.limiter.gauge.dec();
        self.limiter.all.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_silent_have_a_bound_of_their_own() {
        let limiter = Limiter::new(3, 1, Gauge::default());
        let first = limiter.enter().ok().unwrap();
        assert_eq!(limiter.enter().err(), Some("connections_silent_max"));
        first.speak();
        first.speak();
        let second = limiter.enter().ok().unwrap();
        second.speak();
        let third = limiter.enter().ok().unwrap();
        assert_eq!(limiter.enter().err(), Some("connections_max"));

        drop(third);
        drop(first);
        drop(second);
        assert_eq!(limiter.all.load(Ordering::Relaxed), 0);
        assert_eq!(limiter.silent.load(Ordering::Relaxed), 0);
        assert_eq!(limiter.gauge.get(), 0);
    }
}
