//! The promise to tell what is about to be committed.

use std::fmt;
use std::sync::Arc;

use anser_failpoints::Place;

use crate::bus::{Bus, Notice};

/// Given before a commit, kept by telling after it. If the one who gave it goes away in between (its link died, the
/// store failed when asked whom to tell), a number of the bus goes missing instead, so that everybody asks.
pub(crate) struct Pledge {
    bus: Arc<dyn Bus>,
    open: bool,
}

impl Pledge {
    pub(crate) fn new(bus: &Arc<dyn Bus>) -> Pledge {
        Pledge { bus: bus.clone(), open: true }
    }

    /// Passes the outcome of the commit through: a refused deed has had no effect, there is nothing to tell.
    pub(crate) fn unless_refused<Done, Refusal>(
        &mut self,
        outcome: Result<Done, Refusal>,
    ) -> Result<Done, Refusal> {
        if outcome.is_err() {
            self.open = false;
        }
        outcome
    }

    /// Keeps the promise; no notice at all if nobody needs to hear of it.
    pub(crate) fn tell(mut self, notices: impl IntoIterator<Item = Notice>) {
        self.open = false;
        for notice in notices {
            anser_failpoints::pass(Place::ServerPublishBefore);
            self.bus.publish(notice);
        }
    }
}

impl Drop for Pledge {
    fn drop(&mut self) {
        if self.open {
            self.bus.skip();
        }
    }
}

impl fmt::Debug for Pledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pledge").field("open", &self.open).finish_non_exhaustive()
    }
}
