//! The local store of the tests: a few maps, applied one transaction at a time.

use std::collections::BTreeMap;

use anser_client_core::local::{
    ConversationRow, EventRow, Load, Loaded, MemberRow, NetworkRow, OutboxRow, PersonRow, Restored, Save,
    SessionRow, SpanRow,
};
use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, SendKey, Seq};

/// What is on disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) session: Option<SessionRow>,
    pub(crate) synced: Position,
    pub(crate) people: BTreeMap<AccountId, PersonRow>,
    pub(crate) members: BTreeMap<(ConversationId, AccountId), MemberRow>,
    pub(crate) conversations: BTreeMap<ConversationId, ConversationRow>,
    pub(crate) events: BTreeMap<(ConversationId, Seq), EventRow>,
    pub(crate) spans: BTreeMap<ConversationId, Vec<SpanRow>>,
    pub(crate) outbox: BTreeMap<SendKey, OutboxRow>,
    pub(crate) networks: BTreeMap<String, NetworkRow>,
}

impl Disk {
    pub(crate) fn apply(&mut self, rows: Vec<Save>) {
        for row in rows {
            match row {
                Save::Session(row) => self.session = Some(row),
                Save::Synced(position) => self.synced = position,
                Save::Person(row) => drop(self.people.insert(row.account, row)),
                Save::Member(row) => drop(self.members.insert((row.conversation, row.account), row)),
                Save::Conversation(row) => drop(self.conversations.insert(row.conversation, row)),
                Save::Event(row) => drop(self.events.entry((row.conversation, row.seq)).or_insert(row)),
                Save::Spans { conversation, spans } => drop(self.spans.insert(conversation, spans)),
                Save::Outbox(row) => drop(self.outbox.insert(row.send_key, row)),
                Save::OutboxGone(key) => drop(self.outbox.remove(&key)),
                Save::Network(row) => drop(self.networks.insert(row.name.clone(), row)),
                Save::NetworkGone(name) => drop(self.networks.remove(&name)),
                Save::Wipe => *self = Disk::default(),
            }
        }
        self.check_spans();
    }

    /// A span claims only what is there.
    fn check_spans(&self) {
        for (conversation, spans) in &self.spans {
            for seq in spans.iter().flat_map(|span| span.first.0..=span.last.0) {
                let there = self.events.contains_key(&(*conversation, Seq(seq)));
                assert!(there, "{conversation}:{seq} is claimed but not on disk");
            }
        }
    }

    pub(crate) fn load(&self, load: Load) -> Loaded {
        let wanted = (load.conversation, load.first)..=(load.conversation, load.last);
        Loaded { id: load.id, events: self.events.range(wanted).map(|(_, row)| row.clone()).collect() }
    }

    pub(crate) fn restore(&self) -> Restored {
        let mut outbox: Vec<OutboxRow> = self.outbox.values().cloned().collect();
        outbox.sort_by_key(|row| row.ordinal);
        let spans = self.spans.iter().flat_map(|(id, spans)| spans.iter().map(move |span| (*id, *span)));
        Restored {
            session: self.session.clone(),
            synced: self.synced,
            people: self.people.values().cloned().collect(),
            members: self.members.values().copied().collect(),
            conversations: self.conversations.values().cloned().collect(),
            spans: spans.collect(),
            outbox,
            networks: self.networks.values().cloned().collect(),
        }
    }

    /// Whether everything that the server does not know as delivered, up to here, is on disk.
    pub(crate) fn has_undelivered_upto(&self, id: ConversationId, upto: Seq) -> bool {
        let me = self.session.as_ref().map(|row| row.account).unwrap_or_default();
        let told = self.members.get(&(id, me)).map_or(0, |row| row.delivered.0);
        let from = self.conversations.get(&id).map_or(1, |row| row.from_seq.0).max(told + 1);
        (from..=upto.0).all(|seq| self.events.contains_key(&(id, Seq(seq))))
    }
}
