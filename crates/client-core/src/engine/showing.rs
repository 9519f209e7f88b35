//! The end of every input: rows to disk, views to the user, frames to the network, in that order.

use std::collections::BTreeMap;

use anser_protocol::Moment;

use super::{Engine, WireOrder};
use crate::batch::Batch;
use crate::event::Event;
use crate::failure::failed;
use crate::io::Output;
use crate::local::Save;
use crate::reason::FailureReason;
use crate::rows::NUMBER_MAX;
use crate::view::{LinkView, SessionView, TimelineView};
use crate::views::Viewer;

/// The link, without what catching up adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkState {
    Closed { since: Moment },
    Connecting,
    Up,
    Down { retry_at: Moment },
}

/// What the user has been shown, so that nothing is told twice.
#[derive(Debug)]
pub(super) struct Shown {
    link: LinkState,
    link_shown: Option<LinkView>,
    total: Option<u64>,
    views: BTreeMap<u32, TimelineView>,
}

impl Default for Shown {
    fn default() -> Shown {
        let link = LinkState::Closed { since: Moment(0) };
        Shown { link, link_shown: None, total: None, views: BTreeMap::new() }
    }
}

impl Shown {
    pub(super) fn link_connecting(&mut self) {
        self.link = LinkState::Connecting;
    }

    pub(super) fn link_up(&mut self) {
        self.link = LinkState::Up;
    }

    pub(super) fn link_down(&mut self, retry_at: Moment) {
        self.link = LinkState::Down { retry_at };
    }

    /// No link, and no next try either.
    pub(super) fn link_closed(&mut self, now: Moment) {
        self.link = LinkState::Closed { since: now };
    }

    pub(super) fn forget_views(&mut self) {
        self.views.clear();
    }

    /// Whatever this view shows next is new to the user.
    pub(super) fn forget_view(&mut self, view: u32) {
        self.views.remove(&view);
    }
}

impl Engine {
    /// At start, and when the disk has failed.
    pub(super) fn show_everything(&mut self) {
        self.batch.session = true;
        self.batch.listed.extend(self.roster.iter().map(|(id, _)| id));
        let open = self.open_conversations();
        self.batch.timelines.extend(open);
        self.shown.total = None;
        self.shown.link_shown = None;
        self.shown.forget_views();
    }

    /// Turns what the input has changed into outputs.
    pub(super) fn flush(&mut self, order: WireOrder) {
        let mut batch = std::mem::take(&mut self.batch);
        let wire = self.asks.take_wire();
        let (before, after) =
            if order == WireOrder::BeforeSave { (wire, Vec::new()) } else { (Vec::new(), wire) };
        self.outputs.extend(before);
        let rows = self.rows_to_save(&mut batch);
        let rows = self.storage.take_rows(rows, self.now);
        if !rows.is_empty() {
            self.outputs.push_back(Output::Save(rows));
        }
        self.outputs.extend(batch.loads.drain(..).map(Output::Load));
        self.show(&batch);
        for (command, outcome) in batch.finished {
            self.emit(Event::Finished { command, outcome });
        }
        self.outputs.extend(after);
    }

    fn rows_to_save(&self, batch: &mut Batch) -> Vec<Save> {
        let mut rows = Vec::new();
        for conversation in batch.rows.iter().filter_map(|id| self.roster.get(*id)) {
            rows.push(Save::Conversation(conversation.row.clone()));
        }
        for id in &batch.spans {
            if let Some(conversation) = self.roster.get(*id) {
                rows.push(Save::Spans { conversation: *id, spans: conversation.spans.to_rows() });
            }
        }
        let mut saves = std::mem::take(&mut batch.saves);
        saves.extend(rows);
        saves
    }

