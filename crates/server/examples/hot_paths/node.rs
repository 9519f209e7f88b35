//! A message through services, bus, courier and mailboxes, on a store in memory.

use std::hint::black_box;
use std::sync::Arc;

use anser_protocol::wire::request::Call;
use anser_protocol::{ConversationId, Moment, SendKey, kind, wire};
use anser_server::bus::local::LocalBus;
use anser_server::gateway::dispatch::{Caller, Welcomed};
use anser_server::node::{Node, Parts};
use anser_server::services::ports::{Entropy, EntropyError, HashError, PasswordHasher};
use async_trait::async_trait;
use futures_executor::block_on;
use prost::Message;

use crate::store::{group_of, in_memory, token};

const NOW: Moment = Moment(1_000_000);

struct World {
    node: Node,
    group: ConversationId,
    welcomed: Vec<Welcomed>,
}

impl World {
    /// So many people in one group, all of them here.
    fn of(people: u64) -> World {
        let store = in_memory();
        let group = group_of(&*store, people);
        let (bus, feed) = LocalBus::new(64);
        let node = Node::new(Parts {
            store,
            bus: Arc::new(bus),
            feed,
            entropy: Arc::new(Nobody),
            hasher: Arc::new(Nobody),
            registration_open: false,
        });
        let mut world = World { node, group, welcomed: Vec::new() };
        for number in 1..=people {
            world.welcomed.extend(world.welcome(number));
        }
        world
    }

    fn welcome(&self, number: u64) -> Option<Welcomed> {
        let hello = wire::Hello { version: 1, token: token(number), position: 0 };
        block_on(self.node.dispatch.welcome(hello, NOW)).ok()
    }

    /// The first of them writes; all the others have it in their mailboxes, and take it.
    fn one_message(&mut self, round: u64) {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&round.to_le_bytes());
        let send = wire::Send {
            conversation: self.group.0,
            send_key: SendKey::new(round, random).0.to_vec(),
            kind: kind::TEXT,
            body: wire::Text { text: "x".repeat(100) }.encode_to_vec(),
            silent: false,
        };
        let Some(sender) = self.welcomed.first() else { return };
        let sending = self.node.dispatch.begin(Caller::SignedIn(sender.asker), Call::Send(send), NOW);
        let _sent = block_on(sending);
        block_on(self.node.courier.run_pending());
        for welcomed in &mut self.welcomed {
            while let Some(mail) = welcomed.mailbox.try_next() {
                black_box(mail);
            }
        }
    }
}

/// Somebody comes back, to whom nothing new has happened, and goes.
pub(crate) fn welcome(rounds: u64) {
    let world = World::of(2);
    for _ in 0..rounds {
        black_box(world.welcome(1));
    }
}

/// One message to one other.
pub(crate) fn message(rounds: u64) {
    let mut world = World::of(2);
    (0..rounds).for_each(|round| world.one_message(round));
}

/// One message to 999 others.
pub(crate) fn fan_out(rounds: u64) {
    let mut world = World::of(1_000);
    (0..rounds).for_each(|round| world.one_message(round));
}

/// No hot path needs randomness or passwords.
struct Nobody;

impl Entropy for Nobody {
    fn fill(&self, _into: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError("there is none".to_owned()))
    }
}

#[async_trait]
impl PasswordHasher for Nobody {
    async fn hash(&self, _password: String) -> Result<String, HashError> {
        Err(HashError::Busy)
    }

    async fn verify(&self, _password: String, _hash: Option<String>) -> Result<bool, HashError> {
        Err(HashError::Busy)
    }
}
