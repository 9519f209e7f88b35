//! Rows for the unit tests of this crate.

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Seq, kind};

use crate::local::{ConversationRow, EventRow, PersonRow};
use crate::rows::Head;

pub(crate) const ALICE: AccountId = AccountId(1001);
pub(crate) const BOB: AccountId = AccountId(1002);
pub(crate) const CAROL: AccountId = AccountId(1003);

pub(crate) fn person(account: AccountId, handle: &str) -> PersonRow {
    PersonRow { account, handle: handle.to_owned(), display_name: handle.to_uppercase() }
}

/// Something Bob wrote.
pub(crate) fn event(conversation: u64, seq: u64) -> EventRow {
    EventRow {
        conversation: ConversationId(conversation),
        seq: Seq(seq),
        sender: BOB,
        at_ms: 1_000_000 + seq,
        kind: kind::TEXT,
        body: Vec::new(),
        silent: false,
        send_key: None,
    }
}

/// A conversation with one event, changed to taste.
pub(crate) fn head(conversation: u64, change: u64, edit: impl FnOnce(&mut ConversationRow)) -> Head {
    let mut row = ConversationRow {
        conversation: ConversationId(conversation),
        group: true,
        change: Position(change),
        title: String::new(),
        peer: None,
        member_count: 2,
        last: event(conversation, 1),
        from_seq: Seq(1),
        read: Seq(0),
        delivered: Seq(0),
        unread_base: 0,
        unread_base_seq: Seq(1),
        left: false,
        draft: String::new(),
    };
    edit(&mut row);
    Head { row, peer: None }
}
