//! Alice, Bob, Carol, and what the server has of them.

use anser_protocol::wire::{self, ConversationKind};
use anser_protocol::{AccountId, kind};
use prost::Message;

pub(crate) const ALICE: AccountId = AccountId(1001);
pub(crate) const BOB: AccountId = AccountId(1002);
pub(crate) const CAROL: AccountId = AccountId(1003);

/// Alice's conversation with Bob.
pub(crate) const CHAT: u64 = 7;
/// A group of the three.
pub(crate) const GROUP: u64 = 8;

pub(crate) fn person(account: AccountId) -> wire::Person {
    let display_name = match account {
        ALICE => "Alice",
        BOB => "Bob",
        CAROL => "Carol",
        _ => "Somebody",
    };
    let (handle, display_name) = (display_name.to_lowercase(), display_name.to_owned());
    wire::Person { account: account.0, handle, display_name }
}

/// A text; its own seq tells what it says.
pub(crate) fn text(conversation: u64, seq: u64, sender: AccountId) -> wire::Event {
    said(conversation, seq, sender, &seq.to_string())
}

pub(crate) fn said(conversation: u64, seq: u64, sender: AccountId, text: &str) -> wire::Event {
    wire::Event {
        conversation,
        seq,
        sender: sender.0,
        at_ms: seq.saturating_add(900_000),
        kind: kind::TEXT,
        body: wire::Text { text: text.to_owned() }.encode_to_vec(),
        silent: false,
        send_key: Vec::new(),
    }
}

/// Bob's messages with these seqs.
pub(crate) fn bobs(conversation: u64, seqs: std::ops::RangeInclusive<u64>) -> Vec<wire::Event> {
    seqs.map(|seq| text(conversation, seq, BOB)).collect()
}

/// A member whose view begins at `from_seq`, and how far it got.
pub(crate) fn member(account: AccountId, from_seq: u64, delivered: u64, read: u64) -> wire::Member {
    wire::Member { person: Some(person(account)), from_seq, delivered, read, left: false }
}

/// Alice's conversation with Bob, all from Bob, all unread, nothing delivered, ending at `last`.
pub(crate) fn chat(change: u64, last: u64) -> wire::Head {
    let peer = member(BOB, 1, last, last);
    wire::Head {
        conversation: CHAT,
        kind: ConversationKind::Direct.into(),
        change,
        last_seq: last,
        last: Some(text(CHAT, last, BOB)),
        from_seq: 1,
        unread: u32::try_from(last).expect("a short log"),
        member_count: 2,
        peer: Some(peer),
        ..wire::Head::default()
    }
}

/// The same, where Bob has seen nothing of what comes from now on.
pub(crate) fn chat_unseen(change: u64, last: u64) -> wire::Head {
    let peer = wire::Member { person: Some(person(BOB)), ..wire::Member::default() };
    wire::Head { peer: Some(peer), ..chat(change, last) }
}

pub(crate) fn group(change: u64, last: u64) -> wire::Head {
    wire::Head {
        conversation: GROUP,
        kind: ConversationKind::Group.into(),
        title: "Three".to_owned(),
        last: Some(text(GROUP, last, BOB)),
        member_count: 3,
        peer: None,
        ..chat(change, last)
    }
}

pub(crate) fn sent(seq: u64) -> wire::answer::Result {
    wire::answer::Result::Sent(wire::Sent { seq, at_ms: 900_000 + seq })
}

pub(crate) fn range(events: Vec<wire::Event>) -> wire::answer::Result {
    wire::answer::Result::Range(wire::Range { events })
}

pub(crate) fn done() -> wire::answer::Result {
    wire::answer::Result::Done(wire::Done {})
}

pub(crate) fn reached(account: AccountId, delivered: u64, read: u64) -> wire::push::What {
    reached_in(CHAT, account, 1, delivered, read)
}

/// Told of a member whose view begins at `from_seq`.
pub(crate) fn reached_in(
    conversation: u64,
    account: AccountId,
    from_seq: u64,
    delivered: u64,
    read: u64,
) -> wire::push::What {
    let position = Some(wire::Reach { conversation, delivered, read });
    wire::push::What::Reached(wire::Reached { account: account.0, position, from_seq })
}
