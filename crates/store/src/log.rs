//! What was said: appending to a conversation's log, and reading it back.

use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq};
use async_trait::async_trait;
use futures_util::future::BoxFuture;

use crate::error::StoreError;

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose log.
    pub conversation: ConversationId,
    /// Its place there: dense, from 1.
    pub seq: Seq,
    /// Who caused it.
    pub sender: AccountId,
    /// When it was committed, by the server's clock.
    pub at: Moment,
    /// What the body is; see `anser_protocol::kind`.
    pub kind: u32,
    /// Opaque here.
    pub body: Vec<u8>,
    /// Does not count as unread.
    pub silent: bool,
    /// Who sent it can recognise it by this; events of the server's own making have none.
    pub send_key: Option<SendKey>,
}

/// A message on its way into a log.
#[derive(Clone, Debug)]
pub struct Append {
    /// Which log.
    pub conversation: ConversationId,
    /// Who writes; must be a present member.
    pub sender: AccountId,
    /// Makes the append repeatable; unique per sender, for ever.
    pub send_key: SendKey,
    /// What the body is.
    pub kind: u32,
    /// Opaque here.
    pub body: Vec<u8>,
    /// Does not count as unread.
    pub silent: bool,
    /// The server's clock; stored as [`Event::at`].
    pub now: Moment,
}

/// Where an append ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The message's place.
    pub seq: Seq,
    /// When it was first committed.
    pub at: Moment,
    /// False: the key was known, nothing was stored now, and this is the first result.
    pub fresh: bool,
    /// See [`crate::Membership::changed`], as it was at the commit (of a repeat: as it is now).
    pub members_changed: Seq,
}

/// A span of a log to read.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// First seq wanted.
    pub first: Seq,
    /// Last seq wanted; `Seq(u64::MAX)` for "to the end".
    pub last: Seq,
    /// At most so many events.
    pub limit: usize,
    /// At most so many bytes of bodies (but always one event, so that readers get on).
    pub bytes_max: usize,
    /// Whether the limits cut away the oldest (true) or the newest.
    pub newest: bool,
}

/// The logs of all conversations.
#[async_trait]
pub trait Log {
    /// Appends one message: duplicate check, next seq, row, and the conversation's change position in one
    /// commit; durable when the future is ready.
    ///
    /// Order: calling queues. Appends queued one after another by one caller are committed in that order,
    /// however their futures are polled. The store may commit many in one transaction.
    ///
    /// A known key (of this sender, however old) with the same conversation, kind and body returns the first
    /// result; with anything else `SendKeyReused`. `NotFound` unless the sender is or was a member,
    /// `NotAllowed` if it left, `Busy` if the queue is full.
    fn append(&self, message: Append) -> BoxFuture<'static, Result<Appended, StoreError>>;

    /// Where the message that this sender stored under this key is, without storing anything; `NotFound` if there
    /// is none.
    ///
    /// Order: queued like an append, so it knows of every append that was queued before it.
    fn find_sent(
        &self,
        sender: AccountId,
        send_key: SendKey,
    ) -> BoxFuture<'static, Result<Appended, StoreError>>;

    /// The events of a span that `account` may see (from its joining to its leaving), ascending by seq.
    /// `NotFound` unless it is or was a member.
    async fn range(
        &self,
        account: AccountId,
        conversation: ConversationId,
        range: Range,
    ) -> Result<Vec<Event>, StoreError>;

    /// True if a write can be committed now: what `/healthz` asks.
    async fn check(&self) -> Result<(), StoreError>;
}
