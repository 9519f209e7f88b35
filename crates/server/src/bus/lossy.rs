//! A bus that loses what it is told to lose: for tests and the simulator, which must see every loss mended.

use std::fmt;
use std::sync::Arc;

use crate::bus::{Bus, Notice};

/// Decides whether a notice is lost.
type Loses = dyn Fn(&Notice) -> bool + Send + Sync;

/// Another bus, with holes.
pub struct LossyBus {
    inner: Arc<dyn Bus>,
    loses: Box<Loses>,
}

impl LossyBus {
    /// Notices for which `loses` says true never arrive; their numbers are missing.
    pub fn new(inner: Arc<dyn Bus>, loses: impl Fn(&Notice) -> bool + Send + Sync + 'static) -> LossyBus {
        LossyBus { inner, loses: Box::new(loses) }
    }
}

impl Bus for LossyBus {
    fn publish(&self, notice: Notice) {
        if (self.loses)(&notice) { self.inner.skip() } else { self.inner.publish(notice) }
    }

    fn skip(&self) {
        self.inner.skip();
    }

    fn tail(&self) {
        self.inner.tail();
    }
}

impl fmt::Debug for LossyBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LossyBus").finish_non_exhaustive()
    }
}
