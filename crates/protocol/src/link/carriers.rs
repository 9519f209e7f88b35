//! Which carrier the next try is made on: the best that works here, found by falling and by climbing back.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::Moment;
use crate::limits;

/// What moves frames between the two ends. The same frames, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// One connection both ways, as long as it lasts.
    WebSocket,
    /// HTTP exchanges; one always waits at the server for something to come.
    LongPoll,
    /// HTTP exchanges that never wait: for middleboxes that cut whatever is silent for long.
    ShortPoll,
}

impl Carrier {
    /// All of them, the best first.
    pub const ALL: &[Carrier] = &[Carrier::WebSocket, Carrier::LongPoll, Carrier::ShortPoll];
}

/// When the next try is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Then: there is another carrier to be tried.
    At(Moment),
    /// When the back-off says so: it was not this carrier's fault, or none of them works.
    AfterBackoff,
}

/// The choice of one link.
///
/// A *round* tries each carrier once, one right after the other, beginning with the one that worked last; between
/// rounds there is the back-off. A carrier has failed if no frame came over it. One over which frames came and which
/// then died young, again and again, has failed too. From a worse carrier the better ones are tried beside the
/// living link, less and less often, so that nobody loses a link by it.
#[derive(Debug)]
pub(super) struct Carriers {
    random: ChaCha8Rng,
    /// Those this client has, the best first; never empty.
    all: Vec<Carrier>,
    /// Index of the one in use, or to be tried next.
    current: usize,
    /// So many have failed in this round.
    failed: usize,
    /// A whole round has failed: it is the network or the server that is slow, so tries get all the time there is.
    is_patient: bool,
    /// When the first frame came over the present connection.
    carries_since: Option<Moment>,
    /// The carrier in use died young so many times in a row.
    young_deaths: u32,
    /// Where to go back to, until what was climbed to has proven itself.
    climbed_from: Option<usize>,
    /// Index of the one to be tried next beside the living link.
    climb_to: usize,
    /// Upper bound of the time until then.
    climb_wait_ms: u64,
}

impl Carriers {
    /// A choice among these; the best first, at least one.
    pub(super) fn new(seed: [u8; 32], all: &[Carrier]) -> Carriers {
        let mut random = ChaCha8Rng::from_seed(seed);
        // The back-off has the first stream of this seed.
        random.set_stream(1);
        let all = if all.is_empty() { vec![Carrier::WebSocket] } else { all.to_vec() };
        Carriers {
            random,
            all,
            current: 0,
            failed: 0,
            is_patient: false,
            carries_since: None,
            young_deaths: 0,
            climbed_from: None,
            climb_to: 0,
            climb_wait_ms: limits::CLIMB_FIRST_MS,
        }
    }

    /// What the next connection is opened on.
    pub(super) fn current(&self) -> Carrier {
        self.all[self.current]
    }

    /// Until when a try that begins now must have brought the first frame. Short while there is another carrier to
    /// fall to.
    pub(super) fn try_until(&self, now: Moment) -> Moment {
        if self.is_patient || self.all.len() == 1 { Moment::NEVER } else { now + limits::CARRIER_TRY_MS }
    }

    /// Another network: what was learned about the old one says nothing.
    pub(super) fn forget(&mut self) {
        (self.current, self.failed, self.is_patient) = (0, 0, false);
        self.carries_since = None;
        self.forget_climbing();
    }

    /// The network changed under a link that may live on: only the better carriers are worth another look.
    pub(super) fn forget_climbing(&mut self) {
        (self.young_deaths, self.climbed_from) = (0, None);
        (self.climb_to, self.climb_wait_ms) = (0, limits::CLIMB_FIRST_MS);
    }

    /// A frame came over the present connection: this carrier carries.
    pub(super) fn handle_frame(&mut self, now: Moment) {
        self.carries_since.get_or_insert(now);
        (self.failed, self.is_patient) = (0, false);
    }

    /// The present connection, or the try for one, is over. Not the carrier's fault: the server said why, or the
    /// system has no network.
    pub(super) fn handle_end(&mut self, is_blameless: bool, now: Moment) -> Next {
        let carried_ms = self.carries_since.take().map(|since| now.millis_since(since));
        let is_old = carried_ms.is_some_and(|carried_ms| carried_ms >= limits::CARRIER_YOUNG_MS);
        if is_old {
            self.young_deaths = 0;
            self.climbed_from = None;
            if self.current == 0 {
                self.forget_climbing();
            }
        }
        if is_old || is_blameless {
            return Next::AfterBackoff;
        }
        if carried_ms.is_some() {
            self.young_deaths += 1;
            // One that was climbed to has to prove itself; for any other, some deaths are bad luck.
            if self.climbed_from.is_none() && self.young_deaths < limits::CARRIER_YOUNG_DEATHS_MAX {
                return Next::AfterBackoff;
            }
        }
        self.fall(now)
    }

    /// When the better carriers are tried again, beside the link that is up now; `None` on the best.
    pub(super) fn next_climb(&mut self, now: Moment) -> Option<Moment> {
        if self.current == 0 {
            return None;
        }
        Some(now + self.random.random_range(self.climb_wait_ms / 2..=self.climb_wait_ms))
    }

    /// The carrier to try now. From the worst one, not always the same.
    pub(super) fn climb_to(&self) -> Carrier {
        self.all[self.climb_to.min(self.current.saturating_sub(1))]
    }

    /// It opened: the link goes on there.
    pub(super) fn handle_climbed(&mut self) {
        self.climbed_from = Some(self.current);
        self.current = self.climb_to.min(self.current.saturating_sub(1));
        (self.carries_since, self.young_deaths) = (None, 0);
    }

    /// It did not open.
    pub(super) fn handle_climb_failed(&mut self) {
        self.climb_to = if self.climb_to + 1 < self.current { self.climb_to + 1 } else { 0 };
        self.climb_wait_ms = (self.climb_wait_ms * 2).min(limits::CLIMB_MAX_MS);
    }

    fn fall(&mut self, now: Moment) -> Next {
        self.young_deaths = 0;
        if let Some(from) = self.climbed_from.take() {
            self.current = from;
            self.handle_climb_failed();
            return self.soon(now);
        }
        self.failed += 1;
        if self.failed >= self.all.len() {
            (self.current, self.failed, self.is_patient) = (0, 0, true);
            return Next::AfterBackoff;
        }
        self.current = (self.current + 1) % self.all.len();
        self.soon(now)
    }

    /// Not in the same instant: what failed may have failed for many at once.
    fn soon(&mut self, now: Moment) -> Next {
        Next::At(now + self.random.random_range(1..=limits::RECONNECT_FIRST_MS))
    }
}
