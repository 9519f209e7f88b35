//! A bus that loses, repeats and swaps notices, as its contract allows.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::dice::{Dice, Fate};
use crate::bus::{Bus, Notice};

/// Another bus, with trouble.
pub(super) struct TroubledBus {
    inner: Arc<dyn Bus>,
    hand: Mutex<Hand>,
}

struct Hand {
    dice: Dice,
    /// Comes after the next notice, or with the next tail: a bus may delay, and not for ever.
    held_back: Option<Notice>,
}

impl TroubledBus {
    pub(super) fn new(inner: Arc<dyn Bus>, dice: Dice) -> TroubledBus {
        TroubledBus { inner, hand: Mutex::new(Hand { dice, held_back: None }) }
    }

    fn with_hand(&self, deed: impl FnOnce(&mut Hand)) {
        deed(&mut self.hand.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Bus for TroubledBus {
    fn publish(&self, notice: Notice) {
        self.with_hand(|hand| {
            match hand.dice.next() {
                Fate::Passes => self.inner.publish(notice),
                Fate::Lost => self.inner.skip(),
                Fate::Repeated => {
                    self.inner.publish(notice.clone());
                    self.inner.publish(notice);
                }
                Fate::HeldBack if hand.held_back.is_none() => {
                    hand.held_back = Some(notice);
                    return;
                }
                Fate::HeldBack => self.inner.publish(notice),
            }
            if let Some(late) = hand.held_back.take() {
                self.inner.publish(late);
            }
        });
    }

    fn skip(&self) {
        self.inner.skip();
    }

    fn tail(&self) {
        self.with_hand(|hand| {
            if let Some(late) = hand.held_back.take() {
                self.inner.publish(late);
            }
            self.inner.tail();
        });
    }
}

impl fmt::Debug for TroubledBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TroubledBus").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::{AccountId, DeviceId};

    use super::super::dice::always;
    use super::*;
    use crate::bus::local::LocalBus;

    fn notice(number: u64) -> Notice {
        Notice::DeviceEnded { account: AccountId(1), device: DeviceId(number) }
    }

    /// Which of two notices, published one after the other, come out before and after a tail; 0 is the tail itself.
    fn check(fate: Fate, expect: &[(u64, u64)]) {
        let (bus, mut feed) = LocalBus::new(16);
        let bus = TroubledBus::new(Arc::new(bus), always(fate));
        bus.publish(notice(1));
        bus.publish(notice(2));
        bus.tail();
        let mut came = Vec::new();
        while let Some(delivery) = feed.try_next() {
            let which = match delivery.notice {
                Some(Notice::DeviceEnded { device, .. }) => device.0,
                _ => 0,
            };
            came.push((delivery.number, which));
        }
        assert_eq!(came, expect, "{fate:?}");
    }

    #[test]
    fn a_loss_leaves_a_missing_number_and_nothing_is_held_back_for_ever() {
        check(Fate::Passes, &[(1, 1), (2, 2), (2, 0)]);
        check(Fate::Lost, &[(2, 0)]);
        check(Fate::Repeated, &[(1, 1), (2, 1), (3, 2), (4, 2), (4, 0)]);
        check(Fate::HeldBack, &[(1, 2), (2, 1), (2, 0)]);
    }
}
