//! What the server sends, checked and turned into the rows we keep. What makes no sense becomes `None`:
//! the engine works on without it.

use anser_protocol::ids::Position;
use anser_protocol::wire::{self, ConversationKind};
use anser_protocol::{AccountId, ConversationId, SendKey, Seq, kind};

use crate::local::{ConversationRow, EventRow, MemberRow, PersonRow};

/// The largest number that JavaScript holds exactly; ids, seqs and times from the server stay below.
pub(crate) const NUMBER_MAX: u64 = (1 << 53) - 1;

/// A conversation's head, as rows.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Without a draft; `read` and `delivered` are what the server knows, `unread_base` its count.
    pub(crate) row: ConversationRow,
    pub(crate) peer: Option<(PersonRow, MemberRow)>,
}

pub(crate) fn event_from_wire(event: wire::Event) -> Option<EventRow> {
    Some(EventRow {
        conversation: ConversationId(id(event.conversation)?),
        seq: Seq(id(event.seq)?),
        sender: AccountId(number(event.sender)?),
        at_ms: event.at_ms.min(NUMBER_MAX),
        kind: event.kind,
        body: event.body,
        silent: event.silent,
        send_key: SendKey::from_bytes(&event.send_key),
    })
}

pub(crate) fn head_from_wire(head: wire::Head) -> Option<Head> {
    let conversation = ConversationId(id(head.conversation)?);
    let last = event_from_wire(head.last?)?;
    if last.conversation != conversation || last.seq.0 != head.last_seq {
        return None;
    }
    let end = last.seq.0;
    let peer = head.peer.and_then(|peer| member_from_wire(conversation, peer));
    let row = ConversationRow {
        conversation,
        group: head.kind == ConversationKind::Group as i32,
        change: Position(head.change),
        title: head.title,
        peer: peer.as_ref().map(|(person, _)| person.account),
        member_count: head.member_count,
        last,
        from_seq: Seq(head.from_seq.clamp(1, end)),
        read: Seq(head.read.min(end)),
        delivered: Seq(head.delivered.min(end)),
        unread_base: head.unread,
        unread_base_seq: Seq(end),
        left: head.left,
        draft: String::new(),
    };
    Some(Head { row, peer })
}

pub(crate) fn person_from_wire(person: wire::Person) -> Option<PersonRow> {
    let account = AccountId(id(person.account)?);
    Some(PersonRow { account, handle: person.handle, display_name: person.display_name })
}

pub(crate) fn member_from_wire(
    conversation: ConversationId,
    member: wire::Member,
) -> Option<(PersonRow, MemberRow)> {
    let person = person_from_wire(member.person?)?;
    let row = MemberRow {
        conversation,
        account: person.account,
        from_seq: from_seq(member.from_seq)?,
        delivered: Seq(number(member.delivered)?),
        read: Seq(number(member.read)?),
        left: member.left,
    };
    Some((person, row))
}

/// Where a member's view begins. 0: the server does not tell, so nobody ever joined later.
pub(crate) fn from_seq(told: u64) -> Option<Seq> {
    Some(Seq(number(told)?.max(1)))
}

/// Whether an event counts as unread for this account.
pub(crate) fn counts(event: &EventRow, me: AccountId) -> bool {
    !event.silent && event.kind <= kind::SENT_BY_CLIENTS_MAX && event.sender != me
}

/// A number that may be 0.
pub(crate) fn number(value: u64) -> Option<u64> {
    (value <= NUMBER_MAX).then_some(value)
}

/// A number that names something.
fn id(value: u64) -> Option<u64> {
    number(value).filter(|value| *value != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> wire::Head {
        let last = wire::Event { conversation: 1, seq: 5, ..wire::Event::default() };
        wire::Head { conversation: 1, last_seq: 5, from_seq: 1, last: Some(last), ..wire::Head::default() }
    }

    #[test]
    fn a_head_that_contradicts_itself_is_dropped() {
        assert!(head_from_wire(head()).is_some());
        assert!(head_from_wire(wire::Head { last: None, ..head() }).is_none());
        assert!(head_from_wire(wire::Head { last_seq: 6, ..head() }).is_none());
        assert!(head_from_wire(wire::Head { conversation: 2, ..head() }).is_none());
        assert!(head_from_wire(wire::Head { conversation: 0, ..head() }).is_none());
    }

    #[test]
    fn positions_beyond_the_end_stop_there() {
        let far = wire::Head { read: 99, delivered: u64::MAX, from_seq: 0, ..head() };
        let row = head_from_wire(far).expect("only clamped").row;
        assert_eq!((row.read, row.delivered, row.from_seq), (Seq(5), Seq(5), Seq(1)));
    }

    #[test]
    fn numbers_that_javascript_cannot_hold_are_refused() {
        let event = wire::Event { conversation: 1, seq: NUMBER_MAX + 1, ..wire::Event::default() };
        assert!(event_from_wire(event).is_none());
        let event = wire::Event { conversation: 1, seq: 0, ..wire::Event::default() };
        assert!(event_from_wire(event).is_none());
    }
}
