//! Keeps a sender's order when a message is refused for now: until that one comes again, later ones are refused too.

use super::busy;
use crate::limits;
use crate::{Moment, SendKey};

/// The order of sends on one link (spec D4). A key that is none (the service refuses it for good) has no order.
#[derive(Debug, Default)]
pub(super) struct SendOrder {
    /// The message that was refused last, until it is accepted. In a box, since most links never have one.
    refused: Option<Box<Refused>>,
}

#[derive(Debug)]
struct Refused {
    key: SendKey,
    /// In a row.
    times: u32,
    /// So long it is waited for; `None`: it is here again.
    awaited_until: Option<Moment>,
    /// The client was told not to come before.
    back_at: Moment,
}

impl SendOrder {
    /// Whether a message may be dispatched now; if not, how long the client is to stay away.
    pub(super) fn admit(&mut self, key: Option<SendKey>, now: Moment) -> Result<(), u64> {
        let Some(refused) = &mut self.refused else { return Ok(()) };
        match refused.awaited_until {
            Some(until) if key != Some(refused.key) && now < until => {
                return Err(refused.back_at.millis_since(now));
            }
            // Nobody waits for it any more.
            Some(_) if key != Some(refused.key) => self.refused = None,
            _ => refused.awaited_until = None,
        }
        Ok(())
    }

    /// The message was refused because the server has too much to do: how long its client is to stay away. As long as for
    /// the one before it that was refused too, or those who had many under way would all be told the longest time.
    pub(super) fn busy_ms(&self, key: SendKey, now: Moment) -> u64 {
        match &self.refused {
            Some(refused) if refused.key == key => busy::wait_ms(busy::seed_of(key), refused.times),
            Some(refused) if refused.awaited_until.is_some() => refused.back_at.millis_since(now),
            _ => busy::wait_ms(busy::seed_of(key), 0),
        }
    }

    /// A message was refused for now, and its client told to stay away for so long. If one before it was refused too,
    /// that one is still the one to wait for.
    pub(super) fn refuse(&mut self, key: Option<SendKey>, after_ms: u64, now: Moment) {
        let Some(key) = key else { return };
        let times = match &self.refused {
            Some(refused) if refused.key == key => refused.times.saturating_add(1),
            Some(refused) if refused.awaited_until.is_some() => return,
            _ => 1,
        };
        let awaited_until = Some(now + limits::SEND_ORDER_MS);
        self.refused = Some(Box::new(Refused { key, times, awaited_until, back_at: now + after_ms }));
    }

    /// A message was answered for good.
    pub(super) fn settle(&mut self, key: Option<SendKey>) {
        if self.refused.as_ref().is_some_and(|refused| Some(refused.key) == key) {
            self.refused = None;
        }
    }
}
