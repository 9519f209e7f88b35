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
