//! How rows of the store are shown to the one who looks at them.

use std::collections::BTreeMap;

use anser_protocol::{AccountId, wire};
use anser_store::{Account, ConversationKind, Device, Event, HeadRow, Member, Reach};

/// People by account, looked up in one go for everything that shows them.
pub(crate) type People = BTreeMap<AccountId, wire::Person>;

/// An account as others see it.
pub(crate) fn person_to_wire(account: &Account) -> wire::Person {
    wire::Person {
        account: account.id.0,
        handle: account.handle.clone(),
        display_name: account.display_name.clone(),
    }
}

/// An event as `viewer` sees it: only its sender sees the send key.
pub(crate) fn event_to_wire(event: &Event, viewer: AccountId) -> wire::Event {
    event_into_wire(event.clone(), viewer)
}

/// The same, of one that nobody needs any more: its body is not copied.
pub(crate) fn event_into_wire(event: Event, viewer: AccountId) -> wire::Event {
    let send_key = match event.send_key {
        Some(key) if event.sender == viewer => key.0.to_vec(),
        _ => Vec::new(),
    };
    wire::Event {
        conversation: event.conversation.0,
        seq: event.seq.0,
        sender: event.sender.0,
        at_ms: event.at.0,
        kind: event.kind,
        body: event.body,
        silent: event.silent,
        send_key,
    }
}

/// A head as `viewer`, whose it is, sees it. `people` holds the peer, where there is one.
pub(crate) fn head_to_wire(head: &HeadRow, viewer: AccountId, people: &People) -> wire::Head {
    let kind = match head.kind {
        ConversationKind::Direct => wire::ConversationKind::Direct,
        ConversationKind::Group => wire::ConversationKind::Group,
    };
    wire::Head {
        conversation: head.conversation.0,
        kind: kind.into(),
        change: head.change.0,
        title: head.title.clone(),
        last_seq: head.last.seq.0,
        last: Some(event_to_wire(&head.last, viewer)),
        from_seq: head.from_seq.0,
        read: head.read.0,
        delivered: head.delivered.0,
        unread: head.unread,
        member_count: head.member_count,
        peer: head.peer.as_ref().map(|peer| member_to_wire(peer, people)),
        left: head.left,
    }
}

/// A member, with the person it is if `people` has it.
pub(crate) fn member_to_wire(member: &Member, people: &People) -> wire::Member {
    let nameless = || wire::Person { account: member.account.0, ..wire::Person::default() };
    wire::Member {
        person: Some(people.get(&member.account).cloned().unwrap_or_else(nameless)),
        delivered: member.delivered.0,
        read: member.read.0,
        left: member.left,
        from_seq: member.from_seq.0,
    }
}

/// A position.
pub(crate) fn reach_to_wire(reach: &Reach) -> wire::Reach {
    wire::Reach { conversation: reach.conversation.0, delivered: reach.delivered.0, read: reach.read.0 }
}

/// A device; `current` if it is the one that asks.
pub(crate) fn device_to_wire(device: &Device, current: bool) -> wire::Device {
    wire::Device {
        device: device.id.0,
        name: device.name.clone(),
        created_at_ms: device.created_at.0,
        last_seen_at_ms: device.last_seen_at.0,
        current,
    }
}
