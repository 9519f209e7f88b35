//! Views: what the user looks at, through a window each.

use anser_protocol::{ConversationId, Seq};

use super::Engine;
use super::fetching::Loading;
use crate::command::Outcome;
use crate::failure::failed;
use crate::local::{EventRow, SpanRow};
use crate::paging::Step;
use crate::reason::FailureReason;
use crate::timeline::Window;

impl Engine {
    pub(super) fn open_view(&mut self, id: u64, view: u32, conversation: u64, at: Option<u64>) {
        let conversation = ConversationId(conversation);
        if self.roster.get(conversation).is_none() {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        }
        if !self.is_open(conversation) {
            self.gaps.want(conversation);
            self.look_at_members(conversation);
        }
        self.drop_view(view);
        self.views.insert(view, Window::new(conversation, at.map(Seq)));
        self.batch.timelines.insert(conversation);
        self.batch.finish(id, Outcome::Done);
    }

    pub(super) fn close_view(&mut self, id: u64, view: u32) {
        self.drop_view(view);
        self.batch.finish(id, Outcome::Done);
    }

    fn drop_view(&mut self, view: u32) {
        self.shown.forget_view(view);
        for command in self.views.remove(&view).map(|mut window| window.take_waiting()).unwrap_or_default() {
            self.batch.finish(command, failed(FailureReason::NotPossible));
        }
    }

    pub(super) fn follow_end(&mut self, id: u64, view: u32, follow: bool) {
        let Some(window) = self.views.get_mut(&view) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        window.follow_end(follow);
        self.batch.finish(id, Outcome::Done);
    }

    /// `want` says which way.
    pub(super) fn load_more(&mut self, id: u64, view: u32, want: fn(&mut Window, u64)) {
        let online = self.is_online();
        let Some(window) = self.views.get_mut(&view) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        if window.events().next().is_none() && !window.is_busy() {
            // Nothing is here yet, not even the newest: that is being fetched, or nobody can.
            let outcome = if online { Outcome::Done } else { failed(FailureReason::Offline) };
            return self.batch.finish(id, outcome);
        }
        want(window, id);
        self.batch.timelines.insert(window.conversation);
    }

    /// Somebody looks at this conversation.
    pub(super) fn is_open(&self, conversation: ConversationId) -> bool {
        self.views.values().any(|window| window.conversation == conversation)
    }

    /// Conversations that somebody looks at.
    pub(super) fn open_conversations(&self) -> Vec<ConversationId> {
        self.views.values().map(|window| window.conversation).collect()
    }

    pub(super) fn windows_of(&mut self, conversation: ConversationId) -> impl Iterator<Item = &mut Window> {
        self.views.values_mut().filter(move |window| window.conversation == conversation)
    }

    /// Every window gets what it needs next.
    pub(super) fn step_views(&mut self) {
        let views: Vec<u32> = self.views.keys().copied().collect();
        for view in views {
            self.step_view(view);
        }
    }

    fn step_view(&mut self, view: u32) {
        let online = self.is_online();
        let Some(window) = self.views.get_mut(&view) else { return };
        let Some(conversation) = self.roster.get(window.conversation) else { return };
        let id = window.conversation;
        for command in window.take_satisfied() {
            self.batch.finish(command, Outcome::Done);
            self.batch.timelines.insert(id);
        }
        match window.next_step(conversation, online) {
            Step::Rest => {}
            Step::Load(span) => {
                let load = self.load(Loading::Window { view, conversation: id, span });
                if let Some(window) = self.views.get_mut(&view) {
                    window.loading = Some(load);
                }
            }
            Step::NothingMore => self.finish_waiting(view, &Outcome::Done),
            Step::Fetch(_) if !online => self.finish_waiting(view, &failed(FailureReason::Offline)),
            Step::Fetch(_) if self.gaps.is_in_flight(id) => {}
            Step::Fetch(span) => {
                let asked = self.ask_range(id, span);
                if let Some(window) = self.views.get_mut(&view) {
                    window.fetching = asked.then_some(span);
                }
            }
        }
    }

    /// Rows came from disk for a window, if it still is the one that asked.
    pub(super) fn show_loaded(&mut self, view: u32, load: u64, rows: &[EventRow]) {
        let Some(window) = self.views.get_mut(&view).filter(|window| window.loading == Some(load)) else {
            return;
        };
        window.loading = None;
        if window.events().next().is_none() {
            window.fill(rows);
        } else {
            window.extend(rows);
        }
        self.batch.timelines.insert(window.conversation);
    }

    /// What a range, kept by now, means for those who look: more of the log is there, or its end that does not join
    /// what they see; and who asked for it and got nothing is told.
    pub(super) fn range_kept(&mut self, id: ConversationId, span: SpanRow) {
        let Some(conversation) = self.roster.get(id) else { return };
        let nobody_has_it = conversation.begin() <= span.last
            && conversation.spans.newest_gap(span.first, span.last) == Some(span);
        let mut disappointed = Vec::new();
        for (view, window) in self.views.iter_mut().filter(|(_, window)| window.conversation == id) {
            if window.fetching == Some(span) && nobody_has_it {
                disappointed.push(*view);
            }
            window.note_range(span, conversation);
        }
        for view in disappointed {
            self.finish_waiting(view, &failed(FailureReason::Server));
        }
    }

    /// Windows that waited for this range will not get it now.
    pub(super) fn range_failed(&mut self, id: ConversationId, span: SpanRow, outcome: &Outcome) {
        let views: Vec<u32> = self.views.keys().copied().collect();
        for view in views {
            let Some(window) = self.views.get_mut(&view) else { continue };
            if window.conversation == id && window.fetching == Some(span) {
                window.give_up_fetching();
                self.finish_waiting(view, outcome);
            }
        }
    }

    fn finish_waiting(&mut self, view: u32, outcome: &Outcome) {
        let Some(window) = self.views.get_mut(&view) else { return };
        self.batch.timelines.insert(window.conversation);
        for command in window.take_waiting() {
            self.batch.finish(command, outcome.clone());
        }
    }
}
