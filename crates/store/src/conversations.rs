//! Who talks where: members, heads, positions.

use std::collections::BTreeMap;

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq};
use async_trait::async_trait;

use crate::error::StoreError;
use crate::log::Event;

/// What sort of conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationKind {
    /// Two people; at most one such conversation for each pair.
    Direct,
    /// Up to so many people as the store was told, by default `limits::GROUP_MEMBERS_DEFAULT`.
    Group,
}

/// A member and how far it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// The first seq it may see: its positions say nothing about what came before.
    pub from_seq: Seq,
    /// Some device of theirs has everything from there up to here on its disk.
    pub delivered: Seq,
    /// They read up to here.
    pub read: Seq,
    /// No longer a member.
    pub left: bool,
}

/// Who is in a conversation now, or a page of them, with the version by which a holder of this can tell that it is old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The seq of the newest event that made, added or removed members.
    pub changed: Seq,
    /// The present members by account id, each with the first seq it may see.
    pub members: Vec<(AccountId, Seq)>,
}

/// One member's view of one conversation: what a list row needs. For one who left, all of it stays as it was
/// right after the leaving, but for its own positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadRow {
    /// Which.
    pub conversation: ConversationId,
    /// What sort.
    pub kind: ConversationKind,
    /// The change position at which this was true.
    pub change: Position,
    /// Empty for direct conversations.
    pub title: String,
    /// The newest event this member may see: the log's last, or for one who left the one that says so.
    pub last: Event,
    /// The first seq this member may see (the event of its joining).
    pub from_seq: Seq,
    /// This member's positions.
    pub read: Seq,
    /// See [`Member::delivered`].
    pub delivered: Seq,
    /// Events after `read`, up to `last`, that are not silent and not by this member; counting stops at
    /// `limits::UNREAD_COUNT_MAX`.
    pub unread: u32,
    /// Present members.
    pub member_count: u32,
    /// Direct only: the other one.
    pub peer: Option<Member>,
    /// This member left.
    pub left: bool,
}

/// A page of heads, newest change first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadPage {
    /// At most as many as asked for.
    pub heads: Vec<HeadRow>,
    /// The store's newest change position when the page was read. Who has all pages stands where the *first*
    /// one says: a head that moved while the later ones were read may be in none of them, but is newer than that.
    pub position: Position,
    /// Where the next page begins (ask for heads with a change below it); `None`: this was the last.
    pub next: Option<Position>,
}

/// A group to be made.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Becomes its first member.
    pub creator: AccountId,
    /// Shown to all.
    pub title: String,
    /// The others; duplicates and the creator itself are ignored.
    pub members: Vec<AccountId>,
    /// Repeating the key gives the first group again.
    pub send_key: SendKey,
    /// Kind and body of the first event.
    pub created: (u32, Vec<u8>),
}

impl NewGroup {
    /// The creator and the others, each once, by id.
    pub(crate) fn everybody(&self) -> Vec<AccountId> {
        let mut everybody = self.members.clone();
        everybody.push(self.creator);
        everybody.sort();
        everybody.dedup();
        everybody
    }
}

/// A change of a group's members or title, together with the event that tells it.
#[derive(Clone, Debug)]
pub enum Change {
    /// These join, unless they are in already. They see the log from the telling event on.
    Add(Vec<AccountId>),
    /// The actor leaves. It sees the log up to the telling event.
    Leave,
    /// The new title.
    Rename(String),
}

/// How far somebody says they got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Where.
    pub conversation: ConversationId,
    /// `Seq(0)` leaves it.
    pub delivered: Seq,
    /// `Seq(0)` leaves it. Reading implies delivery.
    pub read: Seq,
}

/// One reach for each conversation named, by id: the farthest of each part, and reading implies delivery.
pub(crate) fn merge_reaches(positions: Vec<Reach>) -> Vec<Reach> {
    let mut merged: BTreeMap<ConversationId, Reach> = BTreeMap::new();
    for reach in positions {
        let entry = merged.entry(reach.conversation).or_insert(reach);
        entry.read = entry.read.max(reach.read);
        entry.delivered = entry.delivered.max(reach.delivered).max(entry.read);
    }
    merged.into_values().collect()
}

