//! What a device was told and showed, over all of its lives, held against itself as it comes.

use std::collections::BTreeMap;
use std::time::Instant;

use anser_client::view::{
    Content, ConversationView, LinkView, RowState, RowView, RowsChange, SessionView, TimelineChange,
    TimelineView,
};
use anser_client::{Event, Outcome};

use super::talk::Said;
use crate::history::State;

/// Everything that is known of a device from outside.
#[derive(Debug, Default)]
pub struct Record {
    /// Its process has its database open.
    pub is_open: bool,
    /// Signed in as this account.
    pub account: Option<u64>,
    /// How the link is.
    pub link: Option<LinkView>,
    /// The list, by conversation.
    pub chats: BTreeMap<u64, ConversationView>,
    /// The badge.
    pub total: u64,
    /// What open views show.
    pub views: BTreeMap<u32, TimelineView>,
    /// The best state in which each own text was ever shown, by conversation and text.
    pub own: BTreeMap<(u64, String), State>,
    /// When each text of somebody else was first shown, by conversation and text.
    pub others: BTreeMap<(u64, String), Instant>,
    /// How wishes went.
    pub outcomes: BTreeMap<u64, Outcome>,
    /// The badge at the moment when this life of the device first said that it is online.
    pub total_when_online: Option<u64>,
    /// So often was the badge held against the list.
    pub sums_checked: u64,
    /// So often did this life say that its database was damaged.
    pub rebuilds: u32,
    /// When something was last said.
    pub heard_at: Option<Instant>,
    /// Whatever did not fit together.
    pub problems: Vec<String>,
}

impl Record {
    /// Another life: nothing is on screen, what was told before is remembered.
    pub(super) fn begin_life(&mut self) {
        *self = Record {
            own: std::mem::take(&mut self.own),
            others: std::mem::take(&mut self.others),
            outcomes: std::mem::take(&mut self.outcomes),
            problems: std::mem::take(&mut self.problems),
            account: self.account,
            sums_checked: self.sums_checked,
            ..Record::default()
        };
    }

    /// Linked and complete.
    pub fn is_online(&self) -> bool {
        self.link == Some(LinkView::Online)
    }

    /// Messages of its own that wait to be sent.
    pub fn unsent(&self) -> u32 {
        self.chats.values().map(|chat| chat.unsent).sum()
    }

    /// The newest seq of a conversation, as the list shows it.
    pub fn last_seq(&self, conversation: u64) -> u64 {
        self.chats.get(&conversation).and_then(|chat| chat.last.as_ref()).map_or(0, |row| row.seq)
    }

    pub(super) fn take(&mut self, said: Said) {
        self.heard_at = Some(Instant::now());
        match said {
            Said::Opened => self.is_open = true,
            Said::Event { event } => self.show(event),
            Said::Settled => self.check_sum(),
            Said::Outcome { id, outcome } => {
                self.outcomes.insert(id, outcome);
            }
            Said::Stopped { words } => self.problems.push(format!("the client stopped: {words}")),
        }
    }

    fn show(&mut self, event: Event) {
        match event {
            Event::Session { session } => {
                if let SessionView::SignedIn { me, .. } = session {
                    self.account = Some(me.account);
                }
            }
            Event::Link { link } => self.link = Some(link),
            Event::Conversations { changed } => {
                self.chats.extend(changed.into_iter().map(|chat| (chat.conversation, chat)));
            }
            Event::Unread { total } => self.total = total,
            Event::Timeline { change } => self.show_change(change),
            Event::Rebuilt => self.rebuilds += 1,
            Event::Finished { .. } => {}
        }
    }

    /// Spec U2: the total is the sum at every moment.
    fn check_sum(&mut self) {
        let sum: u64 = self.chats.values().map(|chat| u64::from(chat.unread)).sum();
        self.sums_checked += 1;
        if sum != self.total {
            self.problems.push(format!("U2: the badge says {}, the list {sum}", self.total));
        }
        if self.is_online() && self.total_when_online.is_none() {
            self.total_when_online = Some(self.total);
        }
    }

