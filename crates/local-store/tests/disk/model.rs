//! What the disk should hold, as simple as can be: a map per table.

use std::collections::BTreeMap;

use anser_client_core::local::{
    ConversationRow, EventRow, MemberRow, NetworkRow, OutboxRow, PersonRow, Restored, Save, SessionRow,
    SpanRow,
};
use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, SendKey, Seq};

#[derive(Default)]
pub(crate) struct Model {
    session: Option<SessionRow>,
    synced: Position,
    people: BTreeMap<AccountId, PersonRow>,
    members: BTreeMap<(ConversationId, AccountId), MemberRow>,
    conversations: BTreeMap<ConversationId, ConversationRow>,
    events: BTreeMap<(ConversationId, Seq), EventRow>,
    spans: BTreeMap<ConversationId, Vec<SpanRow>>,
    outbox: BTreeMap<SendKey, OutboxRow>,
    networks: BTreeMap<String, NetworkRow>,
}

impl Model {
    pub(crate) fn apply(&mut self, save: Save) {
        match save {
            Save::Session(row) => self.session = Some(row),
            Save::Synced(position) => self.synced = position,
            Save::Person(row) => drop(self.people.insert(row.account, row)),
            Save::Member(row) => drop(self.members.insert((row.conversation, row.account), row)),
            Save::Conversation(row) => drop(self.conversations.insert(row.conversation, row)),
            Save::Event(row) => drop(self.events.entry((row.conversation, row.seq)).or_insert(row)),
            Save::Spans { conversation, spans } => drop(self.spans.insert(conversation, spans)),
            Save::Outbox(row) => drop(self.outbox.insert(row.send_key, row)),
            Save::OutboxGone(send_key) => drop(self.outbox.remove(&send_key)),
            Save::Network(row) => drop(self.networks.insert(row.name.clone(), row)),
            Save::NetworkGone(name) => drop(self.networks.remove(&name)),
            Save::Wipe => *self = Model::default(),
        }
    }

    pub(crate) fn restored(&self) -> Restored {
        let mut outbox: Vec<_> = self.outbox.values().cloned().collect();
        outbox.sort_by_key(|row| row.ordinal);
        let mut spans = Vec::new();
        for (conversation, list) in &self.spans {
            spans.extend(list.iter().map(|span| (*conversation, *span)));
        }
        Restored {
            session: self.session.clone(),
            synced: self.synced,
            people: self.people.values().cloned().collect(),
            members: self.members.values().copied().collect(),
            conversations: self.conversations.values().cloned().collect(),
            spans,
            outbox,
            networks: self.networks.values().cloned().collect(),
        }
    }

    pub(crate) fn events(&self, conversation: ConversationId, first: Seq, last: Seq) -> Vec<EventRow> {
        self.events.range((conversation, first)..=(conversation, last)).map(|(_, row)| row.clone()).collect()
    }
}
