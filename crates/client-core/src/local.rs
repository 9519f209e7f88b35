//! What the engine keeps on the device's disk, as plain rows. How they become SQL is `anser-local-store`'s matter.

#![allow(missing_docs)] // plain data: the names say it

use anser_protocol::ids::Position;
use anser_protocol::link::Learned;
use anser_protocol::{AccountId, ConversationId, DeviceId, SendKey, Seq};

use crate::reason::Failure;

/// The signed-in device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub account: AccountId,
    pub device: DeviceId,
    pub handle: String,
    pub display_name: String,
    /// 32 bytes.
    pub token: Vec<u8>,
}

/// A known person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    pub account: AccountId,
    pub handle: String,
    pub display_name: String,
}

/// The other one of a direct conversation, or a group member we know of. The row of our own account says what
/// the *server* knows of our positions: what [`ConversationRow::read`] is ahead of it has yet to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRow {
    pub conversation: ConversationId,
    pub account: AccountId,
    /// The first seq this member may see: the positions say nothing about what came before.
    pub from_seq: Seq,
    pub delivered: Seq,
    pub read: Seq,
    pub left: bool,
}

/// A conversation as this account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    pub conversation: ConversationId,
    pub group: bool,
    pub change: Position,
    pub title: String,
    /// Direct only.
    pub peer: Option<AccountId>,
    pub member_count: u32,
    /// The log's end as far as known, and its event.
    pub last: EventRow,
    pub from_seq: Seq,
    pub read: Seq,
    pub delivered: Seq,
    /// So many events count in (`read`, `unread_base_seq`]: the server's count of the newest head, carried on
    /// with what came, and was read, since.
    pub unread_base: u32,
    /// See `unread_base`. 0: that is only an upper bound, and wants a recount.
    pub unread_base_seq: Seq,
    pub left: bool,
    pub draft: String,
}

/// An event as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub sender: AccountId,
    pub at_ms: u64,
    pub kind: u32,
    pub body: Vec<u8>,
    pub silent: bool,
    pub send_key: Option<SendKey>,
}

/// A message on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    pub send_key: SendKey,
    /// The order in which they were written on this device, rising.
    pub ordinal: u64,
    pub conversation: ConversationId,
    pub kind: u32,
    pub body: Vec<u8>,
    pub written_at_ms: u64,
    /// Refused for good, waiting for the user's decision.
    pub failed: Option<Failure>,
}

/// Seqs `first..=last` of a conversation are all on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpanRow {
    pub first: Seq,
    pub last: Seq,
}

/// A network this device was in, and how long a link may be silent there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRow {
    /// As the system names it.
    pub name: String,
    pub learned: Learned,
    /// When something was learned of it last.
    pub seen_at_ms: u64,
}

/// One change of the local store. The list in one `Output::Save` is one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Save {
    /// Replaces the session row.
    Session(SessionRow),
    /// Replaces the position up to which everything is in.
    Synced(Position),
    /// By account.
    Person(PersonRow),
    /// By conversation and account.
    Member(MemberRow),
    /// By conversation.
    Conversation(ConversationRow),
    /// By conversation and seq; one that is there already stays as it is.
    Event(EventRow),
    /// Replaces all spans of the conversation.
    Spans { conversation: ConversationId, spans: Vec<SpanRow> },
    /// By send key.
    Outbox(OutboxRow),
    /// The message is in the log now, or discarded.
    OutboxGone(SendKey),
    /// By name.
    Network(NetworkRow),
    /// Others were seen more recently.
    NetworkGone(String),
    /// Sign-out: everything goes.
    Wipe,
}

/// A question to the local store. Only spans that are on disk are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Comes back with the answer.
    pub id: u64,
    pub conversation: ConversationId,
    pub first: Seq,
    pub last: Seq,
}

/// The answer: the events asked for, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub id: u64,
    pub events: Vec<EventRow>,
}

/// Everything an engine needs at start, read in one go. Events stay on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    pub session: Option<SessionRow>,
    pub synced: Position,
    pub people: Vec<PersonRow>,
    pub members: Vec<MemberRow>,
    pub conversations: Vec<ConversationRow>,
    pub spans: Vec<(ConversationId, SpanRow)>,
    /// By ordinal.
    pub outbox: Vec<OutboxRow>,
    /// By name.
    pub networks: Vec<NetworkRow>,
}
