//! A device's disk as the engine promises to use it: plain maps that survive a crash of the engine.

use std::collections::BTreeMap;

use anser_client_core::local::{
    ConversationRow, EventRow, Load, MemberRow, OutboxRow, PersonRow, Restored, Save, SessionRow, SpanRow,
};
use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, SendKey, Seq};

/// What is on one device's disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    session: Option<SessionRow>,
    synced: Position,
    people: BTreeMap<AccountId, PersonRow>,
    members: BTreeMap<(ConversationId, AccountId), MemberRow>,
    conversations: BTreeMap<ConversationId, ConversationRow>,
    spans: BTreeMap<ConversationId, Vec<SpanRow>>,
    events: BTreeMap<(ConversationId, Seq), EventRow>,
    outbox: BTreeMap<SendKey, OutboxRow>,
}

impl Disk {
    /// One transaction.
    pub fn save(&mut self, saves: Vec<Save>) {
        for save in saves {
            self.apply(save);
        }
    }

    fn apply(&mut self, save: Save) {
        match save {
            Save::Session(row) => self.session = Some(row),
            Save::Synced(position) => self.synced = position,
            Save::Person(row) => {
                self.people.insert(row.account, row);
            }
            Save::Member(row) => {
                self.members.insert((row.conversation, row.account), row);
            }
            Save::Conversation(row) => {
                self.conversations.insert(row.conversation, row);
            }
            Save::Event(row) => {
                self.events.entry((row.conversation, row.seq)).or_insert(row);
            }
            Save::Spans { conversation, spans } => {
                self.spans.insert(conversation, spans);
            }
            Save::Outbox(row) => {
                self.outbox.insert(row.send_key, row);
            }
            Save::OutboxGone(key) => {
                self.outbox.remove(&key);
            }
            // Nobody here is in a network that has a name.
            Save::Network(_) | Save::NetworkGone(_) => {}
            Save::Wipe => *self = Disk::default(),
        }
    }

    /// The events of a span that is on disk, ascending.
    pub fn load(&self, load: &Load) -> Vec<EventRow> {
        let from = (load.conversation, load.first);
        let to = (load.conversation, load.last);
        self.events.range(from..=to).map(|(_, row)| row.clone()).collect()
    }

    /// What an engine is started with.
    pub fn restore(&self) -> Restored {
        let mut outbox: Vec<OutboxRow> = self.outbox.values().cloned().collect();
        outbox.sort_by_key(|row| row.ordinal);
        let spans = |(conversation, spans): (&ConversationId, &Vec<SpanRow>)| {
            spans.iter().map(|span| (*conversation, *span)).collect::<Vec<_>>()
        };
        Restored {
            session: self.session.clone(),
            synced: self.synced,
            people: self.people.values().cloned().collect(),
            members: self.members.values().copied().collect(),
            conversations: self.conversations.values().cloned().collect(),
            spans: self.spans.iter().flat_map(spans).collect(),
            outbox,
            networks: Vec::new(),
        }
    }

    /// Whether somebody is signed in here.
    pub fn is_signed_in(&self) -> bool {
        self.session.is_some()
    }

    /// The conversation's row, if it is here.
    pub fn conversation(&self, conversation: ConversationId) -> Option<&ConversationRow> {
        self.conversations.get(&conversation)
    }

    /// All rows of conversations.
    pub fn conversations(&self) -> impl Iterator<Item = &ConversationRow> {
        self.conversations.values()
    }

    /// The event at a place, if it is here.
    pub fn event(&self, conversation: ConversationId, seq: Seq) -> Option<&EventRow> {
        self.events.get(&(conversation, seq))
    }

    /// What still waits to be sent.
    pub fn outbox(&self) -> impl Iterator<Item = &OutboxRow> {
        self.outbox.values()
    }
}
