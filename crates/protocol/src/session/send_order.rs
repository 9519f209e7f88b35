//! Keeps a sender's order when a message is refused for now: until that one comes again, later ones are refused too.

use std::collections::BTreeMap;

use crate::Moment;
use crate::limits;

/// The order of sends on one link (spec D4).
#[derive(Debug, Default)]
pub(super) struct SendOrder {
    /// Send keys of dispatched messages, by request.
    dispatched: BTreeMap<u32, Vec<u8>>,
    /// The message that must come next, and until when it is waited for.
    awaited: Option<(Vec<u8>, Moment)>,
}

impl SendOrder {
    /// Whether a message may be dispatched now.
    pub(super) fn admits(&mut self, key: &[u8], now: Moment) -> bool {
        match &self.awaited {
            Some((awaited, until)) if awaited != key && now < *until => false,
            _ => {
                self.awaited = None;
                true
            }
        }
    }

    /// A message is on its way to the store.
    pub(super) fn dispatched(&mut self, id: u32, key: Vec<u8>) {
        self.dispatched.insert(id, key);
    }

    /// The store has answered a request; `refused_for_now` tells how.
    pub(super) fn answered(&mut self, id: u32, refused_for_now: bool, now: Moment) {
        if let Some(key) = self.dispatched.remove(&id)
            && refused_for_now
        {
            self.refused(key, now);
        }
    }

    /// A message was refused for now. If one before it was too, that one is still the one to wait for.
    pub(super) fn refused(&mut self, key: Vec<u8>, now: Moment) {
        self.awaited.get_or_insert((key, now + limits::SEND_ORDER_MS));
    }
}
