//! Messages on their way out: in order, repeatable, never lost between disk and server.
//!
//! Order (spec D4). Messages are sent in the order they were written, several at once, and the server commits
//! what comes over one link in the order it comes. Only a refusal *for now* in the middle could let a later one
//! overtake. So the first such refusal stops sending; when everything in flight is answered, sending goes on
//! from the first unaccepted one, one at a time, and more at once again only as they are accepted. What can
//! still be overtaken is bounded by what was in flight at that one refusal (`SENDS_IN_FLIGHT_MAX`), and it is
//! nothing if the server, after such a refusal, refuses the link's later sends too until none is in flight.

use std::collections::BTreeMap;

use anser_protocol::{ConversationId, Moment, SendKey, limits};

use crate::local::OutboxRow;
use crate::reason::Failure;

/// First and longest wait after a refusal that does not say how long.
const RETRY_FIRST_MS: u64 = 500;
const RETRY_MAX_MS: u64 = 30_000;
/// Refused for now for so long on a living link: the user is told (spec D6: 3 minutes).
const REFUSED_MS_MAX: u64 = 150_000;

/// A message on its way out.
#[derive(Clone, Debug)]
struct Item {
    row: OutboxRow,
    in_flight: bool,
    /// Since when the server has been refusing it for now, on this link.
    refused_since: Option<Moment>,
}

/// What a refusal for now means for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It will be tried again.
    ForNow,
    /// The user must be told, once it is sure that no earlier try was stored.
    ForTooLong,
}

/// The outbox of this device.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    /// By ordinal: the order in which they were written.
    items: BTreeMap<u64, Item>,
    ordinals: BTreeMap<SendKey, u64>,
    last_ordinal: u64,
    /// How many may be in flight now.
    window: usize,
    /// A refusal for now came: send nothing until all in flight are answered.
    holding: bool,
    not_before: Moment,
    retry_ms: u64,
}

impl Outbox {
    /// As the disk has it; nothing is in flight.
    pub(crate) fn restore(rows: Vec<OutboxRow>) -> Outbox {
        let mut outbox = Outbox {
            items: BTreeMap::new(),
            ordinals: BTreeMap::new(),
            last_ordinal: 0,
            window: limits::SENDS_IN_FLIGHT_MAX,
            holding: false,
            not_before: Moment(0),
            retry_ms: RETRY_FIRST_MS,
        };
        for row in rows {
            outbox.put(row);
        }
        outbox
    }

    /// The place of the next message.
    pub(crate) fn next_ordinal(&self) -> u64 {
        self.last_ordinal + 1
    }

    /// Takes in a message that is being saved.
    pub(crate) fn put(&mut self, row: OutboxRow) {
        self.last_ordinal = self.last_ordinal.max(row.ordinal);
        self.ordinals.insert(row.send_key, row.ordinal);
        self.items.insert(row.ordinal, Item { row, in_flight: false, refused_since: None });
    }

    pub(crate) fn get(&self, key: SendKey) -> Option<&OutboxRow> {
        self.items.get(self.ordinals.get(&key)?).map(|item| &item.row)
    }

    /// The messages of one conversation in the order they were written.
    pub(crate) fn of(&self, conversation: ConversationId) -> impl DoubleEndedIterator<Item = &OutboxRow> {
        self.items.values().map(|item| &item.row).filter(move |row| row.conversation == conversation)
    }

    /// The next message that may be sent now; it counts as in flight from then on.
    pub(crate) fn send_next(&mut self, now: Moment) -> Option<OutboxRow> {
        let in_flight = self.items.values().filter(|item| item.in_flight).count();
        if in_flight == 0 {
            self.holding = false;
        }
        if self.holding || now < self.not_before || in_flight >= self.window {
            return None;
        }
        let next = self.items.values_mut().find(|item| !item.in_flight && item.row.failed.is_none())?;
        next.in_flight = true;
        Some(next.row.clone())
    }

    /// When `send_next` may say something that it does not say now.
    pub(crate) fn wake_at(&self, now: Moment) -> Moment {
        let waiting = self.items.values().any(|item| !item.in_flight && item.row.failed.is_none());
        if waiting && now < self.not_before { self.not_before } else { Moment::NEVER }
    }

    /// The link had no room for it after all.
    pub(crate) fn take_back(&mut self, key: SendKey) {
        if let Some(item) = self.item(key) {
            item.in_flight = false;
        }
    }

    /// It is in the log (or discarded): it leaves the outbox.
    pub(crate) fn remove(&mut self, key: SendKey) -> Option<OutboxRow> {
        let ordinal = self.ordinals.remove(&key)?;
        self.items.remove(&ordinal).map(|item| item.row)
    }

    /// The server takes messages (again). Those that were in flight at a refusal say nothing about what is next.
    pub(crate) fn note_accepted(&mut self) {
        if self.holding {
            return;
        }
        self.window = (self.window * 2).min(limits::SENDS_IN_FLIGHT_MAX);
        self.retry_ms = RETRY_FIRST_MS;
    }

    /// Refused for now. If that has been going on for too long, it stays in flight until it is failed, taken back, or
    /// found to be stored.
    pub(crate) fn refuse(&mut self, key: SendKey, failure: &Failure, now: Moment) -> Refused {
        let wait = if failure.retry_after_ms > 0 { failure.retry_after_ms.into() } else { self.retry_ms };
        if !self.holding {
            self.retry_ms = (self.retry_ms * 2).min(RETRY_MAX_MS);
        }
        self.not_before = self.not_before.max(now + wait);
        self.holding = true;
        self.window = 1;
        let Some(item) = self.item(key) else { return Refused::ForNow };
        let since = *item.refused_since.get_or_insert(now);
        item.in_flight = now.millis_since(since) >= REFUSED_MS_MAX;
        if item.in_flight { Refused::ForTooLong } else { Refused::ForNow }
    }

