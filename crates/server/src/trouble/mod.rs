//! Single pushes lost, repeated and swapped on purpose, on the bus and on links, for campaigns; in a product there is
//! none of it.
//!
//! A server with the feature `failpoints` reads `ANSER_PUSH_TROUBLE=<seed>:<lost>:<repeated>:<swapped>`, chances per
//! mille. All that is lost this way is what the protocol allows to be lost; everything else goes through untouched.
//!
//! | module | what it is |
//! |---|---|
//! | `dice` | what becomes of the next push |
//! | `bus` | notices of the bus |
//! | `link` | push frames of one link, behind the count that heartbeats tell |

#[cfg(feature = "failpoints")]
mod bus;
#[cfg(feature = "failpoints")]
mod dice;
#[cfg(feature = "failpoints")]
mod link;

use std::sync::Arc;

use crate::bus::Bus;

#[cfg(feature = "failpoints")]
pub(crate) use link::LinkTrouble;

/// The bus as it is.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn on_bus(bus: Arc<dyn Bus>) -> Arc<dyn Bus> {
    bus
}

/// The bus with the trouble that this process was told to make.
#[cfg(feature = "failpoints")]
pub(crate) fn on_bus(bus: Arc<dyn Bus>) -> Arc<dyn Bus> {
    match dice::Dice::of_environment() {
        Some(dice) => Arc::new(bus::TroubledBus::new(bus, dice)),
        None => bus,
    }
}

/// What a link does to its frames: nothing.
#[cfg(not(feature = "failpoints"))]
#[derive(Debug)]
pub(crate) struct LinkTrouble;

#[cfg(not(feature = "failpoints"))]
impl LinkTrouble {
    pub(crate) fn new() -> LinkTrouble {
        LinkTrouble
    }

    #[inline(always)]
    pub(crate) fn pass(&mut self, frame: bytes::Bytes) -> [bytes::Bytes; 1] {
        [frame]
    }
}