    fn show(&mut self, batch: &Batch) {
        if batch.session {
            self.emit(Event::Session { session: self.session_view() });
        }
        let listed: Vec<_> = batch.listed.iter().filter_map(|id| self.roster.get(*id)).collect();
        let viewer = self.viewer();
        let changed: Vec<_> =
            listed.into_iter().map(|conversation| viewer.conversation(conversation)).collect();
        // At start the list is shown even if it is empty: then the user knows that it is.
        if !changed.is_empty() || self.shown.total.is_none() {
            self.emit(Event::Conversations { changed });
        }
        let total = self.roster.unread_total();
        if self.shown.total != Some(total) {
            self.shown.total = Some(total);
            self.emit(Event::Unread { total });
        }
        let views: Vec<u32> = self.views.keys().copied().collect();
        for view in views {
            self.show_view(view, batch);
        }
        let link = self.link_view();
        if self.shown.link_shown.as_ref() != Some(&link) {
            self.shown.link_shown = Some(link.clone());
            self.emit(Event::Link { link });
        }
    }

    fn show_view(&mut self, view: u32, batch: &Batch) {
        let Some(window) = self.views.get(&view) else { return };
        let id = window.conversation;
        let Some(conversation) = self.roster.get(id).filter(|_| batch.timelines.contains(&id)) else {
            return;
        };
        // While the first rows are on their way there is nothing to show yet.
        if window.is_blank() {
            return;
        }
        let fetching = self.is_online() && self.gaps.is_wanted(id);
        let timeline = self.viewer().timeline(window, conversation, window.is_busy() || fetching);
        let before = self.shown.views.get(&view);
        if before == Some(&timeline) {
            return;
        }
        let change = timeline.difference(view, before);
        self.shown.views.insert(view, timeline);
        self.emit(Event::Timeline { change });
    }

    fn session_view(&self) -> SessionView {
        match (self.account.row(), &self.account) {
            (Some(row), _) => {
                SessionView::SignedIn { me: self.viewer().person(row.account), device: row.device.0 }
            }
            (None, super::Account::SignedOut { ended }) => SessionView::SignedOut { ended: *ended },
            (None, _) => SessionView::SignedOut { ended: false },
        }
    }

    fn link_view(&self) -> LinkView {
        let shown = |moment: Moment| LinkView::Offline { retry_at_ms: moment.0.min(NUMBER_MAX) };
        match self.shown.link {
            LinkState::Closed { since } => shown(since),
            LinkState::Down { retry_at } => shown(retry_at),
            LinkState::Connecting => LinkView::Connecting,
            LinkState::Up if self.catchup.is_complete() => LinkView::Online,
            LinkState::Up => LinkView::CatchingUp,
        }
    }

    fn viewer(&self) -> Viewer<'_> {
        Viewer { me: self.me(), people: &self.people, outbox: &self.outbox }
    }

    fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Emit(event));
    }

    /// The disk could not keep the rows polled last. What followed them in the queue is not true then.
    pub(super) fn save_failed(&mut self) {
        let mut rows = std::mem::take(&mut self.saving);
        for output in std::mem::take(&mut self.outputs) {
            match output {
                Output::Save(more) => rows.extend(more),
                Output::Load(_) | Output::Disconnect { .. } => self.outputs.push_back(output),
                Output::Emit(Event::Finished { command, .. }) if self.storing == Some(command) => {
                    self.batch.finish(command, failed(FailureReason::Storage));
                }
                Output::Emit(Event::Finished { command, outcome }) => self.batch.finish(command, outcome),
                // Shown again below; the link is closed.
                Output::Emit(_) | Output::Connect { .. } | Output::Transmit { .. } | Output::Wait(_) => {}
            }
        }
        if let Some(key) = self.fresh_send.take() {
            self.outbox.remove(key);
            rows.retain(|row| !matches!(row, Save::Outbox(row) if row.send_key == key));
        }
        let retry_at = self.storage.failed(rows, self.now);
        self.close_link();
        self.shown.link_down(retry_at);
        self.show_everything();
    }
}
