//! Holes in the logs on disk that shall be filled, and in which order they are asked for.
//!
//! Two things make a hole: an event that came before its predecessor (then the predecessor gets a moment to
//! arrive by itself, spec D8), and a head that says the log went on while we were away. What is fetched unasked
//! is bounded: the newest page of what people will look at, and what is not yet delivered, as far as
//! [`UNASKED_EVENTS_MAX`] back. Other holes stay until somebody scrolls there.

use std::collections::{BTreeMap, BTreeSet};

use anser_protocol::{ConversationId, Moment, Seq, limits};

use crate::local::SpanRow;
use crate::roster::Conversation;

/// How long an event's missing predecessor may take to arrive by itself.
pub(crate) const PATIENCE_MS: u64 = 250;
/// Unasked, no more than so many events back from a log's end: ten pages, a busy group's day.
pub(crate) const UNASKED_EVENTS_MAX: u64 = 2_000;
/// The newest page: what fits on a screen, and a bit to scroll.
pub(crate) const PAGE_EVENTS: u64 = 60;
/// Requests for ranges at once: fills a slow link, leaves room for sends, and stays below the server's rate.
const FETCHES_IN_FLIGHT_MAX: usize = 4;
/// Wait after the server could not answer.
const RETRY_MS: u64 = 1_000;

/// The holes to fill.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gaps {
    /// An event came out of order; until then its predecessors may come by themselves.
    patient_until: BTreeMap<ConversationId, Moment>,
    /// To be filled, and how many pages have been fetched: everybody's first page comes before anybody's second.
    wanted: BTreeMap<ConversationId, u32>,
    /// At most one request for each conversation.
    in_flight: BTreeSet<ConversationId>,
    not_before: Moment,
}

impl Gaps {
    /// An event came whose predecessor is not here.
    pub(crate) fn note_out_of_order(&mut self, conversation: ConversationId, now: Moment) {
        self.patient_until.entry(conversation).or_insert(now + PATIENCE_MS);
    }

    /// Fill this conversation's hole as soon as possible.
    pub(crate) fn want(&mut self, conversation: ConversationId) {
        self.wanted.entry(conversation).or_insert(0);
    }

    pub(crate) fn is_wanted(&self, conversation: ConversationId) -> bool {
        self.wanted.contains_key(&conversation) || self.in_flight.contains(&conversation)
    }

    pub(crate) fn is_in_flight(&self, conversation: ConversationId) -> bool {
        self.in_flight.contains(&conversation)
    }

    /// Patience that has run out becomes wanting.
    pub(crate) fn advance(&mut self, now: Moment) {
        let due: Vec<_> =
            self.patient_until.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
        for conversation in due {
            self.patient_until.remove(&conversation);
            self.want(conversation);
        }
    }

    /// The conversations that may be asked for next, with the pages each has had.
    pub(crate) fn candidates(&self, now: Moment) -> Vec<(ConversationId, u32)> {
        if now < self.not_before || self.is_full() {
            return Vec::new();
        }
        let free = self.wanted.iter().filter(|(id, _)| !self.in_flight.contains(id));
        free.map(|(id, pages)| (*id, *pages)).collect()
    }

    /// Enough is being fetched.
    pub(crate) fn is_full(&self) -> bool {
        self.in_flight.len() >= FETCHES_IN_FLIGHT_MAX
    }

    pub(crate) fn sent(&mut self, conversation: ConversationId) {
        self.in_flight.insert(conversation);
    }

    /// An answer came.
    pub(crate) fn answered(&mut self, conversation: ConversationId) {
        self.in_flight.remove(&conversation);
        if let Some(pages) = self.wanted.get_mut(&conversation) {
            *pages += 1;
        }
    }

    /// Nothing is missing there (any more), or nobody has it.
    pub(crate) fn settled(&mut self, conversation: ConversationId) {
        self.wanted.remove(&conversation);
    }

    /// The server could not answer.
    pub(crate) fn later(&mut self, conversation: ConversationId, retry_after_ms: u32, now: Moment) {
        self.in_flight.remove(&conversation);
        self.not_before = now + u64::from(retry_after_ms).max(RETRY_MS);
    }

    pub(crate) fn link_lost(&mut self) {
        *self = Gaps::default();
    }

    pub(crate) fn wake_at(&self, now: Moment) -> Moment {
        let patience = self.patient_until.values().min().copied().unwrap_or(Moment::NEVER);
        let waiting = !self.wanted.is_empty() && now < self.not_before;
        if waiting { patience.min(self.not_before) } else { patience }
    }
}

/// The newest hole to fill unasked, cut to one request. `delivered` is what the server knows as delivered.
pub(crate) fn missing(conversation: &Conversation, delivered: Seq) -> Option<SpanRow> {
    let last = conversation.row.last.seq;
    let page = Seq((last.0 + 1).saturating_sub(PAGE_EVENTS));
    let undelivered = delivered.next().max(Seq(last.0.saturating_sub(UNASKED_EVENTS_MAX)));
    let first = page.min(undelivered).max(conversation.begin());
    if first > last {
        return None;
    }
    let gap = conversation.spans.newest_gap(first, last)?;
    let limit = limits::RANGE_EVENTS_MAX as u64;
    Some(SpanRow { first: gap.first.max(Seq((gap.last.0 + 1).saturating_sub(limit))), last: gap.last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::Roster;
    use crate::testing::head;

    const CHAT: ConversationId = ConversationId(7);
    const NOW: Moment = Moment(1_000);

    fn conversation(last: u64, spans: &[(u64, u64)]) -> Conversation {
        let mut roster = Roster::default();
        roster.merge(&head(7, 1, |row| row.last.seq = Seq(last)));
        let mut conversation = roster.get(CHAT).expect("merged").clone();
        for (first, last) in spans {
            conversation.spans.insert(Seq(*first), Seq(*last));
        }
        conversation
    }

    fn span(first: u64, last: u64) -> Option<SpanRow> {
        Some(SpanRow { first: Seq(first), last: Seq(last) })
    }

    #[test]
    fn a_predecessor_gets_a_moment_to_arrive_by_itself() {
        let mut gaps = Gaps::default();
        gaps.note_out_of_order(CHAT, NOW);
        gaps.note_out_of_order(CHAT, NOW + 100);
        gaps.advance(NOW + PATIENCE_MS - 1);
        assert_eq!(gaps.candidates(NOW + PATIENCE_MS - 1), []);
        assert_eq!(gaps.wake_at(NOW), NOW + PATIENCE_MS);
        gaps.advance(NOW + PATIENCE_MS);
        assert_eq!(gaps.candidates(NOW + PATIENCE_MS), [(CHAT, 0)]);
    }

    #[test]
    fn undelivered_events_are_fetched_newest_first_in_pages() {
        assert_eq!(missing(&conversation(500, &[(1, 100)]), Seq(100)), span(301, 500));
        assert_eq!(missing(&conversation(500, &[(1, 100), (301, 500)]), Seq(100)), span(101, 300));
        assert_eq!(missing(&conversation(500, &[(1, 500)]), Seq(100)), None);
    }

    #[test]
    fn what_another_device_has_is_fetched_for_the_first_screen_only() {
        assert_eq!(missing(&conversation(500, &[]), Seq(500)), span(441, 500));
        assert_eq!(missing(&conversation(500, &[(441, 500)]), Seq(500)), None);
    }

    #[test]
    fn very_old_holes_are_left_to_those_who_scroll_there() {
        let held = conversation(10_000, &[(8_000, 10_000)]);
        assert_eq!(missing(&held, Seq(0)), None);
    }
}