/// A position that did move: the values after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where, and how far now.
    pub reach: Reach,
    /// See [`Member::from_seq`].
    pub from_seq: Seq,
    /// The present members of that conversation, now.
    pub member_count: u32,
}

/// Conversations, their members, and how far each got.
///
/// Every change of what an account can see lifts a change position: of the conversation (events, title, members;
/// members' positions while it has at most `limits::REACHED_PUSH_MEMBERS_MAX` members) or of the member's row
/// (joined, left, its own positions). No row is written per member when a message is sent.
#[async_trait]
pub trait Conversations {
    /// The direct conversation of two accounts, made with its first event if there is none. Whoever comes
    /// first makes it; both get the same. The flag says whether this call made it.
    /// `NotAllowed` with oneself; `NotFound` if the other does not exist.
    async fn open_direct(
        &self,
        who: AccountId,
        with: AccountId,
        created: (u32, Vec<u8>),
        now: Moment,
    ) -> Result<(ConversationId, bool), StoreError>;

    /// Makes a group with its members and first event. A repeat (same creator, same key) returns the first
    /// one and `false`. `Full` over the bound of the store; `NotFound` if a member does not exist;
    /// `SendKeyReused` if the key was used for a message.
    async fn create_group(&self, group: NewGroup, now: Moment) -> Result<(ConversationId, bool), StoreError>;

    /// Changes a group and appends the telling event (kind, body), both or neither; returns the event.
    /// The event's body for `Add` is made by the caller for all accounts named; an `Add` in which nobody is
    /// new changes nothing and returns `None`, as does leaving twice.
    /// `NotFound` unless `actor` is or was a member and all accounts to add exist; `NotAllowed` if it left, or in a direct conversation;
    /// `Full` over the bound of the store.
    async fn change_group(
        &self,
        conversation: ConversationId,
        actor: AccountId,
        change: Change,
        telling: (u32, Vec<u8>),
        now: Moment,
    ) -> Result<Option<Event>, StoreError>;

    /// One account's view of one conversation. `NotFound` unless it is or was a member.
    async fn head(&self, account: AccountId, conversation: ConversationId) -> Result<HeadRow, StoreError>;

    /// The account's conversations changed after `since` and (if given) before `before`, newest first.
    async fn heads_changed(
        &self,
        account: AccountId,
        since: Position,
        before: Option<Position>,
        limit: usize,
    ) -> Result<HeadPage, StoreError>;

    /// Members present and past, by account id, after `after`. `NotFound` unless `account` is a present member.
    async fn members(
        &self,
        account: AccountId,
        conversation: ConversationId,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError>;

    /// Those of `asked` that are or were members, each once, by account id. `NotFound` unless `account` is or was one.
    async fn members_among(
        &self,
        account: AccountId,
        conversation: ConversationId,
        asked: &[AccountId],
    ) -> Result<Vec<Member>, StoreError>;

    /// Present members, by account id, after `after`, for whoever must tell them. Not bound to an asker: never let it out
    /// of the server. Unknown conversations have none.
    ///
    /// Each page is of its own moment. Who reads on has everybody who was there at the version of the *first* page, but
    /// those who left since.
    async fn present_members(
        &self,
        conversation: ConversationId,
        after: AccountId,
        limit: usize,
    ) -> Result<Membership, StoreError>;

    /// Moves positions forward, all in one commit; those that would go back stay. Returns those that moved.
    /// `BeyondEnd` or `NotFound` (not a member; one who left may still move up to its end) refuses the whole batch.
    ///
    /// Order: none towards other deeds that are under way. The store may let it wait some milliseconds for others.
    async fn reach(
        &self,
        account: AccountId,
        positions: Vec<Reach>,
        now: Moment,
    ) -> Result<Vec<Moved>, StoreError>;
}
