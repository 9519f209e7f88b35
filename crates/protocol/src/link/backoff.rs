//! When to try again: exponential back-off with full jitter, and never before the server wants us.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::Moment;
use crate::limits;

/// The delays between the tries of one link.
///
/// Full jitter: each delay is uniform between zero and a bound that doubles with every failure, so that the
/// clients of a server that fell come back spread out and not in waves.
#[derive(Debug)]
pub(super) struct Backoff {
    random: ChaCha8Rng,
    failures: u32,
    /// The server asked not to come before.
    not_before: Moment,
    up_since: Option<Moment>,
}

impl Backoff {
    pub(super) fn new(seed: [u8; 32]) -> Backoff {
        Backoff { random: ChaCha8Rng::from_seed(seed), failures: 0, not_before: Moment(0), up_since: None }
    }

    /// What failed before says nothing about the next try. What the server asked for still holds.
    pub(super) fn forget(&mut self) {
        self.failures = 0;
        self.up_since = None;
    }

    /// The link is up. That alone proves little: a server may accept and close at once.
    pub(super) fn note_up(&mut self, now: Moment) {
        self.up_since = Some(now);
    }

    /// The server asked to stay away for so long.
    pub(super) fn obey(&mut self, retry_after_ms: u32, now: Moment) {
        self.not_before = self.not_before.max(now + u64::from(retry_after_ms));
    }

    /// The moment before which the server will not have us; past, if it said nothing.
    pub(super) fn not_before(&self) -> Moment {
        self.not_before
    }

    /// A try, or a link, has failed: when is the next? Jitter is added to what the server asked for too, since
    /// it asked everybody for the same.
    pub(super) fn next_try(&mut self, now: Moment) -> Moment {
        let was_stable =
            self.up_since.take().is_some_and(|since| now.millis_since(since) >= limits::RECONNECT_MAX_MS);
        if was_stable {
            self.failures = 0;
        }
        let bound = limits::RECONNECT_FIRST_MS
            .saturating_mul(1_u64.checked_shl(self.failures).unwrap_or(u64::MAX))
            .min(limits::RECONNECT_MAX_MS);
        self.failures = self.failures.saturating_add(1);
        now.max(self.not_before) + self.random.random_range(0..=bound)
    }
}
