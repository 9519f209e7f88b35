//! Keeps a sender's order when a message is refused for now: until that one comes again, later ones are refused too.

use crate::limits;
use crate::{Moment, SendKey};

/// The order of sends on one link (spec D4). A key that is none (the service refuses it for good) has no order.
#[derive(Debug, Default)]
pub(super) struct SendOrder {
    /// The message that must come next, and until when it is waited for.
    awaited: Option<(SendKey, Moment)>,
}

impl SendOrder {
    /// Whether a message may be dispatched now.
    pub(super) fn admits(&mut self, key: Option<SendKey>, now: Moment) -> bool {
        match self.awaited {
            Some((awaited, until)) if key != Some(awaited) && now < until => false,
            _ => {
                self.awaited = None;
                true
            }
        }
    }

    /// A message was refused for now. If one before it was too, that one is still the one to wait for.
    pub(super) fn refused(&mut self, key: Option<SendKey>, now: Moment) {
        if let Some(key) = key {
            self.awaited.get_or_insert((key, now + limits::SEND_ORDER_MS));
        }
    }
}
