//! Events that are not in memory: from disk, else from the server.

use std::cmp::Reverse;

use anser_protocol::wire::{self, answer, request};
use anser_protocol::{ConversationId, Remedy, error, limits};

use super::Engine;
use crate::asks::Asked;
use crate::failure::{failed, refused};
use crate::gaps;
use crate::local::{EventRow, Load, Loaded, SpanRow};
use crate::reason::FailureReason;
use crate::rows::{counts, event_from_wire};
use crate::views::people_in;

/// What the disk is reading, and for whom.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loading {
    /// To be shown in this view.
    Window { view: u32, conversation: ConversationId, span: SpanRow },
    /// To count which of them are unread.
    Recount { conversation: ConversationId, span: SpanRow },
}

impl Loading {
    fn asked(self) -> (ConversationId, SpanRow) {
        match self {
            Loading::Window { conversation, span, .. } | Loading::Recount { conversation, span } => {
                (conversation, span)
            }
        }
    }
}

impl Engine {
    /// Holes that shall be filled: open conversations first, then first pages before second ones, then the
    /// most recent.
    pub(super) fn fetch_gaps(&mut self) {
        if !self.is_online() {
            return;
        }
        self.gaps.advance(self.now);
        let mut candidates = self.gaps.candidates(self.now);
        candidates.sort_by_cached_key(|(id, pages)| {
            let at_ms = self.roster.get(*id).map_or(0, |conversation| conversation.row.last.at_ms);
            (!self.is_open(*id), *pages, Reverse(at_ms))
        });
        for (id, _) in candidates {
            let told = self.told(id).delivered;
            let missing = self.roster.get(id).and_then(|conversation| gaps::missing(conversation, told));
            let Some(span) = missing else {
                self.gaps.settled(id);
                self.batch.timelines.insert(id);
                continue;
            };
            if self.gaps.is_full() || !self.asks.has_room() {
                return;
            }
            self.ask_range(id, span);
        }
    }

    /// False if there is no room for the question now.
    pub(super) fn ask_range(&mut self, conversation: ConversationId, span: SpanRow) -> bool {
        let wanted = span.last.0 - span.first.0 + 1;
        let call = request::Call::GetRange(wire::GetRange {
            conversation: conversation.0,
            first: span.first.0,
            last: span.last.0,
            limit: wanted.min(limits::RANGE_EVENTS_MAX as u64) as u32,
            newest: true,
        });
        let asked = self.asks.ask(call, Asked::Range { conversation, span }, self.now);
        if asked {
            self.gaps.sent(conversation);
            self.batch.timelines.insert(conversation);
        }
        asked
    }

    /// A part of a log came, or did not.
    pub(super) fn range_came(
        &mut self,
        id: ConversationId,
        span: SpanRow,
        result: Result<answer::Result, wire::Error>,
    ) {
        self.batch.timelines.insert(id);
        match result {
            Ok(answer::Result::Range(range)) => {
                self.gaps.answered(id);
                self.take_range(id, span, range.events);
            }
            Ok(_) => {
                self.gaps.answered(id);
                self.gaps.settled(id);
                self.range_failed(id, span, &failed(FailureReason::Incompatible));
            }
            Err(error) => {
                match error::remedy(error.code()) {
                    Remedy::Retry | Remedy::Reconnect => {
                        self.gaps.later(id, error.retry_after_ms, self.now);
                    }
                    Remedy::SignIn | Remedy::GiveUp => {
                        self.gaps.answered(id);
                        self.gaps.settled(id);
                    }
                }
                self.range_failed(id, span, &refused(&error));
            }
        }
    }

    fn take_range(&mut self, id: ConversationId, span: SpanRow, events: Vec<wire::Event>) {
        let rows = events.into_iter().filter_map(event_from_wire);
        let mut rows: Vec<EventRow> = rows
            .filter(|row| row.conversation == id && span.first <= row.seq && row.seq <= span.last)
            .collect();
        rows.sort_by_key(|row| row.seq);
        rows.dedup_by_key(|row| row.seq);
        let Some(conversation) = self.roster.get_mut(id) else { return };
        let is_news = rows.iter().any(|row| !conversation.spans.contains(row.seq));
        if rows.is_empty() {
            // The server has nothing there for us: whatever we believed, the log begins above.
            conversation.floor = conversation.floor.max(span.last.next());
        }
        // What was asked for may have come by another way meanwhile; only when it is still missing, nobody has it.
        let is_missing = conversation.spans.newest_gap(span.first, span.last).is_some();
        if !is_news && is_missing {
            self.gaps.settled(id);
        }
        self.keep(id, &rows);
        self.range_kept(id, span);
    }

    /// The number under which the answer will come.
    pub(super) fn load(&mut self, loading: Loading) -> u64 {
        self.last_load += 1;
        let (conversation, span) = loading.asked();
        self.loadings.insert(self.last_load, loading);
        self.batch.loads.push(Load { id: self.last_load, conversation, first: span.first, last: span.last });
        self.last_load
    }

    pub(super) fn loaded(&mut self, loaded: Loaded) {
        let Some(loading) = self.loadings.remove(&loaded.id) else { return };
        let (id, span) = loading.asked();
        let me = self.me();
        let Some(conversation) = self.roster.get_mut(id) else { return };
        let mut rows = loaded.events;
        rows.retain(|row| row.conversation == id && span.first <= row.seq && row.seq <= span.last);
        rows.sort_by_key(|row| row.seq);
        if rows.len() as u64 != span.last.0 - span.first.0 + 1 {
            // The disk has lost some: what is not there is not claimed, and fetched again.
            conversation.spans.remove(span.first, span.last);
            rows.iter().for_each(|row| conversation.spans.insert(row.seq, row.seq));
            self.batch.spans.insert(id);
            self.gaps.want(id);
        }
        let unread_before = conversation.unread.count();
        for row in &rows {
            conversation.unread.hold(row.seq, counts(row, me));
            for person in people_in(row) {
                self.people.want(id, person);
            }
        }
        conversation.note_unread();
        if conversation.unread.count() != unread_before {
            self.batch.touch(id);
        }
        if let Loading::Window { view, .. } = loading {
            self.show_loaded(view, loaded.id, &rows);
        }
    }

    /// Positions of a group's members are not in its head: asked for when somebody looks. One page is enough to
    /// know whether anybody has, or has read, a message.
    pub(super) fn look_at_members(&mut self, id: ConversationId) {
        let group = self.roster.get(id).is_some_and(|ours| ours.row.group && !ours.row.left);
        if group && self.is_online() && self.asks.has_room() {
            self.ask_members(None, id, Vec::new());
        }
    }
}