    fn show_change(&mut self, change: TimelineChange) {
        let (view, conversation) = (change.view, change.conversation);
        let changed: Vec<RowView> = match &change.rows {
            RowsChange::All { rows } => rows.clone(),
            RowsChange::Patch { above, inserted, .. } => above.iter().chain(inserted).cloned().collect(),
        };
        for row in &changed {
            if row.own {
                self.show_own(conversation, row);
            } else if let Content::Text { text } = &row.content {
                self.others.entry((conversation, text.clone())).or_insert_with(Instant::now);
            }
        }
        let shown = self.views.entry(view).or_default();
        shown.apply(change);
        let seqs: Vec<u64> = shown.rows.iter().map(|row| row.seq).take_while(|seq| *seq > 0).collect();
        if let Some(pair) = seqs.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            self.problems.push(format!("V3: {conversation} shows {} after {}", pair[1], pair[0]));
        }
    }

    /// Spec D6: a message once shown as stored is never shown as anything less.
    fn show_own(&mut self, conversation: u64, row: &RowView) {
        let Content::Text { text } = &row.content else { return };
        let stage = match &row.state {
            RowState::Sending { .. } => State::Sending,
            RowState::Failed { .. } => State::Failed,
            RowState::Sent | RowState::Stored => State::Sent,
            RowState::Delivered => State::Delivered,
            RowState::Read => State::Read,
        };
        let best = self.own.entry((conversation, text.clone())).or_insert(stage);
        if *best >= State::Sent && stage < State::Sent {
            self.problems.push(format!("D6: {text:?} was shown as {best:?}, and then as {stage:?}"));
        }
        *best = (*best).max(stage);
    }
}

#[cfg(test)]
mod tests {
    use anser_client::view::PersonView;

    use super::*;

    fn row(text: &str, seq: u64, state: RowState) -> RowView {
        RowView {
            key: text.to_owned(),
            seq,
            sender: PersonView { account: 1, handle: "alice".to_owned(), display_name: "Alice".to_owned() },
            own: true,
            at_ms: 0,
            content: Content::Text { text: text.to_owned() },
            state,
        }
    }

    fn shows(rows: Vec<RowView>) -> Said {
        let rows = RowsChange::All { rows };
        let (has_older, has_newer, loading) = (false, false, false);
        let change = TimelineChange { view: 1, conversation: 7, rows, has_older, has_newer, loading };
        Said::Event { event: Event::Timeline { change } }
    }

    fn problems(said: Vec<Said>) -> Vec<String> {
        let mut record = Record::default();
        said.into_iter().for_each(|said| record.take(said));
        record.problems
    }

    #[test]
    fn a_badge_that_is_not_the_sum_is_a_problem() {
        let badge = |total| Said::Event { event: Event::Unread { total } };
        assert_eq!(problems(vec![badge(0), Said::Settled]), [""; 0]);
        assert_eq!(problems(vec![badge(1), Said::Settled]), ["U2: the badge says 1, the list 0"]);
    }

    #[test]
    fn a_state_that_is_taken_back_is_a_problem() {
        let sending = || RowState::Sending { send_key: String::new() };
        assert_eq!(
            problems(vec![shows(vec![row("a", 0, sending())]), shows(vec![row("a", 2, RowState::Sent)])]),
            [""; 0]
        );
        let back =
            problems(vec![shows(vec![row("a", 2, RowState::Sent)]), shows(vec![row("a", 0, sending())])]);
        assert_eq!(back.len(), 1, "{back:?}");
    }

    #[test]
    fn a_hole_on_screen_is_a_problem() {
        let sent = |seq: u64| row(&seq.to_string(), seq, RowState::Sent);
        assert_eq!(problems(vec![shows(vec![sent(2), sent(3)])]), [""; 0]);
        assert_eq!(problems(vec![shows(vec![sent(2), sent(4)])]), ["V3: 7 shows 4 after 2"]);
    }
}
