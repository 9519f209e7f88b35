//! Random changes. Ids come from a small world, so that they meet again and replace each other.

use anser_client_core::local::{
    ConversationRow, EventRow, MemberRow, NetworkRow, OutboxRow, PersonRow, Save, SessionRow, SpanRow,
};
use anser_client_core::{Failure, FailureReason};
use anser_protocol::ids::Position;
use anser_protocol::link::Learned;
use anser_protocol::{AccountId, ConversationId, DeviceId, Moment, SendKey, Seq};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Numbers that reach to the last one which JavaScript counts exactly.
const EXACT_MAX: u64 = (1 << 53) - 1;

pub(crate) fn saves() -> impl Strategy<Value = Vec<Save>> {
    vec(save(), 0..60)
}

fn save() -> impl Strategy<Value = Save> {
    prop_oneof![
        2 => session().prop_map(Save::Session),
        2 => number().prop_map(|number| Save::Synced(Position(number))),
        4 => person().prop_map(Save::Person),
        4 => member().prop_map(Save::Member),
        6 => conversation_row().prop_map(Save::Conversation),
        12 => event().prop_map(Save::Event),
        4 => (conversation(), spans()).prop_map(|(conversation, spans)| Save::Spans { conversation, spans }),
        6 => outbox().prop_map(Save::Outbox),
        3 => send_key().prop_map(Save::OutboxGone),
        3 => network().prop_map(Save::Network),
        1 => network_name().prop_map(Save::NetworkGone),
        1 => Just(Save::Wipe),
    ]
}

pub(crate) fn conversation() -> impl Strategy<Value = ConversationId> {
    (1..4_u64).prop_map(ConversationId)
}

fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![(1..4_u64).prop_map(AccountId), Just(AccountId((1 << 48) - 1))]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..30_u64, Just(EXACT_MAX), 0..=EXACT_MAX]
}

pub(crate) fn seq() -> impl Strategy<Value = Seq> {
    (0..30_u64).prop_map(Seq)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), ".{0,12}", Just("群聊 👩‍👩‍👧‍👦 ' \" ; --".to_owned())]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

/// The ordinal belongs to the key, as in an engine: no two messages share one.
fn send_key_number() -> impl Strategy<Value = u8> {
    0..6_u8
}

fn send_key() -> impl Strategy<Value = SendKey> {
    send_key_number().prop_map(|number| SendKey([number; 16]))
}

fn session() -> impl Strategy<Value = SessionRow> {
    (account(), 1..9_u64, text(), text(), vec(any::<u8>(), 32)).prop_map(
        |(account, device, handle, display_name, token)| SessionRow {
            account,
            device: DeviceId(device),
            handle,
            display_name,
            token,
        },
    )
}

fn person() -> impl Strategy<Value = PersonRow> {
    (account(), text(), text()).prop_map(|(account, handle, display_name)| PersonRow {
        account,
        handle,
        display_name,
    })
}

fn member() -> impl Strategy<Value = MemberRow> {
    (conversation(), account(), seq(), seq(), seq(), any::<bool>()).prop_map(
        |(conversation, account, from_seq, delivered, read, left)| MemberRow {
            conversation,
            account,
            from_seq,
            delivered,
            read,
            left,
        },
    )
}

fn event() -> impl Strategy<Value = EventRow> {
    (conversation(), seq(), account(), number(), any::<u32>(), bytes(), any::<bool>(), option::of(send_key()))
        .prop_map(|(conversation, seq, sender, at_ms, kind, body, silent, send_key)| EventRow {
            conversation,
            seq,
            sender,
            at_ms,
            kind,
            body,
            silent,
            send_key,
        })
}

fn conversation_row() -> impl Strategy<Value = ConversationRow> {
    let positions = (number(), seq(), seq(), seq(), seq());
    let counts = (any::<u32>(), any::<u32>());
    let flags = (any::<bool>(), any::<bool>());
    (event(), positions, counts, flags, text(), option::of(account()), text()).prop_map(
        |(last, positions, counts, flags, title, peer, draft)| ConversationRow {
            conversation: last.conversation,
            group: flags.0,
            change: Position(positions.0),
            title,
            peer,
            member_count: counts.0,
            last,
            from_seq: positions.1,
            read: positions.2,
            delivered: positions.3,
            unread_base: counts.1,
            unread_base_seq: positions.4,
            left: flags.1,
            draft,
        },
    )
}

/// Ascending and apart, as an engine keeps them.
fn spans() -> impl Strategy<Value = Vec<SpanRow>> {
    vec((1..5_u64, 0..5_u64), 0..4).prop_map(|steps| {
        let mut next = 0;
        let mut spans = Vec::new();
        for (gap, length) in steps {
            let first = next + gap;
            spans.push(SpanRow { first: Seq(first), last: Seq(first + length) });
            next = first + length + 1;
        }
        spans
    })
}

fn outbox() -> impl Strategy<Value = OutboxRow> {
    (send_key_number(), conversation(), any::<u32>(), bytes(), number(), option::of(failure())).prop_map(
        |(number, conversation, kind, body, written_at_ms, failed)| OutboxRow {
            send_key: SendKey([number; 16]),
            ordinal: 100 - u64::from(number),
            conversation,
            kind,
            body,
            written_at_ms,
            failed,
        },
    )
}

fn network_name() -> impl Strategy<Value = String> {
    "[ab]{0,2}"
}

fn network() -> impl Strategy<Value = NetworkRow> {
    (network_name(), number(), number(), any::<u32>(), number(), number()).prop_map(
        |(name, held_ms, broke_ms, broken, retry_at, seen_at_ms)| NetworkRow {
            name,
            learned: Learned { held_ms, broke_ms, broken, retry_at: Moment(retry_at) },
            seen_at_ms,
        },
    )
}

fn failure() -> impl Strategy<Value = Failure> {
    let reason = proptest::sample::select(vec![
        FailureReason::Offline,
        FailureReason::NotPossible,
        FailureReason::BadText,
        FailureReason::Storage,
        FailureReason::InvalidField,
        FailureReason::NotFound,
        FailureReason::NotAllowed,
        FailureReason::HandleTaken,
        FailureReason::WrongCredentials,
        FailureReason::RegistrationClosed,
        FailureReason::GroupFull,
        FailureReason::RateLimited,
        FailureReason::TooLarge,
        FailureReason::SignedOut,
        FailureReason::Incompatible,
        FailureReason::Server,
    ]);
    (reason, text(), any::<u32>()).prop_map(|(reason, field, retry_after_ms)| Failure {
        reason,
        field,
        retry_after_ms,
    })
}
