//! A store that forgets when dropped: the plain model that the others are held against.
//!
//! Everything is in maps behind one lock, and every answer is worked out from the logs anew. Nothing here
//! is fast; everything should be obvious.

mod accounts;
mod conversations;
mod log;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, DeviceId, Moment, SendKey, Seq, limits};

use crate::accounts::{Account, Device};
use crate::conversations::ConversationKind;
use crate::error::StoreError;
use crate::log::Event;

/// A store in memory. Clones share one content, so a simulated server can crash and its store live on.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    group_members_max: usize,
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore { state: Arc::default(), group_members_max: limits::GROUP_MEMBERS_DEFAULT }
    }
}

impl MemoryStore {
    /// A store with nothing in it.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// The same, with another bound than `limits::GROUP_MEMBERS_DEFAULT`.
    pub fn with_group_members_max(self, members: usize) -> MemoryStore {
        MemoryStore { group_members_max: members, ..self }
    }

    /// Every deed holds this lock from its first look to its last change: that is what makes it atomic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All there is.
#[derive(Debug, Default)]
struct State {
    accounts: BTreeMap<AccountId, Account>,
    devices: BTreeMap<DeviceId, KnownDevice>,
    devices_ever: u64,
    /// Conversations are never removed, so the next id is their number and one.
    conversations: BTreeMap<ConversationId, Conversation>,
    /// The lower account first.
    conversations_by_pair: BTreeMap<(AccountId, AccountId), ConversationId>,
    send_keys: BTreeMap<(AccountId, SendKey), KeyUse>,
    change: Position,
}

#[derive(Debug)]
struct KnownDevice {
    device: Device,
    token_hash: [u8; 32],
}

/// What a send key was first used for.
#[derive(Clone, Copy, Debug)]
enum KeyUse {
    Message(ConversationId, Seq),
    Group(ConversationId),
}

#[derive(Debug)]
struct Conversation {
    id: ConversationId,
    kind: ConversationKind,
    title: String,
    change: Position,
    /// The event that last made, added or removed members.
    members_changed: Seq,
    /// The event with seq n is at n - 1.
    log: Vec<Event>,
    members: BTreeMap<AccountId, Place>,
}

/// One account's place in a conversation: its newest span of membership.
#[derive(Clone, Debug)]
struct Place {
    /// The event that tells of the joining.
    from_seq: Seq,
    delivered: Seq,
    read: Seq,
    change: Position,
    /// What it keeps seeing, if it left.
    ending: Option<Ending>,
}

/// The conversation as it was when somebody left.
#[derive(Clone, Debug)]
struct Ending {
    seq: Seq,
    title: String,
    member_count: u32,
}

impl State {
    /// The next change position.
    fn tick(&mut self) -> Position {
        self.change = Position(self.change.0 + 1);
        self.change
    }

    /// The conversation and the asker's place in it; `NotFound` unless it is or was a member.
    fn place(
        &self,
        conversation: ConversationId,
        account: AccountId,
    ) -> Result<(&Conversation, &Place), StoreError> {
        let conversation = self.conversations.get(&conversation).ok_or(StoreError::NotFound)?;
        let place = conversation.members.get(&account).ok_or(StoreError::NotFound)?;
        Ok((conversation, place))
    }
}

impl Conversation {
    fn last_seq(&self) -> Seq {
        Seq(self.log.len() as u64)
    }

    fn event(&self, seq: Seq) -> &Event {
        let index = usize::try_from(seq.0 - 1).expect("a log in memory is shorter than its address space");
        &self.log[index]
    }

    /// The last event this member may see.
    fn end_seq(&self, place: &Place) -> Seq {
        match &place.ending {
            Some(ending) => ending.seq,
            None => self.last_seq(),
        }
    }

    fn present(&self) -> impl Iterator<Item = AccountId> {
        self.members.iter().filter(|(_, member)| member.ending.is_none()).map(|(account, _)| *account)
    }

    fn member_count(&self) -> u32 {
        u32::try_from(self.present().count()).expect("groups are limited")
    }

    /// Adds an event of the store's own making: nobody chose a key for it, and it counts for nobody.
    fn tell(&mut self, sender: AccountId, (kind, body): (u32, Vec<u8>), now: Moment) -> Seq {
        let seq = self.last_seq().next();
        self.log.push(Event {
            conversation: self.id,
            seq,
            sender,
            at: now,
            kind,
            body,
            silent: true,
            send_key: None,
        });
        seq
    }

    /// Begins a span of membership at the telling event.
    fn join(&mut self, account: AccountId, telling: Seq, change: Position) {
        let before = Seq(telling.0 - 1);
        let place = Place { from_seq: telling, delivered: before, read: before, change, ending: None };
        self.members.insert(account, place);
    }
}