    /// Refused for good: it waits for the user and holds up nobody.
    pub(crate) fn fail(&mut self, key: SendKey, failure: Failure) -> Option<OutboxRow> {
        let item = self.item(key)?;
        item.in_flight = false;
        item.row.failed = Some(failure);
        Some(item.row.clone())
    }

    /// The user wants a failed message tried again: same key, same place. `None` unless it had failed.
    pub(crate) fn retry(&mut self, key: SendKey) -> Option<OutboxRow> {
        let item = self.item(key).filter(|item| item.row.failed.is_some())?;
        item.row.failed = None;
        item.refused_since = None;
        Some(item.row.clone())
    }

    /// The link is gone: whatever was in flight will be sent again, under the same keys, in the same order.
    pub(crate) fn link_lost(&mut self) {
        for item in self.items.values_mut() {
            item.in_flight = false;
            item.refused_since = None;
        }
        self.holding = false;
        self.window = limits::SENDS_IN_FLIGHT_MAX;
        self.not_before = Moment(0);
        self.retry_ms = RETRY_FIRST_MS;
    }

    /// For a mutant only: another key for the same message.
    pub(crate) fn rekey(&mut self, old: SendKey, new: SendKey) {
        if let Some(ordinal) = self.ordinals.remove(&old)
            && let Some(item) = self.items.get_mut(&ordinal)
        {
            item.row.send_key = new;
            self.ordinals.insert(new, ordinal);
        }
    }

    fn item(&mut self, key: SendKey) -> Option<&mut Item> {
        self.items.get_mut(self.ordinals.get(&key)?)
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::kind;

    use super::*;
    use crate::failure::failure;
    use crate::reason::FailureReason;

    const NOW: Moment = Moment(1_000_000);

    fn outbox(messages: u64) -> Outbox {
        let rows = (1..=messages).map(|ordinal| OutboxRow {
            send_key: key(ordinal),
            ordinal,
            conversation: ConversationId(7),
            kind: kind::TEXT,
            body: Vec::new(),
            written_at_ms: NOW.0,
            failed: None,
        });
        Outbox::restore(rows.collect())
    }

    fn key(ordinal: u64) -> SendKey {
        SendKey::new(ordinal, [0; 10])
    }

    fn send_all(outbox: &mut Outbox, now: Moment) -> Vec<u64> {
        std::iter::from_fn(|| outbox.send_next(now)).map(|row| row.ordinal).collect()
    }

    #[test]
    fn messages_go_out_in_order_and_only_so_many_at_once() {
        let mut outbox = outbox(20);
        assert_eq!(send_all(&mut outbox, NOW), (1..=16).collect::<Vec<_>>());
        outbox.remove(key(1));
        outbox.note_accepted();
        assert_eq!(send_all(&mut outbox, NOW), [17]);
    }

    #[test]
    fn a_lost_link_starts_over_from_the_first_unanswered_one() {
        let mut outbox = outbox(5);
        send_all(&mut outbox, NOW);
        outbox.remove(key(2));
        outbox.link_lost();
        assert_eq!(send_all(&mut outbox, NOW), [1, 3, 4, 5]);
    }

    #[test]
    fn a_refusal_for_now_stops_all_until_the_rest_is_answered_and_then_goes_one_by_one() {
        let mut outbox = outbox(5);
        send_all(&mut outbox, NOW);
        let later = Failure { retry_after_ms: 3_000, ..failure(FailureReason::RateLimited) };
        assert_eq!(outbox.refuse(key(1), &later, NOW), Refused::ForNow);
        for ordinal in 2..=5 {
            assert_eq!(send_all(&mut outbox, NOW + 10_000), [0; 0], "still in flight: {ordinal}");
            outbox.refuse(key(ordinal), &later, NOW);
        }
        assert_eq!(send_all(&mut outbox, NOW + 2_999), [0; 0]);
        assert_eq!(outbox.wake_at(NOW + 2_999), NOW + 3_000);
        assert_eq!(send_all(&mut outbox, NOW + 3_000), [1]);
        outbox.remove(key(1));
        outbox.note_accepted();
        assert_eq!(send_all(&mut outbox, NOW + 3_000), [2, 3]);
    }

    #[test]
    fn a_failed_message_holds_up_nobody_and_can_be_tried_again() {
        let mut outbox = outbox(2);
        send_all(&mut outbox, NOW);
        outbox.fail(key(1), failure(FailureReason::NotAllowed));
        outbox.remove(key(2));
        assert_eq!(send_all(&mut outbox, NOW), [0; 0]);
        assert!(outbox.retry(key(1)).is_some());
        assert!(outbox.retry(key(1)).is_none(), "it is not failed any more");
        assert_eq!(send_all(&mut outbox, NOW), [1]);
    }

    #[test]
    fn nothing_is_refused_for_now_for_ever() {
        let mut outbox = outbox(1);
        let mut now = NOW;
        let busy = failure(FailureReason::Server);
        loop {
            assert_eq!(send_all(&mut outbox, now), [1]);
            if outbox.refuse(key(1), &busy, now) == Refused::ForTooLong {
                break;
            }
            now = outbox.wake_at(now);
        }
        assert_eq!(
            send_all(&mut outbox, now + RETRY_MAX_MS),
            [0; 0],
            "not before it is known what became of it"
        );
        assert!(now.millis_since(NOW) <= 180_000, "spec D6: 3 minutes");
    }
}
