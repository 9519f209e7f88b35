//! The one chat of a person who is in no other: which it is, how long its log is, how far the other one got.

use anser_client_core::local::Save;
use anser_protocol::{AccountId, ConversationId, Seq};

/// Learned from what the person's client saves, as that is what has certainly happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chat {
    me: AccountId,
    id: Option<ConversationId>,
    /// The newest event when the chat was first seen: what this client writes comes after it.
    begin: Seq,
    /// Up to here it is on the other one's disk.
    delivered: Seq,
}

impl Chat {
    pub(super) fn of(me: AccountId) -> Chat {
        Chat { me, id: None, begin: Seq(0), delivered: Seq(0) }
    }

    /// Returns how many messages of ours these rows show to be delivered now, and were not before.
    pub(super) fn saved(&mut self, rows: &[Save]) -> u64 {
        let before = self.delivered_count();
        for row in rows {
            match row {
                Save::Conversation(row) if self.id.is_none() => {
                    (self.id, self.begin) = (Some(row.conversation), row.last.seq);
                }
                Save::Member(row) if row.account != self.me => {
                    self.delivered = self.delivered.max(row.delivered);
                }
                _ => {}
            }
        }
        self.delivered_count() - before
    }

    /// `None` until the client has heard of it.
    pub(super) fn id(&self) -> Option<ConversationId> {
        self.id
    }

    /// How many of the messages written by this client, if nobody else writes here, the other one has.
    pub(super) fn delivered_count(&self) -> u64 {
        match self.id {
            Some(_) => self.delivered.0.saturating_sub(self.begin.0),
            None => 0,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use anser_client_core::local::{ConversationRow, EventRow};
    use anser_protocol::ids::Position;

    use super::*;

    /// A chat whose log ends at `last`, as a client saves it.
    pub(in super::super) fn chat_row(id: u64, last: u64) -> Save {
        let conversation = ConversationId(id);
        let last = EventRow {
            conversation,
            seq: Seq(last),
            sender: AccountId(1),
            at_ms: 0,
            kind: 1000,
            body: Vec::new(),
            silent: true,
            send_key: None,
        };
        Save::Conversation(ConversationRow {
            conversation,
            group: false,
            change: Position(1),
            title: String::new(),
            peer: None,
            member_count: 2,
            last,
            from_seq: Seq(1),
            read: Seq(0),
            delivered: Seq(0),
            unread_base: 0,
            unread_base_seq: Seq(0),
            left: false,
            draft: String::new(),
        })
    }

    #[test]
    fn what_was_there_before_is_not_counted() {
        let mut chat = Chat::of(AccountId(1));
        assert_eq!((chat.saved(&[chat_row(7, 5)]), chat.id()), (0, Some(ConversationId(7))));
        assert_eq!(chat.saved(&[chat_row(7, 9)]), 0, "one's own log growing is no delivery");
        assert_eq!(chat.delivered_count(), 0);
    }
}
