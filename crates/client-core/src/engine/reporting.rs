//! Positions: what the user has read, and what the server has to be told about this device.

use anser_protocol::wire::{self, Reach, ReachAll, answer, request};
use anser_protocol::{ConversationId, Remedy, Seq, error, limits};
use rand::Rng;

use super::Engine;
use super::fetching::Loading;
use crate::asks::Asked;
use crate::command::Outcome;
use crate::failure::failed;
use crate::local::{EventRow, MemberRow, SpanRow};
use crate::mutants::Mutant;
use crate::reason::FailureReason;
use crate::receipts;
use crate::unread::KNOWN_MAX;

/// A draft is not longer than four of the longest messages.
const DRAFT_CHARS_MAX: usize = 4 * limits::TEXT_CHARS_MAX;

impl Engine {
    /// Forward only; on disk and on screen at once, told to the server when it can be.
    pub(super) fn mark_read(&mut self, id: u64, conversation: u64, seq: u64) {
        let conversation = ConversationId(conversation);
        let back = self.mutant.is(Mutant::ReadMovesBack);
        let Some(ours) = self.roster.get_mut(conversation) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        if back && seq < ours.row.read.0 {
            ours.move_read_back(Seq(seq));
            self.batch.touch(conversation);
        } else if ours.read_to(Seq(seq)) {
            self.batch.touch(conversation);
            self.receipts.touch(conversation);
            self.recount(conversation);
        }
        self.batch.finish(id, Outcome::Done);
    }

    pub(super) fn save_draft(&mut self, id: u64, conversation: u64, text: String) {
        let conversation = ConversationId(conversation);
        let Some(ours) = self.roster.get_mut(conversation) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        if text.chars().count() > DRAFT_CHARS_MAX {
            return self.batch.finish(id, failed(FailureReason::BadText));
        }
        if ours.row.draft != text {
            ours.row.draft = text;
            self.batch.touch(conversation);
        }
        self.batch.finish(id, Outcome::Done);
    }

    /// All that moved since the last report, in one request. Not before catching up is complete: then the
    /// server's own word on our positions is here, and nothing is told twice.
    pub(super) fn report_positions(&mut self) {
        if !self.is_online() || !self.catchup.is_complete() || !self.asks.has_room() {
            return;
        }
        let mut reaches = Vec::new();
        for id in self.receipts.candidates(self.now) {
            if reaches.len() >= self.receipts.batch_max() {
                break;
            }
            let told = self.told(id);
            match self.roster.get(id).and_then(|conversation| receipts::due(conversation, told)) {
                Some(reach) => reaches.push(reach),
                None => self.receipts.nothing_due(id),
            }
        }
        if reaches.is_empty() {
            return;
        }
        let call = request::Call::Reach(ReachAll { positions: reaches.clone() });
        if self.asks.ask(call, Asked::Reach(reaches.clone()), self.now) {
            self.receipts.sent(&reaches);
        }
    }

    pub(super) fn report_answered(&mut self, reaches: &[Reach], result: Result<answer::Result, wire::Error>) {
        match result {
            Ok(_) => {
                self.receipts.done();
                for reach in reaches {
                    let told = self.told(ConversationId(reach.conversation));
                    let (delivered, read) = (Seq(reach.delivered), Seq(reach.read));
                    self.learn_member(MemberRow { delivered, read, ..told });
                    self.recount(told.conversation);
                }
            }
            Err(error) if error::remedy(error.code()) == Remedy::GiveUp => self.receipts.refused(reaches),
            Err(error) => self.receipts.later(reaches, error.retry_after_ms, self.now),
        }
    }

    /// Events came to disk. In a large group they came to very many at this moment, who do not all report at once.
    pub(super) fn report_delivery(&mut self, id: ConversationId, events: &[EventRow]) {
        let members = self.roster.get(id).map_or(0, |conversation| conversation.row.member_count);
        match limits::report_spread_ms(members) {
            _ if self.are_only_ours(id, events) => {
                self.receipts.touch_from(id, self.now + limits::REPORT_OWN_MS);
            }
            0 => self.receipts.touch(id),
            spread_ms => self.receipts.touch_from(id, self.now + self.rng.next_u64() % spread_ms),
        }
    }

    /// Nobody waits to hear that we have what we wrote, unless it filled a hole: then there may be more to tell.
    fn are_only_ours(&self, id: ConversationId, events: &[EventRow]) -> bool {
        let (me, told) = (self.me(), self.told(id));
        let (Some(conversation), Some(last)) = (self.roster.get(id), events.last()) else { return false };
        events.iter().all(|event| event.sender == me)
            && receipts::delivered(conversation, told.delivered) <= last.seq
            && conversation.row.read <= told.read
    }

    /// A read position passed events that are not in memory: count them again, from disk if they are there,
    /// else by asking the server, once it knows the position too.
    pub(super) fn recount(&mut self, id: ConversationId) {
        let told = self.told(id);
        let Some(conversation) = self.roster.get(id).filter(|ours| ours.unread.is_unsure()) else { return };
        let unread = SpanRow { first: conversation.row.read.next(), last: conversation.row.last.seq };
        let few = unread.last.0 < unread.first.0 + KNOWN_MAX as u64;
        let on_disk = conversation.spans.newest_gap(unread.first, unread.last).is_none();
        if few && on_disk {
            self.load(Loading::Recount { conversation: id, span: unread });
        } else if told.read >= conversation.row.read {
            self.missed();
        }
    }

    /// After a start: whatever was unsure when the engine stopped still is.
    pub(super) fn recount_all(&mut self) {
        let all: Vec<_> = self.roster.iter().map(|(id, _)| id).collect();
        for id in all {
            self.recount(id);
        }
    }
}
