//! One node, put together from its services: what the app runs, the simulator steps, and tests call.

use std::fmt;
use std::sync::Arc;

use anser_store::Store;

use crate::bus::Bus;
use crate::bus::local::LocalFeed;
use crate::gateway::courier::Courier;
use crate::gateway::dispatch::Dispatch;
use crate::gateway::hub::Hub;
use crate::metrics::Metrics;
use crate::services::accounts::Accounts;
use crate::services::contacts::Contacts;
use crate::services::conversations::Conversations;
use crate::services::messages::Messages;
use crate::services::ports::{Entropy, PasswordHasher};

/// What a node is made of.
pub struct Parts {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Where services publish...
    pub bus: Arc<dyn Bus>,
    /// ...and where this node hears of it.
    pub feed: LocalFeed,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Slow hashes.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Whether anybody may make an account.
    pub registration_open: bool,
}

/// A node, ready to be driven: requests go to `dispatch`; somebody calls `courier.run_some()` for ever, and
/// `bus.tail()` every `limits::TAIL_BEAT_MS`.
#[derive(Debug)]
pub struct Node {
    /// What can this server do?
    pub dispatch: Arc<Dispatch>,
    /// Who must hear of what was committed?
    pub courier: Courier,
    /// Who is here?
    pub hub: Arc<Hub>,
    /// What an operator wants counted.
    pub metrics: Arc<Metrics>,
}

impl Node {
    /// Puts a node together; nothing runs yet.
    pub fn new(parts: Parts) -> Node {
        let Parts { store, bus, feed, entropy, hasher, registration_open } = parts;
        let metrics = Metrics::new();
        let hub = Hub::new(metrics.clone());
        let accounts = Arc::new(Accounts::new(
            store.clone(),
            bus.clone(),
            entropy,
            hasher,
            metrics.clone(),
            registration_open,
        ));
        let contacts = Arc::new(Contacts::new(store.clone(), metrics.clone()));
        let conversations = Arc::new(Conversations::new(store.clone(), bus.clone(), contacts.clone()));
        let messages = Arc::new(Messages::new(store.clone(), bus, metrics.clone()));
        let courier = Courier::new(store, conversations.clone(), hub.clone(), feed, metrics.clone());
        let dispatch = Arc::new(Dispatch { accounts, contacts, conversations, messages, hub: hub.clone() });
        Node { dispatch, courier, hub, metrics }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("registration_open", &self.registration_open).finish_non_exhaustive()
    }
}
