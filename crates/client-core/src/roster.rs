//! All conversations of the account: what is known of each, and how news about it is taken in.

use std::collections::BTreeMap;

use anser_protocol::{AccountId, ConversationId, Seq, kind, wire};
use prost::Message;

use crate::local::{ConversationRow, EventRow, Restored, SpanRow};
use crate::rows::{Head, counts};
use crate::spans::Spans;
use crate::unread::Unread;

/// One conversation.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) row: ConversationRow,
    /// Which of its events are on disk.
    pub(crate) spans: Spans,
    pub(crate) unread: Unread,
    /// The server has nothing below this for us, whatever `from_seq` says. Not kept on disk.
    pub(crate) floor: Seq,
}

impl Conversation {
    fn new(row: ConversationRow) -> Conversation {
        let unread = Unread::restore(row.read, row.unread_base, row.unread_base_seq, row.last.seq);
        Conversation { row, spans: Spans::default(), unread, floor: Seq(1) }
    }

    /// The first seq there is for us.
    pub(crate) fn begin(&self) -> Seq {
        self.row.from_seq.max(self.floor)
    }

    /// The seq that follows everything on disk.
    pub(crate) fn next(&self) -> Seq {
        self.spans.newest().map_or(self.begin(), |span| span.last.next().max(self.begin()))
    }

    /// An event goes to disk now. False if it was there already.
    pub(crate) fn hold(&mut self, event: &EventRow, me: AccountId) -> bool {
        if self.spans.contains(event.seq) {
            return false;
        }
        self.spans.insert(event.seq, event.seq);
        self.unread.hold(event.seq, counts(event, me));
        if event.seq > self.row.last.seq {
            // In a large group not everybody is told so by a head of their own.
            if event.kind == kind::RENAMED
                && let Ok(renamed) = wire::Renamed::decode(event.body.as_slice())
            {
                self.row.title = renamed.title;
            }
            self.row.last = event.clone();
        }
        self.note_unread();
        true
    }

    /// The user has read up to here, somewhere. False if that is no news.
    pub(crate) fn read_to(&mut self, seq: Seq) -> bool {
        let seq = seq.min(self.row.last.seq);
        if seq <= self.row.read {
            return false;
        }
        self.unread.read_to(seq);
        self.note_unread();
        true
    }

    /// For a mutant only.
    pub(crate) fn move_read_back(&mut self, seq: Seq) {
        self.unread.move_back(seq);
        self.note_unread();
    }

    /// Copies what `unread` knows into the row that is kept.
    pub(crate) fn note_unread(&mut self) {
        self.row.read = self.unread.read();
        (self.row.unread_base, self.row.unread_base_seq) = self.unread.base();
    }

    /// A head that is not older than what we have: the server's word for all but positions, which only
    /// move forward, and the end of the log, where a push may have been faster.
    fn take_head(&mut self, head: ConversationRow) {
        self.unread.take_head(head.read, head.unread_base, head.last.seq);
        let draft = std::mem::take(&mut self.row.draft);
        let delivered = self.row.delivered.max(head.delivered);
        let ours = std::mem::replace(&mut self.row, ConversationRow { draft, delivered, ..head });
        if ours.last.seq > self.row.last.seq && !self.row.left {
            self.row.last = ours.last;
        }
        self.note_unread();
    }
}

/// All conversations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    conversations: BTreeMap<ConversationId, Conversation>,
}

impl Roster {
    /// As the disk has it; spans of conversations that are not there are ignored.
    pub(crate) fn restore(restored: &Restored) -> Roster {
        let mut roster = Roster::default();
        for row in &restored.conversations {
            roster.conversations.insert(row.conversation, Conversation::new(row.clone()));
        }
        for (conversation, SpanRow { first, last }) in &restored.spans {
            if let Some(conversation) = roster.conversations.get_mut(conversation) {
                conversation.spans.insert(*first, *last);
            }
        }
        roster
    }

    pub(crate) fn get(&self, conversation: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&conversation)
    }

    pub(crate) fn get_mut(&mut self, conversation: ConversationId) -> Option<&mut Conversation> {
        self.conversations.get_mut(&conversation)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ConversationId, &Conversation)> {
        self.conversations.iter().map(|(id, conversation)| (*id, conversation))
    }

    /// Takes in a head. False if it is stale: older than what we have, then nothing is changed.
    /// (Its positions are not news either: they were in what made ours newer.)
    pub(crate) fn merge(&mut self, head: &Head) -> bool {
        let row = &head.row;
        match self.conversations.get_mut(&row.conversation) {
            Some(ours) if row.change < ours.row.change => return false,
            Some(ours) => ours.take_head(row.clone()),
            None => {
                self.conversations.insert(row.conversation, Conversation::new(row.clone()));
            }
        }
        true
    }

    /// Sum of unread over all conversations (spec U2).
    pub(crate) fn unread_total(&self) -> u64 {
        self.conversations.values().map(|conversation| u64::from(conversation.unread.count())).sum()
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::ids::Position;

    use super::*;
    use crate::testing::{ALICE, event, head};

    #[test]
    fn a_stale_head_changes_nothing() {
        let mut roster = Roster::default();
        assert!(roster.merge(&head(7, 10, |row| row.title = "new".to_owned())));
        assert!(!roster.merge(&head(7, 9, |row| row.title = "old".to_owned())));
        assert_eq!(roster.get(ConversationId(7)).map(|it| it.row.title.as_str()), Some("new"));
    }

    #[test]
    fn a_head_keeps_the_draft_and_the_read_position_of_this_device() {
        let mut roster = Roster::default();
        roster.merge(&head(7, 10, |row| row.last.seq = Seq(5)));
        let ours = roster.get_mut(ConversationId(7)).expect("merged");
        ours.row.draft = "half a thought".to_owned();
        ours.read_to(Seq(5));
        roster.merge(&head(7, 11, |row| {
            row.last.seq = Seq(6);
            row.unread_base = 6;
            row.unread_base_seq = Seq(6);
        }));
        let ours = roster.get(ConversationId(7)).expect("merged");
        assert_eq!((ours.row.read, ours.row.draft.as_str()), (Seq(5), "half a thought"));
        assert_eq!(ours.row.change, Position(11));
        assert!(ours.unread.count() <= 1);
    }

    #[test]
    fn a_push_that_was_faster_than_the_head_stays_the_last_line() {
        let mut roster = Roster::default();
        roster.merge(&head(7, 10, |row| row.last.seq = Seq(5)));
        let ours = roster.get_mut(ConversationId(7)).expect("merged");
        assert!(ours.hold(&event(7, 6), ALICE));
        assert!(!ours.hold(&event(7, 6), ALICE), "a duplicate is dropped");
        roster.merge(&head(7, 11, |row| row.last.seq = Seq(5)));
        assert_eq!(roster.get(ConversationId(7)).map(|it| it.row.last.seq), Some(Seq(6)));
    }
}
